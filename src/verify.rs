//! Verification of presented tokens. Fails closed.
//!
//! Three steps: [`Verifier::look`] reads the keys, [`Verifier::compare`] hashes a secret, and
//! [`Verifier::judge`] gives the verdicts, after it has read again the keys that changed meanwhile.

mod compare;
mod explanation;
mod generations;
mod match_cache;
mod note;
mod request;
mod resident;
mod rules;
mod server_clock;
mod verdict;
mod worker;
mod writer;

pub use compare::{Match, compare, compare_all};
pub use explanation::{Explanation, Facts};
pub use match_cache::{Fingerprint, MatchCache};
pub use note::{Note, Noteworthy};
pub use request::{Request, Required};
pub use resident::{Presented, Reads, Resident, Step};
pub use verdict::{Reason, Verdict, Verified};
pub use worker::{Outcome, Shared, Worker};
pub use writer::{Notes, with_writer};

use crate::env::{Clock, Random};
use crate::error::{Error, Result};
use crate::hash::{self, Memory, Scheme};
use crate::key::Key;
use crate::store::{self, Known, Read, Store, Version};
use crate::token::{AnyToken, Locator};
use rules::Rules;
use server_clock::check_clock;
use std::slice;

/// Verifier of one thread, with its memory for hashing.
#[derive(Default)]
pub struct Verifier {
    memory: Memory,
}

/// Keys of some requests, read from one snapshot of the store.
pub struct Looked {
    rules: Rules,
    /// PHC strings for requests without a hash: by the policy's scheme, and for foreign tokens.
    stand_in: StandIn,
    /// Key of each request, if it exists.
    known: Vec<Option<Known>>,
    version: Version,
}

impl Looked {
    /// Refuses a required scope that the store does not know.
    pub fn check(&self, required: &Required) -> Result<()> {
        self.rules.check(required)
    }

    /// Returns the PHC string to compare with the secret of `presented`, the token of the request at `index`.
    ///
    /// If the key does not exist or its hash is wiped, this is a stand-in that takes the same time.
    pub fn phc(&self, index: usize, presented: &AnyToken) -> &str {
        let known = self.known.get(index).and_then(Option::as_ref);
        phc(known).unwrap_or_else(|| self.stand_in.of(presented))
    }
}

/// PHC strings that no known token matches.
struct StandIn {
    /// For tokens of our own.
    own: String,
    /// For foreign ones; empty if none is presented.
    foreign: String,
}

impl StandIn {
    fn of(&self, presented: &AnyToken) -> &str {
        match presented {
            AnyToken::Own(_) => &self.own,
            AnyToken::Foreign(_) => &self.foreign,
        }
    }
}

impl Verifier {
    /// Verifies one request; see [`Verifier::verify`].
    pub fn verify_one(
        &mut self,
        store: &dyn Store,
        request: Request<'_>,
        clock: &Clock,
    ) -> Result<Verified> {
        let verified = self.verify(store, slice::from_ref(&request), clock)?;
        // `verify` returns one verdict for each request.
        verified.into_iter().next().ok_or_else(not_read)
    }

