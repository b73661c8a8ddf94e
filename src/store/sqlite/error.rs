//! SQLite's errors as an operator reads them.

use super::base::{LATEST, Subject, shown};
use super::header::is_marked;
use crate::error::{Error, ErrorSource, Result};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use rusqlite::{ErrorCode, ffi};
use std::fmt::Display;

/// Fault of SQLite, of a row, or of the file.
pub enum SqliteError {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// A row holds what no version of this program writes.
    Damaged(String),
    /// So does this column.
    Column(&'static str),
    /// So does this setting of the policy, or one that keyctl does not know.
    Policy(Option<&'static str>),
    /// So does this column of one key, the ID of which can be read or not: the rest does without it.
    Key(Option<KeyId>, &'static str),
    /// The file is not one that can be used.
    Refused(Refusal),
    /// Anything that is already told as it should be.
    Final(Error),
}

/// The reason why a file is not used, whatever it is called in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing was ever put into it.
    Empty,
    /// A newer version of the program wrote this schema.
    Newer(i64),
    /// The caller may not write it.
    ReadOnly,
    /// A change was cut short, and the caller may not undo it.
    CutShort,
    /// It has this many names, each of which would have a log and locks of its own.
    HardLinks(u64),
    /// It is a mount point of its own, so that its log lies elsewhere outside of the mount.
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

/// Conversion of a result into the crate's, with a message about a file.
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

    /// Tells whether SQLite could not open the file, or a sibling, with the rights of this process.
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

    /// Tells whether the file's content is at fault, and not the way to it.
    pub fn is_damage(&self) -> bool {
        match self {
            SqliteError::Damaged(_)
            | SqliteError::Column(_)
            | SqliteError::Policy(_)
            | SqliteError::Key(..) => true,
            SqliteError::Refused(_) | SqliteError::Final(_) => false,
            // What has no code of SQLite's could not be made of the value that it gave.
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

    /// The fault, without the store's name.
    pub fn in_words(&self) -> String {
        match self {
            SqliteError::Sqlite(error) => failure(error)
                .map_or("a value is not what it should be", words)
                .to_owned(),
            SqliteError::Damaged(what) => what.clone(),
            SqliteError::Policy(name) => {
                let name = name.unwrap_or("a setting that keyctl does not know");
                format!("its policy cannot be read: {name}")
            }
            SqliteError::Column(column) | SqliteError::Key(_, column) => {
                format!("its {column} cannot be read")
            }
            SqliteError::Refused(why) => why.about("the store", "it").to_string(),
            SqliteError::Final(error) => error.to_string(),
        }
    }

    /// The same, told of `subject`: the path of the store, or another file and its purpose.
    pub fn about<'a>(self, subject: impl Into<Subject<'a>>) -> Error {
        let subject = subject.into();
        match self {
            SqliteError::Final(error) => error,
            SqliteError::Refused(why) => why.about(&subject.file(), &shown(subject.path)),
            SqliteError::Policy(Some(name)) => damaged(subject, self.in_words())
                .hint(Hint::from("set it anew: ").and(run!("policy set {} VALUE", name))),
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
    /// The refusal of `file`, the path of which is `path`.
    fn about(self, file: &str, path: &str) -> Error {
        match self {
            Refusal::Empty => Error::unavailable(format!("{file} is empty")).hint(
                run!("create --scope inference")
                    .in_quotes()
                    .and(" sets it up, with a first key"),
            ),
            Refusal::Newer(version) => Error::unavailable(format!(
                "{file} was written by a newer keyctl: its schema is {version}, this one knows up to {}",
                LATEST
            ))
            .hint("use the newer keyctl"),
            Refusal::ReadOnly => Error::unavailable(format!("{file} is read-only for you"))
                .hint("run the command as a user who may write it"),
            Refusal::CutShort => Error::unavailable(format!(
                "a change of {file} was cut short, and is still to be undone"
            ))
            .hint(format!(
                "run any keyctl command as a user who may write it; do not remove {path}-journal"
            )),
            Refusal::HardLinks(names) => Error::unavailable(format!(
                "{file} has {names} names (hard links): what is done through one may not be seen through another"
            ))
            .hint(
                Hint::from("remove the other names ('find DIRECTORY -samefile' shows them); for a backup use ")
                    .and(run!("backup").in_quotes())
                    .and(", for another path a symbolic link"),
            ),
            Refusal::MountedAlone => Error::unavailable(format!(
                "{file} is mounted without its directory: what is done on one side of the mount may not be seen on the other"
            ))
            .hint("mount the directory that it lies in instead"),
        }
    }
}

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
            "a value in {}, or meant for it, is larger than any that keyctl takes",
            subject.content()
        ))
        .because(ErrorSource::implied(failure))
        .hint(Hint::from("give less; if it is in the store, ").and(restore())),
        ErrorCode::DiskFull => Error::unavailable(format!("no room is left for {file}"))
            .because(ErrorSource::implied(failure))
            .hint("free some, and run the command again"),
        _ => Error::unavailable(format!("{file} failed"))
            .because(source(failure))
            .hint(
                Hint::from("check the disk that it lies on, then the store: ").and(run!("doctor")),
            ),
    }
}

fn damaged(subject: Subject<'_>, what: impl Display) -> Error {
    Error::damaged(format!("{} is damaged: {what}", subject.content())).hint(restore())
}

fn restore() -> Hint {
    Hint::from("restore a backup of it: ").and(run!("restore PATH"))
}

/// Returns the error for a store at which memory ran out. No damage: a sound store that is taken for
/// damaged would be replaced by a backup, in which revoked keys work. A store that asks for more than
/// any sound one is not believed to be sound either.
fn out_of_memory(file: &str) -> Error {
    Error::memory(format!("memory ran out while {file} was read or written")).hint(
        "free memory or raise the limit ('ulimit -v' shows it), and run the command again; \
         where there is plenty, the store asks for more than any that keyctl wrote",
    )
}

/// Tells whether memory ran out. SQLite says so in three ways: at an allocation, in the middle of reading
/// a file, and where the index of the write-ahead log cannot be mapped.
pub fn is_memory(failure: ffi::Error) -> bool {
    failure.code == ErrorCode::OutOfMemory
        || [ffi::SQLITE_IOERR_NOMEM, ffi::SQLITE_IOERR_SHMMAP].contains(&failure.extended_code)
}

fn damaged_key(id: Option<KeyId>, column: &str) -> Error {
    let others = Hint::from("the other keys work; ");
    match id {
        Some(id) => Error::damaged(format!(
            "the key {id} is damaged: its {column} cannot be read"
        ))
        .of_key(id)
        .hint(
            others
                .and("to remove this one for good: ")
                .and(run!("delete {}", id)),
        ),
        None => Error::damaged(format!("a key is damaged: its {column} cannot be read"))
            .hint(others.and("its row: ").and(run!("doctor"))),
    }
}

/// Returns the words for the result code `failure`, never SQLite's own message: that repeats bytes of
/// the file, and where a row's bytes have come to stand in the schema they may be a stored hash.
fn words(failure: ffi::Error) -> &'static str {
    match failure.extended_code {
        // Our statements are fixed: only what they are run on can be wrong.
        _ if failure.code == ErrorCode::Unknown => "its tables are not as keyctl makes them",
        ffi::SQLITE_IOERR_NOMEM => "out of memory",
        ffi::SQLITE_IOERR_SHMMAP => "its shared memory cannot be mapped",
        code => ffi::code_to_str(code),
    }
}

/// The result code `failure` as the cause of an error. It is all that is kept of what SQLite said.
pub fn source(failure: ffi::Error) -> ErrorSource {
    ErrorSource::new(failure, words(failure))
}

/// SQLite's code for `error`, if it has one.
pub fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    failure(error).map(|failure| failure.code)
}

/// The result code of `error`, if it has one.
pub fn failure(error: &rusqlite::Error) -> Option<ffi::Error> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _)
        | rusqlite::Error::SqlInputError { error: failure, .. } => Some(*failure),
        _ => None,
    }
}

/// Returns the error for a file that is no SQLite file at all.
pub fn not_a_store(store: &str) -> Error {
    Error::unavailable(format!("{store} is not a keyctl store")).hint(
        Hint::from("name another file: --db PATH; if it was a store, move it away, then restore a backup: ")
            .and(run!("restore PATH")),
    )
}

/// An index says what the row that it leads to does not.
pub fn misled() -> SqliteError {
    SqliteError::Damaged("an index leads to another key than it says".to_owned())
}

/// Returns the error for a file that is read without locks, and was changed meanwhile each time.
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

    /// The error about a store at which SQLite fails with `code`, and says what lies in the file.
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
