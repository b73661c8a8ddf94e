//! Connections: the ways to open one, and the settings on it.

use super::base::{BUSY_TIMEOUT, Subject, shown};
use super::content::{Content, Empty, check, content};
use super::error::{Explain, Refusal, SqliteError, SqliteResult, not_a_store};
use super::fingerprint::Fingerprint;
use super::header::is_marked;
use super::migrate::path_of;
use super::mount::is_mount_point;
use super::parts::{has_journal, has_lost_all};
use super::siblings::{Foreign, Siblings, would_be_strangers};
use crate::error::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The largest value, in bytes, that is read or written: many times what the longest command line
/// could put into one, and little enough to be held in memory.
const VALUE_MAX: i32 = 16 << 20;

/// Time to wait before what SQLite answers BUSY to at once, whatever the timeout, is tried again:
/// switching to write-ahead logging, and having the file to oneself.
const RETRY: Duration = Duration::from_millis(5);

/// The most bytes that SQLite takes in this process: many times what a store of millions of keys
/// needs.
const HEAP_MAX: i64 = 128 << 20;

/// The most that a writer keeps of the store in memory, in KiB.
const CACHE_KIB: i64 = 64 << 10;

/// A connection that reads, and what the file was, if it was opened as one that nobody changes.
pub type Connected = (Connection, Option<Fingerprint>);

/// Opens the file at `path`, which is there, for changes; each waits up to `busy` for its turn.
pub fn to_write(path: &Path, busy: Duration, empty: Empty) -> SqliteResult<Connection> {
    check_file(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prepare_to_write(&connection, busy, empty)?;
    Siblings::of(path).check()?;
    Ok(connection)
}

/// Opens the file at `path`, which is there, for oneself alone: whoever else has it open is waited
/// for up to [`BUSY_TIMEOUT`], and whoever opens it waits, until the connection is closed.
///
/// With `reset`, SQLite takes what the file holds for nothing, however damaged it is.
pub fn alone(path: &Path, reset: bool) -> SqliteResult<Connection> {
    check_file(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Not by SQLite's own waiting: it does not wait for a log that it is to have for itself.
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, reset)?;
    // Before anything is read: what is opened together with others stays so.
    connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    // In this mode the lock outlives the transaction. Not COMMIT: what a reset has begun would be
    // an empty store.
    let sql = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; BEGIN EXCLUSIVE; ROLLBACK";
    retry(BUSY_TIMEOUT, || connection.execute_batch(sql))?;
    Siblings::of(path).check()?;
    Ok(connection)
}

/// Tries `attempt` again for as long as `busy` while another process is in the way.
fn retry<T>(busy: Duration, mut attempt: impl FnMut() -> rusqlite::Result<T>) -> SqliteResult<T> {
    let deadline = Instant::now() + busy;
    loop {
        match attempt().map_err(SqliteError::from) {
            Err(error) if error.is_busy() && Instant::now() < deadline => sleep(RETRY),
            result => return result,
        }
    }
}

/// Opens the file at `path`, which is there, for reading.
///
/// SQLite cannot read a file whose write-ahead log is not there where it may not make one. Then
/// the file alone is opened, as one that nobody changes; the fingerprint that is returned tells
/// the caller afterwards whether that was true.
pub fn to_read(subject: Subject<'_>) -> Result<Connected> {
    let path = subject.path;
    check_file(path).explain(subject)?;
    match to_look(subject) {
        // Another program's is its own affair.
        Err(_) if has_journal(path) && is_marked(path) => {
            undo(path).explain(subject)?;
            to_look(subject)
        }
        opened => opened,
    }
}

/// As [`to_read`], but nothing is undone that was cut short, and the file may have several names: for
/// a look at what is wrong.
fn to_look(subject: Subject<'_>) -> Result<Connected> {
    let path = subject.path;
    if would_be_strangers(path)
        && let Some(opened) = quietly(subject)?
    {
        // A log and an index of this user's would keep all who may write the store from it.
        return Ok(opened);
    }
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        check(&connection, Empty::Refused)?;
        Siblings::of(path).check()?;
        Ok(connection)
    });
    let error = match opened {
        Ok(connection) => return Ok((connection, None)),
        Err(error) => error,
    };
    match Fingerprint::of_quiet(path) {
        Some(quiet) if error.is_unopenable() => unlocked(subject, quiet),
        _ if error.is_unopenable() && has_journal(path) => {
            Err(SqliteError::Refused(Refusal::CutShort).about(subject))
        }
        _ => Err(error.about(subject)),
    }
}

/// Undoes a change of the file that was cut short, for which one has to be allowed to write it.
fn undo(path: &Path) -> SqliteResult<()> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    match content(&connection) {
        Err(error) if error.is_unopenable() => Err(SqliteError::Refused(Refusal::CutShort)),
        looked => looked.map(drop),
    }
}

