//! A name that another key has: names are unique per owner among live keys.

use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind, State};
use crate::name::form;
use crate::store::Read;
use crate::when::Timestamp;

/// The live key of `owner` that is named `name`, or whose name cannot be told from it: one that an
/// older version stored in another Unicode form.
pub fn holder(store: &dyn Read, owner: &str, name: &str) -> Result<Option<Key>> {
    form::find(name, |form| store.live_key(owner, form))
}

/// The error where the name of `holder` is wanted for another key, with what frees it. Rotation
/// does not: the successor takes the name over.
pub fn refusal(holder: &Key, now: Timestamp) -> Error {
    let id = holder.id;
    let delete = match holder.kind {
        Kind::Api => Hint::from(" or ").and(run!("delete {}", id)),
        Kind::Legacy => Hint::default(),
    };
    let (owner, name) = (quote(&holder.owner), quote(&holder.name));
    Error::state(match holder.state(now) {
        State::Active => format!("{owner} already has a live key named {name}: {id} (active)"),
        // It does not work, and is live all the same: it may again.
        state => format!("the name {name} of {owner} is held by a key that is {state}: {id}"),
    })
    .hint(
        Hint::from("choose another name, or free this one: ")
            .and(run!("edit {} --name OTHER", id))
            .and(delete),
    )
}
