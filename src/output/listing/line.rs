//! A key as one line in which each value says what it is: for who hears it, and where a table has no
//! room. No column breaks it.

use super::table::{end, short};
use crate::key::{Key, Kind};
use crate::output::cell;
use crate::when::Timestamp;

/// `key` as it is at `now`.
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
    // The name, which may run right to left, stands behind a word that does not.
    format!(
        "name {}, owner {}, state {}, {can}, {}, {used}, ID {}\n",
        value(&key.name),
        value(&key.owner),
        key.state(now),
        stop(key, now),
        key.id
    )
}

/// A name that somebody chose, so that it does not read as several values.
fn value(name: &str) -> String {
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
