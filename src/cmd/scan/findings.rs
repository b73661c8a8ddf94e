//! Candidates of a scan, matched against the store.

use super::conceal::Concealer;
use crate::cmd::Cx;
use crate::env::Unit;
use crate::error::{Error, FailureKind, Result};
use crate::hash::TokenDigest;
use crate::id::KeyId;
use crate::key::Key;
use crate::scan::{Candidate, Place, Searcher};
use crate::store::{self, Known, Store};
use crate::token::{Locator, Token};
use crate::verify::compare_all;
use crate::when::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;
use std::num::NonZeroUsize;
use std::slice;

/// Number of distinct candidates that are looked up at once.
const CHUNK: usize = 4096;

/// Maximum number of texts that are remembered as no token of the store. One that was forgotten is looked up again.
const DISMISSED_MAX: usize = 1 << 20;

/// Maximum number of places that are kept of one token.
const PLACES_MAX: usize = 1000;

/// Token that was found.
pub struct Found {
    /// Key ID: that in the token, or that of the imported key. `None` before that is known.
    pub id: Option<KeyId>,
    /// Key whose secret the token has; `None` for a token that is not of the store.
    pub key: Option<Key>,
    /// Number of tokens that were found before.
    pub number: usize,
    /// Places, in order; some of them if there are very many.
    pub places: Vec<Place>,
    /// Number of places that are not kept.
    pub more: u64,
}

impl Found {
    /// Rank in a list: keys that still work first, tokens that are not of the store last.
    fn rank(&self, now: Timestamp) -> impl Ord {
        let group = match &self.key {
            Some(key) if key.is_usable(now) => 0,
            Some(_) => 1,
            None => 2,
        };
        let state = self.key.as_ref().map(|key| key.state(now));
        let place = self.places.first().map(Place::order);
        (group, state, place, self.number)
    }

    fn add(&mut self, place: Place) {
        match self.places.len() < PLACES_MAX {
            true => self.places.push(place),
            false => self.more += 1,
        }
    }
}

/// Result of a scan.
pub struct Findings {
    /// Tokens that were found, those of keys that still work first.
    pub found: Vec<Found>,
    /// Time at which the keys were as they are here.
    pub now: Timestamp,
    /// Error for which keys are not as they were at this time, but when they were found.
    pub stale: Option<Error>,
    /// Number of places with a token that is not of the store, and not in `found`.
    pub strangers: u64,
    /// Keys with damaged records, whose tokens cannot be told.
    pub damaged: BTreeSet<KeyId>,
}

/// Search that is under way.
pub struct Matcher<'a> {
    /// Store; `None` if there is none, so that no token is of it.
    store: Option<&'a dyn Store>,
    workers: NonZeroUsize,
    /// True if tokens that are not of the store are wanted too.
    with_unknown: bool,
    /// Number of distinct candidates so far.
    count: usize,
    /// Candidates that were found, and those that are not looked up yet.
    found: HashMap<TokenDigest, Found>,
    /// Candidates that are not looked up yet.
    pending: Vec<Pending>,
    dismissed: HashSet<TokenDigest>,
    strangers: u64,
    damaged: BTreeSet<KeyId>,
}

/// Candidate that is not looked up yet.
struct Pending {
    digest: TokenDigest,
    /// Token; `None` for text that may be one of another system, of which only the digest is needed.
    token: Option<Token>,
}

impl Pending {
    fn locator(&self) -> Locator {
        let token = self.token.as_ref();
        token.map_or(Locator::Digest(self.digest), |token| token.id().into())
    }
}

impl<'a> Matcher<'a> {
    /// Makes a matcher that hashes on `workers` threads. `with_unknown` keeps the tokens that are not of the store.
    pub fn new(store: Option<&'a dyn Store>, workers: NonZeroUsize, with_unknown: bool) -> Self {
        Matcher {
            store,
            workers,
            with_unknown,
            count: 0,
            found: HashMap::new(),
            pending: Vec::new(),
            dismissed: HashSet::new(),
            strangers: 0,
            damaged: BTreeSet::new(),
        }
    }

    /// Takes a candidate. Each distinct one is looked up and hashed once.
    pub fn take(&mut self, place: Place, candidate: Candidate) -> Result<()> {
        let (digest, token) = match candidate {
            Candidate::Own(token) => (TokenDigest::of(token.expose()), Some(token)),
            Candidate::Foreign(digest) => (digest, None),
        };
        if self.dismissed.contains(&digest) {
            self.strangers += u64::from(token.is_some_and(|token| self.is_stranger(&token)));
            return Ok(());
        }
        if let Some(found) = self.found.get_mut(&digest) {
            found.add(place);
            return Ok(());
        }
        let found = Found {
            id: token.as_ref().map(Token::id),
            key: None,
            number: self.count,
            places: vec![place],
            more: 0,
        };
        self.count += 1;
        self.found.insert(digest, found);
        self.pending.push(Pending { digest, token });
        match self.pending.len() < CHUNK {
            true => Ok(()),
            false => self.settle(&mut || {}),
        }
    }

