//! The writes of a transaction, as functions of its connection.

use super::error::{SqliteError, SqliteResult, code};
use super::schema::Schema;
use super::{read, row};
use crate::error::{Error, quote};
use crate::event::{Entry, Event, GENESIS};
use crate::id::KeyId;
use crate::key::Key;
use crate::network;
use crate::when::Timestamp;
use rusqlite::{Connection, ErrorCode, named_params};

/// Appends `event` to the log and moves the head to it.
pub fn append(connection: &Connection, event: &Event) -> SqliteResult<()> {
    let last = read::head(connection)?;
    let mut entry = Entry {
        seq: last
            .seq
            .checked_add(1)
            .ok_or_else(|| SqliteError::Damaged("the head of its log is not valid".to_owned()))?,
        at: event.at.millis(),
        actor: event.actor.clone(),
        action: event.action.word().to_owned(),
        key_id: event.key_id.map(|id| id.to_string()),
        detail: event.detail_text(),
        hash: GENESIS,
    };
    entry.hash = entry.link(&last.hash);
    line(connection, &entry)?;
    connection
        .prepare_cached("UPDATE event_head SET seq = ?1, hash = ?2")?
        .execute((entry.seq, &entry.hash[..]))?;
    Ok(())
}

/// Adds a line to the log, and leaves the head as it is.
pub fn line(connection: &Connection, entry: &Entry) -> SqliteResult<()> {
    connection
        .prepare_cached("INSERT INTO events (seq, at, actor, action, key_id, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute((entry.seq, entry.at, &entry.actor, &entry.action, &entry.key_id, &entry.detail, &entry.hash[..]))?;
    Ok(())
}

/// Adds a key with the PHC string of its secret.
pub fn insert(connection: &Connection, key: &Key, hash: &str) -> SqliteResult<()> {
    place(connection, None, key, Some(hash))
}

/// Adds a key in row `seq`, or behind all others, with its PHC string unless that was wiped.
pub fn place(
    connection: &Connection,
    seq: impl Into<Option<i64>>,
    key: &Key,
    hash: Option<&str>,
) -> SqliteResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO keys (seq, id, name, owner, kind, hash, created_at, created_by, expires_at, last_used_at, \
             grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, \
             labels, allow_from, first_used_at, imported) VALUES (:seq, :id, :name, :owner, :kind, :hash, :created_at, :created_by, :expires_at, \
             :last_used_at, :grace_from, :usable_until, :disabled_at, :disabled_by, :deleted_at, :replaces, \
             :replaced_by, :scopes, :labels, :allow_from, :first_used_at, :imported)",
        )?
        .execute(named_params! {
            ":seq": seq.into(),
            ":id": key.id.as_str(),
            ":name": key.name,
            ":owner": key.owner,
            ":kind": key.kind.word(),
            ":hash": hash,
            ":created_at": key.created_at.millis(),
            ":created_by": key.created_by,
            ":expires_at": key.expires_at.map(Timestamp::millis),
            ":last_used_at": key.last_used_at.map(Timestamp::millis),
            ":grace_from": key.grace_from.map(Timestamp::millis),
            ":usable_until": key.usable_until.map(Timestamp::millis),
            ":disabled_at": key.disabled_at.map(Timestamp::millis),
            ":disabled_by": key.disabled_by,
            ":deleted_at": key.deleted_at.map(Timestamp::millis),
            ":replaces": key.replaces.as_ref().map(KeyId::as_str),
            ":replaced_by": key.replaced_by.as_ref().map(KeyId::as_str),
            ":scopes": scopes_text(key),
            ":labels": labels_text(key)?,
            ":allow_from": networks_text(key),
            ":first_used_at": key.first_used_at.map(Timestamp::millis),
            ":imported": key.imported.then_some(1),
        })
        .map_err(|error| name_taken(error, key))?;
    index_scopes(
        connection,
        connection.last_insert_rowid(),
        &scopes_text(key),
    )
}

/// Writes the columns of a key that can change, and wipes the hash of a deleted one.
pub fn update(connection: &Connection, key: &Key) -> SqliteResult<()> {
    let rows = connection
        .prepare_cached(
            "UPDATE keys SET name = :name, owner = :owner, expires_at = :expires_at, grace_from = :grace_from, \
             usable_until = :usable_until, disabled_at = :disabled_at, disabled_by = :disabled_by, \
             deleted_at = :deleted_at, replaced_by = :replaced_by, \
             hash = CASE WHEN :deleted_at IS NULL THEN hash END WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": key.id.as_str(),
            ":name": key.name,
            ":owner": key.owner,
            ":expires_at": key.expires_at.map(Timestamp::millis),
            ":grace_from": key.grace_from.map(Timestamp::millis),
            ":usable_until": key.usable_until.map(Timestamp::millis),
            ":disabled_at": key.disabled_at.map(Timestamp::millis),
            ":disabled_by": key.disabled_by,
            ":deleted_at": key.deleted_at.map(Timestamp::millis),
            ":replaced_by": key.replaced_by.as_ref().map(KeyId::as_str),
        })
        .map_err(|error| name_taken(error, key))?;
    if rows == 0 {
        return Err(rusqlite::Error::QueryReturnedNoRows.into());
    }
    // In an older store keys are only stopped.
    let schema = Schema::of(connection)?;
    if schema.has_networks() {
        connection
            .prepare_cached(
                "UPDATE keys SET allow_from = ?1 WHERE id = ?2 AND allow_from IS NOT ?1",
            )?
            .execute((networks_text(key), key.id.as_str()))?;
    }
    match schema.has_scopes_in_row() {
        true => update_scopes_and_labels(connection, key),
        false => Ok(()),
    }
}

