//! Retirement of a store: a copy is made, and the store is marked so that nobody uses it by mistake.

use super::base::Subject;
use super::commit::{truncate_log, uncommitted};
use super::copy::Copied;
use super::error::Explain;
use super::file::Location;
use super::tx::SqliteTx;
use super::{Sqlite, check_same, retired, write};
use crate::env::Actor;
use crate::error::Result;
use crate::event::{Action, Event};
use crate::store::contract::Read;
use crate::store::retired::Retired;
use crate::when::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;

/// Copies the store at `location` to a new file at `path` as a backup does, and marks the store as retired by `actor`
/// in the same transaction.
///
/// # Errors
///
/// Fails as a backup does, unless `actor` is an administrator, and if the store is retired already.
pub fn retire(location: &Location, path: &Path, actor: &Actor, now: Timestamp) -> Result<Copied> {
    let store = Sqlite::open_to_write(location)?;
    let actor = store.known(actor.clone());
    let opened = store.opened.borrow();
    let subject = opened.subject(&store.purpose);
    let begun = Transaction::new_unchecked(&opened.connection, TransactionBehavior::Immediate);
    let transaction = begun.explain(subject)?;
    check_same(opened.compare(location), &opened.path)?;
    retired::check(&transaction, subject)?;
    let access = SqliteTx::new(&transaction, subject).access(&actor)?;
    access.administrator("retire the store")?;
    // A second connection reads the committed content, which the lock keeps from changing.
    let staged = Sqlite::open_to_read(location)?.stage(path)?;
    let copied = staged.keep()?;
    let marked = mark(&transaction, subject, &copied, &actor, now).and_then(|()| {
        let committed = transaction.commit();
        committed.map_err(|cause| uncommitted(&opened.connection, subject, cause))
    });
    match marked {
        Ok(()) => {
            truncate_log(&opened.connection);
            Ok(copied)
        }
        Err(error) => Err(copied.after(error)),
    }
}

fn mark(
    connection: &Connection,
    subject: Subject<'_>,
    copied: &Copied,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let event = retirement(copied, actor, now);
    let mark = Retired {
        store: subject.file(),
        at: now,
        by: actor.name.clone(),
        copy: copied.path.to_string_lossy().into_owned(),
    };
    write::append(connection, &event)
        .and_then(|()| retired::mark(connection, &mark))
        .explain(subject)
}

/// Returns the event of a retirement with this copy.
pub fn retirement(copied: &Copied, actor: &Actor, now: Timestamp) -> Event {
    Event::new(now, actor, Action::Retire, None)
        .with("copy", copied.path.to_string_lossy())
        .with("head", copied.inventory.head.to_string())
}
