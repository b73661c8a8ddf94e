//! Rules that every stored name meets, whichever version of the program stored it.
//!
//! The first version of the program had these rules. New names must also meet those of the parent
//! module.

use crate::error::{Error, Result, is_unprintable, quote};
use crate::id::KeyId;
use crate::token::Redacted;

/// Maximum length of a key's name, in characters.
pub const NAME_MAX: usize = 128;
/// Maximum length of an owner's name, in characters: a default key name contains it.
pub const OWNER_MAX: usize = 64;
/// Maximum length of a label's key, in bytes.
pub const LABEL_KEY_MAX: usize = 64;
/// Maximum length of a label's value, in characters.
pub const LABEL_VALUE_MAX: usize = 256;

/// Checks the name of a key: 1 to 128 characters; no control, bidirectional or line-separator
/// character, no leading `-`, no `/`, no outer blank; not shaped like a key ID or a token.
pub fn key_name(text: &str) -> Result<()> {
    word(text, "name", NAME_MAX)?;
    if KeyId::parse(text.as_bytes()).is_some() || Redacted::find(text.as_bytes()).is_some() {
        return Err(shaped_like_an_id(text));
    }
    Ok(())
}

/// Error for a name that could be taken for a key ID, alone or in a token.
pub fn shaped_like_an_id(text: &str) -> Error {
    Error::usage(format!("the name {} is shaped like a key ID", quote(text)))
        .hint("choose a name that cannot be taken for an ID, for instance one with a '-'")
}

/// Checks the name of an owner, a user or a project, as `noun` says: the rules of a key's name, but at
/// most 64 characters, and an ID or a token is allowed.
pub fn user(text: &str, noun: &str) -> Result<()> {
    word(text, noun, OWNER_MAX)
}

/// Checks a description: at most 256 printable characters.
pub fn description(text: &str) -> Result<()> {
    printable(text, "description", LABEL_VALUE_MAX)
}

/// Checks a label: the key is 1 to 64 letters, digits, `.`, `_`, `/` and `-`; the value is at most 256
/// printable characters.
pub fn label(key: &str, value: &str) -> Result<()> {
    let fits = (1..=LABEL_KEY_MAX).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte));
    if !fits {
        return Err(Error::usage(format!("{} is not a label key", quote(key)))
            .hint("use 1 to 64 letters, digits, '.', '_', '/' and '-'"));
    }
    printable(value, "label", LABEL_VALUE_MAX)
}

fn word(text: &str, noun: &str, max: usize) -> Result<()> {
    let refused = |why: &str, hint: &str| {
        Err(Error::usage(format!("the {noun} {} {why}", quote(text))).hint(hint))
    };
    if text.is_empty() {
        return Err(Error::usage(format!("the {noun} is empty"))
            .hint(format!("give 1 to {max} characters")));
    }
    printable(text, noun, max)?;
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

/// Refuses more than `max` characters, and control, bidirectional and line-separator characters.
pub(super) fn printable(text: &str, noun: &str, max: usize) -> Result<()> {
    if text.chars().any(is_unprintable) {
        return Err(Error::usage(format!(
            "the {noun} {} has a control character",
            quote(text)
        ))
        .hint("leave out control, direction and line-separator characters"));
    }
    if text.chars().count() > max {
        return Err(
            Error::usage(format!("the {noun} {} is too long", quote(text)))
                .hint(format!("use at most {max} characters")),
        );
    }
    Ok(())
}
