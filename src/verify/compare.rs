//! Comparison of presented secrets with stored hashes.

use crate::error::{Error, Result};
use crate::hash::{Memory, Scheme, Stored};
use crate::parallel::in_order;
use crate::token::{AnyToken, Token};
use std::num::NonZeroUsize;

/// Result of comparing one secret with one PHC string.
///
/// It depends on these two alone, so it stays true when the store changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The hash is of another secret.
    No,
    /// The hash is of this secret, by this scheme; `None` for parameters that no scheme makes.
    Yes(Option<Scheme>),
}

/// Compares the secret of `presented` with the stored hash `phc`.
///
/// Every verdict is based on this function. It takes the same time whether or not they match.
pub fn compare(presented: &AnyToken, phc: &str, memory: &mut Memory) -> Result<Match> {
    match presented {
        AnyToken::Own(token) => compare_own(token, phc, memory),
        AnyToken::Foreign(token) => {
            let stored = Stored::parse(phc).ok_or_else(|| unreadable("an imported key"))?;
            is_match(&stored, stored.is_of_token(), token.expose(), memory)
        }
    }
}

/// Compares the secret of a token of our own, as [`compare`] does.
fn compare_own(token: &Token, phc: &str, memory: &mut Memory) -> Result<Match> {
    let stored = Stored::parse(phc).ok_or_else(|| unreadable(token.id().as_str()))?;
    is_match(&stored, !stored.is_of_token(), token.secret(), memory)
}

/// Compares `secret` with `stored`, a hash of the right kind only if `is_right_kind`: the secret in a token of our
/// own could be a whole token of another system.
fn is_match(
    stored: &Stored,
    is_right_kind: bool,
    secret: &[u8],
    memory: &mut Memory,
) -> Result<Match> {
    Ok(match stored.matches(secret, memory)? && is_right_kind {
        true => Match::Yes(stored.scheme()),
        false => Match::No,
    })
}

/// Compares presented secrets with stored hashes on `workers` threads, and calls `done` after each.
///
/// Returns a result for each pair, in order.
pub fn compare_all(
    pairs: &[(&Token, &str)],
    workers: NonZeroUsize,
    mut done: impl FnMut(),
) -> Result<Vec<Result<bool>>> {
    let start_worker = || {
        let mut memory = Memory::default();
        move |&(presented, phc): &(&Token, &str)| {
            compare_own(presented, phc, &mut memory).map(|matched| matched != Match::No)
        }
    };
    let mut results = Vec::with_capacity(pairs.len());
    in_order(workers, pairs.iter(), start_worker, |result| {
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

fn unreadable(key: &str) -> Error {
    Error::damaged(format!(
        "the hash of {key} cannot be read or would cost too much to check"
    ))
    .hint("rotate the key; if you did not edit the store, somebody else did")
}
