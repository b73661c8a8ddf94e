//! Rotations that wait for the end of their grace period.

use super::Cx;
use super::confirm::NAMED_MAX;
use crate::error::escape;
use crate::key::{Key, State};
use crate::lookup::predecessor_in_grace;
use crate::output::{Changeover, instant, waits_for};
use crate::store::{Filter, Read};
use crate::when::Timestamp;

/// Returns the two sides of a rotation whose grace runs at `now`, if `key` is one of them.
pub fn of_key(store: &dyn Read, key: &Key, now: Timestamp) -> Changeover {
    Changeover {
        uses: uses(store, key, now, |at| instant(Some(at), now)),
        // A predecessor that is damaged does not keep the new key from being shown.
        old: predecessor_in_grace(store, key, now).ok().flatten(),
    }
}

/// Says when both tokens of the rotation of `key` were used; `None` unless its grace runs at `now`.
fn uses(
    store: &dyn Read,
    key: &Key,
    now: Timestamp,
    at: impl Fn(Timestamp) -> String,
) -> Option<String> {
    let new = key.replaced_by.filter(|_| key.is_in_grace(now))?;
    // A successor that was purged or is damaged does not keep the old key from being shown.
    let new = store.get(new).ok().flatten();
    Some(waits_for(key, new.as_ref(), at))
}

/// Keys of a list of phased-out keys only, whose grace runs.
pub struct Waiting {
    is_wanted: bool,
    now: Timestamp,
    /// The first ones.
    first: Vec<Key>,
    count: usize,
}

impl Waiting {
    /// Begins without a key; takes none unless `filter` is for phased-out keys only.
    pub fn begin(filter: &Filter) -> Self {
        Waiting {
            is_wanted: filter.states == [State::PhasedOut],
            now: filter.now,
            first: Vec::new(),
            count: 0,
        }
    }

    /// Takes `key` if its grace runs.
    pub fn take(&mut self, key: &Key) {
        if self.is_wanted && key.is_in_grace(self.now) {
            self.count += 1;
            if self.first.len() < NAMED_MAX {
                self.first.push(key.clone());
            }
        }
    }

    /// Prints a status line on each of the first keys.
    pub fn report(&self, cx: &mut Cx<'_>, store: &dyn Read) {
        let now = self.now;
        for key in &self.first {
            if let Some(uses) = uses(store, key, now, |at| at.relative_to(now).to_string()) {
                cx.status(format_args!("{} ({}): {uses}", key.id, escape(&key.name)));
            }
        }
        if self.count > self.first.len() {
            cx.status(format_args!("and {} more", self.count - self.first.len()));
        }
    }
}
