//! What a verification leaves in the store. None of it is worth waiting for, and none of it
//! changes the verdict.

use super::{Reason, Verdict, Verified};
use crate::env::{Actor, Random};
use crate::error::Result;
use crate::event::{Action, Event};
use crate::hash;
use crate::key::Key;
use crate::store::{Read, Store, Tx};
use crate::token::Token;
use crate::when::{Span, Timestamp};

/// How far back among a key's events a reuse is looked for.
const RECENT: u32 = 16;

/// Notes `verified` in the store: the use of a valid key (once a minute), a hash made anew at the
/// policy's cost, or the reuse of a key that no longer works (once a minute).
pub fn note(
    store: &mut dyn Store,
    verified: &Verified,
    presented: &Token,
    actor: &Actor,
    random: &mut dyn Random,
) -> Result<()> {
    let at = verified.at;
    match &verified.verdict {
        Verdict::Valid(key) => {
            let rehashed = match &verified.outdated {
                Some(old) => Some((
                    old,
                    hash::hash(presented.secret(), verified.policy.cost, random)?,
                )),
                None => None,
            };
            if !is_due(key, at) && rehashed.is_none() {
                return Ok(());
            }
            store.write_if_free(&mut |tx| {
                tx.touch(key.id, at)?;
                match &rehashed {
                    Some((old, new)) => rehash(tx, key, old, new, at, actor),
                    None => Ok(()),
                }
            })
        }
        Verdict::Rejected(Reason::PhasedOut | Reason::Expired | Reason::Disabled, Some(key)) => {
            if reuse_is_noted(store, key, at)? {
                return Ok(());
            }
            let event = Event::new(at, actor, Action::Reuse, Some(key.id))
                .with("state", key.state(at).word());
            store.write_if_free(&mut |tx| {
                // Somebody else may have been faster.
                if reuse_is_noted(tx, key, at)? {
                    return Ok(());
                }
                tx.append(&event)
            })
        }
        Verdict::Rejected(..) => Ok(()),
    }
}

/// Whether no use of the key within the last minute is noted.
fn is_due(key: &Key, at: Timestamp) -> bool {
    key.last_used_at
        .is_none_or(|last| last <= at.before(Span::MINUTE))
}

/// Whether a reuse of the key within the last minute is among its last events.
fn reuse_is_noted<R: Read + ?Sized>(store: &R, key: &Key, at: Timestamp) -> Result<bool> {
    let since = at.before(Span::MINUTE).millis();
    let last = store.last_events(key.id, RECENT)?;
    Ok(last
        .iter()
        .any(|event| event.action == Action::Reuse.word() && event.at > since))
}

fn rehash(
    tx: &mut dyn Tx,
    key: &Key,
    old: &str,
    new: &str,
    at: Timestamp,
    actor: &Actor,
) -> Result<()> {
    if tx.replace_hash(key.id, old, new)? {
        tx.append(&Event::new(at, actor, Action::Rehash, Some(key.id)))?;
    }
    Ok(())
}
