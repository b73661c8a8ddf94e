//! The reads of a transaction, as functions of its connection.

use super::error::{SqliteError, SqliteResult, code, index_mismatch};
use super::query::{self, SearchIndex};
use super::row::{self, skip_damaged};
use super::schema::Schema;
use crate::event::{Chain, Flaw, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::{Policy, SETTINGS};
use crate::project::{Member, Role};
use crate::scope::{Registry, Scope};
use crate::store::contract::{Visit, VisitEntry};
use crate::store::examined::VisitHash;
use crate::store::filter::{Filter, LogFilter};
use crate::store::skipped::Skipped;
use rusqlite::{Connection, Row, params_from_iter};
use std::collections::BTreeSet;

/// Returns the key with this ID.
pub fn get(connection: &Connection, id: KeyId) -> SqliteResult<Option<Key>> {
    // Reads the row by its number. With `WHERE id = ?` SQLite would return the ID of the index entry,
    // and a corrupted index could not be noticed.
    let sql = format!(
        "SELECT {} FROM keys WHERE seq = (SELECT seq FROM keys WHERE id = ?1)",
        row::columns(Schema::of(connection)?)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_str()])?;
    match rows.next()?.map(row::key).transpose()? {
        Some(key) if key.id != id => Err(index_mismatch()),
        found => Ok(found),
    }
}

/// Returns the live key of `owner` with this name, found by the unique index of live names.
pub fn live_key(connection: &Connection, owner: &str, name: &str) -> SqliteResult<Option<Key>> {
    let mut statement = connection.prepare_cached(&query::live_key(Schema::of(connection)?))?;
    let mut rows = statement.query([owner, name])?;
    match rows.next()?.map(row::key).transpose()? {
        Some(key) if key.owner != owner || key.name != name || !key.is_live() => {
            Err(index_mismatch())
        }
        found => Ok(found),
    }
}

/// Returns owner and name of the first live keys of `owner`, or of all users, read from the index alone.
pub fn live_names(
    connection: &Connection,
    owner: Option<&str>,
    limit: u64,
) -> SqliteResult<Vec<(String, String)>> {
    let query = query::live_names(owner, limit);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        // A name that cannot be read is like no name that a user typed.
        if let (Ok(owner), Ok(name)) = (row::get(row, 0, "owner"), row::get(row, 1, "name")) {
            names.push((owner, name));
        }
    }
    Ok(names)
}

