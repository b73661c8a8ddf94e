//! Last use of an old token and first use of the new one: the end of a rotation waits for them.

use crate::key::Key;
use crate::when::Timestamp;

/// Says when the token of `old` was last used, and when that of its successor `new` was first used, each time in
/// the words of `at`.
pub fn waits_for(old: &Key, new: Option<&Key>, at: impl Fn(Timestamp) -> String) -> String {
    let last = match old.last_used_at {
        Some(last) => format!("old token last used {}", at(last)),
        None => "old token: no use recorded".to_owned(),
    };
    let first = match new {
        None => "new token: its key cannot be read".to_owned(),
        Some(new) if new.deleted_at.is_some() => "new token: its key is deleted".to_owned(),
        Some(new) => match (new.first_used_at, new.last_used_at) {
            (Some(first), _) => format!("new token first used {}", at(first)),
            // Used before the store kept first uses.
            (None, Some(last)) => format!("new token last used {}", at(last)),
            (None, None) => "new token: no use recorded yet".to_owned(),
        },
    };
    format!("{last}; {first}")
}
