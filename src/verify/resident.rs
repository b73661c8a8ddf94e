//! Verification by a long-lived process: one connection, with what was read over it.

use super::compare::{Match, compare};
use super::generations::Generations;
use super::match_cache::{Fingerprint, MatchCache};
use super::request::Request;
use super::rules::Rules;
use super::server_clock::check_clock;
use super::verdict::{Reason, Verified};
use super::{StandIn, genuine, not_read, phc};
use crate::env::Clock;
use crate::error::Result;
use crate::hash::{self, Memory};
use crate::store::{Known, Read, Store, Version};
use crate::when::Timestamp;

/// Connection to a store with the rows and rules that were read over it.
///
/// A row is kept for a token whose secret matched, and read again when the store has changed since. A token
/// that does not match costs as many reads whether its key exists or not.
pub struct Resident {
    store: Box<dyn Store + Send>,
    rules: Option<Current>,
    /// Boxed: a table has room for up to twice as many values as it holds.
    rows: Generations<Fingerprint, Box<Row>>,
}

/// Rules and stand-ins, as of a version of the store.
struct Current {
    version: Version,
    rules: Rules,
    stand_in: StandIn,
}

/// Row whose secret matched, as of a version of the store.
struct Row {
    version: Version,
    known: Known,
    matched: Match,
}

/// Token to verify.
pub struct Presented<'a> {
    /// Token and required permissions.
    pub request: Request<'a>,
    /// Fingerprint of the token, by [`MatchCache::fingerprint`] without a PHC string.
    pub token: Fingerprint,
    /// Comparison that was just made, and its fingerprint.
    pub compared: Option<(Fingerprint, Match)>,
}

/// Result of [`Resident::verify`] for one token.
pub enum Step {
    /// Verdict.
    Judged {
        /// Verdict.
        verified: Verified,
        /// True if the comparison was found in the cache or in a kept row, false if a fast hash was computed.
        is_cached: bool,
    },
    /// The token must be compared with this PHC string, which is slow, and then be verified again.
    Compare {
        /// Fingerprint of the comparison.
        fingerprint: Fingerprint,
        /// PHC string.
        phc: String,
    },
}

/// Numbers of reads by [`Resident::verify`], for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Keys that were read.
    pub rows: u64,
    /// True if the store had changed since the last read.
    pub has_changed: bool,
    /// Comparisons that were found in the cache or in a kept row, and matched.
    pub matches: u64,
    /// Comparisons that were found in the cache, and did not match.
    pub mismatches: u64,
    /// Comparisons that were made by a fast hash.
    pub fast_hashes: u64,
}

/// Token on its way to a verdict.
struct Pending {
    known: Option<Known>,
    /// Comparison with the hash of `known` or with the stand-in, once it is made.
    matched: Option<Result<Match>>,
    is_cached: bool,
    /// Fingerprint and PHC string of the comparison to make.
    due: Option<(Fingerprint, String)>,
    reason: Option<Result<Option<Reason>>>,
}

impl Resident {
    /// Takes an open store, and keeps up to `rows` rows.
    pub fn new(store: Box<dyn Store + Send>, rows: usize) -> Self {
        Resident {
            store,
            rules: None,
            rows: Generations::new(rows),
        }
    }

    /// The open store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Verifies tokens, all on one snapshot of the store and at one reading of `clock`.
    ///
    /// The same three steps as [`super::Verifier::verify`], without slow hashes: a token that needs one is
    /// returned as [`Step::Compare`]. A token that cannot be judged yields an error in its place.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read. Then no token has a verdict.
    pub fn verify(
        &mut self,
        presented: &[Presented<'_>],
        cache: &MatchCache,
        clock: &Clock,
    ) -> Result<(Vec<Result<Step>>, Reads)> {
        let Resident { store, rules, rows } = self;
        let mut at = None;
        let mut pending = Vec::new();
        let mut reads = Reads::default();
        store.snapshot(&mut |snapshot| {
            let version = snapshot.version()?;
            // The clock is read within the snapshot: every stop that the snapshot shows came before.
            let now = clock();
            check_clock(snapshot, now)?;
            at = Some((now, version));
            reads = Reads::default();
            let current = refresh(rules, snapshot, version, &mut reads)?;
            pending = look(presented, rows, snapshot, version, &mut reads)?;
            for (presented, pending) in presented.iter().zip(&mut pending) {
                pending.compare(presented, cache, &current.stand_in, &mut reads);
                pending.judge(&presented.request, &current.rules, snapshot, now);
            }
            Ok(())
        })?;
        let ((at, version), current) = at.zip(rules.as_ref()).ok_or_else(not_read)?;
        let renewed = current.rules.renewed;
        let steps = presented.iter().zip(pending).map(|(presented, pending)| {
            keep(rows, presented.token, &pending, version);
            pending.step(renewed, at)
        });
        Ok((steps.collect(), reads))
    }
}

/// Reads the rules again if the store has changed.
fn refresh<'a>(
    kept: &'a mut Option<Current>,
    snapshot: &dyn Read,
    version: Version,
    reads: &mut Reads,
) -> Result<&'a Current> {
    let current = match kept.take().filter(|kept| kept.version == version) {
        Some(current) => current,
        None => {
            reads.has_changed = true;
            let rules = Rules::read_all(snapshot)?;
            Current {
                version,
                stand_in: StandIn {
                    own: hash::stand_in(rules.scheme)?,
                    foreign: hash::token_stand_in(),
                },
                rules,
            }
        }
    };
    Ok(kept.insert(current))
}

