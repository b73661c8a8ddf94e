//! New file that is filled with the content of a store on a server.

use super::base::{APPLICATION_ID, LATEST};
use super::copy::{Staged, unmade};
use super::error::{SqliteError, SqliteResult};
use super::scratch::Scratch;
use super::{Sqlite, migrate, place, write};
use crate::directory;
use crate::error::{Error, Result};
use crate::store::transfer::{Item, Take};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::path::Path;

/// Size of the page cache, in KiB.
const CACHE_KIB: i64 = 32 << 10;

/// Indexes that are made when all rows are there, which is faster. Not that of imported keys: a sort may be written to
/// a temporary file, and this one holds hashes.
const LATE_INDEXES: &str = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL \
     AND name <> 'keys_imported'";

/// Fills a new file for `path`, mode 0600, with what `send` sends from the store `name`.
///
/// # Errors
///
/// Fails if `path` exists, if the content is damaged, or if the file cannot be written. Nothing is left then.
pub fn receive(
    path: &Path,
    name: &str,
    send: impl FnOnce(&mut Take<'_>) -> Result<()>,
) -> Result<Staged> {
    let path = place::absolute(path)?;
    place::check_free(&path)?;
    let scratch =
        Scratch::new(directory::of(&path)).map_err(|cause| place::failed(&path, cause))?;
    let file = scratch.file("copy").map_err(unmade)?;
    let mut connection = empty(&file).map_err(unwritten)?;
    let transaction = connection
        .transaction()
        .map_err(|error| unwritten(error.into()))?;
    let late = take_indexes(&transaction).map_err(unwritten)?;
    send(&mut |item| take(&transaction, item).map_err(unwritten))?;
    let indexed = late
        .iter()
        .try_for_each(|sql| transaction.execute_batch(sql));
    indexed
        .and_then(|()| transaction.commit())
        .map_err(|error| unwritten(error.into()))?;
    drop(connection);
    File::open(&file)
        .and_then(|file| file.sync_all())
        .map_err(unmade)?;
    let checked = Sqlite::open_made(&file, &path)?.inspect()?;
    let inventory = checked.and_then(|inventory| match inventory.damage.first() {
        Some(damage) => Err(damage.what.clone()),
        None => Ok(inventory),
    });
    let inventory = inventory.map_err(|damage| {
        Error::damaged(format!(
            "the store {name} is damaged, and was not copied: {damage}"
        ))
    })?;
    Ok(Staged::new(scratch, file, path, inventory))
}

/// Makes a store without content in the empty file at `path`. Without a journal: a file that is not finished is removed.
fn empty(path: &Path) -> SqliteResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
         PRAGMA cache_size = -{CACHE_KIB}"
    ))?;
    migrate::take_steps(&connection, 0)?;
    connection.execute_batch("DELETE FROM scope_implies; DELETE FROM scopes")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", LATEST as i64)?;
    Ok(connection)
}

/// Removes the indexes that are made last, and returns their SQL.
fn take_indexes(connection: &Connection) -> SqliteResult<Vec<String>> {
    let mut statement = connection.prepare(LATE_INDEXES)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let indexes: Vec<(String, String)> = found.collect::<rusqlite::Result<_>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql).collect())
}

fn take(connection: &Connection, item: Item) -> SqliteResult<()> {
    let execute = |sql: &str, params: &[&dyn rusqlite::ToSql]| -> SqliteResult<()> {
        connection.prepare_cached(sql)?.execute(params)?;
        Ok(())
    };
    match item {
        Item::Scopes(registry) => {
            for (name, scope) in registry.all() {
                execute(
                    "INSERT INTO scopes (name, description) VALUES (?1, ?2)",
                    &[&name, &scope.description],
                )?;
                for implied in &scope.implies {
                    execute(
                        "INSERT INTO scope_implies (name, implied) VALUES (?1, ?2)",
                        &[&name, implied],
                    )?;
                }
            }
            Ok(())
        }
        Item::Setting(name, value) => execute(
            "INSERT INTO policy (name, value) VALUES (?1, ?2)",
            &[&name, &value],
        ),
        Item::Member(member) => execute(
            "INSERT INTO members (project, user, role) VALUES (?1, ?2, ?3)",
            &[&member.project, &member.user, &member.role.word()],
        ),
        Item::Administrator(name) => {
            execute("INSERT INTO administrators (name) VALUES (?1)", &[&name])
        }
        Item::Key(seq, key, hash) => write::place(connection, seq, &key, hash.as_deref()),
        Item::Event(entry) => write::line(connection, &entry),
        Item::Head(head) => execute(
            "INSERT INTO event_head (one, seq, hash) VALUES (1, ?1, ?2)",
            &[&head.seq, &&head.hash[..]],
        ),
    }
}

fn unwritten(error: SqliteError) -> Error {
    match error {
        SqliteError::Final(error) => error,
        error => Error::io(format!("the copy could not be made: {}", error.in_words()))
            .hint("check the free space and the permissions of its directory"),
    }
}
