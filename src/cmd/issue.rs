//! Making new tokens and handing them over before their keys are committed.

use super::Cx;
use super::values::Format;
use crate::deliver::{self, SecretFile};
use crate::env::{Output, Random};
use crate::error::{Error, Result, escape};
use crate::hash;
use crate::id::KeyId;
use crate::key::{Key, Kind};
use crate::output::{Record, instant};
use crate::policy::Policy;
use crate::store::{Store, Tx};
use crate::token::Token;
use crate::when::Timestamp;
use clap::Args;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where a new token goes, and in what form.
#[derive(Args, Debug)]
pub struct Handover {
    /// Write the token to this new file (mode 0600, no line end) and only the key ID to standard
    /// output
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,
    /// The form of what is printed; JSON has the token in it, unless --secret-file takes it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Where new tokens go, found fit before anything is made.
pub struct Target {
    secret_file: Option<SecretFile>,
    format: Format,
}

impl Handover {
    /// Makes the secret file, or sees to it that standard output is fit to take a token.
    pub fn open(&self, stdout: &dyn Output) -> Result<Target> {
        let secret_file = match &self.secret_file {
            Some(path) => Some(SecretFile::create(path)?),
            None => {
                deliver::check_stdout(stdout)?;
                None
            }
        };
        Ok(Target {
            secret_file,
            format: self.format,
        })
    }
}

/// A new token and the hash of its secret.
pub struct Minted {
    token: Token,
    /// The PHC string.
    pub hash: String,
}

impl Minted {
    /// Draws a token and hashes its secret as `policy` says. Takes as long as one hash.
    pub fn new(policy: &Policy, random: &mut dyn Random) -> Result<Self> {
        let id = KeyId::generate(random)?;
        let token = Token::generate(&policy.key_prefix, id, random)?;
        let hash = hash::hash(token.secret(), policy.scheme(), random)?;
        Ok(Minted { token, hash })
    }

    /// The ID of the key that the token is for.
    pub fn id(&self) -> KeyId {
        self.token.id()
    }
}

/// How many tokens are handed over, as `--count` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// One, without a list around it.
    One,
    /// A list, of one or more.
    Many,
}

/// Runs `job`, which writes the keys of `minted` in a transaction and returns them in order, hands
/// the tokens over, and commits. Returns the keys and the time at which they were made.
///
/// If handing over fails, nothing was made. If the commit fails, the error says that the token
/// that was printed is void.
pub fn issue(
    cx: &mut Cx<'_>,
    store: &mut dyn Store,
    mut target: Target,
    number: Number,
    minted: &[Minted],
    mut job: impl FnMut(&mut dyn Tx, Timestamp) -> Result<Vec<Key>>,
) -> Result<(Vec<Key>, Timestamp)> {
    let mut done = None;
    let mut delivered = false;
    let written = store.write(&mut |tx| {
        let now = cx.env.now();
        let keys = job(tx, now)?;
        hand_over(&mut *cx.env.stdout, &mut target, number, minted, &keys, now)?;
        delivered = true;
        done = Some((keys, now));
        Ok(())
    });
    match (written, done) {
        (Ok(()), Some(done)) => {
            if let Some(file) = target.secret_file {
                file.keep();
            }
            Ok(done)
        }
        (Err(error), _) if delivered => Err(void(error)),
        (Err(error), _) => Err(error),
        (Ok(()), None) => Err(Error::store("the transaction did not run")),
    }
}

fn void(error: Error) -> Error {
    Error {
        message: format!("{}; the token just printed is void", error.message),
        ..error
    }
}

fn hand_over(
    stdout: &mut dyn Output,
    target: &mut Target,
    number: Number,
    minted: &[Minted],
    keys: &[Key],
    now: Timestamp,
) -> Result<()> {
    let printed = match (&mut target.secret_file, target.format) {
        (None, Format::Text) => tokens(minted, b"\n"),
        (None, Format::Json) => json(number, keys, Some(minted), now)?,
        (Some(file), format) => {
            let line_end: &[u8] = if number == Number::One { b"" } else { b"\n" };
            file.fill(&tokens(minted, line_end))?;
            match format {
                Format::Text => ids(keys),
                Format::Json => json(number, keys, None, now)?,
            }
        }
    };
    deliver::to_stdout(stdout, &printed)
}

fn tokens(minted: &[Minted], line_end: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = minted
        .iter()
        .map(|minted| minted.token.expose().len() + line_end.len())
        .sum();
    // The whole length at once: growing would leave a copy behind that is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    for minted in minted {
        text.extend_from_slice(minted.token.expose());
        text.extend_from_slice(line_end);
    }
    text
}

fn ids(keys: &[Key]) -> Zeroizing<Vec<u8>> {
    let lines: String = keys.iter().map(|key| format!("{}\n", key.id)).collect();
    Zeroizing::new(lines.into_bytes())
}

/// The records as JSON, each with its token as the last field where `minted` is given.
fn json(
    number: Number,
    keys: &[Key],
    minted: Option<&[Minted]>,
    now: Timestamp,
) -> Result<Zeroizing<Vec<u8>>> {
    const TOKEN: &[u8] = b",\"token\":\"";
    let mut records = Vec::with_capacity(keys.len());
    for key in keys {
        let record = serde_json::to_vec(&Record::new(key, now))
            .map_err(|cause| Error::store(format!("cannot write the record as JSON: {cause}")))?;
        records.push(record);
    }
    let tokens = |index: usize| {
        minted
            .and_then(|minted| minted.get(index))
            .map(|minted| minted.token.expose())
    };
    let length: usize = records
        .iter()
        .enumerate()
        .map(|(index, record)| {
            record.len() + tokens(index).map_or(0, |token| token.len() + TOKEN.len() + 1) + 1
        })
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
        match (tokens(index), record.split_last()) {
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

/// Says on standard error which key was made, and until when.
pub fn announce(cx: &mut Cx<'_>, verb: &str, key: &Key, now: Timestamp) {
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    cx.status(format_args!("{verb} {}", key.id));
    cx.status(format_args!("  name     {}", escape(&key.name)));
    cx.status(format_args!("  owner    {}", escape(&key.owner)));
    if key.kind == Kind::Legacy {
        cx.status("  kind     legacy");
    } else {
        cx.status(format_args!("  scopes   {}", escape(&scopes.join(" "))));
    }
    cx.status(format_args!("  expires  {}", instant(key.expires_at, now)));
}
