//! The calls of the library's hashes, in one place.

use keyctl::env::Random;
use keyctl::error::Result;
use keyctl::hash::{self, Scheme, Stored};

/// Hashes `secret` by `scheme` and returns the PHC string.
pub fn hash(secret: &[u8], scheme: Scheme, random: &mut dyn Random) -> Result<String> {
    hash::hash(secret, scheme, random)
}

/// Whether `stored` is the hash of `secret`.
pub fn matches(stored: &Stored, secret: &[u8]) -> Result<bool> {
    stored.matches(secret)
}
