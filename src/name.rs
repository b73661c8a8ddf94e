//! What people call things: names of keys, owners, labels. Whatever passes here can be printed on
//! a terminal, taken as one word by a script, and never be mistaken for a key ID or a token.

use crate::error::{Error, Result, is_unprintable, quote};
use crate::id::KeyId;
use crate::token::{Redacted, shown_id};

/// The most characters in a key's name.
pub const NAME_MAX: usize = 128;
/// The most characters in an owner's name: a default key name has to hold it.
pub const OWNER_MAX: usize = 64;
/// The most characters in a label's key.
pub const LABEL_KEY_MAX: usize = 64;
/// The most characters in a label's value.
pub const LABEL_VALUE_MAX: usize = 256;
/// The most characters in a reason.
pub const REASON_MAX: usize = 1024;

/// `text` as a key's name: 1 to 128 characters, no control, bidirectional or line-separator
/// characters, no leading `-`, no `/`, no outer blank, not shaped like a key ID or a token.
pub fn key_name(text: &str) -> Result<String> {
    word(text, "name", NAME_MAX)?;
    let is_id = KeyId::parse(text.as_bytes()).is_some() || shown_id(text).is_some();
    if is_id || Redacted::find(text.as_bytes()).is_some() {
        return Err(
            Error::usage(format!("the name {} is shaped like a key ID", quote(text)))
                .hint("choose a name that cannot be taken for an ID, for instance one with a '-'"),
        );
    }
    Ok(text.to_owned())
}

/// `text` as an owner's name: as a key's, but at most 64 characters.
pub fn owner(text: &str) -> Result<String> {
    word(text, "owner", OWNER_MAX)?;
    Ok(text.to_owned())
}

/// `text` as a user's name, where no key is: as an owner's.
pub fn user(text: &str) -> Result<String> {
    word(text, "user", OWNER_MAX)?;
    Ok(text.to_owned())
}

/// `text` as a project's name: as an owner's.
pub fn project(text: &str) -> Result<String> {
    word(text, "project", OWNER_MAX)?;
    Ok(text.to_owned())
}

/// `text` as a description: at most 256 printable characters.
pub fn description(text: &str) -> Result<String> {
    printable(text, "description", LABEL_VALUE_MAX)?;
    Ok(text.to_owned())
}

/// `text` as a label, `KEY=VALUE`: the key of letters, digits, `.`, `_`, `/` and `-`, at most 64;
/// the value at most 256 printable characters, and may be empty.
pub fn label(text: &str) -> Result<(String, String)> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(
            Error::usage(format!("the label {} has no '='", quote(text)))
                .hint("write it as KEY=VALUE, as in team=search"),
        );
    };
    let key = label_key(key)?;
    printable(value, "label", LABEL_VALUE_MAX)?;
    Ok((key, value.to_owned()))
}

/// `text` as a label's key.
pub fn label_key(text: &str) -> Result<String> {
    let fits = (1..=LABEL_KEY_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
    if fits {
        return Ok(text.to_owned());
    }
    Err(Error::usage(format!("{} is not a label key", quote(text)))
        .hint("use 1 to 64 letters, digits, '.', '_', '/' and '-'"))
}

/// `text` as the reason of a change: at most 1024 printable characters.
pub fn reason(text: &str) -> Result<String> {
    printable(text, "reason", REASON_MAX)?;
    Ok(text.to_owned())
}

fn word(text: &str, what: &str, max: usize) -> Result<()> {
    let refused = |why: &str, hint: &str| {
        Err(Error::usage(format!("the {what} {} {why}", quote(text))).hint(hint))
    };
    if text.is_empty() {
        return Err(Error::usage(format!("the {what} is empty"))
            .hint(format!("give 1 to {max} characters")));
    }
    printable(text, what, max)?;
    if text.starts_with('-') {
        return refused("starts with '-'", "start it with a letter or a digit");
    }
    if text.contains('/') {
        return refused(
            "has a '/'",
            "'/' stands between owner and name, as in OWNER/NAME: leave it out",
        );
    }
    if text.trim() != text {
        return refused("begins or ends with a blank", "leave the outer blanks out");
    }
    Ok(())
}

fn printable(text: &str, what: &str, max: usize) -> Result<()> {
    if text.chars().any(is_unprintable) {
        return Err(Error::usage(format!(
            "the {what} {} has a control character",
            quote(text)
        ))
        .hint("leave out control, direction and line-separator characters"));
    }
    if text.chars().count() > max {
        return Err(
            Error::usage(format!("the {what} {} is too long", quote(text)))
                .hint(format!("use at most {max} characters")),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mislead_are_refused() {
        for bad in [
            "",
            " a",
            "a ",
            "-a",
            "a/b",
            "a\tb",
            "a\u{202e}b",
            "a\u{2028}b",
            "7h2m9qxw4d1e",
            "a\u{a0}",
            "kc_7h2m9qxw4d1e_0123456789abcdefXYZ",
            "kc_7h2m9qxw4d1e",
            "acme_2_7h2m9qxw4d1e_…",
            "kc_7h2m9qxw4d1e_...",
        ] {
            assert!(key_name(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(key_name(&"ü".repeat(129)).is_err());
        for good in [
            "a",
            "ci deploy",
            "größe",
            "7h2m9qxw4d1",
            "kc_7h2m9qxw4d1",
            "kc-7h2m9qxw4d1e",
            "KC_7h2m9qxw4d1e",
            "uid:1000",
            &"ü".repeat(128),
        ] {
            assert!(key_name(good).is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn a_label_is_split_at_its_first_equals_sign() {
        assert_eq!(label("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(label("a="), Ok(("a".to_owned(), String::new())));
        for bad in [
            "a",
            "=b",
            "a b=c",
            "a=b\nc",
            &format!("a={}", "x".repeat(257)),
        ] {
            assert!(label(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
