//! Advice on a key that does not work: to bring it back, or to replace it.

use crate::error::Result;
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::store::Read;
use crate::when::{Span, Timestamp};

/// The life that is proposed for a key whose time is over.
const MORE: Span = Span::days(90);

/// Advice on an expired key. Its life is counted from its creation, so that policy may leave no room
/// for more.
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

/// Advice on a key that was rotated, and none of whose successors is live.
pub fn no_successor(key: &Key) -> Hint {
    Hint::from("it has no live successor; ").and(key.create_hint())
}
