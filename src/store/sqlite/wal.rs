//! Frames of a write-ahead log that SQLite ignores.
//!
//! SQLite reads a log up to the first frame with a wrong checksum, and ignores the rest without an error.
//! After one flipped bit, a store whose pages are all in the log looks like an empty file.

use super::parts::sibling;
use rusqlite::Connection;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Size of the log's header (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
const HEADER: u64 = 32;

/// Size of a frame's header. Its second field, bytes 4 to 7, is 0 except in the last frame of a transaction.
const FRAME: usize = 24;

/// Tells whether the log of the file at `path`, which `connection` has open, has the last frame of a
/// transaction, whatever its checksum. A writer that was killed before its commit leaves only earlier ones.
pub fn holds_commit(path: &Path, connection: &Connection) -> bool {
    let mode = connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0));
    if mode.is_ok_and(|mode| mode != "wal") {
        // The log is not of this connection, which may be in memory.
        return false;
    }
    let page = connection.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0));
    let log = File::open(sibling(path, "-wal"));
    match (page, log) {
        (Ok(page), Ok(log)) => find_commit(log, page).unwrap_or(true),
        // No log; if it cannot be opened, SQLite fails too.
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
