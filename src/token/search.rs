//! Search for tokens in any bytes: text, UTF-16, programs.
//!
//! An underscore with another one 13 characters behind it is rare, and both are where a token's key ID stands. So the
//! search goes from underscore to underscore, and looks at the rest only where there are two.

use super::{Prefix, TAIL_LEN, Token};
use crate::id::KeyId;
use memchr::memchr_iter;
use std::ops::Range;
use zeroize::Zeroizing;

/// Number of characters from the underscore before the key ID to the end of the token.
const REST_LEN: usize = 1 + KeyId::LEN + 1 + TAIL_LEN;

/// Bytes from one character of a token to the next: 1 in ASCII and UTF-8, 2 in UTF-16, where all bytes between are zero.
const WIDTHS: [usize; 2] = [1, 2];
const WIDTH_MAX: usize = 2;

/// Maximum number of bytes of a token before the underscore at which it is found.
pub const BEFORE: usize = Prefix::MAX * WIDTH_MAX;

/// Maximum number of bytes of a token from the underscore at which it is found.
pub const AFTER: usize = REST_LEN * WIDTH_MAX;

/// Finds the tokens in `bytes` whose first underscore before the key ID is within `range`, in their order.
///
/// Calls `found` with the offset of each token's first byte, and the token. Whatever stands before and behind it: a
/// prefix may have letters in front of it that are not its own, as in `\nkc_…`, and the checksum tells where it begins.
/// To find each token of a stream once, `range` leaves out the last [`AFTER`] bytes, and the next search, which begins
/// there, has [`BEFORE`] bytes in front of it.
pub fn search(bytes: &[u8], range: Range<usize>, mut found: impl FnMut(usize, Token)) {
    let Some(sought) = bytes.get(range.clone()) else {
        return;
    };
    for at in memchr_iter(b'_', sought) {
        let at = range.start + at;
        let mut widths = WIDTHS.into_iter();
        if let Some((start, token)) = widths.find_map(|width| token_around(bytes, at, width)) {
            found(start, token);
        }
    }
}

/// Returns the token that has the underscore before its key ID at `at`, and the offset of its first byte.
fn token_around(bytes: &[u8], at: usize, width: usize) -> Option<(usize, Token)> {
    // Nearly every underscore is refused here, and of a line of underscores all.
    let second = bytes.get(at + (1 + KeyId::LEN) * width)?;
    let first_of_id = bytes.get(at + width)?;
    if *second != b'_' || !first_of_id.is_ascii_alphanumeric() {
        return None;
    }
    let mut text = Zeroizing::new([0; Prefix::MAX + REST_LEN]);
    let (prefix, rest) = text.split_at_mut(Prefix::MAX);
    let last = at + (REST_LEN - 1) * width;
    let characters = bytes.get(at..=last)?.chunks(width);
    for (slot, character) in rest.iter_mut().zip(characters) {
        *slot = character[0];
        if character[1..].iter().any(|byte| *byte != 0) {
            return None;
        }
    }
    let is_tail = rest[REST_LEN - TAIL_LEN..]
        .iter()
        .all(u8::is_ascii_alphanumeric);
    if !is_tail || !KeyId::is_part(&rest[1..=KeyId::LEN]) {
        return None;
    }
    let before = before(bytes, at, width);
    let mut start = Prefix::MAX;
    for (slot, character) in prefix.iter_mut().rev().zip(before) {
        *slot = character;
        start -= 1;
    }
    // The longest one first: a shorter one may be a part of it.
    (start..Prefix::MAX).find_map(|from| {
        let token = Token::parse(&text[from..])?;
        Some((at - (Prefix::MAX - from) * width, token))
    })
}

/// Iterates backwards over the characters before `at` that a prefix may have.
fn before(bytes: &[u8], at: usize, width: usize) -> impl Iterator<Item = u8> {
    let characters = bytes[..at].rchunks_exact(width);
    let characters = characters.map(|character| character.split_first());
    characters
        .map_while(|character| character.filter(|(_, zeros)| zeros.iter().all(|byte| *byte == 0)))
        .map(|(character, _)| *character)
        .take_while(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::checksum;
    use proptest::prelude::*;

    fn token(prefix: &str) -> String {
        let mut text = format!("{prefix}_0123456789ab_{}", "Az0".repeat(14)) + "y";
        let sum = checksum(text.as_bytes());
        text.push_str(std::str::from_utf8(&sum).unwrap());
        text
    }

    fn found(bytes: &[u8]) -> Vec<(usize, String)> {
        let mut tokens = Vec::new();
        search(bytes, 0..bytes.len(), |at, token| {
            tokens.push((at, String::from_utf8(token.expose().to_vec()).unwrap()));
        });
        tokens
    }

    /// The text in UTF-16, little-endian or big-endian.
    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    proptest! {
        #[test]
        fn a_token_is_found_wherever_it_stands(
            prefix in "[a-z][a-z0-9]{0,9}(_[a-z0-9]{1,6}){0,2}",
            before in proptest::collection::vec(any::<u8>(), 0..80),
            after in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let token = token(&prefix);
            let bytes = [&before[..], token.as_bytes(), &after].concat();
            prop_assert_eq!(found(&bytes), [(before.len(), token)]);
        }

        #[test]
        fn a_token_in_utf_16_is_found(before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let token = token("acme_kc");
            // A letter before it could be taken for a part of its prefix, with the same checksum by no chance.
            let text = format!("{before}{token}{after}");
            let at = 2 * before.encode_utf16().count();
            prop_assert_eq!(found(&utf16(&text, u16::to_le_bytes)), [(at, token.clone())]);
            // The byte that tells the character comes second.
            prop_assert_eq!(found(&utf16(&text, u16::to_be_bytes)), [(at + 1, token)]);
        }
    }

    #[test]
    fn letters_and_tokens_may_touch_a_token() {
        let (one, other) = (token("kc"), token("acme"));
        assert_eq!(found(format!("\\n{one}n").as_bytes()), [(2, one.clone())]);
        let both = format!("{one}{other}");
        assert_eq!(found(both.as_bytes()), [(0, one.clone()), (65, other)]);
        let listed = format!("{one}_{one}");
        assert_eq!(found(listed.as_bytes()), [(0, one.clone()), (66, one)]);
    }

    #[test]
    fn text_with_a_wrong_checksum_is_no_token() {
        let token = token("kc");
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
            assert_eq!(found(&bytes), [], "{at}");
        }
        assert_eq!(found(&token.as_bytes()[..64]), []);
        assert_eq!(found(&token.as_bytes()[2..]), []);
    }

    #[test]
    fn each_token_of_a_stream_is_found_once_with_a_range_for_each_part() {
        let text = format!("{}{}", token("kc"), token("k")).repeat(4);
        for cut in 0..text.len() {
            let limit = cut.saturating_sub(AFTER);
            let mut count = 0;
            search(&text.as_bytes()[..cut], 0..limit, |_, _| count += 1);
            let kept = limit.saturating_sub(BEFORE);
            let rest = &text.as_bytes()[kept..];
            search(rest, limit - kept..rest.len(), |_, _| count += 1);
            assert_eq!(count, 8, "{cut}");
        }
    }
}
