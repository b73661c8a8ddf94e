//! Check that a store's schema is exactly that of its version.

use super::findings::Findings;
use crate::store::sqlite::error::SqliteResult;
use crate::store::sqlite::migrate;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// Entries of a schema: type and name of each, with its table and its SQL.
type SchemaEntries = BTreeMap<(String, String), (String, String)>;

const QUERY: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema";

/// Longest name that is shown, in characters.
const PLAIN_MAX: usize = 24;

/// Finds foreign, missing and changed entries.
pub fn check(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    let mut missing = model(migrate::version(connection)?)?;
    let mut statement = connection.prepare(QUERY)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (object, definition) = entry(row)?;
        let (kind, name) = &object;
        match missing.remove(&object) {
            None => findings.tell(foreign(kind, name)),
            Some(expected) if expected != definition => {
                findings.tell(format_args!("the {kind} {name} is not as it was made"));
            }
            Some(_) => {}
        }
        if findings.is_full {
            return Ok(());
        }
    }
    for (kind, name) in missing.keys() {
        findings.tell(format_args!("the {kind} {name} is missing"));
    }
    Ok(())
}

/// Describes a foreign entry by its type, if that is a known one, and its name, if that is plain: otherwise
/// both may be any bytes of the file.
fn foreign(kind: &str, name: &str) -> String {
    let known = ["table", "index", "trigger", "view"];
    let kind = known.into_iter().find(|known| *known == kind);
    let kind = kind.unwrap_or("entry");
    match is_plain(name) {
        true => format!("the {kind} '{name}' was not made by keyctl"),
        false => format!("one {kind}, with an unusual name, was not made by keyctl"),
    }
}

/// Tells whether `name` may be shown: short and in lower case, as hashes and secrets hardly ever are.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=PLAIN_MAX).contains(&name.len()) && name.bytes().all(plain)
}

/// Returns the schema of `version`.
fn model(version: usize) -> SqliteResult<SchemaEntries> {
    let connection = migrate::model(version)?;
    let mut statement = connection.prepare(QUERY)?;
    let entries = statement.query_and_then([], entry)?;
    entries.collect()
}

fn entry(row: &Row<'_>) -> SqliteResult<((String, String), (String, String))> {
    let text = |index| -> SqliteResult<String> {
        Ok(match row.get_ref(index)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => String::new(),
        })
    };
    Ok(((text(0)?, text(1)?), (text(2)?, one_line(&text(3)?))))
}

/// Replaces each run of white space in `sql` by one space.
fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
