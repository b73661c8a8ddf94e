//! The two ways to put a copy in a store's place: row by row in one transaction or, where the store cannot
//! be read, page by page.

use super::words::in_doubt;
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::store::contract;
use crate::store::restoration::{Adjust, Decide};
use crate::store::sqlite::aside::Aside;
use crate::store::sqlite::commit::{truncate_log, uncommitted};
use crate::store::sqlite::copy::Text;
use crate::store::sqlite::error::{SqliteError, SqliteResult};
use crate::store::sqlite::file::Location;
use crate::store::sqlite::identity::{Comparison, Held};
use crate::store::sqlite::scratch::Scratch;
use crate::store::sqlite::tx::SqliteTx;
use crate::store::sqlite::{Sqlite, check_same, retired, write};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};

/// The name of the replaced store in the scratch directory.
pub(super) const REPLACED: &str = "replaced";

/// Every table and its columns. A table stands after those that it refers to.
const TABLES: [(&str, &str); 9] = [
    ("scopes", "name, description"),
    ("scope_implies", "name, implied"),
    (
        "keys",
        "seq, id, name, owner, kind, hash, created_at, created_by, expires_at, last_used_at, grace_from, \
         usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, \
         allow_from, first_used_at, imported",
    ),
    ("key_scopes", "scope, key"),
    ("policy", "name, value"),
    ("administrators", "name"),
    ("members", "project, user, role"),
    ("events", "seq, at, actor, action, key_id, detail, hash"),
    ("event_head", "one, seq, hash"),
];

/// Copies the database `from` over the database `to`, page by page in one transaction. The old content of
/// `to` is not read.
pub(super) fn write_over(from: &Connection, to: &mut Connection) -> SqliteResult<()> {
    match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => {}
        // Busy or locked: no other process has these files.
        _ => {
            return Err(SqliteError::Final(
                Error::busy("the store could not be written").hint("run the command again"),
            ));
        }
    }
    to.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, false)?;
    Ok(())
}

/// Replaces the content of `store` by that of `copy`, in one transaction. Returns the path at which the
/// replaced store is kept.
pub(super) fn in_place(
    store: &mut Sqlite,
    copy: &Sqlite,
    scratch: &Scratch,
    mut aside: Aside,
    decide: &mut Decide<'_>,
    adjust: &mut Adjust<'_>,
) -> Result<PathBuf> {
    // Time may have passed since the open: the user was asked.
    store.check_writable()?;
    let opened = store.opened.get_mut();
    let path = opened.path.clone();
    let failed = |error: SqliteError| error.about(&path);
    let compare = || {
        opened
            .held
            .as_ref()
            .map_or(Ok(Comparison::Same), Held::compare)
    };
    let connection = &mut opened.connection;
    connection
        .execute("ATTACH ?1 AS copy", [Text(&copy.opened.borrow().path)])
        .map_err(|cause| failed(cause.into()))?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|cause| failed(cause.into()))?;
    // The transaction may have waited for the lock meanwhile.
    check_same(compare(), &path)?;
    let current = SqliteTx::new(&transaction, &path);
    let event = contract::read(copy, |copy| decide(Some(&current), copy))?;
    // A second connection reads the committed content, which the lock keeps from changing.
    let replaced = Sqlite::open_to_read(&Location::new(&path)?)?;
    aside.take(&replaced.copy_into(scratch, REPLACED)??)?;
    replace_all(&transaction)
        .and_then(|()| retired::unmark(&transaction))
        .map_err(failed)?;
    let mut restored = SqliteTx::new(&transaction, &path);
    contract::read(&replaced, |replaced| {
        contract::read(copy, |copy| adjust(replaced, copy, &mut restored))
    })?;
    let event = with_kept(event, Some(aside.path()));
    write::append(&transaction, &event).map_err(failed)?;
    let committed = transaction.commit();
    match committed.map_err(|cause| uncommitted(connection, &path, cause)) {
        // The commit may or may not have happened: the replaced store is kept.
        Err(error) if error.kind == FailureKind::Uncertain => {
            return Err(in_doubt(error, Some(&aside.keep())));
        }
        committed => committed?,
    }
    truncate_log(connection);
    Ok(aside.keep())
}

/// Replaces every row of the main database by those of the attached database `copy`.
fn replace_all(connection: &Connection) -> SqliteResult<()> {
    for (table, _) in TABLES.iter().rev() {
        connection.execute(&format!("DELETE FROM main.{table}"), [])?;
    }
    // A damaged key is restored with its damage, which may break a constraint.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    for (table, columns) in TABLES {
        let sql =
            format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM copy.{table}");
        connection.execute(&sql, [])?;
    }
    Ok(())
}

/// Adds to `event` the path at which the replaced store is kept, if it is.
pub(super) fn with_kept(event: Event, kept: Option<&Path>) -> Event {
    match kept {
        Some(path) => event.with("kept", path.to_string_lossy()),
        None => event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::base::LATEST;
    use crate::store::sqlite::migrate;
    use std::collections::BTreeMap;

    #[test]
    fn every_column_of_every_table_is_restored() {
        // The mark of a retired store is not restored: the restored one is in use.
        let model = migrate::model(LATEST).ok().unwrap();
        let mut statement = model
            .prepare(
                "SELECT tables.name, columns.name FROM sqlite_schema AS tables, \
                 pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table' ORDER BY cid",
            )
            .unwrap();
        let mut there: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        for row in rows.unwrap() {
            let (table, column) = row.unwrap();
            there.entry(table).or_default().push(column);
        }
        let listed: BTreeMap<String, Vec<String>> = TABLES
            .iter()
            .map(|(table, columns)| {
                let columns = columns.split(", ").map(str::to_owned).collect();
                ((*table).to_owned(), columns)
            })
            .collect();
        assert_eq!(listed, there);
    }
}
