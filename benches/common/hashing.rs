//! Hashing of one secret, as benchmarks call it.

use keyctl::env::Random;
use keyctl::error::Result;
use keyctl::hash::{Memory, Recipe, Scheme};

/// Hashes `secret` by `scheme` in `memory` and returns the PHC string.
pub fn hash(
    secret: &[u8],
    scheme: Scheme,
    random: &mut dyn Random,
    memory: &mut Memory,
) -> Result<String> {
    Recipe::draw(scheme, random)?.hash(secret, memory)
}
