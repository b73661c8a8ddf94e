//! What is written, inside one transaction.

use super::error::{Error, Result, code};
use super::subject::Subject;
use super::{damage, nearest, read};
use crate::access::Access;
use crate::env::Actor;
use crate::error::{Error as Told, Result as ToldResult, quote};
use crate::event::{Entry, Event, Flaw, GENESIS, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::{Member, Role};
use crate::scope::{Registry, Scope};
use crate::store::contract::{Known, Read, Tx, Visit, VisitEntry};
use crate::store::damage::{Damage, Skipped};
use crate::store::filter::{Filter, LogFilter};
use crate::when::{Span, Timestamp};
use rusqlite::{Connection, ErrorCode, Params, named_params};

/// One open write transaction.
pub struct SqliteTx<'a> {
    connection: &'a Connection,
    subject: Subject<'a>,
}

impl<'a> SqliteTx<'a> {
    /// The transaction that is open on `connection`, to the store `subject`.
    pub fn new(connection: &'a Connection, subject: impl Into<Subject<'a>>) -> Self {
        SqliteTx {
            connection,
            subject: subject.into(),
        }
    }

    fn execute(&self, sql: &str, params: impl Params) -> ToldResult<()> {
        let execute = || -> Result<()> {
            // One command may do the same to thousands of keys.
            self.connection.prepare_cached(sql)?.execute(params)?;
            Ok(())
        };
        self.told(execute())
    }

    fn told<T>(&self, result: Result<T>) -> ToldResult<T> {
        result.map_err(|error| error.about(self.subject))
    }
}

impl Read for SqliteTx<'_> {
    fn get(&self, id: KeyId) -> ToldResult<Option<Key>> {
        self.told(read::get(self.connection, id))
    }

    fn to_verify(&self, ids: &[KeyId]) -> ToldResult<Vec<Option<Known>>> {
        self.told(nearest::to_verify(self.connection, ids))
    }

    fn live_key(&self, owner: &str, name: &str) -> ToldResult<Option<Key>> {
        self.told(read::live_key(self.connection, owner, name))
    }

    fn live_names(&self, owner: Option<&str>, limit: u64) -> ToldResult<Vec<(String, String)>> {
        self.told(read::live_names(self.connection, owner, limit))
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> ToldResult<Skipped> {
        self.told(read::scan(self.connection, filter, visit))
    }

    fn damaged_owner(&self, id: KeyId) -> ToldResult<Option<String>> {
        self.told(read::damaged_owner(self.connection, id))
    }

    fn policy(&self) -> ToldResult<Policy> {
        self.told(read::policy(self.connection))
    }

    fn readable_policy(&self) -> ToldResult<(Policy, Vec<String>)> {
        self.told(read::readable_policy(self.connection))
    }

    fn scopes(&self) -> ToldResult<Registry> {
        self.told(read::scopes(self.connection))
    }

    fn access(&self, actor: &Actor) -> ToldResult<Access> {
        self.told(read::access(self.connection, actor, self.subject.path))
    }

    fn users_of_scope(&self, scope: &str, limit: u64) -> ToldResult<Vec<Key>> {
        self.told(read::users_of_scope(self.connection, scope, limit))
    }

    fn role(&self, project: &str, user: &str) -> ToldResult<Option<Role>> {
        self.told(read::role(self.connection, project, user))
    }

    fn members(&self, project: Option<&str>, limit: Option<u64>) -> ToldResult<Vec<Member>> {
        self.told(read::members(self.connection, project, limit))
    }

    fn projects(&self, limit: u64) -> ToldResult<Vec<String>> {
        self.told(read::projects(self.connection, limit))
    }

    fn is_appointed(&self, user: &str) -> ToldResult<bool> {
        self.told(read::is_appointed(self.connection, user))
    }

    fn administrators(&self, limit: Option<u64>) -> ToldResult<Vec<String>> {
        self.told(read::administrators(self.connection, limit))
    }

    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> ToldResult<()> {
        self.told(read::scan_log(self.connection, filter, visit))
    }

    fn head(&self) -> ToldResult<Head> {
        self.told(read::head(self.connection))
    }

    fn event_at(&self, seq: i64) -> ToldResult<Option<Head>> {
        self.told(read::event_at(self.connection, seq))
    }

    fn check_log(&self, kept: Option<Head>) -> ToldResult<std::result::Result<Head, Flaw>> {
        self.told(read::check_log(self.connection, kept))
    }

    fn damage(&self) -> ToldResult<Vec<Damage>> {
        self.told(damage::find(self.connection))
    }
}

