//! Token of our own or of another system, as verification takes it.

use super::{ForeignToken, PRESENTED_MAX, Token, trim};
use crate::hash::TokenDigest;
use crate::id::KeyId;

/// Token that a client presents.
pub enum AnyToken {
    /// Token that this program made.
    Own(Token),
    /// Token that another system made.
    Foreign(ForeignToken),
}

/// Means by which a store finds the key of a token.
#[derive(Clone, Copy)]
pub enum Locator {
    /// ID in a token of our own.
    Id(KeyId),
    /// Digest of a token of another system.
    Digest(TokenDigest),
}

impl AnyToken {
    /// Parses a token. `None` for text that cannot be one: it has the shape of our tokens and a wrong checksum, or
    /// no foreign token can look like it.
    pub fn parse(presented: &[u8]) -> Option<Self> {
        match Token::parse(presented) {
            Some(own) => Some(AnyToken::Own(own)),
            None => ForeignToken::parse(presented).map(AnyToken::Foreign),
        }
    }

    /// Parses a token after removing blanks and a leading `Bearer `. `None` if the rest is not a token, or if `presented`
    /// is longer than [`PRESENTED_MAX`]: it may have been cut, and the part that was cut off is unknown.
    pub fn presented(presented: &[u8]) -> Option<Self> {
        (presented.len() <= PRESENTED_MAX)
            .then(|| AnyToken::parse(trim(presented)))
            .flatten()
    }

    /// Returns the means by which a store finds the token's key.
    pub fn locator(&self) -> Locator {
        match self {
            AnyToken::Own(token) => Locator::Id(token.id()),
            AnyToken::Foreign(token) => Locator::Digest(*token.digest()),
        }
    }

    /// Returns the bytes that are hashed: the secret in a token of our own, all of a foreign one.
    pub fn secret(&self) -> &[u8] {
        match self {
            AnyToken::Own(token) => token.secret(),
            AnyToken::Foreign(token) => token.expose(),
        }
    }

    /// Returns the whole token.
    pub fn expose(&self) -> &[u8] {
        match self {
            AnyToken::Own(token) => token.expose(),
            AnyToken::Foreign(token) => token.expose(),
        }
    }

    /// Tells whether another system made the token.
    pub fn is_foreign(&self) -> bool {
        matches!(self, AnyToken::Foreign(_))
    }
}

impl From<KeyId> for Locator {
    fn from(id: KeyId) -> Self {
        Locator::Id(id)
    }
}
