//! Rules for the token of another system on a line of an import, and for its digest.

use crate::error::{Error, Result};
use crate::hash::TokenDigest;
use crate::hint::{Hint, run};
use crate::token::{ForeignToken, Redacted};
use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, Encoding};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Minimum length of a token: a shorter one can be guessed.
const LENGTH_MIN: usize = 20;

/// Minimum number of different characters of a token.
const DIFFERENT_MIN: usize = 10;

/// Minimum length of text that may be a token in the wrong field.
const SUSPECT_MIN: usize = ForeignToken::MIN;

/// Length of a digest in bytes.
const DIGEST_LEN: usize = 32;

/// Returns the digest of `token`. Refuses a token that can be guessed, one of our own, and unless `are_plain`, one
/// that looks like a digest: other systems keep the digest in a field of that name.
///
/// No error shows any of the token.
pub fn digest_of(token: &str, are_plain: bool) -> Result<TokenDigest> {
    let bytes = token.as_bytes();
    if !are_plain && decoded(bytes).is_some() {
        return Err(looks_like_digest());
    }
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(refused(
            "it has a blank or a character outside ASCII",
            "clients send a token as one word of visible ASCII characters",
        ));
    }
    if Redacted::find(bytes).is_some() {
        return Err(ours());
    }
    if bytes.len() > ForeignToken::MAX {
        return Err(refused(
            &format!("it has more than {} characters", ForeignToken::MAX),
            "verify reads no more than that",
        ));
    }
    let different: BTreeSet<&u8> = bytes.iter().collect();
    let weak = match (bytes.len() < LENGTH_MIN, different.len() < DIFFERENT_MIN) {
        (true, _) => Some(format!("under {LENGTH_MIN} characters")),
        (_, true) => Some(format!("under {DIFFERENT_MIN} different characters")),
        _ => None,
    };
    if let Some(weak) = weak {
        return Err(refused(
            &format!("it can be guessed, since it has {weak}"),
            Hint::from("give its client a token of this store instead: ").and(run!("create")),
        ));
    }
    ForeignToken::parse(bytes)
        .map(|token| *token.digest())
        .ok_or_else(ours)
}

/// Reads a digest: SHA-256 as hexadecimal digits in any case, or in base64 of either alphabet, padded or not.
pub fn digest(text: &str) -> Result<TokenDigest> {
    match decoded(text.as_bytes()) {
        Some(bytes) => Ok(TokenDigest::new(*bytes)),
        None => Err(Error::usage("field 'sha256': it is not a SHA-256 digest").hint(
            "give 64 hexadecimal digits, or base64 of the 32 bytes, of the whole token and without a prefix",
        )),
    }
}

/// Tells whether `text` may be a token in the wrong field, so that no error may show it.
///
/// Every random token is suspect. So are some names, and then an error says less.
pub fn is_suspect(text: &str) -> bool {
    let words = text.split(|c: char| c == '=' || c.is_whitespace() || is_mark(c));
    text.len() > ForeignToken::MAX || words.into_iter().any(is_suspect_word)
}

fn is_mark(c: char) -> bool {
    ",;\"'[]{}()".contains(c)
}

/// Returns the parts of `text` that may be a token by their length: all of it, and its words.
///
/// A token may have a separator in it, and a text another one around it. So the text is split in steps, at more
/// characters in each, and a word that a step leaves whole is returned once.
pub fn candidates(text: &str) -> impl Iterator<Item = &str> {
    let is_inner = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
    parts(text, char::is_whitespace)
        .flat_map(|word| parts(word, is_mark))
        .flat_map(|word| parts(word, |c| c == ':'))
        .flat_map(|word| parts(word, |c| c == '='))
        .flat_map(move |word| parts(word, is_inner))
}

/// Returns `text`, and its parts between the characters that `is_end` finds, if they are long enough for a token.
fn parts(text: &str, is_end: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let parts = text
        .split(is_end)
        .filter(move |part| part.len() < text.len());
    std::iter::once(text)
        .chain(parts)
        .filter(|part| part.len() >= SUSPECT_MIN)
}

fn is_suspect_word(word: &str) -> bool {
    let different: BTreeSet<char> = word.chars().collect();
    word.len() >= SUSPECT_MIN
        && different.len() >= DIFFERENT_MIN
        && word.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || !c.is_ascii())
}

/// Decodes a digest; `None` for all other text.
fn decoded(text: &[u8]) -> Option<Zeroizing<[u8; DIGEST_LEN]>> {
    let encodings: &[Encoding] = match text.len() {
        64 => &[HEX],
        44 => &[BASE64, BASE64URL],
        43 => &[BASE64_NOPAD, BASE64URL_NOPAD],
        _ => return None,
    };
    encodings.iter().find_map(|encoding| {
        let room = encoding.decode_len(text.len()).ok()?;
        let mut bytes = Zeroizing::new(vec![0; room]);
        let length = encoding.decode_mut(text, &mut bytes).ok()?;
        let mut digest = Zeroizing::new([0; DIGEST_LEN]);
        (length == DIGEST_LEN).then(|| digest.copy_from_slice(&bytes[..length]))?;
        Some(digest)
    })
}

