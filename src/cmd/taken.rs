//! A name that another key has: names are unique per owner among live keys.

use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind, State};
use crate::store::{Filter, Read};
use crate::when::Timestamp;

/// The live key of `owner` that is named `name`.
pub fn holder(store: &dyn Read, owner: &str, name: &str, now: Timestamp) -> Result<Option<Key>> {
    let found = store.find(&Filter {
        owner: Some(owner.to_owned()),
        name: Some(name.to_owned()),
        states: vec![State::Active, State::Disabled, State::Expired],
        ..Filter::all(now)
    })?;
    Ok(found.into_iter().next())
}

/// What is said where the name of `holder` is wanted for another key, with what frees it. Rotation
/// does not: the successor takes the name over.
pub fn refusal(holder: &Key, now: Timestamp) -> Error {
    let id = holder.id;
    let delete = match holder.kind {
        Kind::Api => Hint::from(" or ").and(run!("delete {}", id)),
        Kind::Legacy => Hint::default(),
    };
    Error::state(format!(
        "{} already has a live key named {}: {id} ({})",
        quote(&holder.owner),
        quote(&holder.name),
        holder.state(now)
    ))
    .hint(
        Hint::from("choose another name, or free this one: ")
            .and(run!("edit {} --name OTHER", id))
            .and(delete),
    )
}
