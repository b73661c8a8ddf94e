//! A copy of a store: all that it holds at one moment, in a file of its own.

use super::Sqlite;
use super::damage::{self, Damage};
use super::error::{SqliteResult, failure, is_memory, source};
use super::file::Location;
use super::identity::is_same;
use super::place::Place;
use super::read;
use super::scratch::Scratch;
use crate::error::{Error, ErrorSource, Result};
use crate::event::Head;
use crate::hint::{Hint, run};
use crate::store::contract::Store;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Inventory of a copy of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The path of the copy.
    pub path: PathBuf,
    /// Inventory of the copy.
    pub inventory: Inventory,
}

/// Inventory of a store or a copy that was found to be sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The number of keys, dead ones too.
    pub keys: usize,
    /// The place and the hash of its log's last line.
    pub head: Head,
    /// The damage in records of single keys, which are copied as they are.
    pub damage: Vec<Damage>,
}

/// Copies the store at `location`, as it is at one moment, to `path`, where nothing may be, for
/// its maker alone. Others may go on writing to the store; who may only read it may copy it.
///
/// # Errors
///
/// Fails where something is at `path`, the store is damaged, or one of them cannot be read or written.
/// Then nothing is left at `path`.
pub fn back_up(location: &Location, path: &Path) -> Result<Copied> {
    let place = Place::new(path)?;
    let inventory = Sqlite::open_to_read(location)?.copy_to(&place)?;
    Ok(Copied {
        path: place.path().to_owned(),
        inventory,
    })
}

impl Sqlite {
    /// Puts a copy of the store at `place`, where nothing may be, for its maker alone, and says
    /// what it holds. It is there once it is whole, checked and on the disk, or not at all.
    fn copy_to(&self, place: &Place) -> Result<Inventory> {
        if is_same(place.path(), &self.opened.borrow().path) {
            // Nobody is to be told to move that away.
            return Err(Error::io(format!("{} is the store itself", place.shown()))
                .hint("name another file for the copy"));
        }
        place.check_free()?;
        let scratch = Scratch::new(place.directory()).map_err(|cause| place.failed(cause))?;
        let copy = self.copy_into(&scratch, "copy")??;
        let checked = Sqlite::open_to_read(&Location::new(&copy)?)?.inspect()?;
        let copied = checked.map_err(|what| {
            Error::damaged(format!(
                "the store {} is damaged, and was not copied: {what}",
                self.name()
            ))
            .hint(Hint::from("restore an earlier backup: ").and(run!("restore PATH")))
        })?;
        place.take(&copy)?;
        Ok(copied)
    }

    /// Makes a copy of the store in `scratch`, under `name`, and returns its path, or why no file
    /// could be made there. What was wiped is not in it, nor what else lies about in pages that are
    /// no longer used.
    pub fn copy_into(&self, scratch: &Scratch, name: &str) -> Result<Result<PathBuf>> {
        self.reading(|opened| {
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
            // SQLite leaves that to us.
            let synced = File::open(&copy).and_then(|file| file.sync_all());
            Ok(synced.map(|()| copy).map_err(unmade))
        })
    }

    /// Looks at everything in the store: what it holds, or what is wrong with it as a whole.
    pub fn inspect(&self) -> Result<std::result::Result<Inventory, String>> {
        self.at_one_moment(|moment| inspect(moment.connection()))
    }
}

fn inspect(connection: &Connection) -> SqliteResult<std::result::Result<Inventory, String>> {
    let damage = damage::find(connection)?;
    if let Some(whole) = damage.iter().find(|damage| !damage.is_apart()) {
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

/// Tells whether a copy that fails so lies where no more can be written.
fn is_of_copy(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen
    )
}

fn unmade(cause: impl Into<ErrorSource>) -> Error {
    Error::io("the copy could not be made")
        .because(cause)
        .hint("check the room and the permissions where it is to lie")
}

/// A path as SQLite takes one: bytes, in UTF-8 or not.
pub struct Text<'a>(pub &'a Path);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes = self.0.as_os_str().as_encoded_bytes();
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(bytes)))
    }
}
