//! Content of a store for another backend.

use super::error::{SqliteError, SqliteResult};
use super::schema::Schema;
use super::tx::SqliteTx;
use super::{read, row};
use crate::error::Result;
use crate::store::contract::Read;
use crate::store::filter::LogFilter;
use crate::store::transfer::{Item, Take};
use std::ops::ControlFlow;

/// Sends everything that the transaction `tx` shows to `take`, in constant memory.
///
/// # Errors
///
/// Fails for a key that cannot be read, and as `take` does.
pub fn send(tx: &SqliteTx<'_>, take: &mut Take<'_>) -> Result<()> {
    take(Item::Scopes(tx.scopes()?))?;
    let explain = |error: SqliteError| error.about(tx.subject());
    for (name, value) in settings(tx).map_err(explain)? {
        take(Item::Setting(name, value))?;
    }
    for member in tx.members(None, None)? {
        take(Item::Member(member))?;
    }
    for name in tx.administrators(None)? {
        take(Item::Administrator(name))?;
    }
    keys(tx, take).map_err(explain)?;
    tx.scan_log(&LogFilter::default(), &mut |entry| {
        take(Item::Event(entry))?;
        Ok(ControlFlow::Continue(()))
    })?;
    take(Item::Head(tx.head()?))
}

fn settings(tx: &SqliteTx<'_>) -> SqliteResult<Vec<(String, String)>> {
    // Checks that each is known.
    read::policy(tx.connection())?;
    let sql = "SELECT name, value FROM policy ORDER BY name";
    let mut statement = tx.connection().prepare(sql)?;
    let settings = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(settings.collect::<rusqlite::Result<_>>()?)
}

fn keys(tx: &SqliteTx<'_>, take: &mut Take<'_>) -> SqliteResult<()> {
    let columns = row::columns(Schema::of(tx.connection())?);
    let sql = format!("SELECT {columns}, hash, seq FROM keys ORDER BY seq");
    let mut statement = tx.connection().prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = row::key(row)?;
        let hash = row::get(row, row::WIDTH, row::HASH)?;
        let seq = row::get(row, row::WIDTH + 1, "seq")?;
        take(Item::Key(seq, Box::new(key), hash))?;
    }
    Ok(())
}
