//! Content of a copy that fills a new schema.

use super::error::Explain;
use super::session::Session;
use super::statement::{Param, Statement};
use super::tx::{self, network_texts};
use crate::error::Result;
use crate::event::{Entry, Head};
use crate::key::Key;
use crate::store::transfer::Item;
use crate::when::Timestamp;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use std::mem::take;

/// Number of rows that are sent together.
const BATCH: usize = 1000;

/// Prepares the new schema: no trigger asks for an event of each row, and indexes are made when all rows are there.
const PREPARE: &str = "
ALTER TABLE keyctl.keys DISABLE TRIGGER USER;
ALTER TABLE keyctl.policy DISABLE TRIGGER USER;
ALTER TABLE keyctl.scopes DISABLE TRIGGER USER;
ALTER TABLE keyctl.scope_implies DISABLE TRIGGER USER;
ALTER TABLE keyctl.members DISABLE TRIGGER USER;
ALTER TABLE keyctl.administrators DISABLE TRIGGER USER;
ALTER TABLE keyctl.events DISABLE TRIGGER USER;
DELETE FROM keyctl.scope_implies;
DELETE FROM keyctl.scopes;
DELETE FROM keyctl.event_head";

/// Ends what [`PREPARE`] began.
const FINISH: &str = "
ALTER TABLE keyctl.keys ENABLE TRIGGER USER;
ALTER TABLE keyctl.policy ENABLE TRIGGER USER;
ALTER TABLE keyctl.scopes ENABLE TRIGGER USER;
ALTER TABLE keyctl.scope_implies ENABLE TRIGGER USER;
ALTER TABLE keyctl.members ENABLE TRIGGER USER;
ALTER TABLE keyctl.administrators ENABLE TRIGGER USER;
ALTER TABLE keyctl.events ENABLE TRIGGER USER;
ANALYZE keyctl.keys;
ANALYZE keyctl.events";

/// Indexes that belong to no constraint, with the statements that make them.
const INDEXES: &str =
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index i
    WHERE indrelid IN ('keyctl.keys'::regclass, 'keyctl.events'::regclass)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid)";

const KEYS: &str = "
INSERT INTO keyctl.keys (seq, id, name, owner, kind, hash, created_at, created_by, expires_at, first_used_at, last_used_at,
    grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, imported)
SELECT seq, id, name, owner, kind, hash, created_at, created_by, expires_at, first_used_at, last_used_at,
    grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, imported
FROM json_to_recordset($1::json) AS r (seq bigint, id text, name text, owner text, kind text, hash text, created_at bigint,
    created_by text, expires_at bigint, first_used_at bigint, last_used_at bigint, grace_from bigint, usable_until bigint,
    disabled_at bigint, disabled_by text, deleted_at bigint, replaces text, replaced_by text, scopes text[], labels text,
    allow_from text[], imported boolean)";

const EVENTS: &str = "
INSERT INTO keyctl.events (seq, at, actor, action, key_id, detail, hash)
SELECT seq, at, actor, action, key_id, detail, decode(hash, 'hex')
FROM json_to_recordset($1::json) AS r (seq bigint, at bigint, actor text, action text, key_id text, detail text, hash text)";

/// New schema that is being filled, by its owner.
pub struct Receiver<'a> {
    session: &'a Session,
    indexes: Vec<String>,
    keys: Vec<Value>,
    events: Vec<Value>,
    /// Number of keys so far.
    pub count: i64,
    /// Users who are to be administrators.
    pub administrators: Vec<String>,
}

impl<'a> Receiver<'a> {
    /// Prepares the schema, which is new.
    pub fn new(session: &'a Session) -> Result<Self> {
        let server = &session.server;
        let run = |sql: &str| session.link.run_script(sql, session.patience);
        run(PREPARE).explain(server)?;
        let mut indexes = Vec::new();
        for row in session.query(Statement::new(INDEXES)).explain(server)? {
            let name: String = super::row::column(&row, 0).explain(server)?;
            run(&format!("DROP INDEX {name}")).explain(server)?;
            indexes.push(super::row::column(&row, 1).explain(server)?);
        }
        Ok(Receiver {
            session,
            indexes,
            keys: Vec::new(),
            events: Vec::new(),
            count: 0,
            administrators: Vec::new(),
        })
    }

