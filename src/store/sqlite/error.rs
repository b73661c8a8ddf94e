//! SQLite's errors as an operator reads them.

use super::{open, shown};
use crate::error::{Error as Told, escape};
use crate::hint::{Hint, run};
use rusqlite::ErrorCode;
use std::fmt::Display;
use std::path::Path;

/// The most characters of SQLite's own words that an error repeats.
const WORDS_MAX: usize = 256;

/// What SQLite, or what a row holds, can be at fault for.
pub enum Error {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// A row holds what no version of this program writes.
    Damaged(String),
    /// Anything that is already told as it should be.
    Told(Told),
}

pub type Result<T> = std::result::Result<T, Error>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Error::Sqlite(error)
    }
}

impl From<Told> for Error {
    fn from(error: Told) -> Self {
        Error::Told(error)
    }
}

impl Error {
    /// Whether a store was met that only a reader with more rights could open.
    pub fn is_unopenable(&self) -> bool {
        matches!(self, Error::Sqlite(error) if matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
        ))
    }

    /// Whether another process was in the way.
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Sqlite(error) if matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        ))
    }

    /// Whether what the file holds is at fault, and not how it was reached.
    pub fn is_damage(&self) -> bool {
        match self {
            Error::Damaged(_) => true,
            Error::Told(_) => false,
            // What has no code of SQLite's could not be made of the value that it gave.
            Error::Sqlite(error) => error.sqlite_error_code().is_none_or(|code| {
                matches!(
                    code,
                    ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                        // No sound store needs as much as SQLite is given.
                        | ErrorCode::OutOfMemory
                        | ErrorCode::TooBig
                        | ErrorCode::TypeMismatch
                        | ErrorCode::Unknown
                )
            }),
        }
    }

    /// What is at fault, without the store's name.
    pub fn in_words(&self) -> String {
        match self {
            Error::Sqlite(error) if error.sqlite_error_code().is_none() => {
                "a value is not what it should be".to_owned()
            }
            Error::Sqlite(error) => error.to_string(),
            Error::Damaged(what) => what.clone(),
            Error::Told(error) => error.to_string(),
        }
    }

    /// The same, told of the store at `path`.
    pub fn about(self, path: &Path) -> Told {
        let store = shown(path);
        match self {
            Error::Told(error) => error,
            Error::Damaged(what) => damaged(&store, what),
            Error::Sqlite(error)
                if error.sqlite_error_code() == Some(ErrorCode::NotADatabase)
                    && open::is_marked(path) =>
            {
                damaged(&store, "its first page cannot be read")
            }
            Error::Sqlite(error) => told(&error, &store),
        }
    }
}

fn told(error: &rusqlite::Error, store: &str) -> Told {
    let cause = in_words(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Told::store(format!("the store {store} is in use by another process")).hint(format!(
                "run the command again; 'fuser -v {store}' shows who has it open"
            ))
        }
        Some(ErrorCode::NotADatabase) => not_a_store(store),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::OutOfMemory) => damaged(store, cause),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Told::store(format!("the store {store} cannot be written"))
                .hint("check the permissions of the file and its directory")
        }
        Some(ErrorCode::CannotOpen) => {
            Told::store(format!("the store {store} cannot be opened: {cause}"))
                .hint("check the permissions of the file and its directory")
        }
        Some(ErrorCode::TooBig) => Told::damaged(format!(
            "a value in the store {store}, or meant for it, is larger than any that keyctl takes"
        ))
        .hint(Hint::from("give less; if it is in the store, ").and(restore())),
        Some(ErrorCode::DiskFull) => Told::store(format!("no room is left for the store {store}"))
            .hint("free some, and run the command again"),
        _ => Told::store(format!("the store {store} failed: {cause}")).hint(
            Hint::from("check the disk that it lies on, then the store: ").and(run!("doctor")),
        ),
    }
}

fn damaged(store: &str, what: impl Display) -> Told {
    Told::damaged(format!("the store {store} is damaged: {what}")).hint(restore())
}

fn restore() -> Hint {
    Hint::from("restore a backup of it: ").and(run!("restore PATH"))
}

/// What SQLite says: it may repeat what the file's schema says, which somebody else may have written.
pub fn in_words(error: &rusqlite::Error) -> String {
    let words: String = error.to_string().chars().take(WORDS_MAX).collect();
    escape(&words)
}

/// What is said of a file that is no SQLite file at all.
pub fn not_a_store(store: &str) -> Told {
    Told::store(format!("{store} is not a keyctl store")).hint(
        Hint::from("name another file: --db PATH; if it was a store, move it away, then restore a backup: ")
            .and(run!("restore PATH")),
    )
}
