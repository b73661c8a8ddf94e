//! Keys of a synthetic store: each is derived from a seed and its index, so that any of them, with its
//! token, can be computed again without storing it.

use keyctl::env::Random;
use keyctl::error::Result;
use keyctl::id::KeyId;
use keyctl::key::{Key, Kind, State};
use keyctl::token::{Prefix, Token};
use keyctl::when::{Span, Timestamp};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// Scopes of synthetic keys besides the two of every store, with their descriptions. One key in a
/// hundred has [`RARE`].
pub const SCOPES: [(&str, &str); 3] = [
    ("dataset:read", "read data sets"),
    ("dataset:write", "upload data sets"),
    (RARE, "read what others have done"),
];

/// Scope that few keys have.
pub const RARE: &str = "audit";

/// Average number of keys of one owner.
const KEYS_AN_OWNER: u64 = 100;

/// Period of the pattern of states, kinds and rotated pairs, in keys.
const PATTERN: u64 = 100;

/// Ages of the oldest and the youngest key: within the year of the default policy, so that keys can
/// expire at its maximum and still be usable.
const OLDEST: Span = Span::days(300);
const YOUNGEST: Span = Span::days(1);

/// Random numbers of one key.
struct Stream(ChaCha8Rng);

impl Random for Stream {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl Stream {
    /// Draws a number below `end`.
    fn below(&mut self, end: i64) -> i64 {
        // The bias of the modulo is too small to matter.
        (self.0.next_u64() % end.max(1).unsigned_abs()) as i64
    }

    fn one_in(&mut self, of: i64) -> bool {
        self.below(of) == 0
    }
}

/// Keys by index, from 0, oldest first.
pub struct Population {
    seed: u64,
    size: u64,
    now: Timestamp,
}

impl Population {
    /// Creates `size` keys from `seed`, with states as of `now`.
    pub fn new(seed: u64, size: u64, now: Timestamp) -> Self {
        Population { seed, size, now }
    }

    /// Returns the number of keys.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the token of the key at `index`.
    pub fn token(&self, index: u64) -> Result<Token> {
        self.begin(index).map(|(_, token)| token)
    }

    /// Draws the indexes of `count` active keys below `end`; an index may repeat.
    pub fn active(&self, count: u64, end: u64) -> impl Iterator<Item = u64> {
        let mut draw = self.stream(u64::MAX);
        let end = end.clamp(1, self.size) as i64;
        // Key 0 is active, so this ends.
        std::iter::repeat_with(move || draw.below(end) as u64)
            .filter(|index| self.state(*index) == State::Active)
            .take(count as usize)
    }

    /// Returns the state of the key at `index`: 86 of 100 are active, the others have every other state.
    pub fn state(&self, index: u64) -> State {
        match index % PATTERN {
            7 | 27 | 57 | 87 => State::Disabled,
            13 | 43 | 63 | 93 => State::Expired,
            19 | 69 => State::Deleted,
            // The next key is its successor.
            33 | 53 | 73 | 83 if index + 1 < self.size => State::PhasedOut,
            _ => State::Active,
        }
    }

