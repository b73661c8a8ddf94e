//! Keys, times and events that contracts are tried with.

use crate::harness::alice;
use keyctl::event::{Action, Event};
use keyctl::id::KeyId;
use keyctl::key::{Key, Kind};
use keyctl::store::Tx;
use keyctl::when::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A time: so many minutes after the store was made.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(crate::harness::START + minutes * 60_000).unwrap()
}

/// The ID with this number.
pub fn id(number: u32) -> KeyId {
    format!("{number:012}").parse().unwrap()
}

/// An active key of alice, which bears its number in its ID and its name.
pub fn key(number: u32) -> Key {
    Key {
        id: id(number),
        name: format!("key-{number}"),
        owner: "alice".to_owned(),
        kind: Kind::Api,
        scopes: BTreeSet::from(["inference".to_owned()]),
        labels: BTreeMap::new(),
        created_at: at(0),
        created_by: "alice".to_owned(),
        expires_at: Some(at(1000)),
        last_used_at: None,
        grace_from: None,
        usable_until: None,
        disabled_at: None,
        disabled_by: None,
        deleted_at: None,
        replaces: None,
        replaced_by: None,
    }
}

/// The hash that stands with a key where no other is given.
pub fn hash(id: KeyId) -> String {
    format!("$sha256$of-{id}")
}

/// An event by alice.
pub fn event(action: Action, id: Option<KeyId>) -> Event {
    Event::new(at(0), &alice(), action, id)
}

/// Adds these keys, each with its event.
pub fn insert(tx: &mut dyn Tx, keys: &[Key]) -> keyctl::error::Result<()> {
    keys.iter().try_for_each(|key| {
        tx.insert(key, &hash(key.id))?;
        tx.append(&event(Action::Create, Some(key.id)))
    })
}
