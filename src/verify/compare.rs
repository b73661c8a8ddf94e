//! Comparison of presented secrets with stored hashes.

use crate::error::{Error, Result};
use crate::hash::{Memory, Stored};
use crate::id::KeyId;
use crate::parallel::in_order;
use crate::token::Token;
use std::num::NonZeroUsize;

/// Compares the secret of `presented` with the stored hash `phc`; returns that hash as it was read
/// if they match. The one place that decides this.
pub fn matching(presented: &Token, phc: &str, memory: &mut Memory) -> Result<Option<Stored>> {
    let stored = Stored::parse(phc).ok_or_else(|| unreadable(presented.id()))?;
    let matched = stored.matches(presented.secret(), memory)?;
    Ok(matched.then_some(stored))
}

/// Compares each presented secret with the stored hash beside it on `workers` threads, and calls
/// `done` after each. The results are in order; one that fails leaves the others.
pub fn compare_all(
    pairs: &[(&Token, &str)],
    workers: NonZeroUsize,
    mut done: impl FnMut(),
) -> Result<Vec<Result<bool>>> {
    let hire = || {
        let mut memory = Memory::default();
        move |&(presented, phc): &(&Token, &str)| {
            matching(presented, phc, &mut memory).map(|stored| stored.is_some())
        }
    };
    let mut results = Vec::with_capacity(pairs.len());
    in_order(workers, pairs.iter(), hire, |result| {
        results.push(result);
        done();
        Ok(())
    })?;
    if results.len() < pairs.len() {
        // A worker panicked.
        return Err(Error::io("a secret was not compared"));
    }
    Ok(results)
}

fn unreadable(id: KeyId) -> Error {
    Error::damaged(format!(
        "the hash of {id} cannot be read or would cost too much to check"
    ))
    .hint("rotate the key; if you did not edit the store, somebody else did")
}
