//! Errors for texts of standard input that stand for no key. They do not show what may be a secret.

use super::KeyText;
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::lookup::{self, KeyMatch, LoggedMatch, Lookup};
use crate::store::Read;
use crate::token::{ForeignToken, named};

/// Returns an error for `text` that stands for no key and does not show it, if it may be or hold the token of an
/// imported key.
pub fn unshown(store: &dyn Read, text: &KeyText) -> Result<Option<Error>> {
    if !ForeignToken::may_be_in(&text.text) || !store.has_imported()? {
        return Ok(None);
    }
    let length = text.text.chars().count();
    let error = Error::not_found(format!(
        "there is no such key: {length} characters, which are not shown, since they may be a token"
    ));
    let why = match text.tokens.is_empty() {
        true => "a token is found alone on its line, or after NAME= or NAME:; ",
        false => "a deleted key's token is unknown too; ",
    };
    let all = run!("list --state all").in_quotes();
    Ok(Some(
        error.hint(Hint::from(why).and(all).and(" shows every key")),
    ))
}

/// Returns an error for a line `NAME=VALUE` that stands for no key. It shows the name only: the value may be a secret
/// of another program.
pub fn assigned(text: &str) -> Option<Error> {
    let (name, value) = named(text.as_bytes())?;
    is_assigned(text, value).then(|| {
        let name = String::from_utf8_lossy(name);
        Error::not_found(format!("the value of {} is not a token", quote(&name)))
            .hint("after NAME= only a token is accepted")
    })
}

/// True if `value`, the end of `text`, is assigned to a name. Otherwise `text` may be the name of a key with a
/// ':' in it.
fn is_assigned(text: &str, value: &[u8]) -> bool {
    let before = text.len().checked_sub(value.len() + 1);
    let sign = before.and_then(|at| text.as_bytes().get(at));
    sign == Some(&b'=') || value.first().is_some_and(|first| b" \t\"'".contains(first))
}

/// Tells whether `text` is or was the name of a key, or is an ID. Then it is no secret.
pub fn is_public(lookup: &Lookup<'_>, store: &dyn Read, text: &str) -> Result<bool> {
    if lookup::id(text).is_some() || !matches!(lookup.find(store, text)?, KeyMatch::None) {
        return Ok(true);
    }
    if lookup.deleted(store, text)?.is_some() {
        return Ok(true);
    }
    let logged = lookup::find_in_log(store, text, false, lookup.now)?;
    Ok(!matches!(logged, LoggedMatch::None))
}