fn refused(why: &str, hint: impl Into<Hint>) -> Error {
    Error::usage(format!("field 'token': {why}")).hint(hint)
}

fn looks_like_digest() -> Error {
    refused(
        "it looks like a SHA-256 digest: some systems, such as LiteLLM, keep the digest of a token under that name",
        "name the field sha256 if that is what it is; if clients send exactly this text, add --tokens-are-plain",
    )
}

fn ours() -> Error {
    refused(
        "it has the shape of a token of keyctl",
        Hint::from("its key is in another store of keyctl: ")
            .and(run!("backup PATH").in_quotes())
            .and(" there and ")
            .and(run!("restore PATH").in_quotes())
            .and(" here move all keys of a store"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SHA-256 of "abc" (FIPS 180-4).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn message(result: Result<TokenDigest>) -> String {
        match result {
            Ok(_) => String::new(),
            Err(error) => error.message,
        }
    }

    #[test]
    fn a_digest_is_read_from_hex_and_base64_of_both_alphabets() {
        let expected = TokenDigest::of(b"abc").phc();
        let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0";
        for text in [
            ABC.to_owned(),
            ABC.to_uppercase(),
            ABC.replace('b', "B"),
            base64.to_owned(),
            format!("{base64}="),
            base64.replace('+', "-").replace('/', "_"),
            format!("{}=", base64.replace('+', "-").replace('/', "_")),
        ] {
            let found = digest(&text).map(|digest| digest.phc());
            assert_eq!(found.ok().as_ref(), Some(&expected), "{text}");
        }
        for text in [
            "",
            &ABC[1..],
            &format!("{ABC}0"),
            &format!("\\x{ABC}"),
            &format!("sha256:{ABC}"),
            &ABC.replace('b', "g"),
            &base64[1..],
            &format!("{base64}=="),
            &base64.replace('/', "_"),
            // Bits after the last byte are set.
            &base64.replace("Fa0", "Fa1"),
        ] {
            assert_eq!(
                message(digest(text)),
                "field 'sha256': it is not a SHA-256 digest",
                "{text}"
            );
        }
    }

    #[test]
    fn a_token_is_20_to_512_visible_characters_10_of_them_different() {
        let long = "0123456789".repeat(52);
        for token in ["sk-live-0123456789ab", &long[..512]] {
            let found = digest_of(token, false).map(|digest| digest.phc());
            assert_eq!(found.ok(), Some(TokenDigest::of(token.as_bytes()).phc()));
        }
        for (token, why) in [
            ("", "it can be guessed, since it has under 20 characters"),
            (
                "sk-live-0123456789a",
                "it can be guessed, since it has under 20 characters",
            ),
            (
                "012345678012345678012345678",
                "it can be guessed, since it has under 10 different characters",
            ),
            (&long[..513], "it has more than 512 characters"),
            (
                "sk-live 0123456789ab",
                "it has a blank or a character outside ASCII",
            ),
            (
                "sk-live-0123456789äb",
                "it has a blank or a character outside ASCII",
            ),
            (
                "sk-live-0123456789ab\n",
                "it has a blank or a character outside ASCII",
            ),
        ] {
            let expected = format!("field 'token': {why}");
            assert_eq!(message(digest_of(token, false)), expected, "{token}");
        }
    }

    #[test]
    fn a_token_of_our_shape_is_refused_whatever_its_checksum() {
        for token in [
            format!("kc_0123456789ab_{}", "Ab3".repeat(17)),
            format!("other_0123456789ab_{}", "0123456789ABCDEFGHIJ"),
        ] {
            for are_plain in [false, true] {
                let found = message(digest_of(&token, are_plain));
                assert_eq!(
                    found,
                    "field 'token': it has the shape of a token of keyctl"
                );
            }
        }
    }

    #[test]
    fn a_token_that_looks_like_a_digest_is_refused_unless_tokens_are_plain() {
        let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0";
        for token in [ABC, &ABC.to_uppercase(), base64, &format!("{base64}=")] {
            assert!(message(digest_of(token, false)).contains("LiteLLM"));
            let found = digest_of(token, true).map(|digest| digest.phc());
            assert_eq!(found.ok(), Some(TokenDigest::of(token.as_bytes()).phc()));
        }
    }

    #[test]
    fn is_suspect_takes_random_text_anywhere_and_no_words() {
        for text in [
            "sk-1234567890abcdef",
            "the key is sk-1234567890abcdef",
            "token=sk-1234567890abcdef",
            ABC,
            &"x".repeat(600),
        ] {
            assert!(is_suspect(text), "{text}");
        }
        for text in [
            "",
            "ci-deploy",
            "team/production-gateway",
            "2027-03-31 12:00:00",
            "10.0.0.0/8",
        ] {
            assert!(!is_suspect(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_error_has_any_of_the_token(token in "[!-~]{1,80}|[a-zA-Z0-9+/=_-]{43,65}|\\PC{0,40}", are_plain: bool) {
            for error in [digest_of(&token, are_plain).err(), digest(&token).err()].into_iter().flatten() {
                let shown = format!("{error} {:?}", error.hint);
                prop_assert!(token.len() < 12 || !shown.contains(&token));
            }
        }
    }
}
