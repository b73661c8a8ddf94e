//! One transition of several keys: all of them, or none.

use super::{Cx, confirm};
use crate::access::Access;
use crate::env::Actor;
use crate::error::{Result, escape};
use crate::event::{Action, Event};
use crate::key::{Change, Key};
use crate::store::{self, Read, Store, Tx};
use crate::when::Timestamp;

/// Result of a transition of one key.
pub struct Changed {
    /// The key as it is now.
    pub key: Key,
    /// The change, if there was anything to do.
    pub change: Change,
    /// The kind of event that it is.
    pub action: Action,
}

/// Applies `transition` to each key that `select` finds under the store's lock, in one transaction, with
/// an event for each that it changes. The actor must be allowed to change every one of them.
/// `transition` says whether there was anything to do, and which kind of event that is.
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
            let (change, action) = access
                .for_owner(&key.owner)
                .and_then(|()| transition(&mut key, now, &access))
                .map_err(|error| error.of_key(id))?;
            let changed = Changed {
                key,
                change,
                action,
            };
            record(tx, &actor, now, &changed, reason)?;
            done.push(changed);
        }
        Ok(done)
    })
}

/// Writes a key that was changed, with its event.
pub fn record(
    tx: &mut dyn Tx,
    actor: &Actor,
    now: Timestamp,
    changed: &Changed,
    reason: Option<&str>,
) -> Result<()> {
    if changed.change == Change::None {
        return Ok(());
    }
    tx.update(&changed.key)?;
    let event = Event::new(now, actor, changed.action, Some(changed.key.id));
    tx.append(&event.because(reason))
}

/// Says of each key what was done to it, or that it was so already.
pub fn tell(cx: &mut Cx<'_>, changed: &[Changed]) {
    for Changed {
        key,
        change,
        action,
    } in changed
    {
        let name = escape(&key.name);
        let done = past(*action);
        match change {
            Change::Made => cx.status(format_args!("{done} {} ({name})", key.id)),
            Change::None => cx.status(format_args!("{} ({name}) is already {done}", key.id)),
        }
    }
}

fn past(action: Action) -> &'static str {
    match action {
        Action::Disable => "disabled",
        Action::Delete => "deleted",
        other => other.word(),
    }
}

/// Says how many keys of kind legacy were disabled where others are deleted.
pub fn tell_of_legacy(cx: &mut Cx<'_>, changed: &[Changed]) {
    let legacy = changed
        .iter()
        .filter(|changed| changed.action == Action::Disable && changed.change == Change::Made)
        .count();
    if legacy > 0 {
        cx.notice(format_args!(
            "disabled instead of deleted, as legacy keys cannot be deleted: {}",
            confirm::keys(legacy)
        ));
    }
}
