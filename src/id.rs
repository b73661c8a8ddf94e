//! Key ID: the public part of a token, safe to print, log and pass on a command line.

use crate::env::Random;
use crate::error::{Error, Result, quote};
use std::fmt;

/// Lower-case Crockford base32: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Key ID: twelve characters of lower-case Crockford base32, 60 random bits, independent of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

impl KeyId {
    /// Length in characters.
    pub const LEN: usize = 12;
    /// Minimum length of a prefix that may stand for a key ID.
    pub const PREFIX_MIN: usize = 4;

    /// Draws a new ID from `random`.
    pub fn generate(random: &mut dyn Random) -> Result<Self> {
        let mut bytes = [0; Self::LEN];
        random.fill(&mut bytes)?;
        // 32 divides 256, so the low five bits of a uniform byte are uniform.
        Ok(KeyId(bytes.map(|byte| ALPHABET[usize::from(byte & 31)])))
    }

    /// Parses a key ID.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let bytes: [u8; Self::LEN] = text.try_into().ok()?;
        Self::is_part(&bytes).then_some(KeyId(bytes))
    }

    /// Tells whether `text` has only characters of the alphabet.
    pub fn is_part(text: &[u8]) -> bool {
        text.iter().all(|byte| {
            matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z')
        })
    }

    /// Returns the twelve characters.
    pub fn as_str(&self) -> &str {
        // The alphabet is ASCII, so this never fails; an empty ID would match nothing.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        KeyId::parse(text.as_bytes())
            .ok_or_else(|| Error::usage(format!("{} is not a key ID", quote(text))))
    }
}

impl serde::Serialize for KeyId {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_no_byte_that_is_not_in_the_alphabet() {
        for byte in 0..=u8::MAX {
            assert_eq!(KeyId::is_part(&[byte]), ALPHABET.contains(&byte), "{byte}");
        }
    }
}
