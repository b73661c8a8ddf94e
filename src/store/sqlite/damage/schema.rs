//! Whether a store's schema is the one that its version has, to the letter.

use super::Found;
use crate::error::quote;
use crate::store::sqlite::error::Result;
use crate::store::sqlite::migrate;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// What a schema is made of: the kind of each thing and its name, and the table and the text.
type Schema = BTreeMap<(String, String), (String, String)>;

const QUERY: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema";

/// Names what is too many, missing or different.
pub fn check(connection: &Connection, found: &mut Found) -> Result<()> {
    let mut missing = model(migrate::version(connection)?)?;
    let mut statement = connection.prepare(QUERY)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (thing, made) = entry(row)?;
        let (kind, name) = &thing;
        match missing.remove(&thing) {
            None => found.tell(format_args!("there is a foreign {kind}: {}", quote(name))),
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

/// The schema that a store of `version` was made with.
fn model(version: usize) -> Result<Schema> {
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

fn entry(row: &Row<'_>) -> Result<((String, String), (String, String))> {
    let text = |index| -> Result<String> {
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