    /// Looks up the last candidates, and returns what was found, with no token that `searcher` finds in a path.
    pub fn finish(mut self, cx: &Cx<'_>, searcher: Searcher<'_>) -> Result<Findings> {
        let mut progress = cx.progress(Unit::Keys, self.pending.len() as u64);
        self.settle(&mut || progress.advance(1))?;
        drop(progress);
        let digests: HashSet<TokenDigest> = self.found.keys().copied().collect();
        let mut found: Vec<Found> = self.found.into_values().collect();
        // What a long search has found is not lost because the store fails at its end.
        let stale = self
            .store
            .and_then(|store| refresh(store, &mut found).err());
        let now = cx.env.now();
        for found in &mut found {
            found
                .places
                .sort_by(|one, other| one.order().cmp(&other.order()));
        }
        found.sort_by(|one, other| one.rank(now).cmp(&other.rank(now)));
        let is_foreign = |digest: &TokenDigest| digests.contains(digest);
        let concealer = Concealer::new(searcher, &is_foreign);
        let places = found.iter_mut().flat_map(|found| &mut found.places);
        places.for_each(|place| concealer.conceal(place));
        Ok(Findings {
            found,
            now,
            stale,
            strangers: self.strangers,
            damaged: self.damaged,
        })
    }

    /// Matches the candidates that are not looked up yet with the store. Calls `done` after each hash.
    fn settle(&mut self, done: &mut dyn FnMut()) -> Result<()> {
        let pending = mem::take(&mut self.pending);
        let sought: Vec<Locator> = pending.iter().map(Pending::locator).collect();
        let known = self.look_up(&sought)?;
        let hashed = pending.iter().zip(&known);
        let pairs: Vec<(&Token, &str)> = hashed
            .filter_map(|(pending, known)| {
                Some((pending.token.as_ref()?, known.as_ref()?.hash.as_deref()?))
            })
            .collect();
        let mut matches = compare_all(&pairs, self.workers, done)?.into_iter();
        for (pending, known) in pending.iter().zip(&known) {
            let hash = known.as_ref().and_then(|known| known.hash.as_deref());
            let is_match = match (&pending.token, hash) {
                (Some(token), Some(_)) => self.is_match(token, matches.next())?,
                (None, Some(hash)) => hash == pending.digest.phc(),
                (_, None) => false,
            };
            let key = known.as_ref().map(|known| &known.key);
            self.note(pending, key.filter(|_| is_match));
        }
        Ok(())
    }

    /// Returns the record of each locator. Damaged records count as unknown, and are noted.
    fn look_up(&mut self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        let Some(store) = self.store else {
            return Ok(vec![None; sought.len()]);
        };
        let look_up = |sought: &[Locator]| store::read(store, |store| store.to_verify(sought));
        match look_up(sought) {
            Err(error) if error.kind == FailureKind::Damaged => {}
            looked => return looked,
        }
        let mut known = Vec::with_capacity(sought.len());
        for locator in sought {
            match (look_up(slice::from_ref(locator)), locator) {
                (Err(error), Locator::Id(id)) if error.kind == FailureKind::Damaged => {
                    self.damaged.insert(*id);
                    known.push(None);
                }
                (looked, _) => known.extend(looked?),
            }
        }
        Ok(known)
    }

    /// Tells whether the secret of `token` matched. A hash that cannot be read is noted; any other failure, such as want of
    /// memory, says nothing of the key.
    fn is_match(&mut self, token: &Token, matched: Option<Result<bool>>) -> Result<bool> {
        match matched {
            Some(Err(error)) if error.kind == FailureKind::Damaged => {
                self.damaged.insert(token.id());
                Ok(false)
            }
            matched => matched.unwrap_or(Ok(false)),
        }
    }

    /// Tells whether `token`, which matched no key, is not of the store. Of a damaged key's token, that is unknown.
    fn is_stranger(&self, token: &Token) -> bool {
        !self.damaged.contains(&token.id())
    }

    /// Notes the key of a candidate that was looked up; `None` if it is not of the store.
    fn note(&mut self, pending: &Pending, key: Option<&Key>) {
        if let Some(key) = key {
            if let Some(found) = self.found.get_mut(&pending.digest) {
                found.id = Some(key.id);
                found.key = Some(key.clone());
            }
            return;
        }
        let own = pending.token.as_ref();
        if own.is_some() && self.with_unknown {
            return;
        }
        let is_stranger = own.is_some_and(|token| self.is_stranger(token));
        if let Some(found) = self.found.remove(&pending.digest).filter(|_| is_stranger) {
            self.strangers += found.places.len() as u64 + found.more;
        }
        if self.dismissed.len() == DISMISSED_MAX {
            self.dismissed.clear();
        }
        self.dismissed.insert(pending.digest);
    }
}

/// Reads the keys of `found` again: a long search ends later than it found them.
fn refresh(store: &dyn Store, found: &mut [Found]) -> Result<()> {
    for chunk in found.chunks_mut(CHUNK) {
        let keys = chunk.iter_mut().filter_map(|found| found.key.as_mut());
        let mut keys: Vec<&mut Key> = keys.collect();
        let sought: Vec<Locator> = keys.iter().map(|key| key.id.into()).collect();
        let known = store::read(store, |store| store.to_verify(&sought))?;
        for (key, known) in keys.iter_mut().zip(known) {
            // One that was purged meanwhile is shown as it was.
            if let Some(known) = known {
                **key = known.key;
            }
        }
    }
    Ok(())
}
