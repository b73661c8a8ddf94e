//! Whether every row holds what this program writes.

use super::Found;
use crate::error::{Error as Told, is_unprintable, quote};
use crate::hash::Stored;
use crate::id::KeyId;
use crate::key::Key;
use crate::name;
use crate::project::Role;
use crate::scope;
use crate::store::sqlite::error::{Error, Result};
use crate::store::sqlite::{migrate, row};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};

/// The most characters in the name of a user: the system's, or one that a command was given.
const USER_MAX: usize = 256;

/// Rows that refer to one that is not there; those of scopes are [`scopes`]'.
pub fn references(connection: &Connection, found: &mut Found) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT \"table\", parent FROM pragma_foreign_key_check WHERE \"table\" <> 'scope_implies'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
        found.tell(format_args!(
            "a row of {table} refers to one of {parent} that is not there"
        ));
        if found.is_full {
            break;
        }
    }
    Ok(())
}

/// Every key, and its hash.
pub fn keys(connection: &Connection, found: &mut Found) -> Result<()> {
    // One query a row: what cannot be read in one does not keep the next from being read.
    let sql = format!("SELECT {}, hash FROM keys WHERE seq = ?1", row::COLUMNS);
    let mut one = connection.prepare(&sql)?;
    let mut statement = connection.prepare("SELECT seq FROM keys ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        match key(&mut one, seq, found) {
            Err(error) if error.is_damage() => {
                found.tell(format_args!("the key in row {seq}: {}", error.in_words()));
            }
            result => result?,
        }
        if found.is_full {
            break;
        }
    }
    Ok(())
}

fn key(one: &mut Statement<'_>, seq: i64, found: &mut Found) -> Result<()> {
    let mut rows = one.query([seq])?;
    let Some(row) = rows.next()? else {
        return Err(Error::Damaged("it cannot be found".to_owned()));
    };
    let title = match id(row)? {
        Some(id) => format!("the key {id}"),
        None => format!("the key in row {seq}"),
    };
    let mut tell = |what: &str| found.tell(format_args!("{title}: {what}"));
    let hash = hash(row.get_ref(row::WIDTH)?);
    if matches!(hash, Hash::Bad) {
        tell("its hash cannot be read, or would cost too much to be run");
    }
    let key = match row::key(row) {
        Ok(key) => key,
        Err(error) if error.is_damage() => {
            tell(&error.in_words());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    match (hash, key.deleted_at) {
        (Hash::Absent, None) => tell("its hash is missing"),
        (Hash::Bad | Hash::Good, Some(_)) => tell("it is deleted, and its hash is still there"),
        _ => {}
    }
    for what in texts(&key) {
        tell(&what);
    }
    Ok(())
}

fn id(row: &Row<'_>) -> Result<Option<KeyId>> {
    Ok(row.get_ref(0)?.as_bytes().ok().and_then(KeyId::parse))
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

/// What the key's texts hold that no command takes.
fn texts(key: &Key) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut refused = |result: std::result::Result<(), Told>| {
        wrong.extend(result.err().map(|error| error.message));
    };
    refused(name::key_name(&key.name).map(drop));
    refused(name::owner(&key.owner).map(drop));
    for scope in &key.scopes {
        refused(scope::name(scope).map(drop));
    }
    for (label, value) in &key.labels {
        let label = name::label_key(label).and_then(|key| name::label(&format!("{key}={value}")));
        refused(label.map(drop));
    }
    for user in [Some(&key.created_by), key.disabled_by.as_ref()]
        .into_iter()
        .flatten()
    {
        refused(check_user(user));
    }
    wrong
}

/// Scopes that a key which works, or may again, has and that nobody registered.
pub fn scopes_of_keys(connection: &Connection, found: &mut Found) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT id, scope FROM key_scopes JOIN keys ON seq = key \
         WHERE deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM scopes WHERE name = scope)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, scope): (String, String) = (row::get(row, 0, "id")?, row::get(row, 1, "scopes")?);
        found.tell(format_args!(
            "the key {}: there is no scope {}, which it has",
            quote(&id),
            quote(&scope)
        ));
        if found.is_full {
            break;
        }
    }
    Ok(())
}

/// The scopes themselves, and what they imply.
pub fn scopes(connection: &Connection, found: &mut Found) -> Result<()> {
    let mut statement = connection.prepare("SELECT name, description FROM scopes")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, description): (String, String) = (row.get(0)?, row.get(1)?);
        let checked = scope::name(&name).and_then(|_| name::description(&description));
        tell_refused(found, checked.map(drop));
        if found.is_full {
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
        let (name, implied): (String, String) = (row.get(0)?, row.get(1)?);
        found.tell(format_args!(
            "the scope {} implies {}: one of them is not there",
            quote(&name),
            quote(&implied)
        ));
        if found.is_full {
            return Ok(());
        }
    }
    Ok(())
}

/// Members and administrators.
pub fn users(connection: &Connection, found: &mut Found) -> Result<()> {
    let mut statement = connection.prepare("SELECT name FROM administrators")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let user: String = row.get(0)?;
        tell_refused(found, check_user(&user));
        if found.is_full {
            return Ok(());
        }
    }
    if migrate::version(connection)? < migrate::WITH_PROJECTS {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT project, user, role FROM members")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (project, user, role): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let checked = name::project(&project)
            .and_then(|_| check_user(&user))
            .and_then(|()| role.parse::<Role>().map(drop));
        tell_refused(found, checked);
        if found.is_full {
            return Ok(());
        }
    }
    Ok(())
}

/// Refuses what cannot be a user's name. The system's may have more in it than one that a command
/// takes.
fn check_user(user: &str) -> std::result::Result<(), Told> {
    let fits =
        !user.is_empty() && user.chars().count() <= USER_MAX && !user.chars().any(is_unprintable);
    if fits {
        return Ok(());
    }
    Err(Told::usage(format!("{} is not a user's name", quote(user))))
}

fn tell_refused(found: &mut Found, checked: std::result::Result<(), Told>) {
    if let Err(error) = checked {
        found.tell(error.message);
    }
}
