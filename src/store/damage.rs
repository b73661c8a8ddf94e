//! Damage as a store tells of it: of one key, without which the rest goes on, or of the whole.

use crate::error::{Error, Result};
use crate::hint::{Hint, run};
use crate::id::KeyId;

/// The most keys that are named by their IDs.
const NAMED: usize = 10;

/// One thing that is wrong with a store's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// A description in plain words, one line.
    pub what: String,
    /// Its extent.
    pub extent: Extent,
}

/// Extent of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Whole,
    /// The record of one key. The others work, and verification sees of that one what others see.
    Key,
    /// A part of one key's record that verification does not read: the key may work all the same.
    Unseen,
}

impl Damage {
    /// Tells whether it touches one key alone, of which can be said whether it works: such a store can be
    /// copied and restored without making a key valid that was not.
    pub fn is_apart(&self) -> bool {
        self.extent == Extent::Key
    }
}

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
