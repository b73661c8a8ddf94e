//! Restore of a copy: the contract of every backend that can take one in.

use super::contract::{Read, Store, Tx};
use crate::env::Actor;
use crate::error::Result;
use crate::event::{Event, Head};
use crate::when::Timestamp;
use std::path::Path;

/// Callback that decides under the lock whether the restore goes on. It gets the store to be replaced, if
/// that can be read, and the copy. It returns the event to append to the restored log.
pub type Decide<'a> = dyn FnMut(Option<&dyn Read>, &dyn Read) -> Result<Event> + 'a;

/// Callback that changes the restored content before the commit. It gets the replaced store, the copy, and the
/// transaction that shows the copy's content.
pub type Adjust<'a> = dyn FnMut(&dyn Read, &dyn Read, &mut dyn Tx) -> Result<()> + 'a;

/// Result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Place of the replaced store, if there was one, escaped for messages: "at PATH".
    pub kept: Option<String>,
    /// Place and hash of the restored log's last event.
    pub head: Head,
    /// Messages on a store that was made from the copy.
    pub notices: Vec<String>,
}

/// Restore that was prepared: the copy, and the store that it will replace.
pub trait Restoration {
    /// User who restores, as the store knows them.
    fn actor(&self) -> &Actor;

    /// Messages for the user before the restore.
    fn notices(&self) -> Vec<String>;

    /// Messages on users of the copy whom the store's server does not know. Call [`Restoration::check`] before.
    fn unknown_users(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Path of the copy.
    fn source(&self) -> &Path;

    /// The copy.
    fn copy(&self) -> &dyn Store;

    /// Store that will be replaced; `None` if there is none that can be read.
    fn current(&self) -> Option<&dyn Store>;

    /// Returns the store that will be replaced. Fails if there is none that can be read.
    fn require_current(&self) -> Result<&dyn Store>;

    /// Damage for which the store that will be replaced cannot be read, if there is any, as a sentence.
    fn damage(&self) -> Option<&str> {
        None
    }

    /// Damage in records of single keys of the copy, as of its last check.
    fn damage_of_copy(&self) -> Vec<&str>;

    /// Refuses a copy with damage, unless the store can take all of it.
    fn check(&mut self) -> Result<()>;

    /// Copies the copy to where no other process can change it. Does nothing when called again.
    ///
    /// Call [`Restoration::check`] before: a migration of the private copy can drop damaged values.
    fn take_in(&mut self) -> Result<()>;

    /// Replaces the content of the store by the copy's. Calls `decide` under the write lock with the store, if
    /// it can be read, and the copy; appends the event that it returns to the restored log. Before that, calls
    /// `adjust`, if the store can be read.
    ///
    /// # Errors
    ///
    /// [`crate::error::FailureKind::Uncertain`] if the copy may have been written all the same. The replaced store is
    /// kept then, and the message names its place.
    fn run(
        self: Box<Self>,
        now: Timestamp,
        decide: &mut Decide<'_>,
        adjust: &mut Adjust<'_>,
    ) -> Result<Restored>;
}