    /// Takes a part of the content.
    pub fn take(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Scopes(registry) => {
                // First without implications: a scope implies only a registered one.
                for (name, scope) in registry.all() {
                    let sql = "INSERT INTO keyctl.scopes (name, description) VALUES ($1, $2)";
                    self.run(Statement::new(sql).with(name).with(&scope.description))?;
                }
                for (name, scope) in registry.all() {
                    let sql = "INSERT INTO keyctl.scope_implies (name, implied) SELECT $1, i FROM unnest($2) i";
                    let implied: Vec<String> = scope.implies.iter().cloned().collect();
                    self.run(Statement::new(sql).with(name).with(implied))?;
                }
                Ok(())
            }
            Item::Setting(name, value) => {
                let sql = "INSERT INTO keyctl.policy (name, value) VALUES ($1, $2)";
                self.run(Statement::new(sql).with(name).with(value))
            }
            Item::Member(member) => {
                let sql =
                    "INSERT INTO keyctl.members (project, \"user\", role) VALUES ($1, $2, $3)";
                let statement = Statement::new(sql).with(member.project).with(member.user);
                self.run(statement.with(member.role.word()))
            }
            Item::Administrator(name) => {
                self.administrators.push(name);
                Ok(())
            }
            Item::Key(seq, key, hash) => {
                self.count += 1;
                self.keys.push(key_row(seq, &key, hash)?);
                match self.keys.len() < BATCH {
                    true => Ok(()),
                    false => self.flush(),
                }
            }
            Item::Event(entry) => {
                self.events.push(event_row(entry));
                match self.events.len() < BATCH {
                    true => Ok(()),
                    false => self.flush(),
                }
            }
            Item::Head(Head { seq, hash }) => {
                let sql = "INSERT INTO keyctl.event_head (seq, hash) VALUES ($1, $2)";
                let hash = Param::Bytes(Some(hash.to_vec()));
                self.run(Statement::new(sql).with(seq).with(hash))
            }
        }
    }

    /// Ends the schema: sends the last rows, makes the indexes, and lets the triggers watch again.
    pub fn finish(&mut self) -> Result<()> {
        self.flush()?;
        let last = "SELECT setval(pg_get_serial_sequence('keyctl.keys', 'seq'), max(seq)) FROM keyctl.keys HAVING max(seq) > 0";
        self.run(Statement::new(last))?;
        let session = self.session;
        let mut steps = self.indexes.iter().map(String::as_str).chain([FINISH]);
        steps
            .try_for_each(|sql| session.link.run_script(sql, session.patience))
            .explain(&session.server)
    }

    fn flush(&mut self) -> Result<()> {
        for (sql, rows) in [
            (KEYS, take(&mut self.keys)),
            (EVENTS, take(&mut self.events)),
        ] {
            if !rows.is_empty() {
                self.run(Statement::new(sql).with(Value::from(rows).to_string()))?;
            }
        }
        Ok(())
    }

    fn run(&self, statement: Statement) -> Result<()> {
        let done = self.session.query(statement);
        done.map(drop).explain(&self.session.server)
    }
}

fn key_row(seq: i64, key: &Key, hash: Option<String>) -> Result<Value> {
    let millis = |time: Option<Timestamp>| time.map(Timestamp::millis);
    Ok(json!({
        "seq": seq,
        "id": key.id.as_str(),
        "name": key.name,
        "owner": key.owner,
        "kind": key.kind.word(),
        "hash": hash,
        "created_at": key.created_at.millis(),
        "created_by": key.created_by,
        "expires_at": millis(key.expires_at),
        "first_used_at": millis(key.first_used_at),
        "last_used_at": millis(key.last_used_at),
        "grace_from": millis(key.grace_from),
        "usable_until": millis(key.usable_until),
        "disabled_at": millis(key.disabled_at),
        "disabled_by": key.disabled_by,
        "deleted_at": millis(key.deleted_at),
        "replaces": key.replaces.as_ref().map(|id| id.as_str()),
        "replaced_by": key.replaced_by.as_ref().map(|id| id.as_str()),
        "scopes": key.scopes,
        "labels": tx::labels_text(key)?,
        "allow_from": network_texts(key),
        "imported": key.imported,
    }))
}

fn event_row(entry: Entry) -> Value {
    json!({
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "key_id": entry.key_id,
        "detail": entry.detail,
        "hash": HEXLOWER.encode(&entry.hash),
    })
}
