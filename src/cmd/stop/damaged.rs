//! Deletion of a key whose record cannot be read.
//!
//! Such a record cannot become a tombstone, so it is removed; its events stay.

use crate::cmd::Cx;
use crate::cmd::confirm::confirm;
use crate::env::Actor;
use crate::error::{Error, Result};
use crate::event::{Action, Event};
use crate::id::KeyId;
use crate::lookup;
use crate::store::{self, Read, Store};

/// Returns the ID of the key if `keys` is one ID, or one shown token, and its record is damaged.
pub fn only(cx: &Cx<'_>, store: &dyn Store, keys: &[String]) -> Result<Option<KeyId>> {
    let [text] = keys else {
        return Ok(None);
    };
    let Some(id) = lookup::id(text) else {
        return Ok(None);
    };
    // A name of another key may have the shape of a shown token.
    let (actor, now) = (store.actor(cx.env), cx.env.now());
    let lookup = cx.lookup_to_stop(&actor, now);
    let found = store::read(store, |store| lookup.find(store, text));
    Ok(damage_of(id, found)?.map(|_| id))
}

/// Removes the record of the damaged key `id`, after a confirmation unless `yes`.
pub fn remove(
    cx: &mut Cx<'_>,
    store: &mut dyn Store,
    id: KeyId,
    yes: bool,
    reason: Option<&str>,
) -> Result<()> {
    let actor = store.actor(cx.env);
    store::read(store, |store| check_access(store, &actor, id))?;
    confirm(cx, yes, "delete", &format!("Delete the damaged key {id}?"))?;
    store::write(store, |tx| {
        let Some(damage) = damage_of(id, tx.get(id))? else {
            return Err(Error::state(format!("{id} is no longer damaged"))
                .hint("nothing was changed; run the command again"));
        };
        let owner = check_access(&*tx, &actor, id)?;
        let event = Event::new(cx.env.now(), &actor, Action::Delete, Some(id))
            .with("owner", owner)
            .with("damage", damage.to_string());
        // While the key is there, as for a purge.
        tx.append(&event.because(reason))?;
        tx.purge(id)
    })?;
    cx.status(format_args!(
        "deleted {id}: its damaged record was removed; its events stay in the log"
    ));
    Ok(())
}

/// Says that the record of the damaged key `id` would be removed.
pub fn preview(cx: &mut Cx<'_>, store: &dyn Store, id: KeyId) -> Result<()> {
    let actor = store.actor(cx.env);
    store::read(store, |store| check_access(store, &actor, id))?;
    cx.notice(format_args!(
        "dry run: the damaged record of {id} would be removed; nothing was changed"
    ));
    Ok(())
}

/// Returns the error in `found`, the result of a read, if it says that the record of `id` is damaged.
fn damage_of<T>(id: KeyId, found: Result<T>) -> Result<Option<Error>> {
    match found {
        Err(error) if error.is_damage_of(id) => Ok(Some(error)),
        found => found.map(|_| None),
    }
}

/// Returns the key's owner, if that can be read. Refuses an actor who is neither the owner nor an
/// administrator.
fn check_access(store: &dyn Read, actor: &Actor, id: KeyId) -> Result<Option<String>> {
    let (access, owner) = (store.access(actor)?, store.damaged_owner(id)?);
    let checked = match &owner {
        Some(owner) => access.for_owner(owner),
        None => access.administrator("delete a key whose owner cannot be read"),
    };
    checked.map(|()| owner).map_err(|error| error.of_key(id))
}
