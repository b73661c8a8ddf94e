//! Hints on how to renew or replace a key that does not work.

use crate::error::Result;
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::store::Read;
use crate::when::{Span, Timestamp};

/// Life that a hint proposes for an expired key.
const MORE: Span = Span::days(90);

/// Hint for an expired key. Proposes a later expiry only if the policy, which counts a life from its creation,
/// allows it.
pub fn renewal(store: &dyn Read, key: &Key, now: Timestamp) -> Result<Hint> {
    let id = key.id;
    let first = match key.disabled_at {
        Some(_) => Hint::from("it is disabled too: ")
            .and(run!("enable {}", id))
            .and("; then "),
        None => Hint::default(),
    };
    let replace = Hint::from("to replace it: ").and(run!("rotate {}", id));
    let more = now.after(MORE);
    let policy = store.policy()?;
    Ok(match policy.check_expiry(more, key.created_at) {
        Ok(()) => first
            .and("to give it more time: ")
            .and(run!("edit {} --expires {}", id, MORE))
            .and("; ")
            .and(replace),
        Err(_) => first.and(replace),
    })
}

/// Hint for a rotated key without a live successor.
pub fn no_successor(key: &Key) -> Hint {
    Hint::from("it has no live successor; ").and(key.create_hint())
}
