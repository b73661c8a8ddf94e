//! Names of keys, owners, labels: what people call things. Whatever passes here can be printed on
//! a terminal, taken as one word by a script, never be mistaken for a key ID or a token, and be told
//! from every other name by sight: it is in NFC, and each of its characters shows.

pub mod form;
pub mod stored;
mod unseen;

pub use form::nfc;
pub use stored::{LABEL_KEY_MAX, LABEL_VALUE_MAX, NAME_MAX, OWNER_MAX};

use crate::error::{Error, Result, quote};
use crate::token::shown_id;
use unseen::unseen;

/// The most characters in a reason.
pub const REASON_MAX: usize = 1024;

/// `text` as a new key's name, in NFC: what [`stored::key_name`] lets through, and nothing unseen.
pub fn key_name(text: &str) -> Result<String> {
    let name = nfc(text);
    stored::key_name(&name)?;
    if shown_id(&name).is_some() {
        return Err(stored::shaped_like_an_id(&name));
    }
    seen(&name, "name")
}

/// `text` as an owner's name that may be new, in NFC: as a key's, but at most 64 characters.
pub fn owner(text: &str) -> Result<String> {
    new_user(text, "owner")
}

/// `text` as a user's name, where no key is: as an owner's.
pub fn user(text: &str) -> Result<String> {
    new_user(text, "user")
}

/// `text` as a project's name: as an owner's.
pub fn project(text: &str) -> Result<String> {
    new_user(text, "project")
}

fn new_user(text: &str, what: &str) -> Result<String> {
    let name = nfc(text);
    stored::user(&name, what)?;
    seen(&name, what)
}

/// `text` as an owner who may be known, as it is.
pub fn sought_owner(text: &str) -> Result<String> {
    stored::user(text, "owner").map(|()| text.to_owned())
}

/// `text` as a user who may be known, as it is.
pub fn sought_user(text: &str) -> Result<String> {
    stored::user(text, "user").map(|()| text.to_owned())
}

/// `text` as a project that may be known, as it is.
pub fn sought_project(text: &str) -> Result<String> {
    stored::user(text, "project").map(|()| text.to_owned())
}

/// `text` as a description: at most 256 printable characters.
pub fn description(text: &str) -> Result<String> {
    stored::description(text)?;
    Ok(text.to_owned())
}

/// `text` as a new label, `KEY=VALUE`: the key of letters, digits, `.`, `_`, `/` and `-`, at most 64;
/// the value in NFC, at most 256 printable characters that show, and may be empty.
pub fn label(text: &str) -> Result<(String, String)> {
    let (key, value) = sought_label(text)?;
    let value = nfc(&value);
    stored::label(&key, &value)?;
    Ok((key, seen(&value, "label")?))
}

/// `text` as a label that is looked for, `KEY=VALUE`, as it is.
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

/// `text` as a label's key.
pub fn label_key(text: &str) -> Result<String> {
    stored::label(text, "")?;
    Ok(text.to_owned())
}

/// `text` as the reason of a change: at most 1024 printable characters.
pub fn reason(text: &str) -> Result<String> {
    stored::printable(text, "reason", REASON_MAX)?;
    Ok(text.to_owned())
}

/// Tells whether `text` is as a new name would be stored: in NFC, with nothing unseen.
pub fn is_plain_to_see(text: &str) -> bool {
    text.is_ascii() || (nfc(text) == text && unseen(text).is_none())
}

/// `text` in single quotes, with each character that is not ASCII written as `\u{…}`: two names that look
/// the same do not.
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

fn seen(name: &str, what: &str) -> Result<String> {
    match unseen(name) {
        None => Ok(name.to_owned()),
        Some(c) => Err(Error::usage(format!(
            "the {what} {} has a character that does not show (U+{:04X})",
            quote(name),
            u32::from(c)
        ))
        .hint("leave it out; of all blanks, only the plain space may be used")),
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
