//! Copy of a store: a snapshot in a file of its own.

use super::base::shown;
use super::damage::{self, Damage};
use super::error::{SqliteResult, failure, is_memory, source};
use super::file::Location;
use super::identity::is_same;
use super::read;
use super::scratch::Scratch;
use super::{Sqlite, place};
use crate::directory;
use crate::error::{Error, ErrorSource, FailureKind, Result};
use crate::event::Head;
use crate::hint::{Hint, run};
use crate::store::contract::Store;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Result of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The path of the copy.
    pub path: PathBuf,
    /// The inventory of the copy.
    pub inventory: Inventory,
}

/// Result of a check that found no damage but that of single keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The number of keys, dead ones included.
    pub keys: usize,
    /// The place and hash of the log's last event.
    pub head: Head,
    /// The damage in records of single keys, which are copied unchanged.
    pub damage: Vec<Damage>,
}

/// Copies a snapshot of the store at `location` to a new file at `path`, mode 0600. Needs no right to write
/// the store, and does not keep others from writing it.
///
/// # Errors
///
/// Fails if `path` exists, if the store is damaged, or if one of the two cannot be read or written.
/// Nothing is left at `path` then.
pub fn back_up(location: &Location, path: &Path) -> Result<Copied> {
    Sqlite::open_to_read(location)?.stage(path)?.keep()
}

/// Copy in a scratch directory beside its place: complete, checked and synced.
pub struct Staged {
    file: PathBuf,
    path: PathBuf,
    inventory: Inventory,
    _scratch: Scratch,
}

impl Staged {
    /// Takes the copy `file` in `scratch`, whose place is `path`.
    pub fn new(scratch: Scratch, file: PathBuf, path: PathBuf, inventory: Inventory) -> Self {
        Staged {
            file,
            path,
            inventory,
            _scratch: scratch,
        }
    }

    /// Moves the copy to its place. Fails if that is taken.
    pub fn keep(self) -> Result<Copied> {
        place::move_to_free(&self.file, &self.path)?;
        Ok(Copied {
            path: self.path,
            inventory: self.inventory,
        })
    }
}

impl Copied {
    /// Removes the copy after the `error` of the transaction that it belongs to, unless that may have been committed.
    pub fn after(&self, error: Error) -> Error {
        if error.kind == FailureKind::Uncertain {
            return error.adding(format_args!("the copy is at {}", shown(&self.path)));
        }
        // If this fails, a complete copy is left, which harms nobody.
        drop(fs::remove_file(&self.path));
        error
    }
}

impl Sqlite {
    /// Copies the store for `path` to a scratch directory beside that.
    pub fn stage(&self, path: &Path) -> Result<Staged> {
        let path = place::absolute(path)?;
        if is_same(&path, &self.opened.borrow().path) {
            // Otherwise the message would advise to move the store away.
            return Err(Error::io(format!("{} is the store itself", shown(&path)))
                .hint("name another file for the copy"));
        }
        place::check_free(&path)?;
        let scratch =
            Scratch::new(directory::of(&path)).map_err(|cause| place::failed(&path, cause))?;
        let copy = self.copy_into(&scratch, "copy")??;
        let checked = Sqlite::open_made(&copy, &path)?.inspect()?;
        let inventory = checked.map_err(|damage| {
            Error::damaged(format!(
                "the store {} is damaged, and was not copied: {damage}",
                self.name()
            ))
            .hint(Hint::from("restore an earlier backup: ").and(run!("restore PATH")))
        })?;
        Ok(Staged::new(scratch, copy, path, inventory))
    }

    /// Copies the store to the file `name` in `scratch`. The inner error is about that file, the outer one
    /// about the store.
    ///
    /// VACUUM copies no unused pages, so the copy has no remains of wiped hashes.
    pub fn copy_into(&self, scratch: &Scratch, name: &str) -> Result<Result<PathBuf>> {
        self.read_unchanged(|opened| {
            let copy = match scratch.file(name) {
                Ok(copy) => copy,
                Err(cause) => return Ok(Err(unmade(cause))),
            };
            if let Err(cause) = opened.connection.execute("VACUUM INTO ?1", [Text(&copy)]) {
                return match failure(&cause) {
                    Some(failure) if is_of_copy(failure.code) && !is_memory(failure) => {
                        Ok(Err(unmade(source(failure))))
                    }
                    _ => Err(cause.into()),
                };
            }
            // VACUUM INTO does not sync.
            let synced = File::open(&copy).and_then(|file| file.sync_all());
            Ok(synced.map(|()| copy).map_err(unmade))
        })
    }

    /// Checks the whole store. The inner error is the first damage with which it cannot be restored.
    pub fn inspect(&self) -> Result<std::result::Result<Inventory, String>> {
        self.in_transaction(|tx| inspect(tx.connection()))
    }
}

fn inspect(connection: &Connection) -> SqliteResult<std::result::Result<Inventory, String>> {
    let damage = damage::find(connection)?;
    if let Some(whole) = damage.iter().find(|damage| !damage.is_restorable()) {
        return Ok(Err(whole.what.clone()));
    }
    let head = match read::check_log(connection, None)? {
        Ok(head) => head,
        Err(flaw) => return Ok(Err(format!("its log is broken: {flaw}"))),
    };
    let keys: i64 = connection.query_row("SELECT count(*) FROM keys", [], |row| row.get(0))?;
    Ok(Ok(Inventory {
        keys: usize::try_from(keys).unwrap_or_default(),
        head,
        damage,
    }))
}

/// Tells whether `code` is about the new file: the disk is full, or the file cannot be written.
fn is_of_copy(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen
    )
}

/// Returns the error for a copy that could not be made.
pub fn unmade(cause: impl Into<ErrorSource>) -> Error {
    Error::io("the copy could not be made")
        .because(cause)
        .hint("check the free space and the permissions of its directory")
}

/// Path as a SQL text, even if it is not UTF-8.
pub struct Text<'a>(pub &'a Path);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes = self.0.as_os_str().as_encoded_bytes();
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(bytes)))
    }
}
