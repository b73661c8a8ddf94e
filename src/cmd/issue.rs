//! Creation of tokens, and their delivery before their keys are committed.

mod form;
mod mint;

pub use form::{Number, ids, records};
pub use mint::{Minted, mint};

use super::values::{Format, file_path};
use super::words::{labels, networks, scopes};
use super::{Cx, path};
use crate::deliver::{self, SecretFile};
use crate::env::Output;
use crate::error::{Error, FailureKind, Result, escape};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind};
use crate::output::instant;
use crate::store::{self, Store, Tx};
use crate::when::Timestamp;
use clap::Args;
use std::path::{Path, PathBuf};
use std::slice;

/// Arguments for the destination and the format of a new token.
#[derive(Args, Debug)]
pub struct Handover {
    /// Write the token to this new file (mode 0600, no trailing newline) and only the key ID to
    /// standard output
    #[arg(long, value_name = "PATH", value_parser = file_path(path::SECRET_FILE))]
    secret_file: Option<PathBuf>,
    /// Output format; JSON includes the token, unless --secret-file is given
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

impl Handover {
    /// Checks that the path of the secret file is free and not part of a store or, without one, that standard
    /// output can take a token.
    pub fn check(&self, cx: &Cx<'_>) -> Result<()> {
        match &self.secret_file {
            Some(path) => {
                cx.address()?.check_apart(path)?;
                SecretFile::check(path)
            }
            None => deliver::check_stdout(&*cx.env.stdout),
        }
    }

    /// Tells whether the token goes to a secret file.
    pub fn has_file(&self) -> bool {
        self.secret_file.is_some()
    }

    /// Returns the path of the secret file, if no file is there.
    pub fn missing_file(&self) -> Option<&Path> {
        let path = self.secret_file.as_deref();
        path.filter(|path| path.symlink_metadata().is_err())
    }

    /// Prints the key ID, or the record in JSON, once a command has got the token. A standard output that cannot be
    /// written is no failure: the change is made, and standard error gets the ID too.
    pub fn print_handed_over(&self, cx: &mut Cx<'_>, key: &Key, now: Timestamp) -> Result<()> {
        let keys = slice::from_ref(key);
        let data = match self.format {
            Format::Json => form::records(Number::One, keys, None, now)?,
            Format::Text => form::ids(keys),
        };
        cx.print_or_warn(&data);
        Ok(())
    }

    /// Prints what a delivery prints but for the token: the record in JSON, the key ID with `--secret-file`,
    /// else nothing.
    pub fn print_without_token(&self, cx: &mut Cx<'_>, key: &Key, now: Timestamp) -> Result<()> {
        let keys = slice::from_ref(key);
        let data = match (self.format, &self.secret_file) {
            (Format::Json, _) => form::records(Number::One, keys, None, now)?,
            (Format::Text, Some(_)) => form::ids(keys),
            (Format::Text, None) => return Ok(()),
        };
        if cx.env.stdout.is_closed() {
            return Ok(());
        }
        cx.print(&data)
    }
}

/// Runs `job` in a transaction, delivers the tokens, commits, and returns the keys and the time of their
/// creation. `job` writes the keys of `minted` and returns them in order; or returns none, and nothing is
/// delivered.
///
/// If the delivery fails, no key is created. If the commit fails, the error says that the delivered tokens are
/// void, or that they may be.
pub fn issue(
    cx: &mut Cx<'_>,
    store: &mut dyn Store,
    handover: &Handover,
    number: Number,
    minted: &[Minted],
    job: impl FnOnce(&mut dyn Tx, Timestamp) -> Result<Vec<Key>>,
) -> Result<(Vec<Key>, Timestamp)> {
    let mut secret_file = None;
    let mut printed = false;
    let done = store::write(store, |tx| {
        let now = cx.env.now();
        let keys = job(tx, now)?;
        if keys.is_empty() {
            return Ok((keys, now));
        }
        secret_file = hand_over(&mut *cx.env.stdout, handover, number, minted, &keys, now)?;
        printed = true;
        Ok((keys, now))
    });
    match done {
        Ok(done) => {
            match secret_file {
                Some(file) => file.keep(),
                None if printed => remind(cx, number),
                None => {}
            }
            Ok(done)
        }
        Err(error) if printed && error.kind == FailureKind::Uncertain => {
            // The commit may have succeeded; then this file is the only copy of the token.
            if let Some(file) = secret_file {
                file.keep();
            }
            Err(commit_uncertain(error, handover))
        }
        Err(error) if printed => Err(commit_failed(error, handover)),
        Err(error) => Err(error),
    }
}

/// Explains the token above to a user at a terminal: it is shown only once.
fn remind(cx: &mut Cx<'_>, number: Number) {
    if cx.env.terminal.stdout {
        cx.status(match number {
            Number::One => "that is the token; it is shown only this once",
            Number::Many => "those are the tokens; they are shown only this once",
        });
    }
}

/// Error for a commit that may have succeeded.
fn commit_uncertain(error: Error, handover: &Handover) -> Error {
    let outcome = match handover.secret_file {
        Some(_) => "the secret file is kept, since its token may work",
        None => "the token just printed may or may not work",
    };
    error.adding(outcome).hint(
        Hint::from("when the store works again, look with ")
            .and(run!("list").in_quotes())
            .and(", and delete the key if it is there and you do not have its token"),
    )
}

/// Error for a commit that failed after the delivery.
fn commit_failed(error: Error, handover: &Handover) -> Error {
    let outcome = match handover.secret_file {
        Some(_) => "what was just printed is void, and the secret file is removed",
        None => "the token just printed is void",
    };
    error.adding(outcome)
}

/// Delivers the tokens, and returns the secret file if there is one.
fn hand_over(
    stdout: &mut dyn Output,
    handover: &Handover,
    number: Number,
    minted: &[Minted],
    keys: &[Key],
    now: Timestamp,
) -> Result<Option<SecretFile>> {
    let Some(path) = &handover.secret_file else {
        let tokens = match handover.format {
            Format::Text => form::tokens(minted, b"\n"),
            Format::Json => form::records(number, keys, Some(minted), now)?,
        };
        deliver::to_stdout(stdout, &tokens)?;
        return Ok(None);
    };
    let line_end: &[u8] = match number {
        Number::One => b"",
        Number::Many => b"\n",
    };
    let file = SecretFile::write(path, &form::tokens(minted, line_end))?;
    let records = match handover.format {
        Format::Text => form::ids(keys),
        Format::Json => form::records(number, keys, None, now)?,
    };
    // A closed standard output is no failure here: the file has the tokens, and standard error gets the IDs.
    if !stdout.is_closed() {
        deliver::to_stdout(stdout, &records)?;
    }
    Ok(Some(file))
}

/// Prints the new key on standard error, with its expiry.
pub fn announce(cx: &mut Cx<'_>, verb: &str, key: &Key, now: Timestamp) {
    cx.status(format_args!("{verb} {}", key.id));
    cx.status(format_args!("  name     {}", escape(&key.name)));
    cx.status(format_args!("  owner    {}", escape(&key.owner)));
    if key.kind == Kind::Legacy {
        cx.status("  kind     legacy");
    } else {
        cx.status(format_args!("  scopes   {}", scopes(key)));
    }
    if !key.labels.is_empty() {
        cx.status(format_args!("  labels   {}", labels(key)));
    }
    if !key.allow_from.is_empty() {
        cx.status(format_args!("  from     {}", networks(key)));
    }
    cx.status(format_args!("  expires  {}", instant(key.expires_at, now)));
}
