//! Tokens of other systems among KEYs. A store finds such a token's key by its digest.

use super::absent::{assigned, is_public, unshown};
use super::{KeyGiven, KeyLine, KeyText, ON_STANDARD_INPUT};
use crate::cmd::Cx;
use crate::error::{Error, Result};
use crate::hash::TokenDigest;
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::lookup::Lookup;
use crate::store::{self, Read, Store};

/// Returns the key of the first of `tokens` that has one, unless it is deleted.
pub fn find_token(store: &dyn Read, tokens: &[TokenDigest]) -> Result<Option<Key>> {
    for digest in tokens {
        if let Some(key) = store.key_by_digest(digest)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Refuses an argument that is the token of an imported key.
pub fn refuse_tokens(store: &dyn Store, arguments: &[String]) -> Result<()> {
    store::read(store, |store| {
        arguments
            .iter()
            .try_for_each(|text| refuse_token(store, &KeyText::new(text)))
    })
}

fn refuse_token(store: &dyn Read, argument: &KeyText) -> Result<()> {
    let Some(key) = find_token(store, &argument.tokens)? else {
        return Ok(());
    };
    let id = key.id;
    Err(Error::usage(format!(
        "the token of {} was given as an argument, where others can read it with ps",
        key.label()
    ))
    .hint(
        Hint::from("treat that token as leaked: ")
            .and(run!("disable {}", id).in_quotes())
            .and(" stops it, ")
            .and(run!("rotate {} --grace 0s", id).in_quotes())
            .and(" puts a new one in its place; for KEY, give the key ID, or '-' and pipe the token in"),
    ))
}

/// Returns the texts to look up for `given`: of a foreign token on standard input the ID of its key. Refuses one that
/// is an argument, and a line that is flawed and no such token.
pub fn resolve(cx: &Cx<'_>, store: &dyn Store, given: &[KeyGiven]) -> Result<Vec<String>> {
    let (actor, now) = (store.actor(cx.env), cx.env.now());
    let lookup = cx.lookup(&actor, now);
    store::read(store, |store| {
        let texts = given.iter().map(|given| text_of(&lookup, store, given));
        texts.collect()
    })
}

/// Returns the text to look up for `given`, as [`resolve`] does.
pub fn resolve_one(cx: &Cx<'_>, store: &dyn Store, given: &KeyGiven) -> Result<String> {
    let (actor, now) = (store.actor(cx.env), cx.env.now());
    let lookup = cx.lookup(&actor, now);
    store::read(store, |store| text_of(&lookup, store, given))
}

fn text_of(lookup: &Lookup<'_>, store: &dyn Read, given: &KeyGiven) -> Result<String> {
    let line = match given {
        KeyGiven::Argument(text) => {
            refuse_token(store, text)?;
            return Ok(text.text.to_string());
        }
        KeyGiven::Line(line) => line,
    };
    if let Some(key) = find_token(store, line.tokens())? {
        return Ok(key.id.to_string());
    }
    match line {
        KeyLine::Token(token) => Ok(token.id().to_string()),
        KeyLine::Flawed(flaw) => Err(flaw.error(ON_STANDARD_INPUT)),
        KeyLine::Text(text) => match unshown(store, text)?.or_else(|| assigned(&text.text)) {
            Some(error) if !is_public(lookup, store, &text.text)? => Err(error),
            _ => Ok(text.text.to_string()),
        },
    }
}
