//! Connections to a store's file: how they are opened, and their settings.

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

/// Largest value, in bytes, that is read or written: many times longer than any command line can put into
/// one, and small enough for memory.
const VALUE_MAX: i32 = 16 << 20;

/// Time between attempts at a statement that SQLite answers with BUSY at once, whatever its busy timeout:
/// the switch to WAL, and the exclusive lock on a WAL store.
const RETRY: Duration = Duration::from_millis(5);

/// Longest time that a server waits for recovery by another process.
const SERVE_TIMEOUT: Duration = Duration::from_millis(500);

/// Most memory, in bytes, that SQLite allocates in this process: many times more than a store of millions
/// of keys needs.
const HEAP_MAX: i64 = 128 << 20;

/// Size of a writer's page cache, in KiB. A sort takes as much again, and both must fit into [`HEAP_MAX`].
const CACHE_KIB: i64 = 48 << 10;

/// Connection, and the file's fingerprint at the open if it was opened `immutable`.
pub type Connected = (Connection, Option<Fingerprint>);

/// Opens the existing file at `path` for writing. Each transaction waits up to `busy` for the write lock.
pub fn to_write(path: &Path, busy: Duration, empty: Empty) -> SqliteResult<Connection> {
    check_file(path)?;
    prepared(path, OpenFlags::SQLITE_OPEN_READ_WRITE, |connection| {
        prepare_to_write(connection, busy, empty)
    })
}

/// Opens the existing file at `path` with an exclusive lock, which lasts until the connection is closed.
/// Waits up to [`BUSY_TIMEOUT`] until no other process has the file open.
///
/// With `reset`, SQLite treats the content as an empty database, however damaged it is.
pub fn exclusively(path: &Path, reset: bool) -> SqliteResult<Connection> {
    check_file(path)?;
    prepared(path, OpenFlags::SQLITE_OPEN_READ_WRITE, |connection| {
        // SQLite's busy timeout does not cover the exclusive lock on a write-ahead log: `retry` waits instead.
        connection.busy_timeout(Duration::ZERO)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, reset)?;
        // Before the first read: only then does SQLite keep the WAL index in its own memory, not in shared
        // memory.
        connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
        // In this locking mode the lock outlives the transaction. ROLLBACK: after a reset, COMMIT would write
        // an empty database.
        let sql = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; BEGIN EXCLUSIVE; ROLLBACK";
        retry(BUSY_TIMEOUT, || connection.execute_batch(sql))
    })
}

/// Repeats `attempt` for up to `busy` while another process holds a lock.
fn retry<T>(busy: Duration, mut attempt: impl FnMut() -> rusqlite::Result<T>) -> SqliteResult<T> {
    let deadline = Instant::now() + busy;
    loop {
        match attempt().map_err(SqliteError::from) {
            Err(error) if error.is_busy() && Instant::now() < deadline => sleep(RETRY),
            result => return result,
        }
    }
}

/// Opens the existing file for reading. If the journal of an interrupted change prevents that, rolls the
/// change back first, which takes the right to write.
pub fn to_read(subject: Subject<'_>) -> Result<Connected> {
    waiting(subject, BUSY_TIMEOUT)
}

/// Opens the existing file for reading by a server, as [`to_read`] does. Waits for recovery by another process for a
/// short time only: the requests wait too.
pub fn to_serve(subject: Subject<'_>) -> Result<Connected> {
    waiting(subject, SERVE_TIMEOUT)
}

fn waiting(subject: Subject<'_>, busy: Duration) -> Result<Connected> {
    let path = subject.path;
    check_file(path).explain(subject)?;
    match without_recovery(subject, busy) {
        // Only keyctl's own journal: another program's database is left as it is.
        Err(_) if has_journal(path) && is_marked(path) => {
            recover(path).explain(subject)?;
            without_recovery(subject, busy)
        }
        opened => opened,
    }
}

/// Opens the existing file for reading, and rolls nothing back.
///
/// SQLite cannot open a WAL store whose index is missing if it may not make one (SQLITE_CANTOPEN or
/// SQLITE_READONLY). The file is opened `immutable` then, with its fingerprint: the caller compares it
/// after each read.
fn without_recovery(subject: Subject<'_>, busy: Duration) -> Result<Connected> {
    let path = subject.path;
    // SQLite would make a log and an index that belong to this user. Writers refuse a stranger's files, so
    // none are made.
    if would_be_strangers(path)
        && let Some(opened) = immutable_if_quiet(subject)?
    {
        return Ok(opened);
    }
    let opened = prepared(path, OpenFlags::SQLITE_OPEN_READ_ONLY, |connection| {
        connection.busy_timeout(busy)?;
        check(connection, Empty::Refused)
    });
    let error = match opened {
        Ok(connection) => return Ok((connection, None)),
        Err(error) => error,
    };
    match Fingerprint::of_quiet(path) {
        Some(quiet) if error.is_unopenable() => immutable(subject, quiet),
        _ if error.is_unopenable() && has_journal(path) => {
            Err(SqliteError::Refused(Refusal::CutShort).about(subject))
        }
        _ => Err(error.about(subject)),
    }
}

