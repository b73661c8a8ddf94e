//! Check that a store's schema is the one that its version has, to the letter.

use super::found::Findings;
use crate::store::sqlite::error::SqliteResult;
use crate::store::sqlite::migrate;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// Parts of a schema: the kind of each thing and its name, and the table and the text.
type Schema = BTreeMap<(String, String), (String, String)>;

const QUERY: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema";

/// The most characters in a name that is repeated.
const PLAIN_MAX: usize = 24;

/// Names what is too many, missing or different.
pub fn check(connection: &Connection, found: &mut Findings) -> SqliteResult<()> {
    let mut missing = model(migrate::version(connection)?)?;
    let mut statement = connection.prepare(QUERY)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (thing, made) = entry(row)?;
        let (kind, name) = &thing;
        match missing.remove(&thing) {
            None => found.tell(foreign(kind, name)),
            Some(expected) if expected != made => {
                found.tell(format_args!("the {kind} {name} is not as it was made"));
            }
            Some(_) => {}
        }
        if found.is_full {
            return Ok(());
        }
    }
    for (kind, name) in missing.keys() {
        found.tell(format_args!("the {kind} {name} is missing"));
    }
    Ok(())
}

/// Says of what no version made of which kind it is, and its name if that is a plain one: both are
/// the file's own words, and may be any bytes of it.
fn foreign(kind: &str, name: &str) -> String {
    let known = ["table", "index", "trigger", "view"];
    let kind = known.into_iter().find(|known| *known == kind);
    let kind = kind.unwrap_or("entry");
    match is_plain(name) {
        true => format!("there is a foreign {kind}: '{name}'"),
        false => format!("there is a foreign {kind}, whose name is not a plain one"),
    }
}

/// Tells whether `name` is short and of one case, which no piece of a hash or of a token is.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=PLAIN_MAX).contains(&name.len()) && name.bytes().all(plain)
}

/// The schema that a store of `version` was made with.
fn model(version: usize) -> SqliteResult<Schema> {
    let connection = migrate::model(version)?;
    let mut statement = connection.prepare(QUERY)?;
    let mut rows = statement.query([])?;
    let mut schema = Schema::new();
    while let Some(row) = rows.next()? {
        let (thing, made) = entry(row)?;
        schema.insert(thing, made);
    }
    Ok(schema)
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

/// `sql` with one blank for each run of them: how it is laid out says nothing.
fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
