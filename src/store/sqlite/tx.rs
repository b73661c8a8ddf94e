//! The contract's `Read` and `Tx`, over one transaction.

use super::base::Subject;
use super::error::{SqliteError, SqliteResult, keeps_changing};
use super::fingerprint::Fingerprint;
use super::schema::Schema;
use super::{actor, nearest, read, retired, write};
use crate::access::Access;
use crate::env::Actor;
use crate::error::Result;
use crate::event::{Event, Flaw, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::{Member, Role};
use crate::scope::{Registry, Scope};
use crate::store::contract::{Known, Read, Tx, Version, Visit, VisitEntry};
use crate::store::filter::{Filter, LogFilter};
use crate::store::retired::Retired;
use crate::store::skipped::Skipped;
use crate::token::Locator;
use crate::when::{Span, Timestamp};
use rusqlite::{Connection, Params};
use std::ops::ControlFlow;

/// One open transaction.
pub struct SqliteTx<'a> {
    connection: &'a Connection,
    subject: Subject<'a>,
    /// Fingerprint of a file that is read without locks, at its open.
    unlocked: Option<Fingerprint>,
    /// Number of times that the store was opened again before.
    reopened: u64,
}

impl<'a> SqliteTx<'a> {
    /// Wraps the transaction that is open on `connection`. Errors name `subject`.
    pub fn new(connection: &'a Connection, subject: impl Into<Subject<'a>>) -> Self {
        Self::view(connection, subject.into(), None, 0)
    }

    /// Wraps a read transaction. With `unlocked`, the file is read without locks, and had this fingerprint
    /// when it was opened. The store was `reopened` this many times before.
    pub fn view(
        connection: &'a Connection,
        subject: Subject<'a>,
        unlocked: Option<Fingerprint>,
        reopened: u64,
    ) -> Self {
        SqliteTx {
            connection,
            subject,
            unlocked,
            reopened,
        }
    }

    /// The connection that the transaction is open on.
    pub fn connection(&self) -> &Connection {
        self.connection
    }

    /// The file that errors name.
    pub fn subject(&self) -> Subject<'_> {
        self.subject
    }

    /// Calls `visit` for each item that `read` finds. Without locks, all items are read first and the file is
    /// compared with its fingerprint: an item that was passed to `visit` cannot be taken back.
    fn visit<T, R>(
        &self,
        visit: &mut dyn FnMut(T) -> Result<ControlFlow<()>>,
        read: impl FnOnce(&mut dyn FnMut(T) -> Result<ControlFlow<()>>) -> SqliteResult<R>,
    ) -> Result<R> {
        let Some(unlocked) = self.unlocked else {
            return self.explain(read(visit));
        };
        let mut all = Vec::new();
        let result = read(&mut |one| {
            all.push(one);
            Ok(ControlFlow::Continue(()))
        });
        if !unlocked.still_holds(self.subject.path) {
            return Err(keeps_changing(self.subject));
        }
        for one in all {
            if visit(one)?.is_break() {
                break;
            }
        }
        self.explain(result)
    }

    fn execute(&self, sql: &str, params: impl Params) -> Result<()> {
        let execute = || -> SqliteResult<()> {
            // Cached: one command may run the statement for thousands of keys.
            self.connection.prepare_cached(sql)?.execute(params)?;
            Ok(())
        };
        self.explain(execute())
    }

    fn explain<T>(&self, result: SqliteResult<T>) -> Result<T> {
        result.map_err(|error| error.about(self.subject))
    }
}

