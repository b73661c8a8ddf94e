//! Commit of a transaction, and truncation of the log behind it.

use super::base::{BUSY_TIMEOUT, Subject};
use super::error::{Explain, SqliteError};
use super::parts::sibling;
use super::retired;
use super::tx::SqliteTx;
use crate::error::{Error, FailureKind, Result};
use crate::hint::{Hint, run};
use crate::store::contract::Job;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Runs `job` in a transaction of `connection` and commits it. `subject` is the store, for errors.
pub fn run(connection: &Connection, subject: Subject<'_>, job: Job<'_>) -> Result<()> {
    let begun = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = begun.explain(subject)?;
    retired::check(&transaction, subject)?;
    // Dropped on an error, the transaction rolls back.
    job(&mut SqliteTx::new(&transaction, subject))?;
    let committed = transaction.commit();
    committed.map_err(|cause| uncommitted(connection, subject, cause))?;
    // After every change, not only one that wiped something: a reader may have kept an earlier change
    // from truncating the log.
    truncate_log(connection);
    Ok(())
}

/// Undoes a commit that failed with `cause`, and returns the error.
pub fn uncommitted<'a>(
    connection: &Connection,
    subject: impl Into<Subject<'a>>,
    cause: rusqlite::Error,
) -> Error {
    let subject = subject.into();
    let error = SqliteError::from(cause).about(subject);
    if forget_uncommitted(connection, subject.path) {
        error
    } else {
        uncertain(error)
    }
}

/// Truncates the write-ahead log after a failed COMMIT. Returns false if that failed too.
///
/// If only the fsync failed, all frames of the transaction are in the log, and recovery would commit them.
/// While this connection is open, no process recovers the log, and another writer overwrites the frames.
/// Closing the log's descriptor drops no lock: SQLite's are on the index and on the store's file.
fn forget_uncommitted(connection: &Connection, path: &Path) -> bool {
    let in_the_way = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, bool>(0)
    });
    let emptied = in_the_way.is_ok_and(|in_the_way| !in_the_way);
    emptied && File::open(sibling(path, "-wal")).is_ok_and(|log| log.sync_all().is_ok())
}

/// Turns `error` into one of a change that may have been made.
pub fn uncertain(error: Error) -> Error {
    Error {
        kind: FailureKind::Uncertain,
        ..error.adding("the change may or may not have been made")
    }
    .hint(
        Hint::from(
            "when the store works again, check whether the change was made before you repeat it: ",
        )
        .and(run!("log")),
    )
}

/// Moves all pages from the write-ahead log into the file and truncates the log: wiped hashes are gone from
/// both then. Does not wait: if a reader prevents it, the next writer does it.
pub fn truncate_log(connection: &Connection) {
    // Errors are ignored: the commit is durable in the log.
    let truncate = |_| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(connection.busy_timeout(Duration::ZERO).and_then(truncate));
    drop(connection.busy_timeout(BUSY_TIMEOUT));
}
