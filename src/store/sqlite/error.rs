//! SQLite's errors, and their conversion into the crate's, with a message for the user.

use super::base::{LATEST, Subject, shown};
use super::header::is_marked;
use crate::error::{Error, ErrorSource, Result};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::store::damaged::damaged_key;
use rusqlite::{ErrorCode, ffi};
use std::fmt::Display;

/// Error at a store's file. The message does not name the file yet.
pub enum SqliteError {
    /// Error of SQLite.
    Sqlite(rusqlite::Error),
    /// Damage: content that no version of this program writes. Its description.
    Damaged(String),
    /// Damage in this column of a row.
    Column(&'static str),
    /// Damage in this setting of the policy; `None` for a name that is no setting.
    Policy(Option<&'static str>),
    /// Damage in this column of one key, with its ID if that can be read. The other keys can be used.
    Key(Option<KeyId>, &'static str),
    /// Refusal to use the file.
    Refused(Refusal),
    /// Error that is complete.
    Final(Error),
}

/// Reason for not using a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The database is empty.
    Empty,
    /// A newer version of the program wrote this version of the schema.
    Newer(i64),
    /// The user may not write the file.
    ReadOnly,
    /// A change was interrupted, and the user may not roll it back.
    CutShort,
    /// The file has this many hard links. Each path would have a log and locks of its own.
    HardLinks(u64),
    /// The file is a mount point of its own. Outside the mount, it would have another log.
    MountedAlone,
}

pub type SqliteResult<T> = std::result::Result<T, SqliteError>;

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        SqliteError::Sqlite(error)
    }
}

impl From<Error> for SqliteError {
    fn from(error: Error) -> Self {
        SqliteError::Final(error)
    }
}

/// Conversion of a result into the crate's.
pub trait Explain<T> {
    /// Converts the error by [`SqliteError::about`].
    fn explain<'a>(self, subject: impl Into<Subject<'a>>) -> Result<T>;
}

impl<T, E: Into<SqliteError>> Explain<T> for std::result::Result<T, E> {
    fn explain<'a>(self, subject: impl Into<Subject<'a>>) -> Result<T> {
        self.map_err(|error| error.into().about(subject))
    }
}

impl SqliteError {
    fn code(&self) -> Option<ErrorCode> {
        match self {
            SqliteError::Sqlite(error) => code(error),
            _ => None,
        }
    }

    /// Tells whether SQLite could not open or make a file. A process with more rights could.
    pub fn is_unopenable(&self) -> bool {
        let code = self.code();
        matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
    }

