//! Rotations that wait for the end of their grace period.

use super::Cx;
use super::confirm::NAMED_MAX;
use crate::key::{Key, State};
use crate::output::waits_for;
use crate::store::{Filter, Read};
use crate::when::Timestamp;

/// Says what the rotation of `key` waits for; `None` unless its grace runs at `now`.
pub fn of_key(store: &dyn Read, key: &Key, now: Timestamp) -> Option<String> {
    let new = key.replaced_by.filter(|_| key.is_in_grace(now))?;
    // A successor that was purged or is damaged does not keep the old key from being shown.
    let new = store.get(new).ok().flatten();
    Some(waits_for(key, new.as_ref(), now))
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
        for key in &self.first {
            if let Some(waits) = of_key(store, key, self.now) {
                cx.status(format_args!("{} is in its grace period: {waits}", key.id));
            }
        }
        if self.count > self.first.len() {
            cx.status(format_args!(
                "and {} more are in their grace period",
                self.count - self.first.len()
            ));
        }
    }
}
