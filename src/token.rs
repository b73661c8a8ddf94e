//! Token: the secret string that a client presents, `<prefix>_<id>_<secret><checksum>`.
//!
//! The secret is 43 uniform base62 characters from the operating system's generator: 256 bits. The
//! checksum is zlib's CRC-32 (CRC-32/ISO-HDLC) of every byte before it, in base62, left-padded with
//! `0` to six characters. It rejects a typo before any store is opened, and lets a scanner tell a
//! token from similar text.

mod any;
mod foreign;
mod framed;
mod search;

pub use any::{AnyToken, Locator};
pub use foreign::ForeignToken;
pub use framed::{foreign_in_line, in_line, named, trim, without_mark};
pub use search::{AFTER, BEFORE, search};

use crate::env::Random;
use crate::error::{Error, Result, quote};
use crate::id::KeyId;
use std::fmt;
use zeroize::Zeroizing;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LEN: usize = 43;
const CHECKSUM_LEN: usize = 6;
const TAIL_LEN: usize = SECRET_LEN + CHECKSUM_LEN;

/// Maximum number of bytes read where a token is expected: room for the longest one, `Bearer ` and
/// blanks.
pub const PRESENTED_MAX: usize = ForeignToken::MAX + 32;

/// Minimum number of base62 characters after a key ID for which they count as a secret, whole or cut
/// short.
const SHAPE_MIN: usize = 16;

/// Minimum number of base62 characters after a mistyped key ID for which they count as a secret.
const NEAR_MIN: usize = 40;
/// Lengths of a mistyped key ID.
const NEAR_ID: std::ops::RangeInclusive<usize> = 8..=16;

