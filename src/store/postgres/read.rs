//! The contract's `Read`, over one transaction.

use super::error::{Explain, PgResult};
use super::facts::{damaged, policy};
use super::query;
use super::row::{self, column};
use super::statement::Statement;
use super::view::View;
use crate::access::Access;
use crate::env::Actor;
use crate::error::Result;
use crate::event::{Chain, Flaw, Head, Link};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::{Member, Role};
use crate::scope::Registry;
use crate::store::contract::{Known, Read, Version, Visit, VisitEntry};
use crate::store::filter::{Filter, LogFilter};
use crate::store::retired::Retired;
use crate::store::skipped::Skipped;
use crate::token::Locator;
use crate::when::Timestamp;
use std::collections::HashMap;
use std::ops::ControlFlow;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// Number of rows that a scan takes at a time.
const BATCH: usize = 500;

impl View<'_> {
    /// Returns the only column of the only row of a function's answer.
    fn value<T: for<'r> FromSql<'r>>(&self, statement: Statement) -> Result<Option<T>> {
        let rows = self.query(statement)?;
        let value = rows.first().map(|row| column(row, 0)).transpose();
        value.explain(&self.session.server)
    }

    fn one_key(&self, statement: Statement) -> Result<Option<Key>> {
        let rows = self.query(statement)?;
        let key = rows.first().map(row::key).transpose();
        key.map_err(|damage| damage.error())
    }

    /// Calls `visit` for each row of a query, in constant memory. `Break` ends the walk. Between two batches other
    /// statements may run.
    pub fn walk(
        &self,
        mut statement: Statement,
        visit: &mut dyn FnMut(&Row) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        if statement.has_nul() {
            return Ok(());
        }
        let number = self.cursors.get();
        self.cursors.set(number.wrapping_add(1));
        statement.sql = format!(
            "DECLARE keyctl_{number} NO SCROLL CURSOR FOR {}",
            statement.sql
        );
        self.query(statement)?;
        let fetch = format!("FETCH {BATCH} FROM keyctl_{number}");
        loop {
            let rows = self.query(Statement::new(fetch.clone()))?;
            for row in &rows {
                if visit(row)?.is_break() {
                    return self.close(number);
                }
            }
            if rows.len() < BATCH {
                return self.close(number);
            }
        }
    }

    fn close(&self, number: u32) -> Result<()> {
        self.query(Statement::new(format!("CLOSE keyctl_{number}")))
            .map(drop)
    }

    /// Returns the rights of the session's user.
    pub fn access_of_session(&self) -> Result<Access> {
        let facts = self.facts()?;
        Ok(Access {
            actor: facts.actor,
            admin: facts.is_admin,
        })
    }

    fn damaged(&self, description: &str) -> crate::error::Error {
        damaged(&self.session.server, description)
    }

    fn head_of(&self, row: &Row) -> Result<Head> {
        let hash: &[u8] = column(row, 1).explain(&self.session.server)?;
        Ok(Head {
            seq: column(row, 0).explain(&self.session.server)?,
            hash: Link::try_from(hash)
                .map_err(|_| self.damaged("a hash of its log cannot be read"))?,
        })
    }
}

