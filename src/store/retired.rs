//! Mark of a store that was retired: its content was moved to another store.

use crate::error::{Error, escape};
use crate::hint::{Hint, run};
use crate::when::Timestamp;

/// Mark of a store that was retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// Name of the store, escaped for messages.
    pub store: String,
    /// Time at which it was retired.
    pub at: Timestamp,
    /// User who retired it.
    pub by: String,
    /// Path of the copy that was made then.
    pub copy: String,
}

impl Retired {
    /// Returns the error for a change: nobody would see it.
    pub fn no_change(&self) -> Error {
        Error::state(self.to_string()).hint(self.advice())
    }

    /// Returns the error for a verification: a key may be revoked in the store that took this one's place.
    pub fn no_verdict(&self) -> Error {
        Error::unavailable(self.to_string()).hint(self.advice())
    }

    /// Returns advice on how to go on.
    pub fn advice(&self) -> Hint {
        Hint::from(
            "name the store that took its place with --db or KEYCTL_DB; to use this one again: ",
        )
        .and(run!("restore {}", self.copy))
    }
}

impl std::fmt::Display for Retired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (by, copy) = (escape(&self.by), escape(&self.copy));
        let Retired { store, at, .. } = self;
        write!(
            f,
            "{store} was retired by {by} on {at}, and its keys were moved with the copy {copy}"
        )
    }
}
