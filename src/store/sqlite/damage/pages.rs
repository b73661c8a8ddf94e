//! SQLite's own check of pages, indexes, types and constraints. Of its lines, only known words are shown.

use super::findings::{Findings, LINES};
use crate::store::sqlite::error::SqliteResult;
use rusqlite::{Connection, ffi};
use std::collections::BTreeSet;

/// Lines of `integrity_check` that report no damage.
const NO_DAMAGE: [&str; 2] = ["ok", "*** in database main ***"];

/// Words in the lines of `integrity_check`, apart from numbers and the names of tables and columns.
const WORDS: &str = "Bad Child Extends Failed Fragmentation Freelist Multiple Offset Page Rowid Tree \
    2nd 3rd CHECK NULL NUMERIC TEXT INTEGER REAL BLOB INT ANY at bad be big btree btreeInitPage but by byte \
    bytes cell child code constraint corruption count depth differs disagrees end entries entry error \
    exceeds expected failed for free freelist from get got has header imprecise in incremental_vacuum index \
    invalid is key leaf length list map max missing never non not number of off on order out overflow page \
    pointer ptr ptrmap range read record reference referenced reported returns right root rootpage row \
    rowid should size space stores than the to too unable unique unused used uses value values floating \
    point with wrong zero PRIMARY KEY as";

/// Adds the damage that SQLite finds. A line with an unknown word, which may be any bytes of the file, is
/// replaced by a general one.
pub fn check(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    let known = known(connection)?;
    let sql = format!("PRAGMA integrity_check({})", LINES + 1);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().unwrap_or_default();
        let damage = text.lines().filter(|line| !NO_DAMAGE.contains(line));
        lines.extend(damage.map(str::to_owned));
    }
    // SQLite stops at this many lines: damage after them may be in more than single keys.
    let is_cut = lines.len() > LINES;
    for line in &lines {
        if let Some(code) = unread(line) {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into());
        }
        match is_known(line, &known) {
            true if is_of_key(line) && !is_cut => findings.tell_of_key(line),
            true => findings.tell(line),
            false => findings.tell("SQLite reports an error in a page or an index"),
        }
    }
    Ok(())
}

/// Returns the result code in a `line` on a page that SQLite could not read, because memory ran out or the
/// disk failed. That is no damage.
fn unread(line: &str) -> Option<i32> {
    if line.contains("failed to get page") {
        return Some(ffi::SQLITE_IOERR_READ);
    }
    let (_, code) = line.rsplit_once("error code")?;
    let code: i32 = code.trim_start_matches(['=', ' ']).parse().ok()?;
    Some(code).filter(|code| code & 0xff != ffi::SQLITE_CORRUPT)
}

/// Tells whether `line` reports a wrong value in a column of a key, and nothing else.
fn is_of_key(line: &str) -> bool {
    line == "CHECK constraint failed in keys" || line.contains("value in keys.")
}

/// Returns the words that a line may have: SQLite's, and the names in the schema, which was checked before.
fn known(connection: &Connection) -> SqliteResult<BTreeSet<String>> {
    let mut known: BTreeSet<String> = WORDS.split_whitespace().map(str::to_owned).collect();
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema UNION SELECT columns.name FROM sqlite_schema AS tables, \
         pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table'",
    )?;
    for name in statement.query_map([], |row| row.get(0))? {
        known.insert(name?);
    }
    Ok(known)
}

/// Tells whether `line` consists of known words, numbers and punctuation.
fn is_known(line: &str, known: &BTreeSet<String>) -> bool {
    let is_punctuation = |c: char| " .,:;#=()-".contains(c);
    line.split(is_punctuation)
        .filter(|word| !word.is_empty())
        .all(|word| known.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::base::LATEST;
    use crate::store::sqlite::migrate;

    #[test]
    fn a_page_that_was_not_read_is_no_damage() {
        let nomem = "Tree 4 page 9: unable to get the page. error code=7";
        assert_eq!(unread(nomem), Some(ffi::SQLITE_NOMEM));
        let init = "Tree 4 page 9: btreeInitPage() returns error code 3082";
        assert_eq!(unread(init), Some(ffi::SQLITE_IOERR_NOMEM));
        let overflow = "Tree 4 page 9 cell 1: failed to get page 7";
        assert_eq!(unread(overflow), Some(ffi::SQLITE_IOERR_READ));
        let init = "Tree 4 page 9: btreeInitPage() returns error code 11";
        assert_eq!(unread(init), None);
        assert_eq!(unread("Page 9: never used"), None);
    }

    #[test]
    fn lines_of_known_words_are_repeated_and_no_others() {
        let store = migrate::model(LATEST).ok().unwrap();
        let known = known(&store).ok().unwrap();
        for line in [
            "Tree 4 page 9 cell 3: 2nd reference to page 7",
            "Tree 4 page 9 right child: Child page depth differs",
            "Freelist: freelist leaf count too big on page 3",
            "Freelist: size is 4 but should be 5",
            "Tree 2 page 2: btreeInitPage() returns error code 11",
            "Tree 2 page 2 cell 0: Offset 4096 out of range 10..512",
            "Tree 3 page 3: Fragmentation of 12 bytes reported as 0 on page 3",
            "Tree 3 page 3: Multiple uses for byte 300 of page 3",
            "Tree 3 page 3 cell 1: Rowid -5 out of order",
            "Page 12: never used",
            "wrong # of entries in index keys_live_name",
            "row 3 missing from index sqlite_autoindex_keys_1",
            "rowid not at end-of-record for row 3 of index keys_name",
            "non-unique entry in index keys_live_name",
            "NULL value in keys.name",
            "non-INTEGER value in keys.created_at",
            "CHECK constraint failed in keys",
            "row not in PRIMARY KEY order for key_scopes",
        ] {
            assert!(is_known(line, &known), "{line}");
        }
        for line in [
            "CHECK constraint failed in $sha256$Zm9v",
            "row 3 missing from index Zm9vYmFy",
            "x",
            "page \u{1b}[2J",
            "page 'keys'",
        ] {
            assert!(!is_known(line, &known), "{line}");
        }
    }
}
