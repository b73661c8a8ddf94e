//! Check of every row for values that keyctl does not write. A message names the place of such a value and
//! never repeats the value, which may be any bytes of the file.

use super::findings::{Extent, Findings};
use crate::hash::Stored;
use crate::id::KeyId;
use crate::key::Key;
use crate::name::stored;
use crate::project::Role;
use crate::scope;
use crate::store::sqlite::error::{SqliteError, SqliteResult};
use crate::store::sqlite::schema::Schema;
use crate::store::sqlite::{row, write};
use crate::text::{is_unprintable, quote};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};

/// Name of the only column of a key that verification does not read.
const LABELS: &str = "labels";

/// The most characters in the name of a user.
const USER_MAX: usize = 256;

/// Statements that run once for each key.
struct Queries<'c> {
    key: Statement<'c>,
    is_scope: Statement<'c>,
    is_indexed: Statement<'c>,
}

/// Checks every key and its hash.
pub fn keys(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    let columns = row::columns(Schema::of(connection)?);
    let mut queries = Queries {
        // One query for each row: an error in one row does not end the walk.
        key: connection.prepare(&format!("SELECT {columns}, hash FROM keys WHERE seq = ?1"))?,
        is_scope: connection.prepare("SELECT 1 FROM scopes WHERE name = ?1")?,
        is_indexed: connection.prepare("SELECT 1 FROM key_scopes WHERE scope = ?1 AND key = ?2")?,
    };
    let mut statement = connection.prepare("SELECT seq FROM keys ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        match key(&mut queries, seq, findings) {
            Err(error) if error.is_damage() => {
                findings.tell_of_key(format_args!("the key in row {seq}: {}", error.in_words()));
            }
            result => result?,
        }
        if findings.is_full {
            break;
        }
    }
    Ok(())
}

fn key(queries: &mut Queries<'_>, seq: i64, findings: &mut Findings) -> SqliteResult<()> {
    let mut rows = queries.key.query([seq])?;
    let Some(row) = rows.next()? else {
        return Err(SqliteError::Damaged("it cannot be found".to_owned()));
    };
    let title = title(row::key_id(row), seq);
    let mut tell = |what: &str| findings.tell_of_key(format_args!("{title}: {what}"));
    let hash = hash(row.get_ref(row::WIDTH)?);
    if matches!(hash, Hash::Bad) {
        tell("its hash cannot be read, or would cost too much to check");
    }
    let key = match row::key(row) {
        Ok(key) => key,
        Err(error @ SqliteError::Key(_, LABELS)) => {
            findings.push(format!("{title}: {}", error.in_words()), Extent::Unseen);
            return Ok(());
        }
        Err(SqliteError::Key(_, row::HASH)) => {
            tell("its hash is missing");
            return Ok(());
        }
        Err(error) if error.is_damage() => {
            tell(&error.in_words());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if key.deleted_at.is_some() && !matches!(hash, Hash::Absent) {
        tell("it is deleted, and its hash is still there");
    }
    for column in odd_texts(&key) {
        tell(&format!("the field {column} is not valid"));
    }
    // Filters compare these texts.
    if row::text(row, row::SCOPES, "scopes")? != write::scopes_text(&key)
        || row::text(row, row::LABELS, LABELS)? != write::labels_text(&key)?
    {
        tell("its scopes or labels are not written as keyctl writes them");
    }
    for scope in key.scopes.iter().filter(|name| scope::name(name).is_ok()) {
        let quoted = quote(scope);
        // A deleted key may keep the name of a scope that was removed later.
        if key.deleted_at.is_none() && !queries.is_scope.exists([scope])? {
            findings.tell_of_key(format_args!(
                "{title}: it has the scope {quoted}, which is not registered"
            ));
        }
        if !queries.is_indexed.exists((scope, seq))? {
            let line = format!("{title}: the index of scopes lacks its scope {quoted}");
            findings.push(line, Extent::Index);
        }
    }
    Ok(())
}

/// Names a key by its ID or, where it has none, by its row.
fn title(id: Option<KeyId>, seq: i64) -> String {
    match id {
        Some(id) => format!("the key {id}"),
        None => format!("the key in row {seq}"),
    }
}

enum Hash {
    Absent,
    Bad,
    Good,
}

fn hash(value: ValueRef<'_>) -> Hash {
    match value {
        ValueRef::Null => Hash::Absent,
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes).ok().and_then(Stored::parse) {
            Some(_) => Hash::Good,
            None => Hash::Bad,
        },
        _ => Hash::Bad,
    }
}

/// Returns the names of the columns with a value that no command accepts.
fn odd_texts(key: &Key) -> Vec<&'static str> {
    let is_label = |(label, value): (&String, &String)| stored::label(label, value).is_ok();
    let checked = [
        ("name", stored::key_name(&key.name).is_ok()),
        ("owner", stored::user(&key.owner, "owner").is_ok()),
        (
            "scopes",
            key.scopes.iter().all(|name| scope::name(name).is_ok()),
        ),
        ("labels", key.labels.iter().all(is_label)),
        ("created_by", is_user(&key.created_by)),
        (
            "disabled_by",
            key.disabled_by.as_deref().is_none_or(is_user),
        ),
    ];
    let odd = checked.into_iter().filter(|(_, fits)| !fits);
    odd.map(|(column, _)| column).collect()
}

