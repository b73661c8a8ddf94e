//! Content of a file: a store, nothing yet, or another program's.

use super::base::APPLICATION_ID;
use super::error::{Refusal, SqliteError, SqliteResult};
use super::migrate::{self, foreign, is_empty};
use rusqlite::Connection;

/// Treatment of a file that nothing was ever put into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// It may.
    Taken,
    /// It is left as it is.
    Refused,
}

/// Content of a file.
pub enum Content {
    /// A store.
    Store,
    /// Nothing: no program ever put anything into it.
    Nothing,
    /// Something of another program.
    AnotherPrograms,
}

/// Looks at what lies in the file, all of it at one moment: somebody may just be setting it up. A
/// store of a newer version is refused.
pub fn content(connection: &Connection) -> SqliteResult<Content> {
    let moment = connection.unchecked_transaction()?;
    let id: i32 = moment.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(match id {
        APPLICATION_ID => {
            migrate::version(&moment)?;
            refuse_modules(&moment)?;
            Content::Store
        }
        0 if is_empty(&moment)? => Content::Nothing,
        _ => Content::AnotherPrograms,
    })
}

/// Refuses a table that is another module's (full text, R-tree): its code would read what somebody
/// else has written. SQLite keeps the names of such tables from lying, and the text of ours as here.
fn refuse_modules(connection: &Connection) -> SqliteResult<()> {
    let sql =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT GLOB 'CREATE TABLE *'";
    let others: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if others > 0 {
        return Err(SqliteError::Damaged(
            "it has a table that no keyctl makes".to_owned(),
        ));
    }
    Ok(())
}

/// Refuses a file that is not a store, and an empty one as `empty` says.
pub fn check(connection: &Connection, empty: Empty) -> SqliteResult<()> {
    match content(connection)? {
        Content::Store => Ok(()),
        Content::Nothing if empty == Empty::Taken => Ok(()),
        Content::Nothing => Err(SqliteError::Refused(Refusal::Empty)),
        Content::AnotherPrograms => Err(foreign(connection)),
    }
}
