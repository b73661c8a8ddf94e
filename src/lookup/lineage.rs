//! Lineage of a key: what it replaced and what replaced it, through all rotations.

use super::{LINEAGE_MAX, unless_damaged};
use crate::error::Result;
use crate::event::{Action, Entry};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{LogFilter, Read};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// Returns the IDs of the lineage of the key `id`, itself first. Follows the log as well as the records: of a
/// purged key, and of a rotation that was undone, there is nothing else.
pub fn lineage(store: &dyn Read, id: KeyId) -> Result<Vec<KeyId>> {
    let mut lineage = vec![id];
    let mut next = 0;
    while let Some(&id) = lineage.get(next) {
        for id in relatives(store, id)? {
            if !lineage.contains(&id) && lineage.len() < LINEAGE_MAX as usize {
                lineage.push(id);
            }
        }
        next += 1;
    }
    Ok(lineage)
}

/// Finds the predecessors of `key` that work at `now`, in their grace, the latest first. The search ends at one
/// that is purged or damaged.
pub fn predecessors_in_grace(store: &dyn Read, key: &Key, now: Timestamp) -> Result<Vec<Key>> {
    let mut found = Vec::new();
    let mut next = key.replaces;
    for _ in 0..LINEAGE_MAX {
        let Some(id) = next else { break };
        let Some(key) = unless_damaged(store.get(id))?.flatten() else {
            break;
        };
        next = key.replaces;
        if !key.is_live() && key.is_usable(now) {
            found.push(key);
        }
    }
    Ok(found)
}

/// Returns the IDs that the record of the key `id` and its events name as its predecessors and successors.
///
/// Skips a record or an event that is damaged.
fn relatives(store: &dyn Read, id: KeyId) -> Result<Vec<KeyId>> {
    let key = unless_damaged(store.get(id))?.flatten();
    let mut found: Vec<KeyId> = key
        .iter()
        .flat_map(|key| [key.replaces, key.replaced_by])
        .flatten()
        .collect();
    let events = LogFilter {
        keys: vec![id],
        actions: vec![Action::Create, Action::Rotate, Action::Purge],
        ..LogFilter::default()
    };
    let scanned = store.scan_log(&events, &mut |event: Entry| {
        let detail = event.fields();
        let named =
            ["replaces", "replaced_by"].map(|field| detail[field].as_str().map(str::as_bytes));
        found.extend(named.into_iter().flatten().filter_map(KeyId::parse));
        Ok(ControlFlow::Continue(()))
    });
    unless_damaged(scanned)?;
    Ok(found)
}
