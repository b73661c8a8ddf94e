//! Reads rows as keys and events. A value that no version of keyctl writes is damage; nothing is guessed.

use super::error::{SqliteError, SqliteResult, code};
use super::schema::Schema;
use crate::event::Entry;
use crate::id::KeyId;
use crate::key::Key;
use crate::network;
use crate::store::skipped::Skipped;
use crate::when::Timestamp;
use rusqlite::Row;
use rusqlite::types::FromSql;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The columns that every version of the schema has.
const COLUMNS: &str = "id, name, owner, kind, created_at, created_by, expires_at, last_used_at, \
     grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, \
     hash IS NULL";

/// Index of the column with the scopes.
pub const SCOPES: usize = 16;

/// Index of the column with the labels.
pub const LABELS: usize = 17;

/// Index of the column with the networks.
pub const NETWORKS: usize = 18;

/// The number of columns that [`key`] reads.
pub const WIDTH: usize = 21;

/// Returns the columns of a key in a store with this schema, in the order in which [`key`] reads them.
pub fn columns(schema: Schema) -> String {
    with_labels(schema, schema.labels())
}

/// Returns the columns for a verification, which needs no labels: [`key`] leaves them empty.
pub fn columns_without_labels(schema: Schema) -> String {
    with_labels(schema, "'{}'")
}

fn with_labels(schema: Schema, labels: &str) -> String {
    format!(
        "{COLUMNS}, {}, {labels}, {}, {}",
        schema.scopes(),
        schema.networks_and_first_use(),
        schema.imported()
    )
}

/// Name of the column with the hash, for the error about a key that lacks it though it is not deleted.
pub const HASH: &str = "hash";

/// Reads the key that a row of [`columns`] holds. A row that cannot be read is [`SqliteError::Key`].
pub fn key(row: &Row<'_>) -> SqliteResult<Key> {
    read_key(row).map_err(|error| match error {
        SqliteError::Column(column) => SqliteError::Key(key_id(row), column),
        error => error,
    })
}

/// The ID of the key in a row of [`columns`], where it can be read.
pub fn key_id(row: &Row<'_>) -> Option<KeyId> {
    let id = row.get_ref(0).ok()?;
    id.as_bytes().ok().and_then(KeyId::parse)
}

fn read_key(row: &Row<'_>) -> SqliteResult<Key> {
    let mut scopes = BTreeSet::new();
    match text(row, SCOPES, "scopes")? {
        "" => {}
        names => scopes.extend(names.split(' ').map(str::to_owned)),
    }
    let labels = match text(row, LABELS, "labels")? {
        "{}" => BTreeMap::new(),
        labels => serde_json::from_str(labels).map_err(|_| damaged("labels"))?,
    };
    let allow_from = match maybe_text(row, NETWORKS, "allow_from")? {
        None => BTreeSet::new(),
        Some(networks) => network::split(networks).ok_or_else(|| damaged("allow_from"))?,
    };
    let key = Key {
        id: id(text(row, 0, "id")?, "id")?,
        name: get(row, 1, "name")?,
        owner: get(row, 2, "owner")?,
        kind: text(row, 3, "kind")?.parse().map_err(|_| damaged("kind"))?,
        scopes,
        labels,
        allow_from,
        created_at: time(row, 4, "created_at")?.ok_or_else(|| damaged("created_at"))?,
        created_by: get(row, 5, "created_by")?,
        expires_at: time(row, 6, "expires_at")?,
        first_used_at: time(row, 19, "first_used_at")?,
        last_used_at: time(row, 7, "last_used_at")?,
        grace_from: time(row, 8, "grace_from")?,
        usable_until: time(row, 9, "usable_until")?,
        disabled_at: time(row, 10, "disabled_at")?,
        disabled_by: get(row, 11, "disabled_by")?,
        deleted_at: time(row, 12, "deleted_at")?,
        replaces: lineage(row, 13, "replaces")?,
        replaced_by: lineage(row, 14, "replaced_by")?,
        imported: match get(row, 20, "imported")? {
            None => false,
            Some(1) => true,
            Some(_) => return Err(damaged("imported")),
        },
    };
    check_pairs(&key, get(row, 15, HASH)?)?;
    Ok(key)
}

