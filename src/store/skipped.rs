//! Keys that a scan left out because their records are damaged.

use crate::error::{Error, Result};
use crate::hint::{Hint, run};
use crate::id::KeyId;

/// Most keys whose IDs are kept.
const NAMED: usize = 10;

/// Keys that a scan left out because their records cannot be read.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// The number of keys.
    pub count: u64,
    /// The first IDs that could be read.
    pub ids: Vec<KeyId>,
    /// The error of the first key.
    first: Option<Error>,
}

impl Skipped {
    /// Counts a key. Calls `error` only for the first one.
    pub fn add(&mut self, id: Option<KeyId>, error: impl FnOnce() -> Error) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(error());
        }
        if self.ids.len() < NAMED {
            self.ids.extend(id);
        }
    }

    /// Lists the IDs, with `…` if there are more keys.
    pub fn names(&self) -> String {
        let mut ids: Vec<&str> = self.ids.iter().map(KeyId::as_str).collect();
        if self.count > ids.len() as u64 {
            ids.push("…");
        }
        ids.join(", ")
    }

    /// Fails if a key was left out, with its error, or with the IDs of several keys.
    pub fn none(self) -> Result<()> {
        if self.count > 1 {
            let several = format!("{} keys are damaged: {}", self.count, self.names());
            let says = run!("doctor")
                .in_quotes()
                .and(" says what is wrong with them");
            return Err(Error::damaged(several).hint(Hint::from("the other keys work; ").and(says)));
        }
        self.first.map_or(Ok(()), Err)
    }
}
