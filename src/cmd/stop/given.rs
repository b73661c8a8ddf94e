//! KEYs from the command line and standard input, and the comparison of tokens among them with the store.

use crate::cmd::Cx;
use crate::cmd::keys::{KeyInput, KeyLine, KeyText, none_came};
use crate::env::Unit;
use crate::error::{Error, FailureKind, Result};
use crate::store::{self, Read, Store};
use crate::token::Token;
use crate::verify::compare_all;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// KEY from an argument or a line of standard input.
pub struct Given {
    /// Number of the line; `None` for an argument.
    pub line: Option<usize>,
    /// Content.
    pub content: KeyLine,
    /// Last comparison of a token with the store.
    pub compared: Option<Compared>,
    /// True if the look-up before the write lock found no key. It is not looked up again.
    pub is_missing: bool,
}

/// Comparison of a token's secret with a stored hash.
pub struct Compared {
    /// Stored hash, a PHC string.
    pub hash: String,
    /// True if they match; an error if the hash is damaged.
    pub matched: Result<bool>,
}

impl Given {
    fn new(line: Option<usize>, content: KeyLine) -> Self {
        Given {
            line,
            content,
            compared: None,
            is_missing: false,
        }
    }

    /// Returns the token if the KEY is one.
    fn token(&self) -> Option<&Token> {
        match &self.content {
            KeyLine::Token(token) => Some(token),
            KeyLine::Text(_) | KeyLine::Flawed(_) => None,
        }
    }
}

/// Standard input that was not read to its end.
pub struct Cut {
    /// Reason.
    pub error: Error,
    /// First line that was not read.
    pub from: usize,
}

/// Returns the KEYs of the arguments `keys`, with the lines of standard input in place of the first `-`.
///
/// Empty input is an error: a user who pipes in an empty file must not believe that a key was stopped.
pub fn read(cx: &mut Cx<'_>, keys: &[String]) -> Result<(Vec<Given>, Option<Cut>)> {
    let mut given = Vec::with_capacity(keys.len());
    let mut input = None;
    for key in keys {
        if key != "-" {
            given.push(Given::new(None, KeyLine::Text(KeyText::new(key))));
        } else if input.is_none() {
            let input = input.insert(KeyInput::lines(cx)?);
            let lines = input.keys();
            let before = given.len();
            given.extend(lines.map(|(number, line)| Given::new(Some(number), line)));
            if given.len() == before {
                return Err(input.cut.take().unwrap_or_else(none_came));
            }
        }
    }
    let cut = input.and_then(|mut input| {
        let error = input.cut.take()?;
        let from = input.unread_from();
        Some(Cut { error, from })
    });
    Ok((given, cut))
}

/// Compares the tokens in `given` with the hashes that `store` has of their keys, on every core. Skips a token
/// that was compared with the same hash before.
pub fn compare(cx: &Cx<'_>, store: &dyn Store, given: &mut [Given]) -> Result<()> {
    let (pending, policy) = store::read(store, |store| {
        // A policy that cannot be read is an error only if several tokens are hashed at a time.
        Ok((pending(store, given)?, store.policy()))
    })?;
    let (workers, mut progress) = match pending.len() {
        0 | 1 => (NonZeroUsize::MIN, None),
        count => (
            policy?.scheme().threads(*cx.env.cores),
            Some(cx.progress(Unit::Keys, count as u64)),
        ),
    };
    let pairs: Vec<(&Token, &str)> = pending
        .values()
        .map(|pending| (pending.token, pending.hash.as_str()))
        .collect();
    let results = compare_all(&pairs, workers, || {
        if let Some(progress) = &mut progress {
            progress.advance(1);
        }
    })?;
    let places = pending
        .into_values()
        .map(|pending| (pending.places, pending.hash));
    let places: Vec<(Vec<usize>, String)> = places.collect();
    for ((places, hash), matched) in places.into_iter().zip(results) {
        for at in places {
            let (hash, matched) = (hash.clone(), matched.clone());
            given[at].compared = Some(Compared { hash, matched });
        }
    }
    Ok(())
}

/// Token to compare, once for all the lines that hold it.
struct Pending<'a> {
    token: &'a Token,
    /// Stored hash.
    hash: String,
    /// Indexes of the lines.
    places: Vec<usize>,
}

/// Returns the tokens to compare, by their text.
fn pending<'a>(store: &dyn Read, given: &'a [Given]) -> Result<BTreeMap<&'a [u8], Pending<'a>>> {
    let mut pending = BTreeMap::new();
    for (at, given) in given.iter().enumerate() {
        let Some(token) = given.token().filter(|_| !given.is_missing) else {
            continue;
        };
        // One query for each token, so that a damaged row fails its own token only; the plan reports it.
        let known = match store.known(&[token.id().into()]) {
            Err(error) if error.kind != FailureKind::Damaged => return Err(error),
            known => known.unwrap_or_default(),
        };
        let hash = known.into_iter().flatten().find_map(|known| known.hash);
        if let Some(hash) = hash
            && given.compared.as_ref().is_none_or(|last| last.hash != hash)
        {
            let places = Vec::new();
            let new = Pending {
                token,
                hash,
                places,
            };
            let entry = pending.entry(token.expose()).or_insert(new);
            entry.places.push(at);
        }
    }
    Ok(pending)
}