/// Finds the key of each token: in `rows` if that is of this `version`, else in the store.
fn look(
    presented: &[Presented<'_>],
    rows: &mut Generations<Fingerprint, Box<Row>>,
    snapshot: &dyn Read,
    version: Version,
    reads: &mut Reads,
) -> Result<Vec<Pending>> {
    let mut pending = Vec::with_capacity(presented.len());
    let mut missing = Vec::new();
    let mut sought = Vec::new();
    for (place, presented) in presented.iter().enumerate() {
        let row = rows.get(&presented.token);
        let current = row.filter(|row| row.version == version);
        if current.is_none() {
            missing.push((place, row.map(|row| (row.known.hash.clone(), row.matched))));
            sought.push(presented.request.token.locator());
        }
        pending.push(Pending {
            known: current.map(|row| row.known.clone()),
            matched: current.map(|row| Ok(row.matched)),
            is_cached: current.is_some(),
            due: None,
            reason: None,
        });
    }
    reads.rows += sought.len() as u64;
    reads.matches += (presented.len() - sought.len()) as u64;
    for ((place, before), known) in missing.into_iter().zip(snapshot.to_verify(&sought)?) {
        let Some(pending) = pending.get_mut(place) else {
            continue;
        };
        // The comparison stays true for the same hash.
        let same = before.filter(|(hash, _)| hash.as_deref() == phc(known.as_ref()));
        if let Some((_, matched)) = same {
            reads.matches += 1;
            pending.matched = Some(Ok(matched));
            pending.is_cached = true;
        }
        pending.known = known;
    }
    Ok(pending)
}

/// Keeps the row of a token whose secret matched, and forgets that of another one.
fn keep(
    rows: &mut Generations<Fingerprint, Box<Row>>,
    token: Fingerprint,
    pending: &Pending,
    version: Version,
) {
    match (&pending.known, &pending.matched) {
        (Some(known), Some(Ok(matched @ Match::Yes(_)))) => {
            // A row of this version is there already.
            if rows.get(&token).is_none_or(|row| row.version != version) {
                let (known, matched) = (known.clone(), *matched);
                let row = Row {
                    version,
                    known,
                    matched,
                };
                rows.insert(token, Box::new(row));
            }
        }
        _ => rows.remove(&token),
    }
}

impl Pending {
    /// Compares the secret with the stored hash: from the cache, or by a fast hash.
    fn compare(
        &mut self,
        presented: &Presented<'_>,
        cache: &MatchCache,
        stand_in: &StandIn,
        reads: &mut Reads,
    ) {
        if self.matched.is_some() {
            return;
        }
        let token = presented.request.token;
        let phc = phc(self.known.as_ref()).unwrap_or_else(|| stand_in.of(token));
        if !hash::is_slow(phc) {
            reads.fast_hashes += 1;
            self.matched = Some(compare(token, phc, &mut Memory::default()));
            return;
        }
        let fingerprint = cache.fingerprint(token, phc);
        let just_made = presented.compared.filter(|(made, _)| *made == fingerprint);
        match just_made.map(|(_, matched)| matched) {
            Some(matched) => self.matched = Some(Ok(matched)),
            None => match cache.get(&fingerprint) {
                Some(matched) => {
                    match matched {
                        Match::No => reads.mismatches += 1,
                        Match::Yes(_) => reads.matches += 1,
                    }
                    self.matched = Some(Ok(matched));
                    self.is_cached = true;
                }
                None => self.due = Some((fingerprint, phc.to_owned())),
            },
        }
    }

    /// Finds the reason to reject a token whose secret was compared.
    fn judge(&mut self, request: &Request<'_>, rules: &Rules, snapshot: &dyn Read, now: Timestamp) {
        if let Some(Ok(matched)) = &self.matched {
            let key = genuine(self.known.as_ref(), *matched);
            self.reason = Some(rules.rejection(snapshot, request, key, now));
        }
    }

    fn step(self, renewed: Option<hash::Scheme>, at: Timestamp) -> Result<Step> {
        match (self.matched, self.reason, self.due) {
            (Some(matched), Some(reason), _) => {
                let verified = Verified::new(reason?, self.known, matched?, renewed, at);
                Ok(Step::Judged {
                    verified,
                    is_cached: self.is_cached,
                })
            }
            (None, _, Some((fingerprint, phc))) => Ok(Step::Compare { fingerprint, phc }),
            (Some(Err(error)), ..) => Err(error),
            _ => Err(not_read()),
        }
    }
}
