//! Counts of keys in one pass, in constant memory. Pure.

use crate::cmd::conformity;
use crate::key::{Key, Kind, State};
use crate::policy::Policy;
use crate::scope::Registry;
use crate::when::{Span, Timestamp};
use std::collections::BTreeMap;

/// Times within which keys that stop are counted.
pub const WITHIN: [Span; 2] = [Span::days(7), Span::days(30)];

/// States in which verify may accept a key.
pub const USABLE: [State; 2] = [State::Active, State::PhasedOut];

/// Numbers of keys by state, in the order of [`State::ALL`].
pub type ByState = [i64; State::ALL.len()];

/// Counts of keys at one time.
pub struct Tally {
    now: Timestamp,
    policy: Policy,
    /// Keys by kind, in the order of [`Kind::ALL`], and state.
    pub kinds: [ByState; Kind::ALL.len()],
    /// Keys that hold each registered scope. A key with several counts in each; an implied one does not count.
    pub scopes: BTreeMap<String, ByState>,
    /// Keys that verify accepts, in each state of [`USABLE`].
    pub usable: [Usable; USABLE.len()],
    /// Keys on which `doctor` has a remark, by its code.
    pub remarks: BTreeMap<&'static str, i64>,
}

/// Keys that verify accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usable {
    /// Their number.
    pub count: i64,
    /// Number of those that stop within each of [`WITHIN`].
    pub stopping: [i64; WITHIN.len()],
    /// Time at which the first of them stops.
    pub next: Option<Timestamp>,
}

impl Tally {
    /// Begins a count at `now` in a store with these `scopes` and this `policy`.
    pub fn new(scopes: &Registry, policy: Policy, now: Timestamp) -> Self {
        let scopes = scopes
            .all()
            .map(|(name, _)| (name.to_owned(), ByState::default()));
        Tally {
            now,
            policy,
            kinds: Default::default(),
            scopes: scopes.collect(),
            usable: Default::default(),
            remarks: conformity::CODES.map(|code| (code, 0)).into(),
        }
    }

    /// Counts `key`.
    pub fn take(&mut self, key: &Key) {
        let state = key.state(self.now);
        // Of a key without scopes, such as one of kind legacy, the kind alone is known.
        self.kinds[key.kind as usize][state as usize] += 1;
        for scope in &key.scopes {
            if let Some(counts) = self.scopes.get_mut(scope) {
                counts[state as usize] += 1;
            }
        }
        let usable = USABLE.iter().zip(&mut self.usable);
        for (_, usable) in usable.filter(|(of, _)| **of == state) {
            if key.is_usable(self.now) {
                usable.take(key, self.now);
            }
        }
        for code in conformity::codes(key, &self.policy, self.now) {
            *self.remarks.entry(code).or_default() += 1;
        }
    }

    /// Time of the count.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Usable {
    fn take(&mut self, key: &Key, now: Timestamp) {
        self.count += 1;
        let Some(stop) = key.stops_at() else {
            return;
        };
        for (span, count) in WITHIN.iter().zip(&mut self.stopping) {
            *count += i64::from(now.after(*span).is_none_or(|end| stop <= end));
        }
        self.next = self.next.into_iter().chain([stop]).min();
    }
}