impl Tx for SqliteTx<'_> {
    fn insert(&mut self, key: &Key, hash: &str) -> ToldResult<()> {
        self.told(insert(self.connection, key, hash))
    }

    fn update(&mut self, key: &Key) -> ToldResult<()> {
        self.told(update(self.connection, key))
    }

    fn purge(&mut self, id: KeyId) -> ToldResult<()> {
        self.execute("DELETE FROM keys WHERE id = ?1", [id.as_str()])
    }

    fn append(&mut self, event: &Event) -> ToldResult<()> {
        self.told(append(self.connection, event))
    }

    fn touch(&mut self, id: KeyId, now: Timestamp) -> ToldResult<()> {
        self.execute(
            "UPDATE keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at <= ?3)",
            (now.millis(), id.as_str(), now.before(Span::MINUTE).millis()),
        )
    }

    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> ToldResult<bool> {
        let sql = "UPDATE keys SET hash = ?1 WHERE id = ?2 AND hash = ?3";
        let replace = || {
            self.connection
                .prepare_cached(sql)?
                .execute((new, id.as_str(), old))
        };
        self.told(replace().map(|rows| rows == 1).map_err(Error::from))
    }

    fn set_policy(&mut self, name: &str, value: Option<&str>) -> ToldResult<()> {
        match value {
            Some(value) => self.execute(
                "INSERT OR REPLACE INTO policy (name, value) VALUES (?1, ?2)",
                [name, value],
            ),
            None => self.execute("DELETE FROM policy WHERE name = ?1", [name]),
        }
    }

    fn add_scope(&mut self, name: &str, scope: &Scope) -> ToldResult<()> {
        let sql = "INSERT INTO scopes (name, description) VALUES (?1, ?2)";
        self.execute(sql, [name, &scope.description])?;
        for implied in &scope.implies {
            self.execute(
                "INSERT INTO scope_implies (name, implied) VALUES (?1, ?2)",
                [name, implied],
            )?;
        }
        Ok(())
    }

    fn remove_scope(&mut self, name: &str) -> ToldResult<()> {
        self.execute("DELETE FROM scope_implies WHERE name = ?1", [name])?;
        self.execute("DELETE FROM scopes WHERE name = ?1", [name])
    }

    fn set_member(&mut self, member: &Member) -> ToldResult<()> {
        let sql = "INSERT OR REPLACE INTO members (project, user, role) VALUES (?1, ?2, ?3)";
        self.execute(sql, [&member.project, &member.user, member.role.word()])
    }

    fn remove_member(&mut self, project: &str, user: &str) -> ToldResult<()> {
        self.execute(
            "DELETE FROM members WHERE project = ?1 AND user = ?2",
            [project, user],
        )
    }

    fn add_administrator(&mut self, user: &str) -> ToldResult<()> {
        self.execute(
            "INSERT OR IGNORE INTO administrators (name) VALUES (?1)",
            [user],
        )
    }

    fn remove_administrator(&mut self, user: &str) -> ToldResult<()> {
        self.execute("DELETE FROM administrators WHERE name = ?1", [user])
    }
}

/// Appends `event` to the log and moves the head to it.
pub fn append(connection: &Connection, event: &Event) -> Result<()> {
    let last = read::head(connection)?;
    let mut entry = Entry {
        seq: last
            .seq
            .checked_add(1)
            .ok_or_else(|| Error::Damaged("the head of its log cannot be right".to_owned()))?,
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
    let about_name = code(&error) == Some(ErrorCode::ConstraintViolation)
        && error.to_string().contains("keys.name");
    if !about_name {
        return Error::Sqlite(error);
    }
    Error::Told(
        Told::state(format!(
            "the name {} of {} is held by another key",
            quote(&key.name),
            quote(&key.owner)
        ))
        .hint("choose another name"),
    )
}