/// Refuses a file that other processes may reach by a path with another log beside it: one with a
/// second name, or one that is a mount point of its own. Each path has a write-ahead log and locks of
/// its own, so writes through one would be lost under those through the other, and a key that was
/// stopped through one would go on working through the other.
fn check_file(path: &Path) -> SqliteResult<()> {
    // A file that stat(2) fails on cannot be opened either: the open reports that better.
    let names = fs::metadata(path).map_or(1, |file| file.nlink());
    if names > 1 {
        return Err(SqliteError::Refused(Refusal::HardLinks(names)));
    }
    if is_mount_point(path) {
        return Err(SqliteError::Refused(Refusal::MountedAlone));
    }
    Ok(())
}

/// Opens the file for reading, without a change to any file where no other process has it open. The
/// file may have several names.
pub fn to_examine(subject: Subject<'_>) -> Result<Connected> {
    match quietly(subject)? {
        Some(opened) => Ok(opened),
        None => to_look(subject),
    }
}

/// Opens `subject`, a copy that nobody is to change, for reading. A file beside it is read only if its
/// maker put it there; returns those that were left out.
pub fn copy(subject: Subject<'_>) -> Result<(Connected, Vec<Foreign>)> {
    let siblings = Siblings::of(subject.path);
    if siblings.foreign.is_empty() {
        return Ok((to_examine(subject)?, Vec::new()));
    }
    match Fingerprint::of_file_alone(subject.path) {
        Some(alone) if !siblings.has_content => Ok((unlocked(subject, alone)?, siblings.foreign)),
        // A log of its maker's own is a part of it, and SQLite reads either all siblings or none.
        _ => to_look(subject).map(|opened| (opened, Vec::new())),
    }
}

/// Opens the file at `path`, which is there, for reading, as one that nobody changes; `None` where
/// somebody does, or has left something to be done.
fn quietly(subject: Subject<'_>) -> Result<Option<Connected>> {
    match Fingerprint::of_quiet(subject.path) {
        Some(quiet) => unlocked(subject, quiet).map(Some),
        None => Ok(None),
    }
}

fn unlocked(subject: Subject<'_>, quiet: Fingerprint) -> Result<Connected> {
    let connection = connect_unlocked(subject.path).explain(subject)?;
    Ok((connection, Some(quiet)))
}

fn connect(path: &Path, access: OpenFlags) -> SqliteResult<Connection> {
    refuse_what_sqlite_takes_for_empty(path)?;
    Siblings::of(path).check()?;
    // No SQLITE_OPEN_CREATE: the file was made before, with its mode. The path is absolute, so it
    // is never taken for a URI.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    harden(&connection)?;
    Ok(connection)
}

/// SQLite takes a file of a single byte for an empty one, and would write over it; and of an empty
/// one it removes the log, which may be all that is left of the store.
fn refuse_what_sqlite_takes_for_empty(path: &Path) -> SqliteResult<()> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() == 1) {
        return Err(SqliteError::Final(not_a_store(&shown(path))));
    }
    if has_lost_all(path) {
        return Err(SqliteError::Damaged(
            "it is empty, while the log beside it is not".to_owned(),
        ));
    }
    Ok(())
}

fn connect_unlocked(path: &Path) -> SqliteResult<Connection> {
    refuse_what_sqlite_takes_for_empty(path)?;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'_' | b'-' => uri.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(uri, "%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&uri, flags)?;
    harden(&connection)?;
    check(&connection, Empty::Refused)?;
    Ok(connection)
}

/// A file that somebody else has prepared runs no code of theirs and fills no memory. Closing it
/// changes nothing: the log and its index stay for readers who could not make them.
fn harden(connection: &Connection) -> SqliteResult<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_MAX)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // That limit does not hold where SQLite looks for a row: then it reads rows whole.
    connection.pragma_update_and_check(None, "hard_heap_limit", HEAP_MAX, |_| Ok(()))?;
    Ok(())
}

/// Tells whether the file at `path` is SQLite's, and nothing was ever put into it.
pub fn holds_nothing(path: &Path) -> bool {
    let look = |access| {
        check_file(path)?;
        let connection = connect(path, access)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        content(&connection)
    };
    // Who was ended while making a store has left a journal, which no reader can roll back.
    look(OpenFlags::SQLITE_OPEN_READ_ONLY)
        .or_else(|_| look(OpenFlags::SQLITE_OPEN_READ_WRITE))
        .is_ok_and(|content| matches!(content, Content::Nothing))
}

fn prepare_to_write(connection: &Connection, busy: Duration, empty: Empty) -> SqliteResult<()> {
    connection.busy_timeout(busy)?;
    if connection.is_readonly("main")? {
        return Err(SqliteError::Refused(Refusal::ReadOnly));
    }
    check(connection, empty)?;
    connection.execute_batch(
        "PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL",
    )?;
    // Who changes thousands of keys touches every page of their indexes many times.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    switch_to_wal(connection, busy)
}

fn switch_to_wal(connection: &Connection, busy: Duration) -> SqliteResult<()> {
    let mode: String = retry(busy, || {
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
    })?;
    if mode == "wal" {
        return Ok(());
    }
    Err(SqliteError::Final(
        Error::unavailable(format!(
            "the file system of {} cannot hold a store: it has no shared memory for write-ahead logging",
            path_of(connection)
        ))
        .hint("keep the store on a local file system: --db PATH"),
    ))
}