    /// Tells whether another process holds a lock.
    pub fn is_busy(&self) -> bool {
        let code = self.code();
        matches!(
            code,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    /// Tells whether the content of the file is damaged.
    pub fn is_damage(&self) -> bool {
        match self {
            SqliteError::Damaged(_)
            | SqliteError::Column(_)
            | SqliteError::Policy(_)
            | SqliteError::Key(..) => true,
            SqliteError::Refused(_) | SqliteError::Final(_) => false,
            // An error without a result code: rusqlite could not convert a value that SQLite has read.
            SqliteError::Sqlite(error) => code(error).is_none_or(|code| {
                matches!(
                    code,
                    ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                        | ErrorCode::TooBig
                        | ErrorCode::TypeMismatch
                        | ErrorCode::Unknown
                )
            }),
        }
    }

    /// Describes the error without naming the file.
    pub fn in_words(&self) -> String {
        match self {
            SqliteError::Sqlite(error) => failure(error)
                .map_or("a value is of the wrong kind", words)
                .to_owned(),
            SqliteError::Damaged(description) => description.clone(),
            SqliteError::Policy(name) => {
                let name = name.unwrap_or("a setting that keyctl does not know");
                format!("its policy cannot be read: {name}")
            }
            SqliteError::Column(column) | SqliteError::Key(_, column) => {
                format!("its {column} cannot be read")
            }
            SqliteError::Refused(refusal) => refusal.about("the store", "it").to_string(),
            SqliteError::Final(error) => error.to_string(),
        }
    }

    /// Converts the error into the crate's. `subject` is the path of the store, or a file and its purpose.
    pub fn about<'a>(self, subject: impl Into<Subject<'a>>) -> Error {
        let subject = subject.into();
        match self {
            SqliteError::Final(error) => error,
            SqliteError::Refused(refusal) => refusal.about(&subject.file(), &shown(subject.path)),
            SqliteError::Policy(Some(name)) => damaged(subject, self.in_words())
                .hint(Hint::from("set it again: ").and(run!("policy set {} VALUE", name))),
            SqliteError::Key(id, column) => damaged_key(id, column),
            SqliteError::Sqlite(ref error) => match failure(error) {
                Some(failure) => failed(failure, subject),
                None => damaged(subject, self.in_words()),
            },
            SqliteError::Damaged(_) | SqliteError::Column(_) | SqliteError::Policy(None) => {
                damaged(subject, self.in_words())
            }
        }
    }
}

impl Refusal {
    /// Returns the error about a file, which the message calls `file` and the advice by its `path`.
    fn about(self, file: &str, path: &str) -> Error {
        let (message, hint): (String, Hint) = match self {
            Refusal::Empty => (
                format!("{file} is empty"),
                run!("create --scope inference")
                    .in_quotes()
                    .and(" sets it up, with a first key"),
            ),
            Refusal::Newer(version) => (
                format!("{file} was written by a newer keyctl: its schema is {version}, this one knows up to {LATEST}"),
                "use the newer keyctl".into(),
            ),
            Refusal::ReadOnly => (
                format!("{file} is read-only for you"),
                "run the command as a user who may write it".into(),
            ),
            Refusal::CutShort => (
                format!("a change to {file} was interrupted, and still has to be undone"),
                format!("run any keyctl command as a user who may write it; do not remove {path}-journal").into(),
            ),
            Refusal::HardLinks(names) => (
                format!("{file} has {names} names (hard links): what is done through one may not be seen through another"),
                Hint::from("remove the other names ('find DIRECTORY -samefile' shows them); for a backup use ")
                    .and(run!("backup").in_quotes())
                    .and(", for another path a symbolic link"),
            ),
            Refusal::MountedAlone => (
                format!("{file} is mounted without its directory: what is done on one side of the mount may not be seen on the other"),
                "mount the directory that it is in instead".into(),
            ),
        };
        Error::unavailable(message).hint(hint)
    }
}

/// Returns the error for a result code of SQLite.
fn failed(failure: ffi::Error, subject: Subject<'_>) -> Error {
    let (file, path) = (subject.file(), shown(subject.path));
    if is_memory(failure) {
        return out_of_memory(&file).because(source(failure));
    }
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Error::busy(format!("{file} is in use by another process"))
                .because(ErrorSource::implied(failure))
                .hint(format!(
                    "run the command again; 'fuser -v {path}' shows who has it open"
                ))
        }
        ErrorCode::NotADatabase if is_marked(subject.path) => {
            damaged(subject, "its first page cannot be read")
        }
        ErrorCode::NotADatabase => not_a_store(&path).because(ErrorSource::implied(failure)),
        ErrorCode::DatabaseCorrupt | ErrorCode::Unknown => {
            Error::damaged(format!("{} is damaged", subject.content()))
                .because(source(failure))
                .hint(restore())
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Error::unavailable(format!("{file} cannot be written"))
                .because(ErrorSource::implied(failure))
                .hint("check the permissions of the file and its directory")
        }
        ErrorCode::CannotOpen => Error::unavailable(format!("{file} cannot be opened"))
            .because(source(failure))
            .hint("check the permissions of the file and its directory"),
        ErrorCode::TooBig => Error::damaged(format!(
            "a value in {}, or to be written to it, is larger than keyctl allows",
            subject.content()
        ))
        .because(ErrorSource::implied(failure))
        .hint(Hint::from("give a smaller one; if it is in the store, ").and(restore())),
        ErrorCode::DiskFull => Error::unavailable(format!("no space is left for {file}"))
            .because(ErrorSource::implied(failure))
            .hint("free some space, and run the command again"),
        _ => Error::unavailable(format!("{file} failed"))
            .because(source(failure))
            .hint(Hint::from("check the disk that it is on, then the store: ").and(run!("doctor"))),
    }
}

fn damaged(subject: Subject<'_>, description: impl Display) -> Error {
    Error::damaged(format!("{} is damaged: {description}", subject.content())).hint(restore())
}

fn restore() -> Hint {
    Hint::from("restore a backup of it: ").and(run!("restore PATH"))
}

/// Returns the error for memory that ran out.
///
/// It must not say that the store is damaged: a user would restore a backup, in which revoked keys work. It
/// must not say that the store is sound either: a damaged one may need more memory than there is.
fn out_of_memory(file: &str) -> Error {
    Error::memory(format!("memory ran out while {file} was read or written")).hint(
        "free memory or raise the limit ('ulimit -v' shows it), and run the command again; \
         if there is plenty, the file asks for more than any store of keyctl does",
    )
}

