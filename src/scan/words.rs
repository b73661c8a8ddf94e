//! Words that may be tokens of another system, which have no shape and no checksum: only their digest tells.

use crate::hash::TokenDigest;
use crate::token::ForeignToken;
use std::ops::Range;

/// Maximum number of bytes of a word from its first one.
pub const MARGIN: usize = ForeignToken::MAX + 1;

/// Maximum number of beginnings that are tried within one word.
const STARTS_MAX: usize = 8;

/// Finds the words in `bytes` that begin within `range`, and calls `found` with the offset and the digest of each text in
/// them that may be a token.
///
/// A word is a run of visible ASCII characters without quotes, brackets, commas, semicolons and backslashes. A token may be
/// all of it, or begin behind `=`, `:`, `/`, `@`, `?` or `&`, and end before `@`, `?`, `&` or `#`, as in an assignment or a URL.
pub fn search(bytes: &[u8], range: Range<usize>, mut found: impl FnMut(usize, TokenDigest)) {
    let mut at = range.start;
    // A word that begins before the range was found before.
    if at > 0 && is_in_word(bytes[at - 1]) {
        at += word_len(&bytes[at..]);
    }
    while at < range.end {
        let len = word_len(&bytes[at..]);
        if len >= ForeignToken::MIN {
            for (start, text) in parts(&bytes[at..at + len]) {
                if let Some(token) = ForeignToken::parse(text) {
                    found(at + start, *token.digest());
                }
            }
        }
        at += len.max(1);
    }
}

fn word_len(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !is_in_word(*byte));
    end.unwrap_or(bytes.len())
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'`,;()<>[]{}|\\".contains(&byte)
}

/// Parts of a word that may be a token, with their offsets.
fn parts(word: &[u8]) -> Vec<(usize, &[u8])> {
    let behind = |at: usize| at > 0 && b"=:/@?&".contains(&word[at - 1]);
    let starts = (0..word.len()).filter(|at| *at == 0 || behind(*at));
    let mut parts = Vec::new();
    for start in starts.take(STARTS_MAX) {
        let rest = &word[start..];
        parts.push((start, rest));
        let end = rest.iter().position(|byte| b"@?&#".contains(byte));
        let shorter = end.map(|end| &rest[..end]).into_iter();
        // The end of a sentence, or of a name in YAML.
        let trimmed = rest.strip_suffix(b".").or(rest.strip_suffix(b":"));
        parts.extend(shorter.chain(trimmed).map(|text| (start, text)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, token: &str) -> bool {
        let mut digests = Vec::new();
        search(text.as_bytes(), 0..text.len(), |at, digest| {
            digests.push((at, digest));
        });
        let at = text.find(token).unwrap();
        digests.contains(&(at, TokenDigest::of(token.as_bytes())))
    }

    #[test]
    fn a_token_of_another_system_is_found_where_tokens_stand() {
        let token = "sk-0123456789ABCDEF==";
        for text in [
            "TOKEN",
            "KEY=TOKEN",
            "export KEY='TOKEN'",
            "{\"key\": \"TOKEN\", \"more\": 1}",
            "key: TOKEN\n",
            "Authorization: Bearer TOKEN\r\n",
            "curl --header=x-api-key:TOKEN",
            "https://user:TOKEN@host/path",
            "https://host/path?api_key=TOKEN&page=2",
            "It was TOKEN.",
            "a\0TOKEN\0b",
        ] {
            assert!(finds(&text.replace("TOKEN", token), token), "{text}");
        }
    }

    #[test]
    fn a_word_belongs_to_the_range_in_which_it_begins() {
        let text = b"0123456789abcdef 0123456789abcdeg";
        for cut in 0..text.len() {
            let mut offsets = Vec::new();
            search(text, 0..cut, |at, _| offsets.push(at));
            search(text, cut..text.len(), |at, _| offsets.push(at));
            assert_eq!(offsets, [0, 17], "{cut}");
        }
    }
}
