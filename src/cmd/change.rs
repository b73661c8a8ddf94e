//! One transition of several keys, in one transaction.

use super::Cx;
use crate::access::Access;
use crate::env::Actor;
use crate::error::Result;
use crate::event::{Action, Event};
use crate::key::{Change, Key};
use crate::store::{self, Read, Store, Tx};
use crate::when::Timestamp;

/// Result of the transition of a key.
pub struct Changed {
    /// Key after the transition.
    pub key: Key,
    /// `Change::AlreadySo` if the key was in that state already.
    pub change: Change,
    /// Action that the event names.
    pub action: Action,
}

/// Applies `transition` to each key that `select` returns, in one transaction, and logs an event for each key
/// that changes. Fails if the actor may not change one of them. `select` runs under the store's write lock.
pub fn change_all(
    cx: &Cx<'_>,
    store: &mut dyn Store,
    reason: Option<&str>,
    select: impl FnOnce(&dyn Read, &Actor, Timestamp) -> Result<Vec<Key>>,
    transition: impl Fn(&mut Key, Timestamp, &Access) -> Result<(Change, Action)>,
) -> Result<Vec<Changed>> {
    let actor = store.actor(cx.env);
    store::write(store, |tx| {
        let now = cx.env.now();
        let access = tx.access(&actor)?;
        let mut done = Vec::new();
        for mut key in select(&*tx, &actor, now)? {
            let id = key.id;
            let made = access
                .for_owner(&key.owner)
                .and_then(|()| transition(&mut key, now, &access))
                .map_err(|error| error.of_key(id))?;
            done.push(record(tx, &actor, now, reason, key, made)?);
        }
        Ok(done)
    })
}

/// Writes `key` and its event, unless nothing was changed.
pub fn record(
    tx: &mut dyn Tx,
    actor: &Actor,
    now: Timestamp,
    reason: Option<&str>,
    key: Key,
    (change, action): (Change, Action),
) -> Result<Changed> {
    if change == Change::Applied {
        tx.update(&key)?;
        let event = Event::new(now, actor, action, Some(key.id));
        tx.append(&event.because(reason))?;
    }
    Ok(Changed {
        key,
        change,
        action,
    })
}
