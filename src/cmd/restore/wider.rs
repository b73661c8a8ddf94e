//! Rights that a restore makes wider or narrower: of keys that work, of members of projects, and by policy.

use super::first::First;
use super::outcome::Outcome;
use crate::error::Result;
use crate::key::Key;
use crate::network::Network;
use crate::policy::{Policy, SETTINGS};
use crate::project::{Member, Role};
use crate::scope::Registry;
use crate::store::Read;
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Rights that get wider, and keys whose rights get narrower. Keys stand here as they will be.
#[derive(Default)]
pub struct Wider {
    /// Keys that gain scopes, each with these.
    pub scopes: First<(Key, Vec<String>)>,
    /// Keys that will work longer, each with its present end; `None` if it never ends.
    pub longer: First<(Key, Option<Timestamp>)>,
    /// Keys that will be accepted from more addresses, each with its present networks.
    pub networks: First<(Key, BTreeSet<Network>)>,
    /// Keys that will still work, but with fewer scopes, for a shorter time or from fewer addresses.
    pub narrower: First<Narrower>,
    /// Members who are none now or have a lower role, each with the present role.
    pub members: First<(Member, Option<Role>)>,
    /// Settings that differ: name, present and future value.
    pub policy: Vec<(&'static str, String, String)>,
}

/// Key that a restore makes narrower.
pub struct Narrower {
    /// The key as it will be.
    pub key: Key,
    /// Scopes that it loses.
    pub lost: Vec<String>,
    /// Its present end, if it will end sooner; the inner `None` is none.
    pub ends: Option<Option<Timestamp>>,
    /// Its present networks, if it will be refused from some address.
    pub networks: Option<BTreeSet<Network>>,
}

/// Registered scopes before and after a restore.
pub struct Rights {
    before: Registry,
    after: Registry,
}

impl Rights {
    /// Reads the scopes of `current`, which is empty if it is `None`, and of `outcome`.
    pub fn new(current: Option<&dyn Read>, outcome: &Outcome<'_>) -> Result<Self> {
        Ok(Rights {
            before: current.map(Read::scopes).transpose()?.unwrap_or_default(),
            after: outcome.scopes()?,
        })
    }

    /// Returns the scopes that `restored` grants and `present` does not.
    fn gained(&self, present: &Key, restored: &Key) -> Vec<String> {
        only_in((&self.after, restored), (&self.before, present))
    }

    /// Returns the scopes that `present` grants and `restored` does not.
    fn lost(&self, present: &Key, restored: &Key) -> Vec<String> {
        only_in((&self.before, present), (&self.after, restored))
    }
}

/// Returns the scopes that the key of the first pair grants by its registry, and that of the second does not.
fn only_in(one: (&Registry, &Key), other: (&Registry, &Key)) -> Vec<String> {
    let ((granting, key), (others, other)) = (one, other);
    if key.scopes == other.scopes && granting == others {
        return Vec::new();
    }
    let all = granting.all().map(|(name, _)| name);
    let only = all
        .filter(|name| granting.grants(&key.scopes, name) && !others.grants(&other.scopes, name));
    only.map(str::to_owned).collect()
}

impl Wider {
    /// Compares the present record of a key with the one that is restored, unless it is stopped for ever.
    pub fn compare(&mut self, present: &Key, restored: Key, rights: &Rights, now: Timestamp) {
        if !restored.is_live() && !restored.is_in_grace(now) {
            return;
        }
        self.compare_narrower(present, &restored, rights, now);
        let gained = rights.gained(present, &restored);
        if !gained.is_empty() {
            self.scopes.add((restored.clone(), gained));
        }
        let ends = present.stops_at();
        if ends.is_some_and(|ends| restored.stops_at().is_none_or(|end| end > ends)) {
            self.longer.add((restored.clone(), ends));
        }
        if !is_within(&restored.allow_from, &present.allow_from) {
            self.networks.add((restored, present.allow_from.clone()));
        }
    }

    /// Finds what a key that works before and after will be allowed no more.
    fn compare_narrower(&mut self, present: &Key, restored: &Key, rights: &Rights, now: Timestamp) {
        if !present.is_usable(now) || !restored.is_usable(now) {
            return;
        }
        let lost = rights.lost(present, restored);
        let end = present.stops_at();
        let sooner = |then| end.is_none_or(|end| then < end);
        let ends = restored.stops_at().is_some_and(sooner).then_some(end);
        let is_within = is_within(&present.allow_from, &restored.allow_from);
        let networks = (!is_within).then(|| present.allow_from.clone());
        if !lost.is_empty() || ends.is_some() || networks.is_some() {
            self.narrower.add(Narrower {
                key: restored.clone(),
                lost,
                ends,
                networks,
            });
        }
    }
}

/// Tells whether `outer` admits every address that `inner` admits. An empty set admits everybody.
///
/// False if a network lies only in several of `outer` together: better named once too often.
fn is_within(inner: &BTreeSet<Network>, outer: &BTreeSet<Network>) -> bool {
    let covered = |network: &Network| outer.iter().any(|outer| outer.covers(*network));
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(covered))
}

/// Adds to `wider` the members in `copy` who are none in `current`, or have a lower role there, each with that
/// role. Reads one project at a time.
pub fn members(
    current: &dyn Read,
    copy: &dyn Read,
    wider: &mut First<(Member, Option<Role>)>,
) -> Result<()> {
    for project in copy.projects(u64::MAX)? {
        for member in copy.members(Some(&project), None)? {
            let present = current.role(&project, &member.user)?;
            let is_wider = match present {
                None => true,
                Some(Role::Collaborator) => member.role == Role::Owner,
                Some(Role::Owner) => false,
            };
            if is_wider {
                wider.add((member, present));
            }
        }
    }
    Ok(())
}

/// Returns the settings in which two policies differ, each with its value in the one and in the other.
pub fn policy(before: &Policy, after: &Policy) -> Result<Vec<(&'static str, String, String)>> {
    let mut differ = Vec::new();
    for (name, _) in SETTINGS {
        let (before, after) = (before.get(name)?, after.get(name)?);
        if before != after {
            differ.push((name, before, after));
        }
    }
    Ok(differ)
}