impl Read for View<'_> {
    fn version(&self) -> Result<Version> {
        let head = self.facts()?.head;
        // Two logs of the same length differ in their hashes.
        let hash = head
            .hash
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Ok(Version::new(hash, head.seq))
    }

    fn clock(&self) -> Result<Option<Timestamp>> {
        Ok(Some(self.facts()?.clock))
    }

    fn get(&self, id: KeyId) -> Result<Option<Key>> {
        let sql = format!("SELECT {} FROM keyctl.keys WHERE id = $1", row::COLUMNS);
        self.one_key(Statement::new(sql).with(id.as_str()))
    }

    fn retired(&self) -> Result<Option<Retired>> {
        Ok(self.facts()?.retired)
    }

    fn to_verify(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        // In this order, since the first query goes together with the facts.
        let known = self.known(sought)?;
        match self.facts()?.retired {
            Some(retired) => Err(retired.no_verdict()),
            None => Ok(known),
        }
    }

    fn known(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        if sought.is_empty() {
            return Ok(Vec::new());
        }
        let (mut ids, mut digests) = (Vec::new(), Vec::new());
        for locator in sought {
            match locator {
                Locator::Id(id) => ids.push(id.to_string()),
                Locator::Digest(digest) => digests.push(digest.phc()),
            }
        }
        let sql = format!(
            "SELECT {}, hash FROM keyctl.to_verify($1, $2)",
            row::COLUMNS
        );
        let rows = self.query(Statement::new(sql).with(ids).with(digests))?;
        let (mut by_id, mut by_digest) = (HashMap::new(), HashMap::new());
        for row in &rows {
            let known = Known {
                key: row::key(row).map_err(|damage| damage.error())?,
                hash: column(row, row::HASH).explain(&self.session.server)?,
            };
            match &known.hash {
                Some(hash) if known.key.imported => {
                    drop(by_digest.insert(hash.clone(), known.clone()))
                }
                _ => {}
            }
            by_id.insert(known.key.id, known);
        }
        let found = sought.iter().map(|locator| match locator {
            Locator::Id(id) => by_id.get(id).cloned(),
            Locator::Digest(digest) => by_digest.get(&digest.phc()).cloned(),
        });
        Ok(found.collect())
    }

    fn may_renew_hashes(&self) -> Result<bool> {
        Ok(self.facts()?.is_admin)
    }

    fn has_imported(&self) -> Result<bool> {
        Ok(self.facts()?.settings.has_imported)
    }

    fn live_key(&self, owner: &str, name: &str) -> Result<Option<Key>> {
        self.one_key(query::live_key(owner, name))
    }

    fn live_names(&self, owner: Option<&str>, limit: u64) -> Result<Vec<(String, String)>> {
        let rows = self.query(query::live_names(owner, limit))?;
        let names = rows
            .iter()
            .map(|row| Ok((column(row, 0)?, column(row, 1)?)));
        names.collect::<PgResult<_>>().explain(&self.session.server)
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<Skipped> {
        let mut skipped = Skipped::default();
        let mut visits = 0;
        self.walk(query::select(filter), &mut |row| {
            if filter.limit.is_some_and(|limit| visits >= limit) {
                return Ok(ControlFlow::Break(()));
            }
            if !may_have_part(row, filter) {
                return Ok(ControlFlow::Continue(()));
            }
            visits += 1;
            match row::key(row) {
                Ok(key) => visit(key),
                Err(damage) => {
                    skipped.add(damage.id, || damage.error());
                    Ok(ControlFlow::Continue(()))
                }
            }
        })?;
        Ok(skipped)
    }

    fn key_name(&self, id: KeyId) -> Result<Option<String>> {
        self.value(Statement::new("SELECT name FROM keyctl.keys WHERE id = $1").with(id.as_str()))
    }

    fn damaged_owner(&self, id: KeyId) -> Result<Option<String>> {
        self.value(Statement::new("SELECT owner FROM keyctl.keys WHERE id = $1").with(id.as_str()))
    }

    fn policy(&self) -> Result<Policy> {
        policy(&self.facts()?.settings, &self.session.server)
    }

    fn readable_policy(&self) -> Result<(Policy, Vec<String>)> {
        Ok(self.facts()?.settings.readable_policy())
    }

    fn scopes(&self) -> Result<Registry> {
        Ok(self.facts()?.settings.scopes.clone())
    }

    fn access(&self, _: &Actor) -> Result<Access> {
        self.access_of_session()
    }

    fn users_of_scope(&self, scope: &str, limit: u64) -> Result<Vec<Key>> {
        let rows = self.query(query::users_of_scope(scope, limit))?;
        let keys = rows
            .iter()
            .map(|row| row::key(row).map_err(|damage| damage.error()));
        keys.collect()
    }

    fn role(&self, project: &str, user: &str) -> Result<Option<Role>> {
        let sql = "SELECT keyctl.role_of($1, $2)";
        let role = self.value::<Option<String>>(Statement::new(sql).with(project).with(user))?;
        let role = role.flatten().map(|role| role.parse());
        role.transpose()
            .map_err(|_| self.damaged("a member's role cannot be read"))
    }

    fn has_members(&self, project: &str) -> Result<bool> {
        let statement = Statement::new("SELECT keyctl.has_members($1)").with(project);
        Ok(self.value(statement)?.unwrap_or_default())
    }

    fn members(&self, project: Option<&str>, limit: Option<u64>) -> Result<Vec<Member>> {
        let rows = self.query(query::members(project, limit))?;
        let members = rows.iter().map(|row| {
            let role: String = column(row, 2).explain(&self.session.server)?;
            Ok(Member {
                project: column(row, 0).explain(&self.session.server)?,
                user: column(row, 1).explain(&self.session.server)?,
                role: role
                    .parse()
                    .map_err(|_| self.damaged("a member's role cannot be read"))?,
            })
        });
        members.collect()
    }

    fn projects(&self, limit: u64) -> Result<Vec<String>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT DISTINCT project FROM keyctl.members ORDER BY project LIMIT $1";
        self.texts(Statement::new(sql).with(limit))
    }

    fn is_appointed(&self, user: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT FROM keyctl.admins() a WHERE a = $1 COLLATE \"C\")";
        Ok(self
            .value(Statement::new(sql).with(user))?
            .unwrap_or_default())
    }

    fn has_user(&self, name: &str) -> Result<Option<bool>> {
        let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)";
        self.value(Statement::new(sql).with(name))
    }

    fn administrators(&self, limit: Option<u64>) -> Result<Vec<String>> {
        let limit = limit.and_then(|limit| i64::try_from(limit).ok());
        let sql = "SELECT a FROM keyctl.admins() a ORDER BY a COLLATE \"C\" LIMIT $1";
        self.texts(Statement::new(sql).with(limit))
    }

    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()> {
        let mut unreadable = None;
        self.walk(
            query::select_events(filter),
            &mut |row| match row::event(row) {
                Some(entry) => visit(entry),
                None => {
                    let line = column::<i64>(row, 0)
                        .map_or_else(|_| "a line".to_owned(), |seq| format!("line {seq}"));
                    let error = || self.damaged(&format!("{line} of its log cannot be read"));
                    unreadable.get_or_insert_with(error);
                    Ok(ControlFlow::Continue(()))
                }
            },
        )?;
        unreadable.map_or(Ok(()), Err)
    }

    fn has_reuse(&self, id: KeyId, at: Timestamp) -> Result<bool> {
        let statement = Statement::new("SELECT keyctl.has_reuse($1, $2)");
        let noted = self.value(statement.with(id.as_str()).with(at.millis()))?;
        Ok(noted.unwrap_or_default())
    }

    fn count_events(&self, id: KeyId) -> Result<u64> {
        let sql = "SELECT count(*) FROM keyctl.events WHERE key_id = $1";
        let count: Option<i64> = self.value(Statement::new(sql).with(id.as_str()))?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    fn head(&self) -> Result<Head> {
        let rows = self.query(Statement::new("SELECT seq, hash FROM keyctl.event_head"))?;
        match rows.first() {
            Some(row) => self.head_of(row),
            None => Err(self.damaged("the head of its log is gone")),
        }
    }

    fn event_at(&self, seq: i64) -> Result<Option<Head>> {
        let sql = "SELECT seq, hash FROM keyctl.events WHERE seq <= $1 ORDER BY seq DESC LIMIT 1";
        let rows = self.query(Statement::new(sql).with(seq))?;
        rows.first().map(|row| self.head_of(row)).transpose()
    }

    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>> {
        let mut chain = Chain::new(kept);
        let mut flaw = None;
        self.walk(query::select_events(&LogFilter::default()), &mut |row| {
            let step = match row::event(row) {
                Some(entry) => chain.step(&entry),
                // keyctl writes only events that it can read.
                None => Err(Flaw::Altered(column(row, 0).explain(&self.session.server)?)),
            };
            Ok(match step {
                Ok(()) => ControlFlow::Continue(()),
                Err(first) => {
                    flaw = Some(first);
                    ControlFlow::Break(())
                }
            })
        })?;
        if let Some(flaw) = flaw {
            return Ok(Err(flaw));
        }
        let rows = self.query(Statement::new("SELECT seq, hash FROM keyctl.event_head"))?;
        let head = rows.first().map(|row| self.head_of(row)).transpose()?;
        Ok(chain.finish(head))
    }
}

impl View<'_> {
    fn texts(&self, statement: Statement) -> Result<Vec<String>> {
        let rows = self.query(statement)?;
        let texts = rows.iter().map(|row| column(row, 0));
        texts.collect::<PgResult<_>>().explain(&self.session.server)
    }
}

/// Tells whether the name in `row` has the part that `filter` asks for. True for a name that cannot be read, so that
/// the damaged row is counted.
fn may_have_part(row: &Row, filter: &Filter) -> bool {
    let Some(part) = &filter.name_part else {
        return true;
    };
    row.try_get(1).map_or(true, |name| part.is_in(name))
}
