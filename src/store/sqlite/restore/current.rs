//! The file or store that a restore will replace.

use crate::env::Actor;
use crate::error::{Error, FailureKind, Result};
use crate::store::contract;
use crate::store::sqlite::actor::access;
use crate::store::sqlite::base::BUSY_TIMEOUT;
use crate::store::sqlite::content::Empty;
use crate::store::sqlite::file::Location;
use crate::store::sqlite::header::is_marked;
use crate::store::sqlite::parts::has_log;
use crate::store::sqlite::siblings::Siblings;
use crate::store::sqlite::{Sqlite, damage, migrate, open};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;

/// State of the file at the store's path.
pub(super) enum Current {
    /// No file, or an empty one that was never a store.
    Nothing,
    /// Store that can be read.
    Store(Box<Sqlite>),
    /// Store that cannot be read, with a sentence about the damage.
    Damaged(String),
}

impl Current {
    /// Refuses an `actor` who may not replace the store at `location`. The list of administrators of a damaged
    /// store cannot be read: only the file's owner and root may replace that. Anybody may make a new store.
    pub(super) fn check_access(&self, location: &Location, actor: &Actor) -> Result<()> {
        const WHAT: &str = "restore the store";
        match self {
            Current::Store(store) => {
                contract::read(&**store, |store| store.access(actor))?.administrator(WHAT)
            }
            Current::Damaged(_) => access(actor, false, &location.existing()?)
                .administrator(WHAT)
                .map_err(|error| {
                    error.hint("it is damaged: only the owner of its file, or root, may replace it")
                }),
            Current::Nothing => Ok(()),
        }
    }
}

/// Opens the store at `location`, or finds that there is none. Refuses another program's file.
pub(super) fn find(location: &Location) -> Result<Current> {
    if location.is_vacant() {
        location.check_directory()?;
        return Ok(Current::Nothing);
    }
    if Sqlite::is_unfounded(location) {
        let current = unfounded(&location.existing()?)?;
        if matches!(current, Current::Nothing) {
            location.check_directory()?;
        }
        return Ok(current);
    }
    let path = location.existing()?;
    let is_ours = is_marked(&path);
    match Sqlite::try_writable(location, (&path).into(), None) {
        Ok((store, _)) => checked(store),
        Err(error) if is_ours && error.is_damage() => Ok(damaged(&error.in_words())),
        Err(_) if is_ours && has_no_version(&path) => Ok(damaged(NO_VERSION)),
        Err(error) if is_ours => Err(error.about(&path)),
        Err(error) => Err(not_ours(error.about(&path))),
    }
}

/// Opens the store at `location` as [`find`] does, but to read only. Makes no file while no other process has
/// the store open.
pub(super) fn look(location: &Location) -> Result<Current> {
    if location.is_vacant() {
        location.check_directory()?;
        return Ok(Current::Nothing);
    }
    let path = location.existing()?;
    let is_ours = is_marked(&path);
    match Sqlite::open_to_examine(location) {
        Ok(store) => checked(store),
        Err(_) if Sqlite::is_unfounded(location) => {
            location.check_directory()?;
            Ok(Current::Nothing)
        }
        Err(error) if is_ours && error.kind == FailureKind::Damaged => {
            Ok(Current::Damaged(error.message))
        }
        Err(_) if is_ours && has_no_version(&path) => Ok(damaged(NO_VERSION)),
        Err(error) if is_ours => Err(error),
        Err(error) => Err(not_ours(error)),
    }
}

/// Description of a store whose version is below 1.
const NO_VERSION: &str = "its version is missing";

/// Checks the content of a store that was opened. Damage in single keys does not matter: the other keys can
/// be compared with the copy's.
fn checked(store: Sqlite) -> Result<Current> {
    let damage = store.in_transaction(|tx| damage::find(tx.connection()))?;
    let whole = damage.into_iter().find(|damage| !damage.is_restorable());
    Ok(match whole {
        None => Current::Store(Box::new(store)),
        Some(whole) => damaged(&whole.what),
    })
}

fn damaged(what: &str) -> Current {
    Current::Damaged(format!("the store is damaged: {what}"))
}

/// Adds advice to the error about a file that is no store.
fn not_ours(error: Error) -> Error {
    error.hint("move it away, or name another file: --db PATH")
}

/// Finds out if the file at `path`, which is empty for SQLite, was a store: its log may hold one.
fn unfounded(path: &Path) -> Result<Current> {
    if !has_log(path) {
        return Ok(Current::Nothing);
    }
    let checked = open::to_write(path, BUSY_TIMEOUT, Empty::Taken).and_then(|mut connection| {
        // Under the write lock: another process may be making the store.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        migrate::refuse_to_found(&transaction, path)
    });
    match checked {
        Ok(()) => Ok(Current::Nothing),
        Err(error) if error.is_damage() => Ok(damaged(&error.in_words())),
        Err(error) => Err(error.about(path)),
    }
}

/// Tells whether the file at `path` has a version that no store has, below 1. A newer version does not count:
/// that store may be sound.
fn has_no_version(path: &Path) -> bool {
    if Siblings::of(path).check().is_err() {
        return false;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|file| file.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)))
        .is_ok_and(|version| version < 1)
}
