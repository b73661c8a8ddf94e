//! The calls of the library's hashes, in one place.

use keyctl::env::Random;
use keyctl::error::Result;
use keyctl::hash::{Memory, Recipe, Scheme, Stored};

/// Hashes `secret` by `scheme` in `memory` and returns the PHC string.
pub fn hash(
    secret: &[u8],
    scheme: Scheme,
    random: &mut dyn Random,
    memory: &mut Memory,
) -> Result<String> {
    Recipe::draw(scheme, random)?.hash(secret, memory)
}

/// Whether `stored` is the hash of `secret`.
pub fn matches(stored: &Stored, secret: &[u8], memory: &mut Memory) -> Result<bool> {
    stored.matches(secret, memory)
}
