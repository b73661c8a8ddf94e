//! Digest of a token that another system made.

use super::{TAG_LEN, TOKEN_SHA256, digest, in_phc};

/// SHA-256 of all bytes of a token that another system made. The store keeps it as the hash of the token's key,
/// and finds the key by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenDigest([u8; TAG_LEN]);

impl TokenDigest {
    /// Length in bytes.
    pub const LEN: usize = TAG_LEN;

    /// Takes a digest that another system has computed.
    pub fn new(digest: [u8; TAG_LEN]) -> Self {
        TokenDigest(digest)
    }

    /// Computes the digest of `token`.
    pub fn of(token: &[u8]) -> Self {
        TokenDigest(*digest(token))
    }

    /// Returns the PHC string: `$sha256-token$` and the digest in unpadded base64.
    pub fn phc(&self) -> String {
        in_phc(TOKEN_SHA256, &self.0)
    }
}
