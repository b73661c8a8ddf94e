//! One transition of several keys: all of them, or none.

use super::Cx;
use crate::access::Access;
use crate::error::{Error, Result, escape};
use crate::event::{Action, Event};
use crate::id::KeyId;
use crate::key::{Change, Key};
use crate::store::{self, Store};
use crate::when::Timestamp;
use std::collections::HashSet;

/// A transition: changes the key, and says which kind of event that was; `None` if the key was so
/// already.
pub type Transition<'a> = dyn Fn(&mut Key, Timestamp, &Access) -> Result<(Change, Action)> + 'a;

/// What a transition made of a key.
pub struct Changed {
    /// The key as it is now.
    pub key: Key,
    /// Whether there was anything to do.
    pub change: Change,
    /// What was done.
    pub action: Action,
}

/// Applies `transition` to each of `ids` in one transaction, with an event for each key that it
/// changes. The actor must be allowed to change every one of them.
pub fn change_all(
    cx: &mut Cx<'_>,
    store: &mut dyn Store,
    ids: &[KeyId],
    reason: Option<&str>,
    transition: &Transition<'_>,
) -> Result<Vec<Changed>> {
    store::write(store, |tx| {
        let now = cx.env.now();
        let access = tx.access(&cx.env.actor)?;
        let mut done = Vec::with_capacity(ids.len());
        for &id in ids {
            let mut key = tx
                .get(id)?
                .ok_or_else(|| Error::not_found(format!("there is no key {id}")))?;
            access.for_owner(&key.owner)?;
            let (change, action) = transition(&mut key, now, &access)?;
            if change == Change::Made {
                tx.update(&key)?;
                tx.append(&Event::new(now, &cx.env.actor, action, Some(id)).because(reason))?;
            }
            done.push(Changed {
                key,
                change,
                action,
            });
        }
        Ok(done)
    })
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
            Change::None => cx.status(format_args!("{} ({name}) is {done} already", key.id)),
        }
    }
}

/// The IDs of `keys`.
pub fn ids(keys: &[Key]) -> Vec<KeyId> {
    let mut seen = HashSet::new();
    keys.iter()
        .map(|key| key.id)
        .filter(|id| seen.insert(*id))
        .collect()
}

fn past(action: Action) -> &'static str {
    match action {
        Action::Disable => "disabled",
        Action::Enable => "enabled",
        Action::Delete => "deleted",
        other => other.word(),
    }
}
