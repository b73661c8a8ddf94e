//! Looks up keys for verification by ID or by the digest of a foreign token. An unknown one costs as much as a
//! known one: the row of the nearest one is read instead, so that the time does not tell which exist.

use super::error::{SqliteError, SqliteResult, index_mismatch};
use super::row;
use super::schema::Schema;
use crate::store::contract::Known;
use crate::token::Locator;
use rusqlite::{Connection, Row};

/// SQL for the nearest entry of an index on `column`, for rows that meet `condition`: the first at or after the given
/// value, or the last of all. `shown` is what is read of it.
macro_rules! nearest {
    ($shown:expr, $column:literal, $condition:literal, $value:literal) => {
        concat!(
            "SELECT ",
            $shown,
            " AS nearest FROM keys WHERE ",
            $condition,
            $column,
            " >= min(",
            $value,
            ", (SELECT max(",
            $column,
            ") FROM keys WHERE ",
            $condition,
            $column,
            " NOT NULL)) ORDER BY ",
            $column,
            " LIMIT 1"
        )
    };
}

/// Queries that find rows by a column, without the columns of the row. Each reads the row by its number: SQLite would
/// otherwise return the value in the index entry.
struct Search {
    /// For one value.
    one: &'static str,
    /// For many values, given as a JSON array: one statement, for which SQLite opens the index once. An entry of the
    /// index is read as one text, so that the index is searched only once: the number of the row, a space, and the
    /// column. LIMIT -1 keeps SQLite from reading it again for each use.
    many: &'static str,
    /// Index of the column in the row that is read, or `None` for the hash.
    column: Option<usize>,
}

macro_rules! search {
    ($column:literal, $condition:literal, $index:expr) => {
        Search {
            one: concat!(
                "nearest, hash FROM (",
                nearest!(
                    concat!("seq AS number, ", $column),
                    $column,
                    $condition,
                    "?1"
                ),
                ") CROSS JOIN keys ON seq = number"
            ),
            many: concat!(
                "nearest, hash, place FROM (SELECT key AS place, (",
                nearest!(
                    concat!("seq || ' ' || ", $column),
                    $column,
                    $condition,
                    "value"
                ),
                ") AS nearest FROM json_each(?1) LIMIT -1) \
                 CROSS JOIN keys ON seq = CAST(nearest AS INTEGER)"
            ),
            column: $index,
        }
    };
}

const BY_ID: Search = search!("id", "", Some(0));
const BY_DIGEST: Search = search!("hash", "imported NOT NULL AND ", None);

const NEAREST: usize = row::WIDTH;
const HASH: usize = row::WIDTH + 1;
const PLACE: usize = row::WIDTH + 2;

/// Returns the key of each locator, in their order.
pub fn find(
    connection: &Connection,
    schema: Schema,
    sought: &[Locator],
) -> SqliteResult<Vec<Option<Known>>> {
    let mut known: Vec<Option<Known>> = Vec::with_capacity(sought.len());
    known.resize_with(sought.len(), || None);
    let (mut ids, mut digests) = (Values::default(), Values::default());
    for (place, locator) in sought.iter().enumerate() {
        match locator {
            Locator::Id(id) => ids.push(place, id.as_str().to_owned()),
            Locator::Digest(digest) => digests.push(place, digest.phc()),
        }
    }
    ids.find(connection, schema, &BY_ID, &mut known)?;
    if schema.has_imported() {
        digests.find(connection, schema, &BY_DIGEST, &mut known)?;
    }
    Ok(known)
}

/// Values of one column to look for. None of them has a character that JSON escapes.
#[derive(Default)]
struct Values {
    texts: Vec<String>,
    /// Index in the result, of each value.
    places: Vec<usize>,
}

impl Values {
    fn push(&mut self, place: usize, text: String) {
        self.texts.push(text);
        self.places.push(place);
    }

    /// Puts the key of each value into its place in `known`.
    fn find(
        self,
        connection: &Connection,
        schema: Schema,
        search: &Search,
        known: &mut [Option<Known>],
    ) -> SqliteResult<()> {
        let (query, asked) = match self.texts.as_slice() {
            [] => return Ok(()),
            [one] => (search.one, one.clone()),
            texts => (search.many, in_json(texts)),
        };
        let mut statement = connection.prepare_cached(&select(schema, query))?;
        let mut rows = statement.query([asked])?;
        while let Some(found) = rows.next()? {
            let place: i64 = match self.texts.len() {
                1 => 0,
                _ => row::get(found, PLACE, "place")?,
            };
            let at = usize::try_from(place).unwrap_or(usize::MAX);
            if let (Some(text), Some(&place)) = (self.texts.get(at), self.places.get(at)) {
                known[place] = read(found, search, text)?;
            }
        }
        Ok(())
    }
}

