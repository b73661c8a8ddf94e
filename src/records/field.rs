//! Names of fields.

use super::record::known_fields;
use crate::error::{Error, quote};
use crate::near;

/// Maximum length of a name that an error shows. Most tokens are longer.
const LONGEST: usize = 16;

/// Maximum of digits in a name that an error shows.
const DIGITS_MAX: usize = 2;

/// Maximum of places in a name that an error shows where its case changes.
const CASE_CHANGES_MAX: usize = 4;

/// Finds `name` in `known`.
pub fn known(name: &str, known: &[&'static str]) -> Option<&'static str> {
    known.iter().find(|field| **field == name).copied()
}

/// Error for a field that is none of `known`; `None` if `name` may be a secret in the place of a name.
pub fn unknown(name: &str, known: &[&'static str]) -> Option<Error> {
    let hint = near::suggestion(name, known).map_or_else(|| known_fields(known), Into::into);
    looks_like_name(name).then(|| Error::usage(format!("unknown field {}", quote(name))).hint(hint))
}

/// True for the usual names of fields. A random token has more digits, or its case changes more often.
fn looks_like_name(name: &str) -> bool {
    let letters = name.bytes().filter(u8::is_ascii_alphabetic);
    let next = letters.clone().skip(1);
    let changes = letters
        .zip(next)
        .filter(|(a, b)| a.is_ascii_uppercase() != b.is_ascii_uppercase());
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && name.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX
        && changes.count() <= CASE_CHANGES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_shows_the_usual_names_and_no_tokens() {
        for name in [
            "Name",
            "created_at",
            "lastUsedAt",
            "API_KEY",
            "key2",
            "x-id",
            "key_alias",
            "organization_id",
            "model_max_budget",
        ] {
            assert!(unknown(name, &[]).is_some(), "{name}");
        }
        for name in [
            "",
            "2nd",
            "a b",
            "größe",
            "sk-1f09b7c2",
            "sk_live_AbXdqRrTmKpWzQnL",
            "sk-abcdefghijklmnopqrstuvwx",
            "sk-live-ZZZZbbbbCCCC",
            "a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "kc_7h2m9qxw4d1e",
            &"a".repeat(17),
        ] {
            assert!(unknown(name, &[]).is_none(), "{name}");
        }
    }
}
