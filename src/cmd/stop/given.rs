//! The KEYs that are given, and the comparison of tokens among them with the store.

use crate::cmd::Cx;
use crate::cmd::keys::{KeyInput, KeyLine, none_came};
use crate::env::Unit;
use crate::error::{Error, FailureKind, Result};
use crate::store::{self, Read, Store};
use crate::token::Token;
use crate::verify::compare_all;
use std::num::NonZeroUsize;

/// A KEY: an argument, or a line of standard input.
pub struct Given {
    /// The number of the line.
    pub line: Option<usize>,
    /// Its content.
    pub content: KeyLine,
    /// For a token, the last comparison with what the store holds.
    pub compared: Option<Compared>,
    /// It led to no key when it was looked up before the write lock, and is not looked up again.
    pub is_missing: bool,
}

/// A comparison of a token's secret with a stored hash.
pub struct Compared {
    /// The hash, as a PHC string.
    pub hash: String,
    /// The result: true if they matched.
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

    /// The token, if it is one.
    fn token(&self) -> Option<&Token> {
        match &self.content {
            KeyLine::Token(token) => Some(token),
            KeyLine::Text(_) | KeyLine::Flawed(_) => None,
        }
    }
}

/// The reason for which standard input may have gone on, and from which line on it was not read.
pub struct Cut {
    /// The reason.
    pub error: Error,
    /// The line.
    pub from: usize,
}

/// Reads the KEYs that `keys`, the arguments, ask for, and the lines of standard input in the
/// place of the first `-`. Nothing at all is an error: somebody who pipes in an empty file must
/// not take its key for stopped.
pub fn read(cx: &mut Cx<'_>, keys: &[String]) -> Result<(Vec<Given>, Option<Cut>)> {
    let mut given = Vec::with_capacity(keys.len());
    let mut input = None;
    for key in keys {
        if key != "-" {
            given.push(Given::new(None, KeyLine::Text(key.clone())));
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

/// Compares the tokens in `given` with the hashes that `store` has of their keys, on every core,
/// but for those that were compared with the same hash before.
pub fn compare(cx: &Cx<'_>, store: &dyn Store, given: &mut [Given]) -> Result<()> {
    let (mut pending, policy) = store::read(store, |store| {
        // A damaged policy is in nobody's way where there is nothing to hash at the same time.
        Ok((pending(store, given)?, store.policy()))
    })?;
    pending.sort_by(|(a, _), (b, _)| text(given, *a).cmp(text(given, *b)));
    // A token that leaked to many places is hashed once.
    let groups = pending.chunk_by(|(a, _), (b, _)| text(given, *a) == text(given, *b));
    let counts: Vec<usize> = groups.clone().map(<[_]>::len).collect();
    let firsts = groups.filter_map(<[_]>::first);
    let pairs: Vec<(&Token, &str)> = firsts
        .filter_map(|(at, hash)| Some((given.get(*at)?.token()?, hash.as_str())))
        .collect();
    let (workers, mut progress) = match pairs.len() {
        0 | 1 => (NonZeroUsize::MIN, None),
        count => (
            policy?.scheme().threads(*cx.env.cores),
            Some(cx.progress(Unit::Keys, count as u64)),
        ),
    };
    let results = compare_all(&pairs, workers, || {
        if let Some(progress) = &mut progress {
            progress.advance(1);
        }
    })?;
    let mut pending = pending.into_iter();
    for (count, matched) in counts.into_iter().zip(results) {
        for (at, hash) in pending.by_ref().take(count) {
            let matched = matched.clone();
            given[at].compared = Some(Compared { hash, matched });
        }
    }
    Ok(())
}

/// The places of the tokens that are to be compared, with the hashes of their keys.
fn pending(store: &dyn Read, given: &[Given]) -> Result<Vec<(usize, String)>> {
    let mut pending = Vec::new();
    for (at, one) in given.iter().enumerate() {
        let Some(token) = one.token().filter(|_| !one.is_missing) else {
            continue;
        };
        // One by one: a damaged row fails its own token alone, once its turn comes.
        let known = match store.to_verify(&[token.id()]) {
            Err(error) if error.kind != FailureKind::Damaged => return Err(error),
            known => known.unwrap_or_default(),
        };
        let hash = known.into_iter().flatten().find_map(|known| known.hash);
        if let Some(hash) = hash
            && one.compared.as_ref().is_none_or(|done| done.hash != hash)
        {
            pending.push((at, hash));
        }
    }
    Ok(pending)
}

fn text(given: &[Given], at: usize) -> &[u8] {
    let token = given.get(at).and_then(Given::token);
    token.map_or(&[], Token::expose)
}
