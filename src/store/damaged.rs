//! Error for a damaged record of a key.

use crate::error::Error;
use crate::hint::{Hint, run};
use crate::id::KeyId;

/// Returns the error for a key whose `column` cannot be read, with its ID if that can be.
pub fn damaged_key(id: Option<KeyId>, column: &str) -> Error {
    let others = Hint::from("the other keys work; ");
    match id {
        Some(id) => Error::damaged(format!(
            "the key {id} is damaged: its {column} cannot be read"
        ))
        .of_key(id)
        .hint(
            others
                .and("to remove this one for good: ")
                .and(run!("delete {}", id)),
        ),
        None => Error::damaged(format!("a key is damaged: its {column} cannot be read"))
            .hint(others.and("its row: ").and(run!("doctor"))),
    }
}
