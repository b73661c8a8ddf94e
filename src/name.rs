//! Rules for new names of keys, users, projects and labels.
//!
//! A name that passes can be printed on a terminal and is one argument to a script. It cannot be taken
//! for a key ID or a token, is in NFC, and has no invisible character.

pub mod form;
mod invisible;
pub mod stored;

pub use form::{file_folded, nfc};
pub use stored::{LABEL_KEY_MAX, LABEL_VALUE_MAX, NAME_MAX, OWNER_MAX};

use crate::error::{Error, Result, quote};
use crate::token::shown_id;
use invisible::invisible;

/// Maximum length of a reason, in characters.
pub const REASON_MAX: usize = 1024;

/// Checks `text` as the name of a new key by [`stored::key_name`], without invisible characters, and
/// not shaped like a displayed token (`kc_<id>`). Returns it in NFC.
pub fn key_name(text: &str) -> Result<String> {
    let name = nfc(text);
    stored::key_name(&name)?;
    if shown_id(&name).is_some() {
        return Err(stored::shaped_like_an_id(&name));
    }
    visible(&name, "name")
}

/// Checks `text` as the name of an owner who may be new by [`stored::user`], without invisible
/// characters. Returns it in NFC.
pub fn owner(text: &str) -> Result<String> {
    new_user(text, "owner")
}

/// Checks `text` as [`owner`] does, for a user who need not own a key.
pub fn user(text: &str) -> Result<String> {
    new_user(text, "user")
}

/// Checks `text` as [`owner`] does, for a project.
pub fn project(text: &str) -> Result<String> {
    new_user(text, "project")
}

fn new_user(text: &str, noun: &str) -> Result<String> {
    let name = nfc(text);
    stored::user(&name, noun)?;
    visible(&name, noun)
}

/// Checks `text` as an owner to look up, and returns it unchanged.
pub fn sought_owner(text: &str) -> Result<String> {
    stored::user(text, "owner").map(|()| text.to_owned())
}

/// Checks `text` as a user to look up, and returns it unchanged.
pub fn sought_user(text: &str) -> Result<String> {
    stored::user(text, "user").map(|()| text.to_owned())
}

/// Checks `text` as a project to look up, and returns it unchanged.
pub fn sought_project(text: &str) -> Result<String> {
    stored::user(text, "project").map(|()| text.to_owned())
}

/// Checks `text` as a description: at most 256 printable characters.
pub fn description(text: &str) -> Result<String> {
    stored::description(text)?;
    Ok(text.to_owned())
}

/// Parses a new label `KEY=VALUE`; the value is returned in NFC.
///
/// The key is 1 to 64 letters, digits, `.`, `_`, `/` and `-`. The value is at most 256 printable,
/// visible characters, and may be empty.
pub fn label(text: &str) -> Result<(String, String)> {
    let (key, value) = sought_label(text)?;
    let value = nfc(&value);
    stored::label(&key, &value)?;
    Ok((key, visible(&value, "label")?))
}

/// Parses a label `KEY=VALUE` to look up; the value is returned unchanged.
pub fn sought_label(text: &str) -> Result<(String, String)> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(
            Error::usage(format!("the label {} has no '='", quote(text)))
                .hint("write it as KEY=VALUE, as in team=search"),
        );
    };
    stored::label(key, value)?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Checks `text` as the key of a label.
pub fn label_key(text: &str) -> Result<String> {
    stored::label(text, "")?;
    Ok(text.to_owned())
}

/// Checks `text` as the reason of a change: at most 1024 printable characters.
pub fn reason(text: &str) -> Result<String> {
    stored::printable(text, "reason", REASON_MAX)?;
    Ok(text.to_owned())
}

/// Tells whether `text` is in NFC and has no invisible character, as every new name.
pub fn is_plain_to_see(text: &str) -> bool {
    text.is_ascii() || (nfc(text) == text && invisible(text).is_none())
}

/// Quotes `text`, with each character outside printable ASCII as `\u{…}`: so two names that look alike
/// can be told apart.
pub fn spelled(text: &str) -> String {
    let mut spelled = String::from("'");
    for c in text.chars() {
        match c {
            ' '..='~' => spelled.push(c),
            _ => spelled.extend(c.escape_unicode()),
        }
    }
    spelled.push('\'');
    spelled
}

fn visible(name: &str, noun: &str) -> Result<String> {
    match invisible(name) {
        None => Ok(name.to_owned()),
        Some(c) => Err(Error::usage(format!(
            "the {noun} {} has an invisible character (U+{:04X})",
            quote(name),
            u32::from(c)
        ))
        .hint("leave it out; the only blank that is allowed is the ordinary space")),
    }
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
