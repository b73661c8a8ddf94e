//! What a verification leaves in the store. None of it is worth waiting for, and none of it
//! changes the verdict.

use super::{Reason, Verdict, Verified};
use crate::env::{Actor, Random};
use crate::error::Result;
use crate::event::{Action, Event};
use crate::hash;
use crate::key::Key;
use crate::store::{LogFilter, Read, Store, Tx};
use crate::token::Token;
use crate::when::{Span, Timestamp};

/// Notes `verified` in the store: the use of a valid key (once a minute), a hash made anew as
/// policy says, or the reuse of a key that no longer works (once a minute).
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
                    hash::hash(presented.secret(), verified.policy.scheme(), random)?,
                )),
                None => None,
            };
            if !is_due(key.last_used_at, at) && rehashed.is_none() {
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
            if reuse_is_noted(&*store, key, at)? {
                return Ok(());
            }
            let event = Event::new(at, actor, Action::Reuse, Some(key.id))
                .with("state", key.state(at).word());
            store.write_if_free(&mut |tx| {
                // Somebody else may have been faster.
                if reuse_is_noted(&*tx, key, at)? {
                    return Ok(());
                }
                tx.append(&event)
            })
        }
        Verdict::Rejected(..) => Ok(()),
    }
}

/// Whether a use at `at` is to be noted: none within the last minute is, and no later one.
fn is_due(last_used_at: Option<Timestamp>, at: Timestamp) -> bool {
    last_used_at.is_none_or(|last| last <= at.before(Span::MINUTE))
}

/// Whether a reuse of the key within the last minute is noted, or within the next one: others verify
/// at the same time, and a clock may be put right.
fn reuse_is_noted(store: &dyn Read, key: &Key, at: Timestamp) -> Result<bool> {
    let last = store.find_events(&LogFilter {
        key_id: Some(key.id),
        action: Some(Action::Reuse),
        recent: Some(at.before(Span::MINUTE)),
        ..LogFilter::default()
    })?;
    Ok(last.iter().any(|event| at.is_near(event.at)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_left_in_peace_for_a_minute() {
        let at = |millis: i64| Timestamp::from_millis(1_795_000_000_000 + millis);
        let now = at(0).unwrap();
        assert!(is_due(None, now));
        assert!(is_due(at(-60_000), now));
        assert!(!is_due(at(-59_999), now));
        assert!(!is_due(at(0), now));
        // A clock was set back.
        assert!(!is_due(at(3_600_000), now));
    }
}
