//! Fields of a key as several commands print them.

use crate::error::escape;
use crate::key::Key;

/// Scopes of `key`, separated by blanks.
pub fn scopes(key: &Key) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    escape(&scopes.join(" "))
}
