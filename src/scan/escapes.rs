//! Tokens in JSON strings whose characters are written as `\u005f`.

use crate::token::{self, Token};
use memchr::memmem;
use std::ops::Range;
use zeroize::Zeroizing;

/// Number of bytes of an escape.
const ESCAPE_LEN: usize = 6;

/// Maximum number of bytes of such a token before the underscore at which it is found, and from there.
pub const MARGIN: usize = token::AFTER * ESCAPE_LEN;

/// Finds the tokens in `bytes` with such an escape and the underscore before their key ID within `range`.
///
/// Calls `found` with the offset of each token's first byte, and the token.
pub fn search(bytes: &[u8], range: Range<usize>, mut found: impl FnMut(usize, Token)) {
    let from = range.start.saturating_sub(MARGIN);
    let to = (range.end + MARGIN).min(bytes.len());
    let Some(text) = bytes.get(from..to) else {
        return;
    };
    let mut escapes = memmem::find_iter(text, b"\\u00");
    if escapes.all(|at| unescaped(&text[at..]).is_none()) {
        return;
    }
    let decoded = Decoded::new(text, range.start - from..range.end - from);
    token::search(&decoded.text, decoded.range.clone(), |at, token| {
        let end = at + token.expose().len();
        if decoded.escapes_before(at) < decoded.escapes_before(end) {
            found(from + decoded.source(at), token);
        }
    });
}

/// Returns the character of a token whose escape `text` begins with.
fn unescaped(text: &[u8]) -> Option<u8> {
    let digits = text.get(..ESCAPE_LEN)?.strip_prefix(b"\\u00")?;
    let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (byte.is_ascii_alphanumeric() || byte == b'_').then_some(byte)
}

/// Text without escapes.
struct Decoded {
    text: Zeroizing<Vec<u8>>,
    /// Offsets in `text` of the characters that were escaped.
    escapes: Vec<usize>,
    /// Range in `text` of a range in the source.
    range: Range<usize>,
}

impl Decoded {
    fn new(source: &[u8], range: Range<usize>) -> Self {
        // At full length: growing would leave a copy that is not wiped.
        let mut text = Zeroizing::new(Vec::with_capacity(source.len()));
        let (mut escapes, mut at) = (Vec::new(), 0);
        let (mut start, mut end) = (None, None);
        while at < source.len() {
            if at >= range.start {
                start.get_or_insert(text.len());
            }
            if at >= range.end {
                end.get_or_insert(text.len());
            }
            match unescaped(&source[at..]) {
                Some(byte) => {
                    escapes.push(text.len());
                    text.push(byte);
                    at += ESCAPE_LEN;
                }
                None => {
                    text.push(source[at]);
                    at += 1;
                }
            }
        }
        let (start, end) = (start.unwrap_or(text.len()), end.unwrap_or(text.len()));
        Decoded {
            text,
            escapes,
            range: start..end,
        }
    }

    /// Returns the number of escaped characters before the offset `at`.
    fn escapes_before(&self, at: usize) -> usize {
        self.escapes.partition_point(|escape| *escape < at)
    }

    /// Returns the offset in the source of the character at `at`.
    fn source(&self, at: usize) -> usize {
        at + self.escapes_before(at) * (ESCAPE_LEN - 1)
    }
}
