//! Text and JSON with new tokens.
//!
//! Each buffer for a token is allocated at its full length: a buffer that grows leaves a copy behind that is not
//! wiped.

use super::mint::Minted;
use crate::error::Result;
use crate::key::Key;
use crate::output::{Record, unwritable};
use crate::when::Timestamp;
use zeroize::Zeroizing;

/// Form of the output: a single token or a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// One token, not in a list.
    One,
    /// A list of one or more tokens, for `--count`.
    Many,
}

/// Tokens, each followed by `line_end`.
pub fn tokens(minted: &[Minted], line_end: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = minted
        .iter()
        .map(|minted| minted.token.expose().len() + line_end.len())
        .sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    for minted in minted {
        text.extend_from_slice(minted.token.expose());
        text.extend_from_slice(line_end);
    }
    text
}

/// Key IDs, one per line.
pub fn ids(keys: &[Key]) -> Zeroizing<Vec<u8>> {
    let lines: String = keys.iter().map(|key| format!("{}\n", key.id)).collect();
    Zeroizing::new(lines.into_bytes())
}

/// Records as JSON, with the tokens of `minted` as their last fields.
pub fn records(
    number: Number,
    keys: &[Key],
    minted: Option<&[Minted]>,
    now: Timestamp,
) -> Result<Zeroizing<Vec<u8>>> {
    const TOKEN: &[u8] = b",\"token\":\"";
    let mut records = Vec::with_capacity(keys.len());
    for key in keys {
        let record = Record::new(key, now).json().map_err(unwritable)?;
        records.push(record);
    }
    let minted = minted.unwrap_or_default().iter();
    let tokens: Vec<&[u8]> = minted.map(|minted| minted.token.expose()).collect();
    let fields = tokens.iter().map(|token| TOKEN.len() + token.len() + 1);
    let length: usize = records
        .iter()
        .map(|record| record.len() + 1)
        .chain(fields)
        .sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length + 3));
    let (open, close): (&[u8], &[u8]) = match number {
        Number::One => (b"", b"\n"),
        Number::Many => (b"[", b"]\n"),
    };
    text.extend_from_slice(open);
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        match (tokens.get(index), record.split_last()) {
            // A token has no character that JSON would escape.
            (Some(token), Some((brace, fields))) => {
                text.extend_from_slice(fields);
                text.extend_from_slice(TOKEN);
                text.extend_from_slice(token);
                text.extend_from_slice(&[b'"', *brace]);
            }
            _ => text.extend_from_slice(record),
        }
    }
    text.extend_from_slice(close);
    Ok(text)
}
