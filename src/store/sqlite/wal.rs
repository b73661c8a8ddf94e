//! The frames of a write-ahead log, which SQLite may take for empty.
//!
//! SQLite reads a log up to the first frame whose checksum is wrong, and ignores the rest without an
//! error: after one flipped bit, a store that is in its log alone looks as if it was never made.

use super::parts::sibling;
use rusqlite::Connection;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The bytes before the first frame (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
const HEADER: u64 = 32;

/// The bytes of a frame before its page: the page's number, and in the last frame of a transaction
/// the number of pages that the file has then, else 0; then salts and checksums.
const FRAME: usize = 24;

/// Tells whether the log of the file at `path`, which `connection` has open, holds the last frame of a
/// transaction, right or wrong. A writer that was killed on its way leaves only frames before that.
pub fn holds_commit(path: &Path, connection: &Connection) -> bool {
    let mode = connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0));
    if mode.is_ok_and(|mode| mode != "wal") {
        // It is in memory, for one, and the log of another connection.
        return false;
    }
    let page = connection.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0));
    let log = File::open(sibling(path, "-wal"));
    match (page, log) {
        (Ok(page), Ok(log)) => find_commit(log, page).unwrap_or(true),
        // There is no log, or SQLite cannot read it either and says why.
        _ => false,
    }
}

fn find_commit(mut log: File, page: u32) -> io::Result<bool> {
    let length = log.metadata()?.len();
    let step = FRAME as u64 + u64::from(page);
    let mut start = HEADER;
    while start + step <= length {
        let mut frame = [0; FRAME];
        log.seek(SeekFrom::Start(start))?;
        log.read_exact(&mut frame)?;
        if frame[4..8] != [0; 4] {
            return Ok(true);
        }
        start += step;
    }
    Ok(false)
}
