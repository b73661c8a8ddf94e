//! `KEY` arguments, with `-` for standard input.

mod absent;
mod foreign;
mod input;
mod line;

pub use absent::{assigned, unshown};
pub use foreign::{find_token, refuse_tokens, resolve, resolve_one};
pub use input::KeyInput;
pub use line::{KeyLine, KeyText, LineFlaw};

use super::Cx;
use crate::error::{Error, Result};
use crate::hint::run;
use crate::key::Key;
use crate::lookup::Lookup;
use crate::store::Read;

/// `KEY` as it was given. [`resolve`] makes a text to look up of it.
pub enum KeyGiven {
    /// Argument.
    Argument(KeyText),
    /// Line of standard input. It is no token of our own, and if it is flawed, it may be a foreign token.
    Line(KeyLine),
}

/// Replaces each `-` in `given` by the lines of standard input. There a token of our own stands for its key ID, so
/// that a leaked token can be looked up without being an argument.
///
/// Empty input is an error: a user who pipes in an empty file must not believe that something was done.
pub fn expand(cx: &mut Cx<'_>, given: &[String]) -> Result<Vec<KeyGiven>> {
    let mut keys = Vec::with_capacity(given.len());
    for text in given {
        if text == "-" {
            let input = KeyInput::lines(cx)?;
            let lines = lines_of(cx, &input)?;
            if lines.is_empty() {
                return Err(none_came());
            }
            keys.extend(lines);
        } else {
            keys.push(KeyGiven::Argument(KeyText::new(text)));
        }
    }
    Ok(keys)
}

/// Returns `given`, or the one line of standard input if `given` is `-`.
pub fn expand_one(cx: &mut Cx<'_>, given: &str) -> Result<KeyGiven> {
    if given != "-" {
        return Ok(KeyGiven::Argument(KeyText::new(given)));
    }
    let input = KeyInput::line(cx)?;
    match <[KeyGiven; 1]>::try_from(lines_of(cx, &input)?) {
        Ok([key]) => Ok(key),
        Err(none) if none.is_empty() => Err(none_came()),
        Err(keys) => Err(
            Error::usage(format!("standard input has {} KEYs", keys.len()))
                .hint("this command takes one"),
        ),
    }
}

/// Error for standard input without a KEY.
pub fn none_came() -> Error {
    Error::usage("standard input has no KEY").hint("give a key ID, a name or a token on each line")
}

/// Finds the keys that `texts` stand for, each once, in order.
pub fn find(lookup: &Lookup<'_>, store: &dyn Read, texts: &[String]) -> Result<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::with_capacity(texts.len());
    let mut seen = std::collections::HashSet::new();
    for text in texts {
        let key = lookup.key(store, text)?;
        if seen.insert(key.id) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// Returns the lines of `input`, and says of a token that its secret is not checked. Refuses all of an input that was
/// not read to its end.
fn lines_of(cx: &mut Cx<'_>, input: &KeyInput) -> Result<Vec<KeyGiven>> {
    if let Some(cut) = &input.cut {
        return Err(cut.clone());
    }
    let mut has_token = false;
    let line = |(_, line): (usize, KeyLine)| match line {
        KeyLine::Token(token) => {
            has_token = true;
            let id = KeyText::new(token.id().as_str());
            Ok(KeyGiven::Line(KeyLine::Text(id)))
        }
        KeyLine::Flawed(flaw) if flaw.tokens().is_empty() => Err(flaw.error(ON_STANDARD_INPUT)),
        line => Ok(KeyGiven::Line(line)),
    };
    let lines = input.keys().map(line).collect();
    if has_token {
        let verify = cx.called.advice(&run!("verify").in_quotes());
        cx.status(format_args!(
            "note: only the ID in the token was looked up; {verify} checks its secret"
        ));
    }
    lines
}

/// Place of a KEY in a message.
const ON_STANDARD_INPUT: &str = " on standard input";
