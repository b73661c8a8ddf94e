//! Mark of a retired store in its file.

use super::base::{RETIRED, Subject};
use super::error::{Explain, SqliteError, SqliteResult};
use super::row;
use super::schema::Schema;
use crate::error::Result;
use crate::store::retired::Retired;
use crate::when::Timestamp;
use rusqlite::Connection;

/// SQL that makes the table for the mark.
pub const MARK: &str = include_str!("retired.sql");

/// Returns the mark of the store `subject`; `None` if it is in use.
pub fn read(connection: &Connection, subject: Subject<'_>) -> Result<Option<Retired>> {
    let found = || -> SqliteResult<Option<Retired>> {
        if !Schema::of(connection)?.is_retired() {
            return Ok(None);
        }
        let mut statement = connection.prepare_cached("SELECT at, actor, copy FROM retired")?;
        let mut rows = statement.query([])?;
        let unreadable = || SqliteError::Damaged("the mark of its retirement is gone".to_owned());
        let row = rows.next()?.ok_or_else(unreadable)?;
        Ok(Some(Retired {
            store: subject.file(),
            at: Timestamp::from_millis(row::get(row, 0, "at")?).ok_or_else(unreadable)?,
            by: row::get(row, 1, "actor")?,
            copy: row::get(row, 2, "copy")?,
        }))
    };
    found().explain(subject)
}

/// Refuses to change the store `subject` if it was retired.
pub fn check(connection: &Connection, subject: Subject<'_>) -> Result<()> {
    match read(connection, subject)? {
        Some(retired) => Err(retired.no_change()),
        None => Ok(()),
    }
}

/// Marks the store of which `connection` is in a write transaction.
pub fn mark(connection: &Connection, mark: &Retired) -> SqliteResult<()> {
    let version = Schema::of(connection)?.number() + RETIRED;
    connection.execute_batch(MARK)?;
    connection.execute(
        "INSERT INTO retired (one, at, actor, copy) VALUES (1, ?1, ?2, ?3)",
        (mark.at.millis(), &mark.by, &mark.copy),
    )?;
    connection.pragma_update(None, "user_version", version as i64)?;
    Ok(())
}

/// Removes the mark, if there is one.
pub fn unmark(connection: &Connection) -> SqliteResult<()> {
    let schema = Schema::of(connection)?;
    if !schema.is_retired() {
        return Ok(());
    }
    let version = schema.number().saturating_sub(RETIRED);
    connection.execute_batch("DROP TABLE retired")?;
    connection.pragma_update(None, "user_version", version as i64)?;
    Ok(())
}
