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
