//! Keys, times and events that contracts are tried with.

use crate::harness::user;
use keyctl::event::{Action, Event};
use keyctl::id::KeyId;
use keyctl::key::Key;
use keyctl::store::Tx;
use keyctl::when::Timestamp;
use std::collections::BTreeSet;

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
    let name = format!("key-{number}");
    Key {
        scopes: BTreeSet::from(["inference".to_owned()]),
        expires_at: Some(at(1000)),
        ..Key::new(id(number), name, "alice".to_owned(), at(0))
    }
}

/// The hash that stands with a key where no other is given.
pub fn hash(id: KeyId) -> String {
    format!("$sha256$of-{id}")
}

/// An event by carol, who made the store.
pub fn event(action: Action, id: Option<KeyId>) -> Event {
    Event::new(at(0), &user("carol"), action, id)
}

/// Adds these keys, each with its event.
pub fn insert(tx: &mut dyn Tx, keys: &[Key]) -> keyctl::error::Result<()> {
    keys.iter().try_for_each(|key| {
        tx.insert(key, &hash(key.id))?;
        tx.append(&event(Action::Create, Some(key.id)))
    })
}
