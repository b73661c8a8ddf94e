//! The keys of a synthetic store: each is drawn from a seed by its place alone, so that any of them,
//! its token too, can be told again without keeping it.

use keyctl::env::Random;
use keyctl::error::Result;
use keyctl::id::KeyId;
use keyctl::key::{Key, Kind, State};
use keyctl::token::{Prefix, Token};
use keyctl::when::{Span, Timestamp};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// Scopes that synthetic keys hold beside the two that stand from the start, with what they are
/// for. One key in a hundred holds [`RARE`].
pub const SCOPES: [(&str, &str); 3] = [
    ("dataset:read", "read data sets"),
    ("dataset:write", "upload data sets"),
    (RARE, "read what others have done"),
];

/// The scope that few keys hold.
pub const RARE: &str = "audit";

/// So many keys have one owner.
const KEYS_AN_OWNER: u64 = 100;

/// The pattern of states, kinds and pairs repeats after so many places.
const PATTERN: u64 = 100;

/// The oldest key is made so long ago, the youngest a day: within the default policy's year, so
/// that the policy holds for those that do not expire before it is over.
const OLDEST: Span = Span::days(300);
const YOUNGEST: Span = Span::days(1);

/// What is drawn for a place, in this order.
struct Stream(ChaCha8Rng);

impl Random for Stream {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl Stream {
    /// A number below `end`.
    fn below(&mut self, end: i64) -> i64 {
        // The bias is far below anything that is measured.
        (self.0.next_u64() % end.max(1).unsigned_abs()) as i64
    }

    fn one_in(&mut self, of: i64) -> bool {
        self.below(of) == 0
    }
}

/// Keys at the places from 0, oldest first.
pub struct Population {
    seed: u64,
    size: u64,
    now: Timestamp,
}

impl Population {
    /// `size` keys drawn from `seed`, as they are at `now`.
    pub fn new(seed: u64, size: u64, now: Timestamp) -> Self {
        Population { seed, size, now }
    }

    /// How many keys there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The token of the key at `place`.
    pub fn token(&self, place: u64) -> Result<Token> {
        self.begin(place).map(|(_, token)| token)
    }

    /// The places of `count` active keys below `end` in random order; a place may come again.
    pub fn active(&self, count: u64, end: u64) -> impl Iterator<Item = u64> {
        let mut draw = self.stream(u64::MAX);
        let end = end.clamp(1, self.size) as i64;
        // The first of all is active, so this ends.
        std::iter::repeat_with(move || draw.below(end) as u64)
            .filter(|place| self.state(*place) == State::Active)
            .take(count as usize)
    }

    /// What the key at `place` is: 86 of 100 are active, the others of every other state.
    pub fn state(&self, place: u64) -> State {
        match place % PATTERN {
            7 | 27 | 57 | 87 => State::Disabled,
            13 | 43 | 63 | 93 => State::Expired,
            19 | 69 => State::Deleted,
            // The next one takes its place.
            33 | 53 | 73 | 83 if place + 1 < self.size => State::PhasedOut,
            _ => State::Active,
        }
    }

    /// The key at `place` and its token.
    pub fn key(&self, place: u64) -> Result<(Key, Token)> {
        let (mut draw, token) = self.begin(place)?;
        let state = self.state(place);
        let created = self.made_at(place);
        let (expires, deleted) = match state {
            State::Expired => (self.between(&mut draw, created, self.now), None),
            State::Deleted => (
                self.year_after(created),
                Some(self.between(&mut draw, created, self.now)),
            ),
            _ if draw.one_in(2) => (self.year_after(created), None),
            _ => (
                self.between(&mut draw, self.now, self.year_after(created)),
                None,
            ),
        };
        let grace = match state {
            State::PhasedOut => Some(self.grace(&mut draw, place, expires)),
            _ => None,
        };
        let disabled = (state == State::Disabled).then(|| {
            let at = self.between(&mut draw, created, self.now);
            (at, "root".to_owned())
        });
        let replaces = match place.checked_sub(1) {
            Some(before) if self.state(before) == State::PhasedOut => Some(before),
            _ => None,
        };
        // Of a pair, both have the name and the owner of the first.
        let first = replaces.unwrap_or(place);
        let owner = self.owner(first)?;
        let legacy = state == State::Active && place % PATTERN == 99;
        let key = Key {
            id: token.id(),
            name: format!("apikey-{owner}-{first:08}"),
            kind: if legacy { Kind::Legacy } else { Kind::Api },
            scopes: if legacy {
                BTreeSet::new()
            } else {
                scopes(&mut draw)
            },
            labels: labels(&mut draw),
            created_at: created,
            created_by: owner.clone(),
            expires_at: (!legacy).then_some(expires),
            last_used_at: self.used_at(&mut draw, created),
            grace_from: grace.map(|(from, _)| from),
            usable_until: grace.map(|(_, until)| until),
            disabled_at: disabled.as_ref().map(|(at, _)| *at),
            disabled_by: disabled.map(|(_, by)| by),
            deleted_at: deleted,
            replaces: replaces.map(|place| self.id(place)).transpose()?,
            replaced_by: grace.map(|_| self.id(place + 1)).transpose()?,
            owner,
        };
        Ok((key, token))
    }

