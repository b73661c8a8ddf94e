//! Words about a key that several commands print.

use crate::error::escape;
use crate::key::Key;

/// The scopes of `key`, with blanks between them.
pub fn scopes(key: &Key) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    escape(&scopes.join(" "))
}
