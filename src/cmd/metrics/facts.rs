//! Facts about a store for its metrics, all of one moment.

use super::tally::Tally;
use crate::error::Result;
use crate::lookup::unfinished_handovers;
use crate::store::{Filter, Read, Skipped, Sort};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// Facts about a store.
pub struct Facts {
    /// Counts of keys.
    pub keys: Tally,
    /// Keys that are not in the counts, since their records are damaged.
    pub skipped: Skipped,
    /// Creations whose `--exec` was cut short.
    pub created: i64,
    /// Rotations whose `--exec` was cut short.
    pub rotated: i64,
    /// Number of the last line of the log.
    pub events: u64,
    /// True if the store was retired.
    pub is_retired: bool,
}

impl Facts {
    /// Reads the facts at `now`: one pass over the keys, and one over the creations and rotations in the log.
    pub fn read(store: &dyn Read, now: Timestamp) -> Result<Self> {
        let mut keys = Tally::new(&store.scopes()?, store.policy()?, now);
        let all = Filter {
            sort: Sort::Any,
            ..Filter::all(now)
        };
        let skipped = store.scan(&all, &mut |key| {
            keys.take(&key);
            Ok(ControlFlow::Continue(()))
        })?;
        let (mut created, mut rotated) = (0, 0);
        for handover in unfinished_handovers(store, now)? {
            // Before the deadline, the command may still run.
            if now >= handover.deadline {
                match handover.key.replaces {
                    None => created += 1,
                    Some(_) => rotated += 1,
                }
            }
        }
        Ok(Facts {
            keys,
            skipped,
            created,
            rotated,
            events: u64::try_from(store.head()?.seq).unwrap_or_default(),
            is_retired: store.retired()?.is_some(),
        })
    }
}
