//! Tokens in base64, as in a Secret of Kubernetes or in an `Authorization: Basic` header (RFC 4648).
//!
//! Base64 has no character that a search could go by, so only tokens with known prefixes are found: the text of
//! `kc_` in base64 is one of three, by the number of bytes before it.

use crate::token::{self, Prefix, Token};
use data_encoding::BASE64;
use memchr::memchr_iter;
use memchr::memmem::Finder;
use std::ops::Range;
use zeroize::Zeroizing;

/// Number of bytes that base64 writes as one group, and the number of characters of that group.
const GROUP: (usize, usize) = (3, 4);

/// Maximum number of characters of a token in base64, with the rest of its groups.
const LEN_MAX: usize = (token::BEFORE + token::AFTER) / 2 * 4 / 3 + 2 * GROUP.1;

/// Maximum number of bytes of a token in base64 from the place at which it is found, with line breaks.
pub const MARGIN: usize = 2 * LEN_MAX;

/// Search for tokens with one prefix.
pub struct Encoded {
    /// Text of the prefix after 0, 1 and 2 bytes, and the number of characters of its first group before it.
    forms: Vec<(Finder<'static>, usize)>,
}

impl Encoded {
    /// Prepares a search for tokens with `prefix`.
    pub fn new(prefix: &Prefix) -> Self {
        let text = format!("{prefix}_");
        let forms = (0..GROUP.0).map(|before| {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(text.as_bytes());
            let bits = (before * 8, bytes.len() * 8);
            // The first character may have bits of what stands before the prefix, the last one of what stands behind.
            let (first, end) = (bits.0.div_ceil(6), bits.1 / 6);
            let encoded = BASE64.encode(&bytes);
            let form = encoded.get(first..end).unwrap_or_default().as_bytes();
            (Finder::new(form).into_owned(), first)
        });
        Encoded {
            forms: forms.collect(),
        }
    }

    /// Finds the tokens in `bytes` whose prefix in base64 begins within `range`.
    ///
    /// Calls `found` with the offset of each token's first group, and the token.
    pub fn search(&self, bytes: &[u8], range: Range<usize>, mut found: impl FnMut(usize, Token)) {
        let mut take = |at: usize, skipped: usize| {
            if range.contains(&at)
                && let Some(start) = at.checked_sub(skipped)
                && let Some(token) = token_in(&bytes[start..])
            {
                found(start, token);
            }
        };
        for (finder, skipped) in &self.forms {
            let end = (range.end + finder.needle().len()).min(bytes.len());
            let Some(sought) = bytes.get(range.start..end) else {
                continue;
            };
            for at in finder.find_iter(sought) {
                take(range.start + at, *skipped);
            }
        }
        let end = (range.end + MARGIN).min(bytes.len());
        let Some(sought) = bytes.get(range.start..end) else {
            return;
        };
        for at in memchr_iter(b'\n', sought) {
            self.around_break(bytes, range.start + at, &mut take);
        }
    }

    /// Finds the texts of the prefix that the line break at `at` divides, and calls `take` with the offset of each and the
    /// number of characters of its first group before it.
    fn around_break(&self, bytes: &[u8], at: usize, mut take: impl FnMut(usize, usize)) {
        let before = &bytes[..at];
        let before = before.strip_suffix(b"\r").unwrap_or(before);
        let behind = &bytes[at + 1..];
        for (finder, skipped) in &self.forms {
            let text = finder.needle();
            // Lines are broken between groups.
            for len in (GROUP.1 - skipped..text.len()).step_by(GROUP.1) {
                if before.ends_with(&text[..len]) && behind.starts_with(&text[len..]) {
                    take(before.len() - len, *skipped);
                }
            }
        }
    }
}

/// Returns the token in the base64 that `text` begins with.
fn token_in(text: &[u8]) -> Option<Token> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(LEN_MAX));
    for byte in text.iter().take(MARGIN) {
        match byte {
            // The alphabet for URLs has other characters for the last two values.
            b'-' => encoded.push(b'+'),
            b'_' => encoded.push(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => encoded.push(*byte),
            // Some programs break lines.
            b'\r' | b'\n' => {}
            _ => break,
        }
        if encoded.len() == LEN_MAX {
            break;
        }
    }
    // The last group may lack characters, or have padding, which was left out.
    while !encoded.len().is_multiple_of(GROUP.1) {
        encoded.push(b'A');
    }
    let mut decoded = Zeroizing::new(vec![0; encoded.len() / GROUP.1 * GROUP.0]);
    BASE64.decode_mut(&encoded, &mut decoded).ok()?;
    let mut first = None;
    token::search(&decoded, 0..decoded.len(), |_, token| {
        first.get_or_insert(token);
    });
    first
}
