//! Removal of the text around a token: quotes, names, `Bearer`, blanks, byte-order marks.

use super::{ForeignToken, PRESENTED_MAX, Token};
use crate::hash::TokenDigest;

/// Byte-order mark U+FEFF in UTF-8: some editors and shells write it at the start of a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Scheme of an `Authorization` header (RFC 6750).
const SCHEME: &[u8] = b"Bearer ";

/// Removes outer blanks, a line end, a byte-order mark and a leading `Bearer `.
pub fn trim(presented: &[u8]) -> &[u8] {
    let trimmed = without_mark(presented);
    without_scheme(trimmed).map_or(trimmed, without_mark)
}

fn without_scheme(text: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// Removes outer blanks, and byte-order marks at the start with the blanks after them.
pub fn without_mark(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii();
    while let Some(behind) = rest.strip_prefix(BYTE_ORDER_MARK) {
        rest = behind.trim_ascii();
    }
    rest
}

/// Returns the token in a line of a file, alone or as the value of a name: `kc_…`, `"kc_…",`,
/// `export API_KEY='kc_…'`, `"api_key": "kc_…",`, `Authorization: Bearer kc_…`.
///
/// `None` unless the text that remains is a whole token with a right checksum.
pub fn in_line(line: &[u8]) -> Option<Token> {
    let mut rest = trim(line);
    // Each step scans the rest: without a limit, a long line would take quadratic time.
    if rest.len() > PRESENTED_MAX {
        return None;
    }
    loop {
        if let Some(token) = Token::parse(rest) {
            return Some(token);
        }
        rest = trim(unwrapped(rest)?);
    }
}

/// Maximum number of layers around a foreign token, which has no checksum that would tell where it begins.
const LAYERS_MAX: usize = 8;

/// Returns the digests of the foreign tokens that a line of a file may hold: the line alone, and what remains as
/// [`in_line`] removes the text around it.
pub fn foreign_in_line(line: &[u8]) -> Vec<TokenDigest> {
    let mut digests = Vec::new();
    let mut rest = trim(line);
    for _ in 0..=LAYERS_MAX {
        if rest.len() > PRESENTED_MAX {
            break;
        }
        digests.extend(ForeignToken::parse(rest).map(|token| *token.digest()));
        match unwrapped(rest) {
            Some(inner) => rest = trim(inner),
            None => break,
        }
    }
    digests
}

/// Removes one layer: a trailing comma, a name, quotes, or `Bearer `.
fn unwrapped(text: &[u8]) -> Option<&[u8]> {
    // The name first: the outer quotes of `"name": "value"` do not belong together.
    text.strip_suffix(b",")
        .or_else(|| named(text).map(|(_, value)| value))
        .or_else(|| unquoted(text))
        .or_else(|| without_scheme(text))
}

fn unquoted(text: &[u8]) -> Option<&[u8]> {
    [b"'", b"\""]
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

/// Splits `NAME=value`, `export NAME=value` or `"name": value` into name and value.
pub fn named(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| b"=:".contains(byte))?;
    let (name, value) = (line[..at].trim_ascii(), &line[at + 1..]);
    let name = name.strip_prefix(b"export ").unwrap_or(name).trim_ascii();
    let name = unquoted(name).unwrap_or(name);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    (!name.is_empty() && name.iter().all(is_part)).then_some((name, value))
}