/// Refuses a row that has only one of two columns which belong together. The table's CHECK constraints
/// would refuse it as well, at the next change, and fail the whole transaction.
fn check_pairs(key: &Key, has_no_hash: bool) -> SqliteResult<()> {
    match () {
        () if has_no_hash && key.deleted_at.is_none() => Err(damaged(HASH)),
        () if key.grace_from.is_none() && key.usable_until.is_some() => Err(damaged("grace_from")),
        () if key.grace_from.is_some() && key.usable_until.is_none() => {
            Err(damaged("usable_until"))
        }
        () if key.disabled_at.is_none() && key.disabled_by.is_some() => Err(damaged("disabled_at")),
        () if key.disabled_at.is_some() && key.disabled_by.is_none() => Err(damaged("disabled_by")),
        () => Ok(()),
    }
}

/// The columns of an event, in the order in which [`event`] reads them.
pub const EVENT_COLUMNS: &str = "seq, at, actor, action, key_id, detail, hash";

/// Reads the event that a row of [`EVENT_COLUMNS`] holds.
pub fn event(row: &Row<'_>) -> SqliteResult<Entry> {
    let read = || -> rusqlite::Result<Entry> {
        Ok(Entry {
            seq: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            action: row.get(3)?,
            key_id: row.get(4)?,
            detail: row.get(5)?,
            hash: row.get(6)?,
        })
    };
    read().map_err(|_| SqliteError::Damaged("an event cannot be read".to_owned()))
}

/// Reads column `index`, which a message calls `name`.
pub fn get<T: FromSql>(row: &Row<'_>, index: usize, name: &'static str) -> SqliteResult<T> {
    row.get(index).map_err(|error| match code(&error) {
        Some(_) => SqliteError::Sqlite(error),
        // SQLite returned the value; it has the wrong type for the column.
        None => damaged(name),
    })
}

fn time(row: &Row<'_>, index: usize, name: &'static str) -> SqliteResult<Option<Timestamp>> {
    let millis: Option<i64> = get(row, index, name)?;
    millis
        .map(|millis| Timestamp::from_millis(millis).ok_or_else(|| damaged(name)))
        .transpose()
}

fn lineage(row: &Row<'_>, index: usize, name: &'static str) -> SqliteResult<Option<KeyId>> {
    let text = maybe_text(row, index, name)?;
    text.map(|text| id(text, name)).transpose()
}

fn id(text: &str, name: &'static str) -> SqliteResult<KeyId> {
    KeyId::parse(text.as_bytes()).ok_or_else(|| damaged(name))
}

/// Reads the text of column `index`, which a message calls `name`, where SQLite holds it.
pub fn text<'r>(row: &'r Row<'_>, index: usize, name: &'static str) -> SqliteResult<&'r str> {
    maybe_text(row, index, name)?.ok_or_else(|| damaged(name))
}

fn maybe_text<'r>(
    row: &'r Row<'_>,
    index: usize,
    name: &'static str,
) -> SqliteResult<Option<&'r str>> {
    row.get_ref(index)?
        .as_str_or_null()
        .map_err(|_| damaged(name))
}

fn damaged(column: &'static str) -> SqliteError {
    SqliteError::Column(column)
}

/// Returns the key that was read, or counts it in `skipped` and returns `None` if its row is damaged.
pub fn skip_damaged(read: SqliteResult<Key>, skipped: &mut Skipped) -> SqliteResult<Option<Key>> {
    match read {
        Ok(key) => Ok(Some(key)),
        Err(error @ SqliteError::Key(id, _)) => {
            skipped.add(id, || error.about(Path::new("")));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