    /// Verifies `requests` against `store` and returns a verdict for each, in order.
    ///
    /// Computes one hash for each request, even if its key does not exist: neither the time nor the
    /// verdict reveals anything without the secret. The record is judged after the hashing, as it is
    /// then: a key that was stopped meanwhile is rejected.
    pub fn verify(
        &mut self,
        store: &dyn Store,
        requests: &[Request<'_>],
        clock: &Clock,
    ) -> Result<Vec<Verified>> {
        let looked = Self::look(store, requests)?;
        let mut matches = Vec::with_capacity(requests.len());
        for (index, request) in requests.iter().enumerate() {
            looked.check(request.required)?;
            matches.push(self.compare(request.token, looked.phc(index, request.token))?);
        }
        let verified = self.judge(store, requests, looked, matches, clock)?;
        verified.into_iter().collect()
    }

    /// First step: reads the key of each request, all from one snapshot.
    ///
    /// A key that does not exist takes as many reads as one that does.
    pub fn look(store: &dyn Store, requests: &[Request<'_>]) -> Result<Looked> {
        let locators = requests.iter().map(|request| request.token.locator());
        let sought: Vec<Locator> = locators.collect();
        let mut looked = None;
        store.snapshot(&mut |snapshot| {
            // The keys first: a server sends them with what the rules are made of.
            let known = snapshot.to_verify(&sought)?;
            let rules = rules(snapshot, requests)?;
            looked = Some(Looked {
                stand_in: StandIn {
                    own: hash::stand_in(rules.scheme)?,
                    foreign: match requests.iter().any(|request| request.token.is_foreign()) {
                        true => hash::token_stand_in(),
                        false => String::new(),
                    },
                },
                rules,
                known,
                version: snapshot.version()?,
            });
            Ok(())
        })?;
        looked.ok_or_else(not_read)
    }

    /// Second step: hashes the secret of `presented` and compares it with `phc`.
    pub fn compare(&mut self, presented: &AnyToken, phc: &str) -> Result<Match> {
        compare::compare(presented, phc, &mut self.memory)
    }

    /// Third step: gives a verdict on each request, in order, all on one snapshot and at one reading of
    /// `clock`. A request that cannot be judged yields an error in its place.
    ///
    /// `looked` is the result of [`Verifier::look`] for the same requests. `matches` holds, in order,
    /// the comparison of each secret with its [`Looked::phc`]. If the store has changed since, the keys
    /// whose secrets matched are read again, and compared again if their hashes changed.
    pub fn judge(
        &mut self,
        store: &dyn Store,
        requests: &[Request<'_>],
        mut looked: Looked,
        mut matches: Vec<Match>,
        clock: &Clock,
    ) -> Result<Vec<Result<Verified>>> {
        let mut at = None;
        let mut reasons = Vec::with_capacity(requests.len());
        store.snapshot(&mut |snapshot| {
            let version = snapshot.version()?;
            // The clock is read within the snapshot: every stop that the snapshot shows came before.
            let now = clock();
            check_clock(snapshot, now)?;
            at = Some(now);
            let is_changed = version != looked.version;
            if is_changed {
                looked.rules = rules(snapshot, requests)?;
                looked.version = version;
            }
            reasons.clear();
            let known = looked.known.iter_mut().zip(&mut matches);
            for (request, (known, matched)) in requests.iter().zip(known) {
                let refreshed = match is_changed && *matched != Match::No {
                    true => self.refresh(snapshot, request.token, &looked.stand_in, known, matched),
                    false => Ok(()),
                };
                let key = genuine(known.as_ref(), *matched);
                let rejection = |()| looked.rules.rejection(snapshot, request, key, now);
                reasons.push(refreshed.and_then(rejection));
            }
            Ok(())
        })?;
        let (at, renewed) = (at.ok_or_else(not_read)?, looked.rules.renewed);
        let found = looked.known.into_iter().zip(matches);
        let verified = reasons.into_iter().zip(found).map(|(reason, found)| {
            let (known, matched) = found;
            reason.map(|reason| Verified::new(reason, known, matched, renewed, at))
        });
        Ok(verified.collect())
    }

    /// Returns the note on `verified`, if there is one; see [`Note::of`]. Computes a hash if the key is
    /// to be rehashed.
    pub fn note(
        &mut self,
        store: &dyn Store,
        verified: &Verified,
        presented: &AnyToken,
        random: &mut dyn Random,
    ) -> Result<Option<Note>> {
        Note::of(store, verified, presented, random, &mut self.memory)
    }

    /// Reads a key again, and compares the secret again if the hash has changed.
    fn refresh(
        &mut self,
        snapshot: &dyn Read,
        presented: &AnyToken,
        stand_in: &StandIn,
        known: &mut Option<Known>,
        matched: &mut Match,
    ) -> Result<()> {
        let before = known.take();
        *known = snapshot
            .to_verify(&[presented.locator()])?
            .into_iter()
            .next()
            .flatten();
        let phc = phc(known.as_ref());
        if phc != self::phc(before.as_ref()) {
            // The key was rehashed, or the store was replaced by a restore.
            *matched = self.compare(presented, phc.unwrap_or_else(|| stand_in.of(presented)))?;
        }
        Ok(())
    }
}

/// Returns the hash scheme of `store`'s policy. Refuses a required scope that the store does not know.
pub fn scheme(store: &dyn Store, required: &Required) -> Result<Scheme> {
    store::read(store, |snapshot| {
        let rules = Rules::read(snapshot, [required], false)?;
        rules.check(required)?;
        Ok(rules.scheme)
    })
}

fn rules(snapshot: &dyn Read, requests: &[Request<'_>]) -> Result<Rules> {
    let is_foreign = requests.iter().any(|request| request.token.is_foreign());
    let required = requests.iter().map(|request| request.required);
    Rules::read(snapshot, required, is_foreign)
}

fn phc(known: Option<&Known>) -> Option<&str> {
    known.and_then(|known| known.hash.as_deref())
}

/// Returns the key, if the secret matched its hash and the key is not deleted.
fn genuine(known: Option<&Known>, matched: Match) -> Option<&Key> {
    let known = known.filter(|known| matched != Match::No && known.hash.is_some())?;
    Some(&known.key).filter(|key| key.deleted_at.is_none())
}

/// Error for a snapshot that did not run its callback. Rejects the token.
fn not_read() -> Error {
    Error::unavailable("the store was not read")
}
