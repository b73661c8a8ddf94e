//! What is read, over a connection that may be inside a transaction or outside one.

use super::error::{Error, Result};
use super::{migrate, query, row};
use crate::access::{Access, ROOT};
use crate::env::Actor;
use crate::event::{Chain, Flaw, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::Member;
use crate::scope::{Registry, Scope};
use crate::store::{Filter, LogFilter, Visit, VisitEntry, VisitHash};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use std::ops::ControlFlow;

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

/// Visits every key and its hash, oldest first.
pub fn scan_hashes(connection: &Connection, visit: &mut VisitHash<'_>) -> Result<()> {
    let sql = format!("SELECT {}, hash FROM keys ORDER BY seq", row::COLUMNS);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let hash = row::get(found, row::WIDTH, "hash")?;
        if visit(row::key(found)?, hash)?.is_break() {
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
        Ok(ControlFlow::Continue(()))
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
    policy
        .cost
        .check_bounds()
        .map_err(|error| Error::Damaged(format!("its policy cannot be right: {error}")))?;
    Ok(policy)
}

/// The scopes that may be given.
pub fn scopes(connection: &Connection) -> Result<Registry> {
    let mut registry = Registry::default();
    let mut statement = connection.prepare("SELECT name, description FROM scopes")?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let scope = Scope {
            description: row::get(found, 1, "scopes")?,
            ..Scope::default()
        };
        registry.add(row::get(found, 0, "scopes")?, scope);
    }
    let mut statement = connection.prepare("SELECT name, implied FROM scope_implies")?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let name: String = row::get(found, 0, "scopes")?;
        registry.imply(&name, row::get(found, 1, "scopes")?);
    }
    Ok(registry)
}

/// The members of `project`, or of all projects: none in a store that is older than projects.
pub fn members(connection: &Connection, project: Option<&str>) -> Result<Vec<Member>> {
    if migrate::version(connection)? < migrate::WITH_PROJECTS {
        return Ok(Vec::new());
    }
    let sql = "SELECT project, user, role FROM members WHERE ?1 IS NULL OR project = ?1 ORDER BY project, user";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([project])?;
    let mut members = Vec::new();
    while let Some(found) = rows.next()? {
        let role: String = row::get(found, 2, "members")?;
        members.push(Member {
            project: row::get(found, 0, "members")?,
            user: row::get(found, 1, "members")?,
            role: role
                .parse()
                .map_err(|_| Error::Damaged("a member's role cannot be read".to_owned()))?,
        });
    }
    Ok(members)
}

/// The administrators that were appointed, by name.
pub fn administrators(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM administrators ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut names = Vec::new();
    while let Some(found) = rows.next()? {
        names.push(row::get(found, 0, "administrators")?);
    }
    Ok(names)
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

/// Visits the events that `filter` lets through, oldest first.
pub fn scan_log(
    connection: &Connection,
    filter: &LogFilter,
    visit: &mut VisitEntry<'_>,
) -> Result<()> {
    let query = query::select_events(filter);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    while let Some(found) = rows.next()? {
        if visit(row::event(found)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The last event's place and hash, as the store keeps them apart from the log.
pub fn head(connection: &Connection) -> Result<Head> {
    let head = connection.query_row("SELECT seq, hash FROM event_head", [], |row| {
        Ok(Head {
            seq: row.get(0)?,
            hash: row.get(1)?,
        })
    });
    match head {
        Ok(head) => Ok(head),
        Err(error) if error.sqlite_error_code().is_some() => Err(Error::Sqlite(error)),
        Err(_) => Err(Error::Damaged(
            "the head of its log cannot be read".to_owned(),
        )),
    }
}

/// Walks the whole log, as it is at one moment, and says where it is not what was written.
pub fn check_log(
    connection: &Connection,
    kept: Option<Head>,
) -> Result<std::result::Result<Head, Flaw>> {
    // One transaction: a line that is added meanwhile must be in both, the log and the head.
    let transaction = connection.unchecked_transaction()?;
    let mut chain = Chain::new(kept);
    let query = query::select_events(&LogFilter::default());
    let mut statement = transaction.prepare(&query.sql)?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let step = match row::event(found) {
            Ok(entry) => chain.step(&entry),
            // No version of this program writes what cannot be read.
            Err(_) => Err(Flaw::Altered(found.get(0)?)),
        };
        if let Err(flaw) = step {
            return Ok(Err(flaw));
        }
    }
    let head = match head(&transaction) {
        Ok(head) => Some(head),
        Err(Error::Damaged(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(chain.finish(head))
}
