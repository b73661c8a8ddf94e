//! `KEY` arguments, with `-` for standard input.

mod input;
mod line;

pub use input::KeyInput;
pub use line::{KeyLine, LineFlaw};

use super::Cx;
use crate::error::{Error, Result};
use crate::hint::run;
use crate::key::Key;
use crate::lookup::Lookup;
use crate::store::Read;

/// Replaces each `-` in `given` by the lines of standard input. There a token stands for its key ID, so that a
/// leaked token can be looked up without being an argument.
///
/// Empty input is an error: a user who pipes in an empty file must not believe that something was done.
pub fn expand(cx: &mut Cx<'_>, given: &[String]) -> Result<Vec<String>> {
    let mut texts = Vec::with_capacity(given.len());
    for text in given {
        if text == "-" {
            let input = KeyInput::lines(cx)?;
            let lines = texts_of(cx, &input)?;
            if lines.is_empty() {
                return Err(none_came());
            }
            texts.extend(lines);
        } else {
            texts.push(text.clone());
        }
    }
    Ok(texts)
}

/// Returns `given`, or the one line of standard input if `given` is `-`.
pub fn expand_one(cx: &mut Cx<'_>, given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let input = KeyInput::line(cx)?;
    match <[String; 1]>::try_from(texts_of(cx, &input)?) {
        Ok([text]) => Ok(text),
        Err(none) if none.is_empty() => Err(none_came()),
        Err(texts) => Err(
            Error::usage(format!("standard input has {} KEYs", texts.len()))
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

/// Returns the lines of `input` as texts to look up, and says of a token that its secret is not checked. Refuses
/// all of an input that was not read to its end.
fn texts_of(cx: &mut Cx<'_>, input: &KeyInput) -> Result<Vec<String>> {
    if let Some(cut) = &input.cut {
        return Err(cut.clone());
    }
    let mut has_token = false;
    let text = |(_, line)| match line {
        KeyLine::Token(token) => {
            has_token = true;
            Ok(token.id().to_string())
        }
        KeyLine::Text(text) => Ok(text),
        KeyLine::Flawed(flaw) => Err(flaw.error(" on standard input")),
    };
    let texts = input.keys().map(text).collect();
    if has_token {
        let verify = cx.called.advice(&run!("verify").in_quotes());
        cx.status(format_args!(
            "note: only the ID in the token was looked up; {verify} checks its secret"
        ));
    }
    texts
}
