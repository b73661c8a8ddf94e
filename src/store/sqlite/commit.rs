//! A change and its end: committed, and gone from the log; or undone.

use super::base::{BUSY_TIMEOUT, Subject};
use super::error::{Explain, SqliteError};
use super::parts::sibling;
use super::tx::SqliteTx;
use crate::error::{Error, FailureKind, Result};
use crate::hint::{Hint, run};
use crate::store::contract::Job;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Runs `job` in a transaction over `connection`, to the store `subject`, and commits it.
pub fn run(connection: &Connection, subject: Subject<'_>, job: Job<'_>) -> Result<()> {
    let begun = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = begun.explain(subject)?;
    // Dropped on an error, the transaction rolls back.
    job(&mut SqliteTx::new(&transaction, subject))?;
    let committed = transaction.commit();
    committed.map_err(|cause| uncommitted(connection, subject, cause))?;
    // After every change, not only one that wiped something: a reader may have kept an earlier change
    // from truncating the log.
    truncate_log(connection);
    Ok(())
}

/// Returns the error for a commit that failed with `cause`, having undone what it may have done.
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

/// Truncates the write-ahead log after a failed COMMIT, and says whether that was possible.
///
/// If only the fsync failed, all frames of the transaction are in the log, and recovery would commit
/// them. While this connection is open nobody recovers the log, and another writer overwrites them. To
/// open and close the log drops no lock of SQLite's: those are on its index and on the store's file.
fn forget_uncommitted(connection: &Connection, path: &Path) -> bool {
    let in_the_way = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, bool>(0)
    });
    let emptied = in_the_way.is_ok_and(|in_the_way| !in_the_way);
    emptied && File::open(sibling(path, "-wal")).is_ok_and(|log| log.sync_all().is_ok())
}

/// Returns `error` as that of a change which may have been made all the same.
pub fn uncertain(error: Error) -> Error {
    Error {
        kind: FailureKind::Uncertain,
        ..error.adding("whether the change was made will show when it works again")
    }
    .hint(Hint::from("then look before you run the command again: ").and(run!("log")))
}

/// Moves everything from the write-ahead log into the file and empties the log, so that what was
/// wiped is gone from both. Does not wait: where a reader is in the way, the next writer does it.
pub fn truncate_log(connection: &Connection) {
    // What was committed stays committed, in the log or in the file.
    let truncate = |_| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(connection.busy_timeout(Duration::ZERO).and_then(truncate));
    drop(connection.busy_timeout(BUSY_TIMEOUT));
}