/// Returns a number that changes when another connection commits a change to the file.
pub fn data_version(connection: &Connection) -> SqliteResult<i64> {
    let mut statement = connection.prepare_cached("PRAGMA data_version")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Visits the keys that match `filter`, and returns the damaged ones among them.
pub fn scan(
    connection: &Connection,
    filter: &Filter,
    visit: &mut Visit<'_>,
) -> SqliteResult<Skipped> {
    let schema = Schema::of(connection)?;
    let query = query::select(schema, filter, index_for(connection, filter)?);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let by_name = filter.name.is_some() || filter.id_prefix.is_some();
    let mut skipped = Skipped::default();
    let mut visits = 0;
    while let Some(row) = rows.next()? {
        if filter.limit.is_some_and(|limit| visits >= limit) {
            break;
        }
        if !may_have_part(row, filter) {
            continue;
        }
        visits += 1;
        let Some(key) = skip_damaged(row::key(row), &mut skipped)? else {
            continue;
        };
        // The caller may change this key next, and SQLite took the name or ID from the index.
        if by_name && get(connection, key.id)?.as_ref() != Some(&key) {
            return Err(index_mismatch());
        }
        // An entry that is left in the index of scopes, or labels in a text that keyctl does not write.
        if !has_scopes_and_labels(&key, filter) {
            continue;
        }
        if visit(key)?.is_break() {
            break;
        }
    }
    Ok(skipped)
}

/// Tells whether `key`, as it was read, has the scopes and labels that `filter` asks for.
fn has_scopes_and_labels(key: &Key, filter: &Filter) -> bool {
    let mut labels = filter.labels.iter();
    let mut any_scopes = filter.any_scopes.iter();
    filter.scopes.iter().all(|scope| key.scopes.contains(scope))
        && any_scopes.all(|scopes| !scopes.is_disjoint(&key.scopes))
        && labels.all(|(label, value)| key.has_label(label, value.as_deref()))
}

/// Index of the name in the columns of a key.
const NAME: usize = 1;

/// Tells whether the name in `row` has the part that `filter` asks for. True for a name that cannot be read,
/// so that the damaged row is counted.
fn may_have_part(row: &Row<'_>, filter: &Filter) -> bool {
    let Some(part) = &filter.name_part else {
        return true;
    };
    row::text(row, NAME, "name").map_or(true, |name| part.is_in(name))
}

/// Number of keys of one name from which on the owner's index is searched, not the index of names.
const MANY_OF_A_NAME: i64 = 1000;

/// Chooses the index that is likely to lead to fewer keys. Looks at a bounded number of entries.
fn index_for(connection: &Connection, filter: &Filter) -> SqliteResult<SearchIndex> {
    let (Some(_), Some(name)) = (&filter.owner, &filter.name) else {
        return Ok(SearchIndex::Name);
    };
    let mut statement = connection.prepare_cached(query::NAME_HAS_MORE_THAN)?;
    let many = statement.exists((name, MANY_OF_A_NAME))?;
    Ok(if many {
        SearchIndex::Owner
    } else {
        SearchIndex::Name
    })
}

/// Visits every readable key with its hash, oldest first.
pub fn scan_hashes(connection: &Connection, visit: &mut VisitHash<'_>) -> SqliteResult<()> {
    let columns = row::columns(Schema::of(connection)?);
    let sql = format!("SELECT {columns}, hash FROM keys ORDER BY seq");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hash = row::get(row, row::WIDTH, "hash");
        // Damaged rows are reported by the check for damage.
        if let (Some(key), Ok(hash)) = (skip_damaged(row::key(row), &mut Skipped::default())?, hash)
            && visit(key, hash)?.is_break()
        {
            break;
        }
    }
    Ok(())
}

/// Returns the name of the key with this ID; `None` if there is no such row or its name cannot be read.
pub fn key_name(connection: &Connection, id: KeyId) -> SqliteResult<Option<String>> {
    let mut statement = connection.prepare_cached(query::KEY_NAME)?;
    let mut rows = statement.query([id.as_str()])?;
    let name = rows.next()?.map(|row| row::get(row, 0, "name"));
    Ok(name.and_then(SqliteResult::ok))
}

/// Returns the owner of the damaged key with this ID, or `None` if there is no such row or its owner
/// cannot be read either.
pub fn damaged_owner(connection: &Connection, id: KeyId) -> SqliteResult<Option<String>> {
    let mut statement = connection
        .prepare("SELECT id, owner FROM keys WHERE seq = (SELECT seq FROM keys WHERE id = ?1)")?;
    let mut rows = statement.query([id.as_str()])?;
    match rows.next()? {
        Some(row) if row::key_id(row) != Some(id) => Err(index_mismatch()),
        Some(row) => Ok(row::text(row, 1, "owner").ok().map(str::to_owned)),
        None => Ok(None),
    }
}

/// Returns the policy in force.
pub fn policy(connection: &Connection) -> SqliteResult<Policy> {
    let (policy, damaged) = settings(connection)?;
    if let Some(name) = damaged.first() {
        let known = SETTINGS.iter().find(|(known, _)| known == name);
        return Err(SqliteError::Policy(known.map(|(name, _)| *name)));
    }
    policy
        .cost
        .check_bounds()
        .map_err(|error| SqliteError::Damaged(format!("its policy is not valid: {error}")))?;
    Ok(policy)
}

/// Returns the policy as far as it can be read, and the names of the unreadable settings.
pub fn readable_policy(connection: &Connection) -> SqliteResult<(Policy, Vec<String>)> {
    settings(connection)
}

