//! A walk through all keys that reads their scopes and labels beside them. The three tables lie in
//! nearly the same order, and to look for the rows of each key would cost more than all else.

use super::error::{SqliteError, SqliteResult};
use super::query::{self, Through};
use super::row::{self, skip_damaged};
use crate::key::Key;
use crate::store::contract::Visit;
use crate::store::filter::Filter;
use crate::store::skipped::Skipped;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Connection, Row, Rows, params_from_iter};

/// In the order in which the tables lie: nothing is sorted.
const SCOPES: &str = "SELECT key, scope FROM key_scopes ORDER BY key, scope";
const LABELS: &str = "SELECT key, label, value FROM key_labels ORDER BY key, label";

/// Visits what `filter`, which asks for nearly all keys, lets through, and
/// returns what of that cannot be read.
pub fn scan(
    connection: &Connection,
    filter: &Filter,
    visit: &mut Visit<'_>,
) -> SqliteResult<Skipped> {
    let mut scopes = connection.prepare(SCOPES)?;
    let mut scopes = Walk::begin(scopes.query([])?)?;
    let mut labels = connection.prepare(LABELS)?;
    let mut labels = Walk::begin(labels.query([])?)?;
    let mut one =
        connection.prepare(&format!("SELECT {} FROM keys WHERE seq = ?1", row::COLUMNS))?;
    let query = query::select_columns(row::OWN_COLUMNS, filter, Through::Name);
    let mut statement = connection.prepare(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let (mut last, mut skipped) = (None, Skipped::default());
    while let Some(found) = rows.next()? {
        let mut read = row::key(found);
        let seq: i64 = row::get(found, row::WIDTH, "row")?;
        if last < Some(seq) {
            last = Some(seq);
            if let Ok(key) = &mut read {
                let joined = join(key, seq, &mut scopes, &mut labels);
                read = read.and_then(|key| joined.map(|()| key));
            }
        } else {
            // A clock was put back: the walks are past it.
            read = one.query_one([seq], |row| Ok(row::key(row)))?;
        }
        let Some(key) = skip_damaged(read, &mut skipped)? else {
            continue;
        };
        if visit(key)?.is_break() {
            break;
        }
    }
    Ok(skipped)
}

/// Gives the key in row `seq` its scopes and labels.
fn join(key: &mut Key, seq: i64, scopes: &mut Walk<'_>, labels: &mut Walk<'_>) -> SqliteResult<()> {
    let id = key.id;
    let of_key = |error| match error {
        SqliteError::Column(column) => SqliteError::Key(Some(id), column),
        error => error,
    };
    let scopes = scopes.take(seq, |row| {
        key.scopes.insert(row::text(row, 1, "scopes")?.to_owned());
        Ok(())
    });
    scopes.map_err(of_key)?;
    let labels = labels.take(seq, |row| {
        let label = row::text(row, 1, "labels")?.to_owned();
        key.labels
            .insert(label, row::text(row, 2, "labels")?.to_owned());
        Ok(())
    });
    labels.map_err(of_key)
}

/// A walk through rows that each belong to a key, in the order of the keys' own rows.
struct Walk<'s> {
    rows: Rows<'s>,
    /// The row's key and what stands behind it: no row comes again.
    at: (i64, Vec<u8>),
}

impl<'s> Walk<'s> {
    fn begin(rows: Rows<'s>) -> SqliteResult<Self> {
        let mut walk = Walk {
            rows,
            at: (i64::MIN, Vec::new()),
        };
        walk.step()?;
        Ok(walk)
    }

    /// Goes on behind the rows of the key in row `seq`, giving each of these to `visit`.
    fn take(
        &mut self,
        seq: i64,
        mut visit: impl FnMut(&Row<'_>) -> SqliteResult<()>,
    ) -> SqliteResult<()> {
        while let Some(row) = self.rows.get() {
            if self.at.0 > seq {
                break;
            }
            if self.at.0 == seq {
                visit(row)?;
            }
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> SqliteResult<()> {
        self.rows.advance()?;
        let Some(row) = self.rows.get() else {
            return Ok(());
        };
        // Bytes: text that cannot be read is the fault of the key that it belongs to.
        let (key, name): (i64, _) = (row::get(row, 0, "scopes")?, row.get_ref(1)?.as_bytes());
        let name = name.map_err(|_| SqliteError::Column("scopes"))?;
        // Pages that lead round and round have no end otherwise.
        if (key, name) <= (self.at.0, &self.at.1) {
            return Err(SqliteError::Damaged(
                "its keys' scopes or labels are out of order".to_owned(),
            ));
        }
        self.at.0 = key;
        self.at.1.clear();
        self.at.1.extend_from_slice(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrate;

    #[test]
    fn nothing_is_sorted() {
        let store = migrate::model(usize::MAX).ok().unwrap();
        for sql in [SCOPES, LABELS] {
            let plan = format!("EXPLAIN QUERY PLAN {sql}");
            let step: String = store.query_one(&plan, [], |row| row.get(3)).unwrap();
            assert!(step.starts_with("SCAN key_"), "{step}");
        }
    }

    /// SqliteResult of a walk through `rows` of SQL for the keys 1 to 3.
    fn taken(rows: &str) -> SqliteResult<[Vec<String>; 3]> {
        let connection = Connection::open_in_memory()?;
        let mut statement = connection.prepare(&format!("VALUES {rows}"))?;
        let mut walk = Walk::begin(statement.query([])?)?;
        let mut taken: [Vec<String>; 3] = Default::default();
        for (seq, names) in (1..).zip(&mut taken) {
            walk.take(seq, |row| {
                names.push(row::text(row, 1, "scopes")?.to_owned());
                Ok(())
            })?;
        }
        Ok(taken)
    }

    #[test]
    fn each_key_gets_its_own_rows() {
        let rows = "(0, 'x'), (1, 'a'), (1, 'b'), (3, 'a'), (4, 'x')";
        let taken = taken(rows).ok().unwrap().map(|names| names.join(" "));
        assert_eq!(taken, ["a b", "", "a"]);
    }

    #[test]
    fn rows_that_come_again_are_damage() {
        for rows in [
            "(1, 'a'), (1, 'a')",
            "(1, 'b'), (1, 'a')",
            "(2, 'a'), (1, 'a')",
            "(0, 'a'), (0, 'a')",
        ] {
            let error = taken(rows).err().unwrap();
            assert!(error.is_damage(), "{rows}");
        }
    }
}
