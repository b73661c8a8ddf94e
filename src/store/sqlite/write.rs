//! Writes of a transaction.

use super::error::{SqliteError, SqliteResult, code};
use super::read;
use crate::error::{Error, quote};
use crate::event::{Entry, Event, GENESIS};
use crate::id::KeyId;
use crate::key::Key;
use crate::when::Timestamp;
use rusqlite::{Connection, ErrorCode, named_params};

/// Appends `event` to the log and moves the head to it.
pub fn append(connection: &Connection, event: &Event) -> SqliteResult<()> {
    let last = read::head(connection)?;
    let mut entry = Entry {
        seq: last.seq.checked_add(1).ok_or_else(|| {
            SqliteError::Damaged("the head of its log cannot be right".to_owned())
        })?,
        at: event.at.millis(),
        actor: event.actor.clone(),
        action: event.action.word().to_owned(),
        key_id: event.key_id.map(|id| id.to_string()),
        detail: event.detail_text(),
        hash: GENESIS,
    };
    entry.hash = entry.link(&last.hash);
    connection
        .prepare_cached("INSERT INTO events (seq, at, actor, action, key_id, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute((entry.seq, entry.at, &entry.actor, &entry.action, &entry.key_id, &entry.detail, &entry.hash[..]))?;
    connection
        .prepare_cached("UPDATE event_head SET seq = ?1, hash = ?2")?
        .execute((entry.seq, &entry.hash[..]))?;
    Ok(())
}

/// Adds a key with the PHC string of its secret.
pub fn insert(connection: &Connection, key: &Key, hash: &str) -> SqliteResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, last_used_at, \
             grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by) \
             VALUES (:id, :name, :owner, :kind, :hash, :created_at, :created_by, :expires_at, :last_used_at, \
             :grace_from, :usable_until, :disabled_at, :disabled_by, :deleted_at, :replaces, :replaced_by)",
        )?
        .execute(named_params! {
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
        })
        .map_err(|error| name_taken(error, key))?;
    insert_scopes_and_labels(connection, connection.last_insert_rowid(), key)
}

/// Writes what changed in a key; wipes the hash of a deleted one.
pub fn update(connection: &Connection, key: &Key) -> SqliteResult<()> {
    connection
        .prepare_cached(
            "UPDATE keys SET name = :name, expires_at = :expires_at, grace_from = :grace_from, \
             usable_until = :usable_until, disabled_at = :disabled_at, disabled_by = :disabled_by, \
             deleted_at = :deleted_at, replaced_by = :replaced_by, \
             hash = CASE WHEN :deleted_at IS NULL THEN hash END WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": key.id.as_str(),
            ":name": key.name,
            ":expires_at": key.expires_at.map(Timestamp::millis),
            ":grace_from": key.grace_from.map(Timestamp::millis),
            ":usable_until": key.usable_until.map(Timestamp::millis),
            ":disabled_at": key.disabled_at.map(Timestamp::millis),
            ":disabled_by": key.disabled_by,
            ":deleted_at": key.deleted_at.map(Timestamp::millis),
            ":replaced_by": key.replaced_by.as_ref().map(KeyId::as_str),
        })
        .map_err(|error| name_taken(error, key))?;
    let seq: i64 = connection
        .prepare_cached("SELECT seq FROM keys WHERE id = ?1")?
        .query_row([key.id.as_str()], |row| row.get(0))?;
    connection
        .prepare_cached("DELETE FROM key_scopes WHERE key = ?1")?
        .execute([seq])?;
    connection
        .prepare_cached("DELETE FROM key_labels WHERE key = ?1")?
        .execute([seq])?;
    insert_scopes_and_labels(connection, seq, key)
}

fn insert_scopes_and_labels(connection: &Connection, seq: i64, key: &Key) -> SqliteResult<()> {
    for scope in &key.scopes {
        connection
            .prepare_cached("INSERT INTO key_scopes (key, scope) VALUES (?1, ?2)")?
            .execute((seq, scope))?;
    }
    for (label, value) in &key.labels {
        connection
            .prepare_cached("INSERT INTO key_labels (key, label, value) VALUES (?1, ?2, ?3)")?
            .execute((seq, label, value))?;
    }
    Ok(())
}

/// A live key's name is unique for its owner; the index sees to it, this tells of it.
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
