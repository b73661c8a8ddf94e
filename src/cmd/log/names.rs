//! Names of the keys whose IDs stand in the log.

use crate::error::{FailureKind, Result};
use crate::event::Entry;
use crate::id::KeyId;
use crate::lookup;
use crate::store::Read;
use std::collections::HashMap;

/// Most names that are remembered, a few megabytes: memory stays constant however long the log is.
const REMEMBERED: usize = 16 << 10;

/// Names that were looked up lately, by ID; `None` for a key whose name cannot be found.
#[derive(Default)]
pub struct Names(HashMap<KeyId, Option<String>>);

impl Names {
    /// Returns the name of the key of `entry`: that of its record or, once it is purged, its last one in the log.
    pub fn of(&mut self, store: &dyn Read, entry: &Entry) -> Result<Option<&str>> {
        let id = entry.key_id.as_deref();
        let Some(id) = id.and_then(|id| KeyId::parse(id.as_bytes())) else {
            return Ok(None);
        };
        if !self.0.contains_key(&id) {
            if self.0.len() == REMEMBERED {
                self.0.clear();
            }
            self.0.insert(id, look_up(store, id)?);
        }
        Ok(self.0.get(&id).and_then(Option::as_deref))
    }
}

/// Returns the name, as far as it can be read: a log is shown even where the keys are damaged.
fn look_up(store: &dyn Read, id: KeyId) -> Result<Option<String>> {
    match store.key_name(id) {
        Ok(Some(name)) => Ok(Some(name)),
        Ok(None) => lookup::name_in_log(store, id),
        Err(error) if error.kind == FailureKind::Damaged => lookup::name_in_log(store, id),
        Err(error) => Err(error),
    }
}
