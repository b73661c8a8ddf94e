//! Fields of a key as several commands print them.

use crate::error::escape;
use crate::key::Key;
use crate::network;

/// Scopes of `key`, separated by blanks.
pub fn scopes(key: &Key) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    escape(&scopes.join(" "))
}

/// Networks from which `key` works, separated by blanks.
pub fn networks(key: &Key) -> String {
    match key.allow_from.is_empty() {
        true => "anywhere".to_owned(),
        false => network::join(&key.allow_from),
    }
}

/// Labels of `key`, separated by blanks.
pub fn labels(key: &Key) -> String {
    let labels = key.labels.iter();
    let labels = labels.map(|(label, value)| format!("{label}={value}"));
    match key.labels.is_empty() {
        true => "none".to_owned(),
        false => escape(&labels.collect::<Vec<_>>().join(" ")),
    }
}