impl Read for SqliteTx<'_> {
    fn version(&self) -> Result<Version> {
        let content = self.explain(read::data_version(self.connection))?;
        Ok(Version::new(self.reopened, content))
    }

    fn get(&self, id: KeyId) -> Result<Option<Key>> {
        self.explain(read::get(self.connection, id))
    }

    fn retired(&self) -> Result<Option<Retired>> {
        retired::read(self.connection, self.subject)
    }

    fn to_verify(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        let schema = self.explain(Schema::of(self.connection))?;
        if schema.is_retired()
            && let Some(retired) = self.retired()?
        {
            return Err(retired.no_verdict());
        }
        self.explain(nearest::find(self.connection, schema, sought))
    }

    fn known(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        let schema = self.explain(Schema::of(self.connection))?;
        self.explain(nearest::find(self.connection, schema, sought))
    }

    fn has_imported(&self) -> Result<bool> {
        self.explain(nearest::has_imported(self.connection))
    }

    fn live_key(&self, owner: &str, name: &str) -> Result<Option<Key>> {
        self.explain(read::live_key(self.connection, owner, name))
    }

    fn live_names(&self, owner: Option<&str>, limit: u64) -> Result<Vec<(String, String)>> {
        self.explain(read::live_names(self.connection, owner, limit))
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<Skipped> {
        self.visit(visit, |visit| read::scan(self.connection, filter, visit))
    }

    fn key_name(&self, id: KeyId) -> Result<Option<String>> {
        self.explain(read::key_name(self.connection, id))
    }

    fn damaged_owner(&self, id: KeyId) -> Result<Option<String>> {
        self.explain(read::damaged_owner(self.connection, id))
    }

    fn policy(&self) -> Result<Policy> {
        self.explain(read::policy(self.connection))
    }

    fn readable_policy(&self) -> Result<(Policy, Vec<String>)> {
        self.explain(read::readable_policy(self.connection))
    }

    fn scopes(&self) -> Result<Registry> {
        self.explain(read::scopes(self.connection))
    }

    fn access(&self, actor: &Actor) -> Result<Access> {
        let appointed = self.is_appointed(&actor.name)?;
        Ok(actor::access(actor, appointed, self.subject.path))
    }

    fn users_of_scope(&self, scope: &str, limit: u64) -> Result<Vec<Key>> {
        self.explain(read::users_of_scope(self.connection, scope, limit))
    }

    fn role(&self, project: &str, user: &str) -> Result<Option<Role>> {
        self.explain(read::role(self.connection, project, user))
    }

    fn members(&self, project: Option<&str>, limit: Option<u64>) -> Result<Vec<Member>> {
        self.explain(read::members(self.connection, project, limit))
    }

    fn projects(&self, limit: u64) -> Result<Vec<String>> {
        self.explain(read::projects(self.connection, limit))
    }

    fn is_appointed(&self, user: &str) -> Result<bool> {
        self.explain(read::is_appointed(self.connection, user))
    }

    fn administrators(&self, limit: Option<u64>) -> Result<Vec<String>> {
        self.explain(read::administrators(self.connection, limit))
    }

    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()> {
        self.visit(visit, |visit| {
            read::scan_log(self.connection, filter, visit)
        })
    }

    fn count_events(&self, id: KeyId) -> Result<u64> {
        self.explain(read::count_events(self.connection, id))
    }

    fn head(&self) -> Result<Head> {
        self.explain(read::head(self.connection))
    }

    fn event_at(&self, seq: i64) -> Result<Option<Head>> {
        self.explain(read::event_at(self.connection, seq))
    }

    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>> {
        self.explain(read::check_log(self.connection, kept))
    }
}

impl Tx for SqliteTx<'_> {
    fn insert(&mut self, key: &Key, hash: &str) -> Result<()> {
        self.explain(write::insert(self.connection, key, hash))
    }

    fn update(&mut self, key: &Key) -> Result<()> {
        self.explain(write::update(self.connection, key))
    }

    fn purge(&mut self, id: KeyId) -> Result<()> {
        self.explain(write::purge(self.connection, id))
    }

    fn append(&mut self, event: &Event) -> Result<()> {
        self.explain(write::append(self.connection, event))
    }

    fn touch(&mut self, id: KeyId, now: Timestamp) -> Result<()> {
        let schema = self.explain(Schema::of(self.connection))?;
        // The right sides have the values from before: a key that an older version has used keeps no first use.
        let first_use = match schema.has_networks() {
            true => ", first_used_at = iif(last_used_at IS NULL, ?1, first_used_at)",
            false => "",
        };
        self.execute(
            &format!(
                "UPDATE keys SET last_used_at = ?1{first_use} \
                 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at <= ?3)"
            ),
            (now.millis(), id.as_str(), now.before(Span::MINUTE).millis()),
        )
    }

    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> Result<bool> {
        let sql = "UPDATE keys SET hash = ?1 WHERE id = ?2 AND hash = ?3";
        let replace = || {
            self.connection
                .prepare_cached(sql)?
                .execute((new, id.as_str(), old))
        };
        self.explain(replace().map(|rows| rows == 1).map_err(SqliteError::from))
    }

    fn set_policy(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        match value {
            Some(value) => self.execute(
                "INSERT OR REPLACE INTO policy (name, value) VALUES (?1, ?2)",
                [name, value],
            ),
            None => self.execute("DELETE FROM policy WHERE name = ?1", [name]),
        }
    }

    fn add_scope(&mut self, name: &str, scope: &Scope) -> Result<()> {
        self.execute(
            "INSERT INTO scopes (name, description) VALUES (?1, ?2) \
             ON CONFLICT (name) DO UPDATE SET description = excluded.description",
            [name, &scope.description],
        )?;
        self.execute("DELETE FROM scope_implies WHERE name = ?1", [name])?;
        for implied in &scope.implies {
            self.execute(
                "INSERT INTO scope_implies (name, implied) VALUES (?1, ?2)",
                [name, implied],
            )?;
        }
        Ok(())
    }

    fn remove_scope(&mut self, name: &str) -> Result<()> {
        self.execute("DELETE FROM scope_implies WHERE name = ?1", [name])?;
        self.execute("DELETE FROM scopes WHERE name = ?1", [name])
    }

    fn set_member(&mut self, member: &Member) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO members (project, user, role) VALUES (?1, ?2, ?3)";
        self.execute(sql, [&member.project, &member.user, member.role.word()])
    }

    fn remove_member(&mut self, project: &str, user: &str) -> Result<()> {
        self.execute(
            "DELETE FROM members WHERE project = ?1 AND user = ?2",
            [project, user],
        )
    }

    fn add_administrator(&mut self, user: &str) -> Result<()> {
        self.execute(
            "INSERT OR IGNORE INTO administrators (name) VALUES (?1)",
            [user],
        )
    }

    fn remove_administrator(&mut self, user: &str) -> Result<()> {
        self.execute("DELETE FROM administrators WHERE name = ?1", [user])
    }
}
