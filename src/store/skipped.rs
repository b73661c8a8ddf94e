//! Keys whose records are damaged, without which the rest goes on.

use crate::error::{Error, Result};
use crate::hint::{Hint, run};
use crate::id::KeyId;

/// The most keys that are named by their IDs.
const NAMED: usize = 10;

/// The keys that a scan left out, since their records cannot be read.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Their number.
    pub count: u64,
    /// The IDs of the first of them, of those that have one.
    pub ids: Vec<KeyId>,
    /// The error about the first.
    first: Option<Error>,
}

impl Skipped {
    /// Counts one more, of which `said` would be said.
    pub fn add(&mut self, id: Option<KeyId>, said: impl FnOnce() -> Error) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(said());
        }
        if self.ids.len() < NAMED {
            self.ids.extend(id);
        }
    }

    /// Names the keys by their IDs, as far as they have been counted with those.
    pub fn names(&self) -> String {
        let mut ids: Vec<&str> = self.ids.iter().map(KeyId::as_str).collect();
        if self.count > ids.len() as u64 {
            ids.push("…");
        }
        ids.join(", ")
    }

    /// Fails if there is any: with what is said of it, or the names of several.
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