fn settings(connection: &Connection) -> SqliteResult<(Policy, Vec<String>)> {
    let (mut policy, mut damaged) = (Policy::default(), Vec::new());
    let mut names = BTreeSet::new();
    let mut statement = connection.prepare_cached("SELECT name, value FROM policy")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row::get(row, 0, "policy")?;
        let set = row::text(row, 1, "policy").is_ok_and(|value| policy.set(&name, value).is_ok());
        if !set {
            damaged.push(name.clone());
        }
        if !names.insert(name) {
            return Err(duplicate_row("policy"));
        }
    }
    Ok((policy, damaged))
}

/// Error for a row that comes twice. Pages that form a cycle would otherwise be read without end.
fn duplicate_row(table: &str) -> SqliteError {
    SqliteError::Damaged(format!("its {table} name something twice, or nothing"))
}

/// Returns the registered scopes.
pub fn scopes(connection: &Connection) -> SqliteResult<Registry> {
    let mut registry = Registry::default();
    let mut statement = connection.prepare_cached("SELECT name, description FROM scopes")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let scope = Scope {
            description: row::get(row, 1, "scopes")?,
            ..Scope::default()
        };
        let name: String = row::get(row, 0, "scopes")?;
        if registry.has(&name) {
            return Err(duplicate_row("scopes"));
        }
        registry.add(name, scope);
    }
    let mut statement = connection.prepare_cached("SELECT name, implied FROM scope_implies")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row::get(row, 0, "scopes")?;
        if !registry.imply(&name, row::get(row, 1, "scopes")?) {
            return Err(duplicate_row("scopes"));
        }
    }
    Ok(registry)
}

/// Returns up to `limit` keys that have `scope` and are not deleted.
pub fn users_of_scope(connection: &Connection, scope: &str, limit: u64) -> SqliteResult<Vec<Key>> {
    let query = query::users_of_scope(Schema::of(connection)?, scope, limit);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row::key(row)?;
        // The index may have an entry that the key does not have.
        if key.scopes.contains(scope) {
            found.push(key);
        }
    }
    Ok(found)
}

/// Returns the role of `user` in `project`, or `None` if they are not a member.
pub fn role(connection: &Connection, project: &str, user: &str) -> SqliteResult<Option<Role>> {
    if !Schema::of(connection)?.has_projects() {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(query::ROLE)?;
    let mut rows = statement.query([project, user])?;
    rows.next()?.map(|row| read_role(row, 0)).transpose()
}

fn read_role(row: &Row<'_>, index: usize) -> SqliteResult<Role> {
    let role = row::text(row, index, "members")?.parse();
    role.map_err(|_| SqliteError::Damaged("a member's role cannot be read".to_owned()))
}

/// Returns the members of `project`, or of all projects, in order.
pub fn members(
    connection: &Connection,
    project: Option<&str>,
    limit: Option<u64>,
) -> SqliteResult<Vec<Member>> {
    if !Schema::of(connection)?.has_projects() {
        return Ok(Vec::new());
    }
    let query = query::members(project, limit);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let mut members: Vec<Member> = Vec::new();
    while let Some(row) = rows.next()? {
        let member = Member {
            project: row::get(row, 0, "members")?,
            user: row::get(row, 1, "members")?,
            role: read_role(row, 2)?,
        };
        let is_next = |last: &Member| (&last.project, &last.user) < (&member.project, &member.user);
        if !members.last().is_none_or(is_next) {
            return Err(duplicate_row("members"));
        }
        members.push(member);
    }
    Ok(members)
}

/// Returns the first `limit` projects in order. Each search starts after the project before, so that the
/// members in between are not read.
pub fn projects(connection: &Connection, limit: u64) -> SqliteResult<Vec<String>> {
    let mut projects: Vec<String> = Vec::new();
    if !Schema::of(connection)?.has_projects() {
        return Ok(projects);
    }
    let mut statement = connection.prepare_cached(query::NEXT_PROJECT)?;
    for _ in 0..limit {
        let last = projects.last().map_or("", String::as_str);
        let mut rows = statement.query([last])?;
        let Some(row) = rows.next()? else {
            break;
        };
        let next: String = row::get(row, 0, "members")?;
        if next.as_str() <= last {
            return Err(duplicate_row("members"));
        }
        projects.push(next);
    }
    Ok(projects)
}

/// Tells whether `user` was appointed an administrator.
pub fn is_appointed(connection: &Connection, user: &str) -> SqliteResult<bool> {
    Ok(connection.prepare(query::APPOINTED)?.exists([user])?)
}

/// Returns the appointed administrators, by name.
pub fn administrators(connection: &Connection, limit: Option<u64>) -> SqliteResult<Vec<String>> {
    let query = query::administrators(limit);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let mut names: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row::get(row, 0, "administrators")?;
        if names.last().is_some_and(|last| *last >= name) {
            return Err(duplicate_row("administrators"));
        }
        names.push(name);
    }
    Ok(names)
}

