//! Line for a key in which each value is labelled: for screen readers, and for narrow terminals.

use super::table::{end, short};
use crate::key::{Key, Kind};
use crate::output::cell;
use crate::when::Timestamp;

/// Line for `key` with its state at `now`.
pub fn line(key: &Key, now: Timestamp) -> String {
    let can = match key.kind {
        Kind::Api => {
            let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
            format!("scopes {}", cell(&scopes.join(" ")))
        }
        Kind::Legacy => "kind legacy".to_owned(),
    };
    let used = key.last_used_at.map_or_else(
        || "no use recorded".to_owned(),
        |at| format!("last used {}", short(at, now)),
    );
    // The line begins with a Latin word: a name that is written from right to left would turn it around.
    format!(
        "name {}, owner {}, state {}, {can}, {}, {used}, ID {}\n",
        quote_if_several(&key.name),
        quote_if_several(&key.owner),
        key.state(now),
        stop(key, now),
        key.id
    )
}

/// Quotes a name with a comma, so that it does not read as several values.
pub fn quote_if_several(name: &str) -> String {
    if name.contains(',') {
        format!("'{}'", cell(name))
    } else {
        cell(name)
    }
}

fn stop(key: &Key, now: Timestamp) -> String {
    match (key.deleted_at, key.usable_until, key.expires_at) {
        (None, None, Some(at)) if at <= now => format!("expired {}", short(at, now)),
        (None, None, Some(at)) => format!("expires {}", short(at, now)),
        (None, None, None) => "never expires".to_owned(),
        _ => end(key, now),
    }
}
