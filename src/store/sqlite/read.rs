//! What is read, over a connection that may be inside a transaction or outside one.

use super::error::{Error, Result};
use super::{query, row};
use crate::access::{Access, ROOT};
use crate::env::Actor;
use crate::event::Entry;
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::scope::Registry;
use crate::store::{Filter, Visit};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

/// The key with this ID.
pub fn get(connection: &Connection, id: KeyId) -> Result<Option<Key>> {
    Ok(credential(connection, id)?.map(|(key, _)| key))
}

/// The key with this ID and its hash.
pub fn credential(connection: &Connection, id: KeyId) -> Result<Option<(Key, Option<String>)>> {
    let sql = format!("SELECT {}, hash FROM keys WHERE id = ?1", row::COLUMNS);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([id.as_str()])?;
    match rows.next()? {
        Some(found) => Ok(Some((
            row::key(found)?,
            row::get(found, row::WIDTH, "hash")?,
        ))),
        None => Ok(None),
    }
}

/// Visits what `filter` lets through.
pub fn scan(connection: &Connection, filter: &Filter, visit: &mut Visit<'_>) -> Result<()> {
    let query = query::select(filter);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    while let Some(found) = rows.next()? {
        if visit(row::key(found)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// All that `filter` lets through.
pub fn all(connection: &Connection, filter: &Filter) -> Result<Vec<Key>> {
    let mut found = Vec::new();
    scan(connection, filter, &mut |key| {
        found.push(key);
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The policy that holds.
pub fn policy(connection: &Connection) -> Result<Policy> {
    let mut policy = Policy::default();
    let mut statement = connection.prepare("SELECT name, value FROM policy")?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let (name, value): (String, String) =
            (row::get(found, 0, "policy")?, row::get(found, 1, "policy")?);
        policy
            .set(&name, &value)
            .map_err(|error| Error::Damaged(format!("its policy cannot be read: {error}")))?;
    }
    Ok(policy)
}

/// The scopes that may be given.
pub fn scopes(connection: &Connection) -> Result<Registry> {
    let mut registry = Registry::default();
    let sql = "SELECT name, implied FROM scopes LEFT JOIN scope_implies USING (name)";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let name: String = row::get(found, 0, "scopes")?;
        let implied: Option<String> = row::get(found, 1, "scopes")?;
        match implied {
            Some(implied) => registry.imply(name, implied),
            None => registry.add(name),
        }
    }
    Ok(registry)
}

/// What `actor` may do in a store whose file belongs to the uid `file_owner`.
pub fn access(connection: &Connection, actor: &Actor, file_owner: u32) -> Result<Access> {
    let appointed = connection
        .query_row(
            "SELECT 1 FROM administrators WHERE name = ?1",
            [&actor.name],
            |_| Ok(()),
        )
        .optional()?
        .is_some();
    Ok(Access {
        actor: actor.name.clone(),
        admin: appointed || actor.uid == ROOT || actor.uid == file_owner,
    })
}

/// The last `limit` events of the key, the newest first.
pub fn last_events(connection: &Connection, id: KeyId, limit: u32) -> Result<Vec<Entry>> {
    let sql = "SELECT seq, at, actor, action, key_id, detail FROM events WHERE key_id = ?1 ORDER BY seq DESC LIMIT ?2";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query((id.as_str(), limit))?;
    let mut entries = Vec::new();
    while let Some(found) = rows.next()? {
        entries.push(Entry {
            seq: row::get(found, 0, "seq")?,
            at: row::get(found, 1, "at")?,
            actor: row::get(found, 2, "actor")?,
            action: row::get(found, 3, "action")?,
            key_id: row::get(found, 4, "key_id")?,
            detail: row::get(found, 5, "detail")?,
        });
    }
    Ok(entries)
}
