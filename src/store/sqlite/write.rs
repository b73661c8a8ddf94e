//! What is written, inside one transaction.

use super::error::{Error, Result};
use super::{Wiped, owner_of, read};
use crate::access::Access;
use crate::env::Actor;
use crate::error::{Error as Told, Result as ToldResult, quote};
use crate::event::{Entry, Event, Link};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::scope::Registry;
use crate::store::{Filter, Read, Tx, Visit};
use crate::when::{Span, Timestamp};
use rusqlite::{Connection, ErrorCode, named_params};
use std::path::Path;

/// One open write transaction.
pub struct SqliteTx<'a> {
    connection: &'a Connection,
    path: &'a Path,
    wiped: Wiped,
}

impl<'a> SqliteTx<'a> {
    /// The transaction that is open on `connection`, to the store at `path`.
    pub fn new(connection: &'a Connection, path: &'a Path) -> Self {
        SqliteTx {
            connection,
            path,
            wiped: Wiped::Nothing,
        }
    }

    /// Whether a hash was taken out of the store.
    pub fn wiped(&self) -> Wiped {
        self.wiped
    }

    fn told<T>(&self, result: Result<T>) -> ToldResult<T> {
        result.map_err(|error| error.about(self.path))
    }
}

impl Read for SqliteTx<'_> {
    fn get(&self, id: KeyId) -> ToldResult<Option<Key>> {
        self.told(read::get(self.connection, id))
    }

    fn credential(&self, id: KeyId) -> ToldResult<Option<(Key, Option<String>)>> {
        self.told(read::credential(self.connection, id))
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> ToldResult<()> {
        self.told(read::scan(self.connection, filter, visit))
    }

    fn policy(&self) -> ToldResult<Policy> {
        self.told(read::policy(self.connection))
    }

    fn scopes(&self) -> ToldResult<Registry> {
        self.told(read::scopes(self.connection))
    }

    fn access(&self, actor: &Actor) -> ToldResult<Access> {
        self.told(read::access(self.connection, actor, owner_of(self.path)))
    }

    fn last_events(&self, id: KeyId, limit: u32) -> ToldResult<Vec<Entry>> {
        self.told(read::last_events(self.connection, id, limit))
    }
}

impl Tx for SqliteTx<'_> {
    fn insert(&mut self, key: &Key, hash: &str) -> ToldResult<()> {
        self.told(insert(self.connection, key, hash))
    }

    fn update(&mut self, key: &Key) -> ToldResult<()> {
        if key.deleted_at.is_some() {
            self.wiped = Wiped::Something;
        }
        self.told(update(self.connection, key))
    }

    fn purge(&mut self, id: KeyId) -> ToldResult<()> {
        self.wiped = Wiped::Something;
        let purged = self
            .connection
            .execute("DELETE FROM keys WHERE id = ?1", [id.as_str()]);
        self.told(purged.map(drop).map_err(Error::from))
    }

    fn append(&mut self, event: &Event) -> ToldResult<()> {
        self.told(append(self.connection, event))
    }

    fn touch(&mut self, id: KeyId, now: Timestamp) -> ToldResult<()> {
        let touched = self.connection.execute(
            "UPDATE keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at <= ?3)",
            (now.millis(), id.as_str(), now.before(Span::MINUTE).millis()),
        );
        self.told(touched.map(drop).map_err(Error::from))
    }

    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> ToldResult<bool> {
        self.wiped = Wiped::Something;
        let replaced = self.connection.execute(
            "UPDATE keys SET hash = ?1 WHERE id = ?2 AND hash = ?3",
            (new, id.as_str(), old),
        );
        self.told(replaced.map(|rows| rows == 1).map_err(Error::from))
    }
}

/// Appends `event` to the log and moves the head to it.
pub fn append(connection: &Connection, event: &Event) -> Result<()> {
    let (last, previous): (i64, Link) =
        connection.query_row("SELECT seq, hash FROM event_head", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let entry = Entry {
        seq: last + 1,
        at: event.at.millis(),
        actor: event.actor.clone(),
        action: event.action.word().to_owned(),
        key_id: event.key_id.map(|id| id.to_string()),
        detail: event.detail_text(),
    };
    let link = entry.link(&previous);
    connection
        .prepare_cached("INSERT INTO events (seq, at, actor, action, key_id, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute((entry.seq, entry.at, &entry.actor, &entry.action, &entry.key_id, &entry.detail, &link[..]))?;
    connection
        .prepare_cached("UPDATE event_head SET seq = ?1, hash = ?2")?
        .execute((entry.seq, &link[..]))?;
    Ok(())
}

fn insert(connection: &Connection, key: &Key, hash: &str) -> Result<()> {
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

fn update(connection: &Connection, key: &Key) -> Result<()> {
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

fn insert_scopes_and_labels(connection: &Connection, seq: i64, key: &Key) -> Result<()> {
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
fn name_taken(error: rusqlite::Error, key: &Key) -> Error {
    let about_name = error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
        && error.to_string().contains("keys.name");
    if !about_name {
        return Error::Sqlite(error);
    }
    Error::Told(
        Told::state(format!(
            "{} already has a live key named {}",
            quote(&key.owner),
            quote(&key.name)
        ))
        .hint("choose another name, or rotate that key"),
    )
}