/// Checks that each entry of the index of scopes is in its key's row.
pub fn index_of_scopes(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    let scopes = Schema::of(connection)?.scopes();
    let mut statement = connection.prepare(&format!(
        "SELECT id, key FROM key_scopes AS entry LEFT JOIN keys ON seq = key WHERE id IS NULL \
         OR instr(' ' || {scopes} || ' ', ' ' || entry.scope || ' ') = 0"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let title = title(row::key_id(row), row.get(1)?);
        let line = format!("{title}: the index of scopes has a scope that it does not have");
        findings.push(line, Extent::Index);
        if findings.is_full {
            break;
        }
    }
    Ok(())
}

/// Checks the registered scopes and the scopes that they imply.
pub fn scopes(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    let mut statement = connection.prepare("SELECT name, description FROM scopes")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, description): (String, String) = (row.get(0)?, row.get(1)?);
        if scope::name(&name).is_err() {
            findings.tell("a scope's name is not valid");
        } else if stored::description(&description).is_err() {
            findings.tell(format_args!(
                "the description of the scope {} is not valid",
                quote(&name)
            ));
        }
        if findings.is_full {
            return Ok(());
        }
    }
    let mut statement = connection.prepare(
        "SELECT name, implied FROM scope_implies AS this WHERE NOT EXISTS \
         (SELECT 1 FROM scopes WHERE name = this.name) OR NOT EXISTS \
         (SELECT 1 FROM scopes WHERE name = this.implied)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, implied) = (scope_of(row, 0), scope_of(row, 1));
        findings.tell(format_args!(
            "{name} implies {implied}, but one of them is not registered"
        ));
        if findings.is_full {
            return Ok(());
        }
    }
    Ok(())
}

/// Checks the names of members and administrators.
pub fn users(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    let mut statement = connection.prepare("SELECT name FROM administrators")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let user: String = row.get(0)?;
        if !is_user(&user) {
            findings.tell("an administrator's name is not valid");
        }
        if findings.is_full {
            return Ok(());
        }
    }
    if !Schema::of(connection)?.has_projects() {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT project, user, role FROM members")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (project, user, role): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if stored::user(&project, "project").is_err() {
            findings.tell("a project's name is not valid");
        } else if !is_user(&user) || role.parse::<Role>().is_err() {
            findings.tell(format_args!(
                "a member of the project {} has a name or role that is not valid",
                quote(&project)
            ));
        }
        if findings.is_full {
            return Ok(());
        }
    }
    Ok(())
}

/// Tells whether `user` can be the name of a user of the system, which may be one that no command accepts.
fn is_user(user: &str) -> bool {
    !user.is_empty() && user.chars().count() <= USER_MAX && !user.chars().any(is_unprintable)
}

/// Names the scope in a column of a row, unless its name is not valid.
fn scope_of(row: &Row<'_>, column: usize) -> String {
    let text = row
        .get_ref(column)
        .ok()
        .and_then(|value| value.as_str().ok());
    match text.filter(|text| scope::name(text).is_ok()) {
        Some(name) => format!("the scope {}", quote(name)),
        None => "a scope whose name is not valid".to_owned(),
    }
}