    /// The owner of the key at `place`: one for about a hundred keys, who has some of every age.
    pub fn owner(&self, place: u64) -> Result<String> {
        let mut draw = self.stream(place);
        // Not what the ID begins with: they are to be independent.
        draw.0.set_word_pos(1 << 10);
        let owners = self.size.div_ceil(KEYS_AN_OWNER) as i64;
        Ok(format!("u{:06}", draw.below(owners)))
    }

    fn stream(&self, place: u64) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(place);
        Stream(generator)
    }

    /// The stream of a place behind its first draws, which are the token's.
    fn begin(&self, place: u64) -> Result<(Stream, Token)> {
        let mut draw = self.stream(place);
        let id = KeyId::generate(&mut draw)?;
        let token = Token::generate(&Prefix::default(), id, &mut draw)?;
        Ok((draw, token))
    }

    fn id(&self, place: u64) -> Result<KeyId> {
        KeyId::generate(&mut self.stream(place))
    }

    fn made_at(&self, place: u64) -> Timestamp {
        let first = self.now.before(OLDEST).millis();
        let span = OLDEST.millis() - YOUNGEST.millis();
        let passed = i128::from(span) * i128::from(place) / i128::from(self.size);
        // Less than the span, which fits.
        self.instant(first + passed as i64)
    }

    fn year_after(&self, created: Timestamp) -> Timestamp {
        self.instant(created.millis() + Span::days(365).millis())
    }

    /// An instant after `from` and before `to`, whole seconds after the one; they are hours apart.
    fn between(&self, draw: &mut Stream, from: Timestamp, to: Timestamp) -> Timestamp {
        let seconds = (to.millis() - from.millis()) / 1000;
        self.instant(from.millis() + 1000 * (1 + draw.below(seconds - 2)))
    }

    /// Half of the graces had no length, the others run for up to 90 days.
    fn grace(&self, draw: &mut Stream, place: u64, expires: Timestamp) -> (Timestamp, Timestamp) {
        let from = self.made_at(place + 1);
        let days = if draw.one_in(2) {
            0
        } else {
            1 + draw.below(90)
        };
        let until = self.instant(from.millis() + days * Span::days(1).millis());
        (from, until.min(expires))
    }

    /// Seven of ten were used within the last month, one before, two never.
    fn used_at(&self, draw: &mut Stream, created: Timestamp) -> Option<Timestamp> {
        let month_ago = self.now.before(Span::days(30));
        match draw.below(10) {
            0..=6 => Some(self.between(draw, month_ago.max(created), self.now)),
            7 => Some(self.between(draw, created, self.now)),
            _ => None,
        }
    }

    /// Whole milliseconds that are within a year or so of now.
    fn instant(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap_or(self.now)
    }
}

/// One to three scopes.
fn scopes(draw: &mut Stream) -> BTreeSet<String> {
    let mut scopes = BTreeSet::new();
    let main = if draw.one_in(3) {
        "project"
    } else {
        "inference"
    };
    scopes.insert(main.to_owned());
    if draw.one_in(4) {
        scopes.insert(SCOPES[0].0.to_owned());
    }
    if draw.one_in(100) {
        scopes.insert(RARE.to_owned());
    } else if draw.one_in(10) {
        scopes.insert(SCOPES[1].0.to_owned());
    }
    scopes
}

/// None to two labels.
fn labels(draw: &mut Stream) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    if draw.below(10) < 6 {
        let environment = ["prod", "prod", "staging", "dev"][draw.below(4) as usize];
        labels.insert("env".to_owned(), environment.to_owned());
    }
    if draw.below(10) < 4 {
        labels.insert("team".to_owned(), format!("team-{:02}", draw.below(40)));
    }
    labels
}
