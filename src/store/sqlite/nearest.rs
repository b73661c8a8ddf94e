//! Looks up keys by ID for verification. An unknown ID costs as much as a known one: the row of the nearest
//! ID is read instead, so that the time does not tell which IDs exist.

use super::error::{SqliteError, SqliteResult, index_mismatch};
use super::row;
use super::schema::Schema;
use crate::id::KeyId;
use crate::store::contract::Known;
use rusqlite::{Connection, Row};

/// SQL expression for the nearest ID: the first at or after the given one, or the last of all. Its value is
/// the number of its row, a space, and the ID as the index has it: one text, so that the index is searched
/// only once.
macro_rules! nearest {
    ($id:literal) => {
        concat!(
            "coalesce((SELECT seq || ' ' || id FROM keys WHERE id >= ",
            $id,
            " ORDER BY id LIMIT 1), (SELECT seq || ' ' || id FROM keys ORDER BY id DESC LIMIT 1)) AS nearest"
        )
    };
}

/// Subquery for one ID. LIMIT keeps SQLite from computing `nearest` again for each use of the column.
const ONE: &str = concat!("SELECT 0 AS place, ", nearest!("?1"), " LIMIT -1");

/// Subquery for many IDs, given as a JSON array: one statement, for which SQLite opens the index once.
const MANY: &str = concat!(
    "SELECT key AS place, ",
    nearest!("value"),
    " FROM json_each(?1) LIMIT -1"
);

/// Returns the query for the rows that `places` finds. It reads each row by its number: SQLite would
/// otherwise return the ID of the index entry.
fn rows(schema: Schema, places: &str) -> String {
    format!(
        "SELECT {}, place, nearest, hash FROM ({places}) CROSS JOIN keys ON seq = CAST(nearest AS INTEGER)",
        row::columns_without_labels(schema)
    )
}

/// Returns the key with each of these IDs, in their order.
pub fn to_verify(connection: &Connection, ids: &[KeyId]) -> SqliteResult<Vec<Option<Known>>> {
    let (places, asked) = match ids {
        [id] => (ONE, id.as_str().to_owned()),
        ids => (MANY, in_json(ids)),
    };
    let sql = rows(Schema::of(connection)?, places);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([asked])?;
    let mut known: Vec<Option<Known>> = Vec::with_capacity(ids.len());
    known.resize_with(ids.len(), || None);
    while let Some(found) = rows.next()? {
        let place: i64 = row::get(found, row::WIDTH, "place")?;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if let (Some(&id), Some(known)) = (ids.get(place), known.get_mut(place)) {
            *known = read(found, id)?;
        }
    }
    Ok(known)
}

/// Writes `ids` as a JSON array. Their alphabet has no character that JSON escapes.
fn in_json(ids: &[KeyId]) -> String {
    let mut list = String::with_capacity(2 + ids.len() * (KeyId::LEN + 3));
    list.push('[');
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            list.push(',');
        }
        list.push('"');
        list.push_str(id.as_str());
        list.push('"');
    }
    list.push(']');
    list
}

/// Returns the key in a row that was read for `id`, or `None` if the row is that of another ID.
fn read(found: &Row<'_>, id: KeyId) -> SqliteResult<Option<Known>> {
    let key = row::key(found);
    let hash = row::get(found, row::WIDTH + 2, "hash");
    let nearest = found.get_ref(row::WIDTH + 1)?.as_bytes().ok();
    let of_index = nearest.and_then(|nearest| nearest.splitn(2, |&byte| byte == b' ').nth(1));
    // Otherwise a corrupted index could let one key's secret pass as another's.
    if of_index.is_none() || of_index != found.get_ref(0)?.as_bytes().ok() {
        return Err(index_mismatch());
    }
    if of_index != Some(id.as_str().as_bytes()) {
        // The nearest ID's row, which may be damaged: its errors are not this key's.
        return Ok(None);
    }
    if let Err(SqliteError::Key(_, row::HASH)) = key {
        // A key without a hash matches no secret.
        return Ok(None);
    }
    let (key, hash) = (
        key?,
        hash.map_err(|_| SqliteError::Key(Some(id), row::HASH))?,
    );
    Ok(Some(Known { key, hash }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrate;

    fn id(text: &str) -> KeyId {
        KeyId::parse(text.as_bytes()).unwrap()
    }

    /// Makes a store with `count` keys, whose IDs are the odd numbers.
    fn store(count: u32) -> Connection {
        let store = migrate::model(usize::MAX).ok().unwrap();
        store
            .execute_batch(&format!(
                "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {count})
                 INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, scopes)
                 SELECT printf('%012d', 2 * n - 1), n, 'a', 'api', 'hash of ' || n, 0, 'a',
                     'inference project' FROM up"
            ))
            .unwrap();
        store
    }

    #[test]
    fn each_id_is_answered_in_its_place() {
        let store = store(9);
        let asked: Vec<KeyId> = [
            "000000000007",
            "000000000008",
            "zzzzzzzzzzzz",
            "000000000000",
            "000000000001",
            "000000000007",
        ]
        .map(id)
        .to_vec();
        let expected = [Some("4"), None, None, None, Some("1"), Some("4")];
        let named = |known: Option<Known>| {
            let known = known?;
            assert_eq!(known.key.scopes.len(), 2);
            assert_eq!(known.hash, Some(format!("hash of {}", known.key.name)));
            Some(known.key.name)
        };
        let many = to_verify(&store, &asked).ok().unwrap();
        let many: Vec<_> = many.into_iter().map(named).collect();
        assert_eq!(many, expected.map(|name| name.map(str::to_owned)));
        for (id, expected) in asked.into_iter().zip(expected) {
            let mut one = to_verify(&store, &[id]).ok().unwrap();
            assert_eq!(one.len(), 1);
            assert_eq!(named(one.remove(0)).as_deref(), expected);
        }
        assert!(to_verify(&store, &[]).ok().unwrap().is_empty());
    }

    #[test]
    fn a_store_without_keys_knows_none() {
        let store = store(1);
        store.execute("DELETE FROM keys", []).unwrap();
        let asked = [id("000000000001"), id("000000000002")];
        for asked in [&asked[..1], &asked] {
            let known = to_verify(&store, asked).ok().unwrap();
            assert_eq!(known.len(), asked.len());
            assert!(known.iter().all(Option::is_none));
        }
    }

    #[test]
    fn no_table_is_walked_and_nothing_is_sorted() {
        let store = store(2000);
        let schema = Schema::of(&store).ok().unwrap();
        for (places, asked) in [
            (ONE, "000000001000"),
            (ONE, "zzzzzzzzzzzz"),
            (MANY, r#"["000000001000","zzzzzzzzzzzz"]"#),
        ] {
            let mut statement = store.prepare(&rows(schema, places)).unwrap();
            let mut rows = statement.query([asked]).unwrap();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            let steps = statement.get_status(rusqlite::StatementStatus::VmStep);
            assert!(steps < 200, "{steps} for {asked}");
            assert_eq!(statement.get_status(rusqlite::StatementStatus::Sort), 0);
        }
    }
}