/// Rolls back an interrupted change: SQLite does that when a connection that may write reads the file.
fn recover(path: &Path) -> SqliteResult<()> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    match content(&connection) {
        Err(error) if error.is_unopenable() => Err(SqliteError::Refused(Refusal::CutShort)),
        result => result.map(drop),
    }
}

/// Refuses a file with a second path: another hard link, or one outside the file's own mount point.
///
/// SQLite keeps a log and an index for each path. Writes through one path would be lost under those through
/// the other, and a key that was stopped through one would go on working through the other.
fn check_file(path: &Path) -> SqliteResult<()> {
    // Where stat(2) fails, the open fails too, with a better message.
    let names = fs::metadata(path).map_or(1, |file| file.nlink());
    if names > 1 {
        return Err(SqliteError::Refused(Refusal::HardLinks(names)));
    }
    if is_mount_point(path) {
        return Err(SqliteError::Refused(Refusal::MountedAlone));
    }
    Ok(())
}

/// Opens the existing file for reading, even with several hard links. While no other process has it open,
/// no file is made or changed.
pub fn to_examine(subject: Subject<'_>) -> Result<Connected> {
    match immutable_if_quiet(subject)? {
        Some(opened) => Ok(opened),
        None => without_recovery(subject, BUSY_TIMEOUT),
    }
}

/// Opens a copy of a store for reading, without siblings that a stranger put there. Returns these.
pub fn copy(subject: Subject<'_>) -> Result<(Connected, Vec<Foreign>)> {
    let siblings = Siblings::of(subject.path);
    if siblings.foreign.is_empty() {
        return Ok((to_examine(subject)?, Vec::new()));
    }
    match Fingerprint::of_file_alone(subject.path) {
        Some(alone) if !siblings.has_content => Ok((immutable(subject, alone)?, siblings.foreign)),
        // The copy is incomplete without its own log, and SQLite reads all siblings or none: this refuses
        // the foreign one.
        _ => without_recovery(subject, BUSY_TIMEOUT).map(|opened| (opened, Vec::new())),
    }
}

/// Opens the existing file `immutable` if it has no index, and no log or journal with content; `None`
/// otherwise.
fn immutable_if_quiet(subject: Subject<'_>) -> Result<Option<Connected>> {
    match Fingerprint::of_quiet(subject.path) {
        Some(quiet) => immutable(subject, quiet).map(Some),
        None => Ok(None),
    }
}

fn immutable(subject: Subject<'_>, before: Fingerprint) -> Result<Connected> {
    let connection = connect_immutable(subject.path).explain(subject)?;
    Ok((connection, Some(before)))
}

/// Opens the file at `path` and calls `prepare`, which reads it: only then does SQLite open the siblings.
/// They are checked before and after that, since a stranger may put one there in between.
fn prepared(
    path: &Path,
    access: OpenFlags,
    prepare: impl FnOnce(&Connection) -> SqliteResult<()>,
) -> SqliteResult<Connection> {
    let connection = connect(path, access)?;
    prepare(&connection)?;
    Siblings::of(path).check()?;
    Ok(connection)
}

fn connect(path: &Path, access: OpenFlags) -> SqliteResult<Connection> {
    refuse_what_sqlite_takes_for_empty(path)?;
    Siblings::of(path).check()?;
    // No SQLITE_OPEN_CREATE: keyctl made the file, with its mode. An absolute path is never parsed as a URI,
    // which begins with `file:`.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    harden(&connection)?;
    Ok(connection)
}

/// Refuses a file that SQLite would treat as empty although a store may be lost: it would overwrite a file
/// of one byte, and remove the log beside an empty file.
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

fn connect_immutable(path: &Path) -> SqliteResult<Connection> {
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

/// Protects this process from a prepared file: no trigger or view of it runs, and memory is limited.
///
/// Closing the connection leaves the log and the index in place, since some readers may not make them.
fn harden(connection: &Connection) -> SqliteResult<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_MAX)?;
    // SQLITE_LIMIT_LENGTH does not cover a search in an index, which reads whole rows.
    connection.execute_batch(&format!(
        "PRAGMA cell_size_check = ON; PRAGMA hard_heap_limit = {HEAP_MAX}"
    ))?;
    Ok(())
}

/// Tells whether the file at `path` is a SQLite database into which nothing was ever written.
pub fn holds_nothing(path: &Path) -> bool {
    let read = |access| {
        check_file(path)?;
        let connection = connect(path, access)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        content(&connection)
    };
    // A process that was killed while it made the store left a journal: only a writer can roll it back.
    read(OpenFlags::SQLITE_OPEN_READ_ONLY)
        .or_else(|_| read(OpenFlags::SQLITE_OPEN_READ_WRITE))
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
    // A command that changes thousands of keys touches every index page many times.
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
