//! Two ways to stop a key.

use crate::access::Access;
use crate::error::Result;
use crate::event::Action;
use crate::key::{Change, Key, Kind};
use crate::when::Timestamp;

/// Way to stop a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Switch it off until it is enabled again.
    Disable,
    /// Revoke it permanently. A legacy key cannot be deleted and is disabled.
    Delete,
}

impl Verb {
    /// Word for what was done to a key: "disabled".
    pub fn done(self) -> &'static str {
        match self {
            Verb::Disable => "disabled",
            Verb::Delete => "deleted",
        }
    }

    /// Stops `key`.
    pub fn apply(self, key: &mut Key, now: Timestamp, access: &Access) -> Result<(Change, Action)> {
        match self {
            Verb::Delete if key.kind == Kind::Api => Ok((key.delete(now)?, Action::Delete)),
            Verb::Disable | Verb::Delete => Ok((key.disable(now, access)?, Action::Disable)),
        }
    }
}
