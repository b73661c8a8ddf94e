//! The rules that everything stored holds to, whichever version stored it: those of the first one.
//! The parent module has the further rules for new names.

use crate::error::{Error, Result, is_unprintable, quote};
use crate::id::KeyId;
use crate::token::Redacted;

/// The most characters in a key's name.
pub const NAME_MAX: usize = 128;
/// The most characters in an owner's name: a default key name has to hold it.
pub const OWNER_MAX: usize = 64;
/// The most characters in a label's key.
pub const LABEL_KEY_MAX: usize = 64;
/// The most characters in a label's value.
pub const LABEL_VALUE_MAX: usize = 256;

/// Refuses `text` as a key's name: it has 1 to 128 characters, no control, bidirectional or
/// line-separator characters, no leading `-`, no `/`, no outer blank, and is not shaped like a key ID or
/// a token.
pub fn key_name(text: &str) -> Result<()> {
    word(text, "name", NAME_MAX)?;
    if KeyId::parse(text.as_bytes()).is_some() || Redacted::find(text.as_bytes()).is_some() {
        return Err(shaped_like_an_id(text));
    }
    Ok(())
}

/// The refusal of a name that could be taken for a key ID, alone or in a token.
pub fn shaped_like_an_id(text: &str) -> Error {
    Error::usage(format!("the name {} is shaped like a key ID", quote(text)))
        .hint("choose a name that cannot be taken for an ID, for instance one with a '-'")
}

/// Refuses `text` as the name of a `what` (an owner, a user, a project): as a key's, but at most 64
/// characters.
pub fn user(text: &str, what: &str) -> Result<()> {
    word(text, what, OWNER_MAX)
}

/// Refuses `text` as a description: at most 256 printable characters.
pub fn description(text: &str) -> Result<()> {
    printable(text, "description", LABEL_VALUE_MAX)
}

/// Refuses `key` as a label's key, or `value` as its value: letters, digits, `.`, `_`, `/` and `-`, at
/// most 64; and at most 256 printable characters.
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

/// Refuses more than `max` characters, and what could move a cursor or turn the reading direction.
pub(super) fn printable(text: &str, what: &str, max: usize) -> Result<()> {
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