/// Tells whether memory ran out. SQLite has three codes for that: one for an allocation, one for an
/// allocation during I/O, and one for an index of the write-ahead log that cannot be mapped.
pub fn is_memory(failure: ffi::Error) -> bool {
    failure.code == ErrorCode::OutOfMemory
        || [ffi::SQLITE_IOERR_NOMEM, ffi::SQLITE_IOERR_SHMMAP].contains(&failure.extended_code)
}

/// Describes a result code. SQLite's own message is not used: it may repeat bytes of the file, such as a
/// stored hash.
fn words(failure: ffi::Error) -> &'static str {
    match failure.extended_code {
        // The SQL is fixed, so an error in it means other tables than keyctl makes.
        _ if failure.code == ErrorCode::Unknown => "its tables are not as keyctl makes them",
        ffi::SQLITE_IOERR_NOMEM => "out of memory",
        ffi::SQLITE_IOERR_SHMMAP => "its shared memory cannot be mapped",
        code => ffi::code_to_str(code),
    }
}

/// Returns the cause of an error: the result code, without SQLite's message.
pub fn source(failure: ffi::Error) -> ErrorSource {
    ErrorSource::new(failure, words(failure))
}

/// Returns the primary result code of `error`; `None` if the error is rusqlite's own.
pub fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    failure(error).map(|failure| failure.code)
}

/// Returns the extended result code of `error`; `None` if the error is rusqlite's own.
pub fn failure(error: &rusqlite::Error) -> Option<ffi::Error> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _)
        | rusqlite::Error::SqlInputError { error: failure, .. } => Some(*failure),
        _ => None,
    }
}

/// Returns the error for a file that is not a SQLite database.
pub fn not_a_store(store: &str) -> Error {
    Error::unavailable(format!("{store} is not a keyctl store")).hint(
        Hint::from("name another file: --db PATH; if it was a store, move it away, then restore a backup: ")
            .and(run!("restore PATH")),
    )
}

/// Returns the error for an index whose entry differs from the row that it points to.
pub fn index_mismatch() -> SqliteError {
    SqliteError::Damaged("an index leads to the wrong key".to_owned())
}

/// Returns the error for a file that was changed during every attempt to read it without locks.
pub fn keeps_changing(subject: Subject<'_>) -> Error {
    let file = subject.file();
    Error::busy(format!("{file} keeps changing while it is read")).hint("run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;
    use std::error::Error as _;
    use std::path::Path;

    /// The error for `code`, with a message of SQLite that repeats a hash.
    fn error_of(code: i32) -> Error {
        let failure = ffi::Error::new(code);
        let error = rusqlite::Error::SqliteFailure(failure, Some("$argon2id$".to_owned()));
        SqliteError::from(error).about(Path::new("/k.db"))
    }

    #[test]
    fn about_tells_kinds_of_failure_apart_and_advises_on_each() {
        let expected = [
            (ffi::SQLITE_BUSY, FailureKind::Busy),
            (ffi::SQLITE_BUSY_SNAPSHOT, FailureKind::Busy),
            (ffi::SQLITE_LOCKED, FailureKind::Busy),
            (ffi::SQLITE_CANTOPEN, FailureKind::Unavailable),
            (ffi::SQLITE_READONLY, FailureKind::Unavailable),
            (ffi::SQLITE_PERM, FailureKind::Unavailable),
            (ffi::SQLITE_FULL, FailureKind::Unavailable),
            (ffi::SQLITE_IOERR_FSYNC, FailureKind::Unavailable),
            (ffi::SQLITE_NOTADB, FailureKind::Unavailable),
            (ffi::SQLITE_CORRUPT, FailureKind::Damaged),
            (ffi::SQLITE_ERROR, FailureKind::Damaged),
            (ffi::SQLITE_TOOBIG, FailureKind::Damaged),
            (ffi::SQLITE_NOMEM, FailureKind::Memory),
            (ffi::SQLITE_IOERR_NOMEM, FailureKind::Memory),
            (ffi::SQLITE_IOERR_SHMMAP, FailureKind::Memory),
        ];
        for (code, kind) in expected {
            let error = error_of(code);
            assert_eq!(error.kind, kind, "{code}: {error}");
            assert!(error.hint.is_some(), "{code}: {error}");
        }
    }

    #[test]
    fn about_keeps_the_result_code_and_nothing_else_of_what_sqlite_says() {
        for code in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_IOERR_READ,
        ] {
            let error = error_of(code);
            let cause = error.source().and_then(|cause| cause.downcast_ref());
            assert_eq!(cause, Some(&ffi::Error::new(code)));
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("argon2id"), "{shown}");
        }
    }
}