    /// Returns the key at `index` and its token.
    pub fn key(&self, index: u64) -> Result<(Key, Token)> {
        let (mut draw, token) = self.begin(index)?;
        let state = self.state(index);
        let created = self.made_at(index);
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
            State::PhasedOut => Some(self.grace(&mut draw, index, expires)),
            _ => None,
        };
        let disabled = (state == State::Disabled).then(|| {
            let at = self.between(&mut draw, created, self.now);
            (at, "root".to_owned())
        });
        let replaces = match index.checked_sub(1) {
            Some(before) if self.state(before) == State::PhasedOut => Some(before),
            _ => None,
        };
        // Both keys of a rotated pair have the name and the owner of the first.
        let first = replaces.unwrap_or(index);
        let owner = self.owner(first)?;
        let legacy = state == State::Active && index % PATTERN == 99;
        let scopes = match legacy {
            true => BTreeSet::new(),
            false => scopes(&mut draw),
        };
        let labels = labels(&mut draw);
        let used = self.used_at(&mut draw, created);
        let key = Key {
            id: token.id(),
            name: format!("apikey-{owner}-{first:08}"),
            kind: if legacy { Kind::Legacy } else { Kind::Api },
            scopes,
            labels,
            allow_from: BTreeSet::new(),
            created_at: created,
            created_by: owner.clone(),
            expires_at: (!legacy).then_some(expires),
            first_used_at: used,
            last_used_at: used,
            grace_from: grace.map(|(from, _)| from),
            usable_until: grace.map(|(_, until)| until),
            disabled_at: disabled.as_ref().map(|(at, _)| *at),
            disabled_by: disabled.map(|(_, by)| by),
            deleted_at: deleted,
            replaces: replaces.map(|index| self.id(index)).transpose()?,
            replaced_by: grace.map(|_| self.id(index + 1)).transpose()?,
            imported: false,
            owner,
        };
        Ok((key, token))
    }

    /// Returns the owner of the key at `index`: about a hundred keys of all ages have the same one.
    pub fn owner(&self, index: u64) -> Result<String> {
        let mut draw = self.stream(index);
        // Other random words than those of the ID: owner and ID are to be independent.
        draw.0.set_word_pos(1 << 10);
        let owners = self.size.div_ceil(KEYS_AN_OWNER) as i64;
        Ok(format!("u{:06}", draw.below(owners)))
    }

    fn stream(&self, index: u64) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(index);
        Stream(generator)
    }

    /// Draws the token of a key, and returns the stream for its further draws.
    fn begin(&self, index: u64) -> Result<(Stream, Token)> {
        let mut draw = self.stream(index);
        let id = KeyId::generate(&mut draw)?;
        let token = Token::generate(&Prefix::default(), id, &mut draw)?;
        Ok((draw, token))
    }

    fn id(&self, index: u64) -> Result<KeyId> {
        KeyId::generate(&mut self.stream(index))
    }

    fn made_at(&self, index: u64) -> Timestamp {
        let first = self.now.before(OLDEST).millis();
        let span = OLDEST.millis() - YOUNGEST.millis();
        let passed = i128::from(span) * i128::from(index) / i128::from(self.size);
        // Fits: it is less than `span`.
        self.instant(first + passed as i64)
    }

    fn year_after(&self, created: Timestamp) -> Timestamp {
        self.instant(created.millis() + Span::days(365).millis())
    }

    /// Draws an instant between `from` and `to`, whole seconds after `from`. They are hours apart.
    fn between(&self, draw: &mut Stream, from: Timestamp, to: Timestamp) -> Timestamp {
        let seconds = (to.millis() - from.millis()) / 1000;
        self.instant(from.millis() + 1000 * (1 + draw.below(seconds - 2)))
    }

    /// Draws start and end of a grace: half of them have length zero, the others up to 90 days.
    fn grace(&self, draw: &mut Stream, index: u64, expires: Timestamp) -> (Timestamp, Timestamp) {
        let from = self.made_at(index + 1);
        let days = if draw.one_in(2) {
            0
        } else {
            1 + draw.below(90)
        };
        let until = self.instant(from.millis() + days * Span::days(1).millis());
        (from, until.min(expires))
    }

    /// Draws the last use: for 7 of 10 keys within the last month, for 1 before, for 2 never.
    fn used_at(&self, draw: &mut Stream, created: Timestamp) -> Option<Timestamp> {
        let month_ago = self.now.before(Span::days(30));
        match draw.below(10) {
            0..=6 => Some(self.between(draw, month_ago.max(created), self.now)),
            7 => Some(self.between(draw, created, self.now)),
            _ => None,
        }
    }

    /// Converts milliseconds, which are within a year or so of now.
    fn instant(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap_or(self.now)
    }
}

/// Draws one to three scopes.
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

/// Draws up to two labels.
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
