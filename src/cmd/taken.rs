//! A name that another key has: names are unique per owner among live keys.

use crate::error::{Error, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind};
use crate::when::Timestamp;

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
