//! Settings of a store, and what this process has seen of it last.

use crate::event::Head;
use crate::policy::Policy;
use crate::scope::Registry;
use crate::when::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Settings of a store, at one head of its log.
pub struct Settings {
    /// Head of the log.
    pub head: Head,
    /// Names and values of the settings that differ from the defaults.
    pub policy: Vec<(String, String)>,
    /// Scopes.
    pub scopes: Registry,
    /// True if there is an imported key, deleted or not.
    pub has_imported: bool,
}

/// Content and clock that this process has seen last. All connections of one address share them.
#[derive(Default)]
pub struct Seen {
    settings: Mutex<Option<Arc<Settings>>>,
    clock: Mutex<Option<(Instant, Timestamp)>>,
}

impl Seen {
    /// Returns the settings that were seen last, with their head.
    pub fn last(&self) -> Option<Arc<Settings>> {
        locked(&self.settings).clone()
    }

    /// Returns the present time of the server, counted from the last look; `None` if there was none.
    pub fn clock(&self) -> Option<Timestamp> {
        let (at, clock) = (*locked(&self.clock))?;
        let elapsed = i64::try_from(at.elapsed().as_millis()).ok()?;
        Timestamp::from_millis(clock.millis().saturating_add(elapsed))
    }

    /// Notes what a look has shown, unless a later one was noted.
    pub fn note(&self, settings: &Arc<Settings>, clock: Timestamp) {
        *locked(&self.clock) = Some((Instant::now(), clock));
        let mut last = locked(&self.settings);
        if last
            .as_ref()
            .is_none_or(|last| last.head.seq <= settings.head.seq)
        {
            *last = Some(Arc::clone(settings));
        }
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic of another thread does not make the content invalid.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Settings {
    /// Returns the policy as far as it can be read, and the names of the unreadable settings.
    pub fn readable_policy(&self) -> (Policy, Vec<String>) {
        let (mut policy, mut unreadable) = (Policy::default(), Vec::new());
        for (name, value) in &self.policy {
            if policy.set(name, value).is_err() {
                unreadable.push(name.clone());
            }
        }
        (policy, unreadable)
    }
}