/// Returns the statement for a query of a [`Search`].
fn select(schema: Schema, query: &str) -> String {
    format!("SELECT {}, {query}", row::columns_without_labels(schema))
}

/// Writes `texts` as a JSON array.
fn in_json(texts: &[String]) -> String {
    format!("[\"{}\"]", texts.join("\",\""))
}

/// Returns the key in a row that was read for `text`, or `None` if the row is that of another value.
fn read(found: &Row<'_>, search: &Search, text: &str) -> SqliteResult<Option<Known>> {
    let key = row::key(found);
    let hash = row::get(found, HASH, "hash");
    let nearest = found.get_ref(NEAREST)?.as_bytes().ok();
    let of_index = nearest.and_then(|nearest| nearest.splitn(2, |&byte| byte == b' ').last());
    let of_row = found.get_ref(search.column.unwrap_or(HASH))?;
    // Otherwise a corrupted index could let one key's secret pass as another's.
    if of_index.is_none() || of_index != of_row.as_bytes().ok() {
        return Err(index_mismatch());
    }
    if of_index != Some(text.as_bytes()) {
        // The nearest row, which may be damaged: its errors are not this key's.
        return Ok(None);
    }
    if let Err(SqliteError::Key(_, row::HASH)) = key {
        // A key without a hash matches no secret.
        return Ok(None);
    }
    let key = key?;
    let hash = hash.map_err(|_| SqliteError::Key(Some(key.id), row::HASH))?;
    Ok(Some(Known { key, hash }))
}

/// Tells whether there is an imported key, deleted or not.
pub fn has_imported(connection: &Connection) -> SqliteResult<bool> {
    if !Schema::of(connection)?.has_imported() {
        return Ok(false);
    }
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM keys WHERE imported NOT NULL LIMIT 1")?;
    Ok(statement.exists([])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyId;
    use crate::store::sqlite::base::LATEST;
    use crate::store::sqlite::migrate;

    fn id(text: &str) -> KeyId {
        KeyId::parse(text.as_bytes()).unwrap()
    }

    /// Makes a store with `count` keys, whose IDs are the odd numbers.
    fn store(count: u32) -> Connection {
        let store = migrate::model(LATEST).ok().unwrap();
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
        let asked: Vec<Locator> = [
            "000000000007",
            "000000000008",
            "zzzzzzzzzzzz",
            "000000000000",
            "000000000001",
            "000000000007",
        ]
        .map(id)
        .map(Locator::Id)
        .to_vec();
        let expected = [Some("4"), None, None, None, Some("1"), Some("4")];
        let named = |known: Option<Known>| {
            let known = known?;
            assert_eq!(known.key.scopes.len(), 2);
            assert_eq!(known.hash, Some(format!("hash of {}", known.key.name)));
            Some(known.key.name)
        };
        let many = find(&store, Schema::LATEST, &asked).ok().unwrap();
        let many: Vec<_> = many.into_iter().map(named).collect();
        assert_eq!(many, expected.map(|name| name.map(str::to_owned)));
        for (id, expected) in asked.into_iter().zip(expected) {
            let mut one = find(&store, Schema::LATEST, &[id]).ok().unwrap();
            assert_eq!(one.len(), 1);
            assert_eq!(named(one.remove(0)).as_deref(), expected);
        }
        assert!(find(&store, Schema::LATEST, &[]).ok().unwrap().is_empty());
    }

    #[test]
    fn a_store_without_keys_knows_none() {
        let store = store(1);
        store.execute("DELETE FROM keys", []).unwrap();
        let asked = [id("000000000001"), id("000000000002")].map(Locator::Id);
        for asked in [&asked[..1], &asked] {
            let known = find(&store, Schema::LATEST, asked).ok().unwrap();
            assert_eq!(known.len(), asked.len());
            assert!(known.iter().all(Option::is_none));
        }
    }

    #[test]
    fn no_table_is_walked_and_nothing_is_sorted() {
        let store = store(2000);
        let schema = Schema::of(&store).ok().unwrap();
        for (query, asked) in [
            (BY_ID.one, "000000001000"),
            (BY_ID.one, "zzzzzzzzzzzz"),
            (BY_ID.many, r#"["000000001000","zzzzzzzzzzzz"]"#),
            (BY_DIGEST.one, "hash of key 7"),
            (BY_DIGEST.one, "zzzzzzzzzzzz"),
            (BY_DIGEST.many, r#"["hash of key 7","zzzzzzzzzzzz"]"#),
        ] {
            let mut statement = store.prepare(&select(schema, query)).unwrap();
            let mut rows = statement.query([asked]).unwrap();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            let steps = statement.get_status(rusqlite::StatementStatus::VmStep);
            assert!(steps < 200, "{steps} for {asked}");
            assert_eq!(statement.get_status(rusqlite::StatementStatus::Sort), 0);
        }
    }
}