/// Prefix of a token, before its ID: `[a-z][a-z0-9]*(_[a-z0-9]+)*`, at most 24 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Maximum length in characters.
    pub const MAX: usize = 24;

    /// Returns the prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(text: &[u8]) -> bool {
        text.len() <= Self::MAX
            && text.first().is_some_and(u8::is_ascii_lowercase)
            && text.split(|&byte| byte == b'_').all(|word| {
                !word.is_empty()
                    && word
                        .iter()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Prefix("kc".to_owned())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Prefix {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if Self::is_valid(text.as_bytes()) {
            return Ok(Prefix(text.to_owned()));
        }
        Err(Error::usage(format!("{} is not a token prefix", quote(text)))
            .hint("use lower-case letters and digits, '_' between words, a letter first, at most 24 characters"))
    }
}

/// Token in memory. It has no `Debug`, no `Clone` and no `Serialize`, so that it is not printed or
/// copied by accident, and it is wiped on drop.
pub struct Token {
    text: Zeroizing<Vec<u8>>,
    id: KeyId,
}

impl Token {
    /// Makes a token for the key `id` with a new secret drawn from `random`.
    pub fn generate(prefix: &Prefix, id: KeyId, random: &mut dyn Random) -> Result<Self> {
        // Allocated at full length: growing would leave a copy that is not wiped.
        let mut text = Zeroizing::new(Vec::with_capacity(Prefix::MAX + KeyId::LEN + TAIL_LEN + 2));
        text.extend_from_slice(prefix.as_str().as_bytes());
        text.push(b'_');
        text.extend_from_slice(id.as_str().as_bytes());
        text.push(b'_');
        push_secret(&mut text, random)?;
        let checksum = checksum(&text);
        text.extend_from_slice(&checksum);
        Ok(Token { text, id })
    }

    /// Parses a token; `None` unless its length, shape and checksum are right.
    ///
    /// Any prefix is accepted: the policy may have changed since. The parts are split from the right,
    /// because a prefix may hold `_`.
    pub fn parse(presented: &[u8]) -> Option<Self> {
        let id = Self::shaped(presented)?;
        let (body, sum) = presented.split_at(presented.len() - CHECKSUM_LEN);
        (checksum(body) == sum).then(|| Token {
            text: Zeroizing::new(presented.to_vec()),
            id,
        })
    }

    /// Returns the key ID in a text that has the shape of a token, whatever its checksum.
    fn shaped(presented: &[u8]) -> Option<KeyId> {
        let (prefix, id) = Self::split(presented)?;
        Prefix::is_valid(prefix).then_some(id)
    }

    /// Returns what stands before the key ID, and the ID, in a text that ends like a token.
    fn split(presented: &[u8]) -> Option<(&[u8], KeyId)> {
        let (head, tail) = presented.split_at_checked(presented.len().checked_sub(TAIL_LEN)?)?;
        let head = head.strip_suffix(b"_")?;
        let (prefix, id) = head.split_at_checked(head.len().checked_sub(KeyId::LEN)?)?;
        let prefix = prefix.strip_suffix(b"_")?;
        let id = KeyId::parse(id)?;
        let is_tail = tail.iter().all(u8::is_ascii_alphanumeric);
        is_tail.then_some((prefix, id))
    }

    /// Returns the key ID, the public part.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the 43 characters of the secret: only these are hashed.
    pub fn secret(&self) -> &[u8] {
        &self.text[self.text.len() - TAIL_LEN..self.text.len() - CHECKSUM_LEN]
    }

    /// Returns the whole token, to deliver it to its holder.
    pub fn expose(&self) -> &[u8] {
        &self.text
    }
}

/// Appends 43 uniform base62 characters.
fn push_secret(text: &mut Vec<u8>, random: &mut dyn Random) -> Result<()> {
    // Largest multiple of 62 below 256. Bytes from here on are drawn again: taken modulo 62, they
    // would make the first characters of the alphabet more likely.
    const LIMIT: u8 = 248;
    let end = text.len() + SECRET_LEN;
    let mut drawn = Zeroizing::new([0_u8; 64]);
    while text.len() < end {
        random.fill(&mut drawn[..])?;
        for byte in drawn.iter().filter(|&&byte| byte < LIMIT) {
            if text.len() < end {
                text.push(BASE62[usize::from(byte % 62)]);
            }
        }
    }
    Ok(())
}

/// Computes zlib's CRC-32 of `body` in base62, most significant digit first, padded with `0` to six.
fn checksum(body: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// Safe display of text that looks like a token, whole, mistyped or cut short.
///
/// Shows the prefix and the key ID, or `a token` if one of these is missing or mistyped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted(Option<(String, KeyId)>);

impl Redacted {
    /// Finds the first part of `text` that looks like a token.
    ///
    /// That is a prefix, a key ID and at least 16 base62 characters, joined by `_`. A mistyped key ID
    /// may have 8 to 16 bytes; then at least 40 base62 characters must follow.
    pub fn find(text: &[u8]) -> Option<Self> {
        let mut words = text.split(|&byte| byte == b'_').peekable();
        let mut start = 0;
        while let (Some(word), Some(next)) = (words.next(), words.peek()) {
            if let Some(found) = redacted(&text[..start], word, next) {
                return Some(found);
            }
            start += word.len() + 1;
        }
        None
    }

    /// Returns the key ID, unless it is missing or mistyped.
    pub fn id(&self) -> Option<KeyId> {
        self.0.as_ref().map(|(_, id)| *id)
    }
}

/// Returns the display of `id`, if it stands between a prefix at the end of `before` and a secret at
/// the start of `after`.
fn redacted(before: &[u8], id: &[u8], after: &[u8]) -> Option<Redacted> {
    let secret = after
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let prefix = before.strip_suffix(b"_").and_then(prefix_at_end);
    match (prefix, KeyId::parse(id)) {
        (Some(prefix), Some(id)) if secret >= SHAPE_MIN => {
            Some(Redacted(Some((prefix.to_owned(), id))))
        }
        _ if secret >= NEAR_MIN && NEAR_ID.contains(&id.len()) => Some(Redacted(None)),
        _ => None,
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((prefix, id)) => write!(f, "the token {prefix}_{id}_…"),
            None => f.write_str("a token"),
        }
    }
}

/// Returns the key ID in a token as this program displays it, with any prefix: `kc_<id>` or
/// `kc_<id>_…`.
///
/// The ellipsis may be three dots. It may be missing: a double click does not select it.
pub fn shown_id(text: &str) -> Option<KeyId> {
    let head = ["_…", "_...", "_"]
        .into_iter()
        .find_map(|end| text.strip_suffix(end))
        .unwrap_or(text);
    let (prefix, id) = head.rsplit_once('_')?;
    let id = KeyId::parse(id.as_bytes())?;
    Prefix::is_valid(prefix.as_bytes()).then_some(id)
}

/// Returns the longest prefix that `text` ends with, if any.
fn prefix_at_end(text: &[u8]) -> Option<&str> {
    let start = text.len().saturating_sub(Prefix::MAX);
    (start..text.len())
        .map(|from| &text[from..])
        .find(|part| Prefix::is_valid(part))
        .and_then(|part| std::str::from_utf8(part).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Random for Counting {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
            Ok(())
        }
    }

    fn token(prefix: &str) -> Token {
        let mut random = Counting(0);
        let id = KeyId::generate(&mut random).unwrap();
        Token::generate(&prefix.parse().unwrap(), id, &mut random).unwrap()
    }

    #[test]
    fn a_default_token_has_65_characters_in_four_parts() {
        let token = token("kc");
        let text = std::str::from_utf8(token.expose()).unwrap();
        assert_eq!(text.len(), 65);
        assert!(text.starts_with("kc_0123456789ab_CDEF"));
        assert_eq!(token.secret().len(), 43);
    }

    #[test]
    fn bytes_that_would_favour_a_character_are_drawn_again() {
        let mut random = Counting(240);
        let mut text = Vec::new();
        push_secret(&mut text, &mut random).unwrap();
        // 240..=247 are used, 248..=255 skipped, then 0 follows.
        assert_eq!(&text[..10], b"stuvwxyz01");
    }

    #[test]
    fn a_prefix_may_hold_the_separator() {
        let token = token("acme_prod2");
        let read = Token::parse(token.expose()).unwrap();
        assert_eq!(read.id(), token.id());
        assert_eq!(read.secret(), token.secret());
    }

    #[test]
    fn a_right_checksum_makes_no_token_of_another_shape() {
        let read = |prefix: &str, id: &str, secret: &str| {
            let mut text = format!("{prefix}_{id}_{secret}").into_bytes();
            let sum = checksum(&text);
            text.extend_from_slice(&sum);
            Token::parse(&text).is_some()
        };
        let (id, secret) = ("0123456789ab", "A".repeat(43));
        assert!(read("kc", id, &secret));
        assert!(read(&"k".repeat(24), id, &secret));
        for prefix in ["", "KC", "1k", "k-c", "_kc", &"k".repeat(25)] {
            assert!(!read(prefix, id, &secret), "{prefix:?}");
        }
        for id in ["", "0123456789a", "0123456789abc", "0123456789au"] {
            assert!(!read("kc", id, &secret), "{id:?}");
        }
        for odd in ["-", "_", " ", "\0"] {
            assert!(!read("kc", id, &secret.replacen('A', odd, 1)), "{odd:?}");
        }
        assert!(!read("kc", id, &secret[1..]));
        assert!(!read("kc", id, &format!("{secret}A")));
    }

    #[test]
    fn the_checksum_is_zlibs() {
        // Computed with Python: zlib.crc32(b"123456789") = 0xcbf43926 = 3421780262.
        assert_eq!(&checksum(b"123456789"), b"3jZRME");
    }

    #[test]
    fn what_stands_around_a_token_is_dropped() {
        for presented in ["x", " x\t\n", "Bearer x\r\n", "bearer  x", "\nBearer x "] {
            assert_eq!(trim(presented.as_bytes()), b"x", "{presented:?}");
        }
        assert_eq!(trim(b"Bearer"), b"Bearer");
        assert_eq!(trim(b"a b"), b"a b");
    }

    #[test]
    fn a_token_is_seen_wherever_it_stands() {
        let token = token("kc");
        let text = std::str::from_utf8(token.expose()).unwrap();
        let shown = |text: &[u8]| Redacted::find(text).map(|found| found.to_string());
        let whole = Some("the token kc_0123456789ab_…".to_owned());
        assert_eq!(shown(text.as_bytes()), whole);
        assert_eq!(shown(format!("k={text}x").as_bytes()), whole);
        assert_eq!(shown(&text.as_bytes()[..35]), whole);
        assert_eq!(Redacted::find(&text.as_bytes()[..25]), None);
        assert_eq!(Redacted::find(b"kc-apikey-alice-20261122T000000Z"), None);
        let near = Some("a token".to_owned());
        assert_eq!(
            shown(text.replace("0123456789ab", "0123456789aU").as_bytes()),
            near
        );
        assert_eq!(shown(text.trim_start_matches("kc_").as_bytes()), near);
    }
}
