//! Reads rows as keys and events. A value that no version of keyctl writes is damage; nothing is guessed.

use super::error::PgResult;
use crate::error::Error;
use crate::event::Entry;
use crate::id::KeyId;
use crate::key::Key;
use crate::store::damaged::damaged_key;
use crate::when::Timestamp;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// Columns of a key, in the order in which [`key`] reads them.
pub const COLUMNS: &str = "id, name, owner, kind, created_at, created_by, expires_at, last_used_at, grace_from, \
     usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, allow_from, \
     first_used_at, imported";

/// Index of the hash behind the columns of a key.
pub const HASH: usize = 20;

/// Columns of an event, in the order in which [`event`] reads them.
pub const EVENT_COLUMNS: &str = "seq, at, actor, action, key_id, detail, hash";

/// Damage in a column.
struct Unreadable(&'static str);

/// Damage in a column of a key's record.
pub struct DamagedKey {
    /// ID of the key, if that can be read.
    pub id: Option<KeyId>,
    column: &'static str,
}

impl DamagedKey {
    /// Returns the error for people.
    pub fn error(&self) -> Error {
        damaged_key(self.id, self.column)
    }
}

/// Reads the key in a row of [`COLUMNS`].
pub fn key(row: &Row) -> Result<Key, DamagedKey> {
    read_key(row).map_err(|Unreadable(column)| {
        let id = get::<&str>(row, 0, "id").ok();
        let id = id.and_then(|id| KeyId::parse(id.as_bytes()));
        DamagedKey { id, column }
    })
}

fn read_key(row: &Row) -> Result<Key, Unreadable> {
    let networks: Vec<&str> = get(row, 17, "allow_from")?;
    let networks = networks.into_iter().map(str::parse);
    let allow_from = networks
        .collect::<Result<_, _>>()
        .map_err(|_| Unreadable("allow_from"))?;
    let labels = match get(row, 16, "labels")? {
        "{}" => BTreeMap::new(),
        labels => serde_json::from_str(labels).map_err(|_| Unreadable("labels"))?,
    };
    let scopes: Vec<String> = get(row, 15, "scopes")?;
    Ok(Key {
        id: id(get(row, 0, "id")?, "id")?,
        name: get(row, 1, "name")?,
        owner: get(row, 2, "owner")?,
        kind: get::<&str>(row, 3, "kind")?
            .parse()
            .map_err(|_| Unreadable("kind"))?,
        scopes: scopes.into_iter().collect(),
        labels,
        allow_from,
        created_at: time(row, 4, "created_at")?.ok_or(Unreadable("created_at"))?,
        created_by: get(row, 5, "created_by")?,
        expires_at: time(row, 6, "expires_at")?,
        first_used_at: time(row, 18, "first_used_at")?,
        last_used_at: time(row, 7, "last_used_at")?,
        grace_from: time(row, 8, "grace_from")?,
        usable_until: time(row, 9, "usable_until")?,
        disabled_at: time(row, 10, "disabled_at")?,
        disabled_by: get(row, 11, "disabled_by")?,
        deleted_at: time(row, 12, "deleted_at")?,
        replaces: lineage(row, 13, "replaces")?,
        replaced_by: lineage(row, 14, "replaced_by")?,
        imported: get(row, 19, "imported")?,
    })
}

/// Reads the event in a row of [`EVENT_COLUMNS`]; `None` if it is damaged.
pub fn event(row: &Row) -> Option<Entry> {
    let hash: &[u8] = row.try_get(6).ok()?;
    Some(Entry {
        seq: row.try_get(0).ok()?,
        at: row.try_get(1).ok()?,
        actor: row.try_get(2).ok()?,
        action: row.try_get(3).ok()?,
        key_id: row.try_get(4).ok()?,
        detail: row.try_get(5).ok()?,
        hash: hash.try_into().ok()?,
    })
}

/// Reads the column at `index` of a row that only functions of the schema return.
pub fn column<'r, T: FromSql<'r>>(row: &'r Row, index: usize) -> PgResult<T> {
    Ok(row.try_get(index)?)
}

fn get<'r, T: FromSql<'r>>(
    row: &'r Row,
    index: usize,
    name: &'static str,
) -> Result<T, Unreadable> {
    row.try_get(index).map_err(|_| Unreadable(name))
}

fn time(row: &Row, index: usize, name: &'static str) -> Result<Option<Timestamp>, Unreadable> {
    let millis: Option<i64> = get(row, index, name)?;
    let time = millis.map(|millis| Timestamp::from_millis(millis).ok_or(Unreadable(name)));
    time.transpose()
}

fn lineage(row: &Row, index: usize, name: &'static str) -> Result<Option<KeyId>, Unreadable> {
    let text: Option<&str> = get(row, index, name)?;
    text.map(|text| id(text, name)).transpose()
}

fn id(text: &str, name: &'static str) -> Result<KeyId, Unreadable> {
    KeyId::parse(text.as_bytes()).ok_or(Unreadable(name))
}
