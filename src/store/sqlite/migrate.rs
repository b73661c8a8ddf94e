//! Migrations of the schema, one SQL file for each step. `user_version` is the number of steps taken.

use super::actor::towards;
use super::base::{APPLICATION_ID, LATEST, RETIRED, Subject};
use super::commit::{truncate_log, uncommitted};
use super::error::{Refusal, SqliteError, SqliteResult};
use super::retired::MARK;
use super::{wal, write};
use crate::error::{Error, escape};
use crate::event::{Action, Event, GENESIS};
use crate::store::contract::Founder;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

const MIGRATIONS: [&str; LATEST] = [
    include_str!("0001_main.sql"),
    include_str!("0002_projects.sql"),
    include_str!("0003_states.sql"),
    include_str!("0004_one_row.sql"),
    include_str!("0005_networks.sql"),
    include_str!("0006_imported.sql"),
];

/// Takes all missing steps in one transaction. An empty file becomes a store with `founder` as its first
/// administrator, and the function returns true; without a founder an empty file is refused.
pub fn migrate(
    connection: &mut Connection,
    subject: Subject<'_>,
    founder: Option<&Founder<'_>>,
) -> SqliteResult<bool> {
    if version(connection)? >= MIGRATIONS.len() {
        return Ok(false);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have taken the steps meanwhile.
    let from = version(&transaction)?;
    if from >= MIGRATIONS.len() {
        return Ok(false);
    }
    if from == 0 {
        refuse_to_found(&transaction, subject.path)?;
    }
    take_steps(&transaction, from)?;
    if from == 0 {
        let Some(founder) = founder else {
            return Err(SqliteError::Refused(Refusal::Empty));
        };
        let actor = towards(founder.actor.clone(), subject.path);
        transaction.execute("INSERT INTO event_head VALUES (1, 0, ?1)", [&GENESIS[..]])?;
        transaction.execute("INSERT INTO administrators VALUES (?1)", [&actor.name])?;
        let mut event = Event::new(founder.now, &actor, Action::Init, None)
            .with("administrator", actor.name.clone())
            .because(founder.reason);
        if let Some(gid) = founder.group {
            event = event.with("group", gid);
        }
        write::append(&transaction, &event)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    let committed = transaction.commit();
    committed.map_err(|cause| uncommitted(connection, subject, cause))?;
    // Until the WAL is copied into the file, its first page is that of an empty database.
    truncate_log(connection);
    Ok(from == 0)
}

/// Takes the steps after the first `from`. Leaves SQLite's defensive mode meanwhile, since one step edits
/// the text of the schema.
pub fn take_steps(connection: &Connection, from: usize) -> SqliteResult<()> {
    let mut steps = MIGRATIONS.iter().skip(from);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    let taken = steps.try_for_each(|step| connection.execute_batch(step));
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(taken?)
}

/// Refuses to make a store of a file without a version that belongs to another program or has lost its
/// content. Call it under the write lock: another process may just be making the store.
pub fn refuse_to_found(connection: &Connection, path: &Path) -> SqliteResult<()> {
    if !is_empty(connection)? {
        return Err(foreign(connection));
    }
    if wal::holds_commit(path, connection) {
        return Err(SqliteError::Damaged(
            "it is empty, and the log beside it cannot be read".to_owned(),
        ));
    }
    Ok(())
}

/// Makes a database in memory with the schema of `version` and no keys.
pub fn model(version: usize) -> SqliteResult<Connection> {
    let connection = Connection::open_in_memory()?;
    let is_retired = version > RETIRED;
    let steps = if is_retired {
        version - RETIRED
    } else {
        version
    };
    for step in MIGRATIONS.iter().take(steps) {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "user_version", steps.min(LATEST) as i64)?;
    if is_retired {
        connection.execute_batch(MARK)?;
    }
    Ok(connection)
}

/// Refuses a store whose schema is older than this program's.
pub fn check_current(connection: &Connection) -> SqliteResult<()> {
    if is_current(connection)? {
        return Ok(());
    }
    Err(SqliteError::Final(Error::unavailable(
        "the store's schema is not this version's",
    )))
}

/// Tells whether every step was taken.
pub fn is_current(connection: &Connection) -> SqliteResult<bool> {
    Ok(version(connection)? % RETIRED == MIGRATIONS.len())
}

/// Returns the number of steps taken, with [`RETIRED`] added for a store that was retired. Refuses a store of a newer
/// version.
pub fn version(connection: &Connection) -> SqliteResult<usize> {
    // Cached: a verification asks again.
    let mut statement = connection.prepare_cached("PRAGMA user_version")?;
    let stored: i64 = statement.query_row([], |row| row.get(0))?;
    usize::try_from(stored)
        .ok()
        .filter(|&version| version <= LATEST || (RETIRED + 1..=RETIRED + LATEST).contains(&version))
        .ok_or(SqliteError::Refused(Refusal::Newer(stored)))
}

/// Returns the error for another program's SQLite file.
pub fn foreign(connection: &Connection) -> SqliteError {
    SqliteError::Final(
        Error::unavailable(format!(
            "{} is another program's SQLite file, not a keyctl store",
            path_of(connection)
        ))
        .hint("name another file: --db PATH"),
    )
}

/// Tells whether the database has no version and no tables.
pub fn is_empty(connection: &Connection) -> SqliteResult<bool> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(version == 0 && objects == 0)
}

/// Path of the store, as a message shows it.
pub fn path_of(connection: &Connection) -> String {
    escape(connection.path().unwrap_or("the store"))
}
