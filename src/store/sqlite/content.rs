//! Content of a file: a store, an empty database, or another program's database.

use super::base::APPLICATION_ID;
use super::error::{Refusal, SqliteError, SqliteResult};
use super::migrate::{self, foreign, is_empty};
use rusqlite::Connection;

/// Treatment of an empty database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// It may become a store.
    Taken,
    /// It is an error.
    Refused,
}

/// Content of a file.
pub enum Content {
    /// A store.
    Store,
    /// Empty: no program ever wrote to it.
    Nothing,
    /// Database of another program.
    AnotherPrograms,
}

/// Finds out what the file holds, in one transaction: another process may be making the store. Fails for a
/// store of a newer version.
pub fn content(connection: &Connection) -> SqliteResult<Content> {
    let transaction = connection.unchecked_transaction()?;
    let id: i32 = transaction.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(match id {
        APPLICATION_ID => {
            migrate::version(&transaction)?;
            refuse_modules(&transaction)?;
            Content::Store
        }
        0 if is_empty(&transaction)? => Content::Nothing,
        _ => Content::AnotherPrograms,
    })
}

/// Refuses virtual tables (full text, R-tree): their modules would parse bytes that a stranger prepared.
///
/// SQLite stores the text of each ordinary table with this beginning, and refuses a schema row whose type is
/// not that of its text. A comparison of texts costs less than a pattern; `!` follows the space.
fn refuse_modules(connection: &Connection) -> SqliteResult<()> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' \
               AND NOT (sql >= 'CREATE TABLE ' AND sql < 'CREATE TABLE!')";
    if connection.prepare(sql)?.exists([])? {
        return Err(SqliteError::Damaged(
            "it has a table that keyctl does not make".to_owned(),
        ));
    }
    Ok(())
}

/// Fails if the file is not a store. An empty database is treated as `empty` says.
pub fn check(connection: &Connection, empty: Empty) -> SqliteResult<()> {
    match content(connection)? {
        Content::Store => Ok(()),
        Content::Nothing if empty == Empty::Taken => Ok(()),
        Content::Nothing => Err(SqliteError::Refused(Refusal::Empty)),
        Content::AnotherPrograms => Err(foreign(connection)),
    }
}