/// Writes the scopes and labels of a key, if they changed, and its entries in the index of scopes.
fn update_scopes_and_labels(connection: &Connection, key: &Key) -> SqliteResult<()> {
    let mut statement =
        connection.prepare_cached("SELECT seq, scopes, labels FROM keys WHERE id = ?1")?;
    let mut rows = statement.query([key.id.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(());
    };
    let (scopes, labels) = (scopes_text(key), labels_text(key)?);
    let seq: i64 = row::get(row, 0, "row")?;
    let old = row::text(row, 1, "scopes")?;
    if old == scopes && row::text(row, 2, "labels")? == labels {
        return Ok(());
    }
    connection
        .prepare_cached("UPDATE keys SET scopes = ?1, labels = ?2 WHERE seq = ?3")?
        .execute((&scopes, &labels, seq))?;
    unindex_scopes(connection, seq, Some(old))?;
    index_scopes(connection, seq, &scopes)
}

/// Removes the row of a key and its entries in the index of scopes. The row may be damaged.
pub fn purge(connection: &Connection, id: KeyId) -> SqliteResult<()> {
    if !Schema::of(connection)?.has_scopes_in_row() {
        // The tables of scopes and labels have foreign keys that cascade.
        let mut delete = connection.prepare_cached("DELETE FROM keys WHERE id = ?1")?;
        delete.execute([id.as_str()])?;
        return Ok(());
    }
    let mut statement = connection.prepare_cached("SELECT seq, scopes FROM keys WHERE id = ?1")?;
    let mut rows = statement.query([id.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(());
    };
    let seq: i64 = row::get(row, 0, "row")?;
    unindex_scopes(connection, seq, row::text(row, 1, "scopes").ok())?;
    connection
        .prepare_cached("DELETE FROM keys WHERE seq = ?1")?
        .execute([seq])?;
    Ok(())
}

/// Makes the index of scopes anew from the rows of the keys.
pub fn rebuild_index_of_scopes(connection: &mut Connection) -> SqliteResult<()> {
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM key_scopes", [])?;
    let mut statement = transaction.prepare("SELECT seq, scopes FROM keys")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // The scopes of a damaged key are not known.
        if let Ok(scopes) = row::text(row, 1, "scopes") {
            index_scopes(&transaction, row::get(row, 0, "row")?, scopes)?;
        }
    }
    drop(rows);
    drop(statement);
    Ok(transaction.commit()?)
}

/// Returns the value of the column `scopes`.
pub fn scopes_text(key: &Key) -> String {
    let names: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    names.join(" ")
}

/// Returns the value of the column `labels`.
pub fn labels_text(key: &Key) -> SqliteResult<String> {
    serde_json::to_string(&key.labels).map_err(|_| SqliteError::Column("labels"))
}

/// Returns the value of the column `allow_from`: NULL for a key without networks.
pub fn networks_text(key: &Key) -> Option<String> {
    (!key.allow_from.is_empty()).then(|| network::join(&key.allow_from))
}

/// Adds the key in row `seq` to the index of scopes. `scopes` is the value of its column.
fn index_scopes(connection: &Connection, seq: i64, scopes: &str) -> SqliteResult<()> {
    // OR IGNORE: the entry may be left from a row that another program removed.
    let sql = "INSERT OR IGNORE INTO key_scopes (scope, key) VALUES (?1, ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    for scope in scopes.split(' ').filter(|scope| !scope.is_empty()) {
        statement.execute((scope, seq))?;
    }
    Ok(())
}

/// Removes the entries of row `seq` for `scopes`, the value of its column, from the index of scopes; all
/// entries of the row if the column cannot be read.
fn unindex_scopes(connection: &Connection, seq: i64, scopes: Option<&str>) -> SqliteResult<()> {
    let Some(scopes) = scopes else {
        // Reads the whole index, but only for a damaged key.
        let mut all = connection.prepare_cached("DELETE FROM key_scopes WHERE key = ?1")?;
        all.execute([seq])?;
        return Ok(());
    };
    let sql = "DELETE FROM key_scopes WHERE scope = ?1 AND key = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    for scope in scopes.split(' ') {
        statement.execute((scope, seq))?;
    }
    Ok(())
}

/// Makes a sentence of the error with which the index of live names refuses a name that is taken.
fn name_taken(error: rusqlite::Error, key: &Key) -> SqliteError {
    let about_name = code(&error) == Some(ErrorCode::ConstraintViolation)
        && error.to_string().contains("keys.name");
    if !about_name {
        return SqliteError::Sqlite(error);
    }
    SqliteError::Final(
        Error::state(format!(
            "the name {} of {} is held by another key",
            quote(&key.name),
            quote(&key.owner)
        ))
        .hint("choose another name"),
    )
}