/// Visits the events that match `filter`, oldest first. Skips one that cannot be read, and returns an
/// error about it at the end.
pub fn scan_log(
    connection: &Connection,
    filter: &LogFilter,
    visit: &mut VisitEntry<'_>,
) -> SqliteResult<()> {
    let query = query::select_events(filter);
    let mut statement = connection.prepare_cached(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let (mut last, mut unreadable) = (None, None);
    while let Some(row) = rows.next()? {
        let Ok(entry) = row::event(row) else {
            unreadable.get_or_insert_with(|| unreadable_line(row));
            continue;
        };
        if last.is_some_and(|last| last >= entry.seq) {
            return Err(SqliteError::Damaged("its log is out of order".to_owned()));
        }
        last = Some(entry.seq);
        if visit(entry)?.is_break() {
            break;
        }
    }
    unreadable.map_or(Ok(()), Err)
}

/// Returns the number of events of the key with this ID, counted in the index alone.
pub fn count_events(connection: &Connection, id: KeyId) -> SqliteResult<u64> {
    let mut statement = connection.prepare(query::COUNT_EVENTS)?;
    let count: i64 = statement.query_row([id.as_str()], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn unreadable_line(row: &Row<'_>) -> SqliteError {
    let line = row
        .get(0)
        .map_or_else(|_| "a line".to_owned(), |seq: i64| format!("line {seq}"));
    SqliteError::Damaged(format!("{line} of its log cannot be read"))
}

/// Returns the head: the sequence number and hash of the last event, which the store keeps apart from
/// the log.
pub fn head(connection: &Connection) -> SqliteResult<Head> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM event_head")?;
    let head = statement.query_row([], |row| {
        Ok(Head {
            seq: row.get(0)?,
            hash: row.get(1)?,
        })
    });
    match head {
        Ok(head) => Ok(head),
        Err(error) if code(&error).is_some() => Err(SqliteError::Sqlite(error)),
        Err(_) => Err(SqliteError::Damaged(
            "the head of its log cannot be read".to_owned(),
        )),
    }
}

/// Returns the sequence number and hash of the last event at `seq` or before.
pub fn event_at(connection: &Connection, seq: i64) -> SqliteResult<Option<Head>> {
    let mut statement = connection.prepare_cached(query::EVENT_AT)?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(Head {
        seq: row::get(row, 0, "event")?,
        hash: row::get(row, 1, "event")?,
    }))
}

/// Checks the hash of every event, from the first one on, and returns the head or the first flaw. Needs a
/// transaction: a line added during the check must be in both the log and the head.
pub fn check_log(
    connection: &Connection,
    kept: Option<Head>,
) -> SqliteResult<std::result::Result<Head, Flaw>> {
    let mut chain = Chain::new(kept);
    let query = query::select_events(&LogFilter::default());
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let step = match row::event(row) {
            Ok(entry) => chain.step(&entry),
            // keyctl writes only events that it can read.
            Err(_) => Err(Flaw::Altered(row.get(0)?)),
        };
        if let Err(flaw) = step {
            return Ok(Err(flaw));
        }
    }
    let head = match head(connection) {
        Ok(head) => Some(head),
        Err(SqliteError::Damaged(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(chain.finish(head))
}
