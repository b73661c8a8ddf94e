//! Copies of a store on a server in SQLite files.

use super::commit;
use super::pool::Pool;
use super::send::send;
use super::session::{PATIENCE, Session};
use super::view::View;
use crate::env::Actor;
use crate::error::{Error, Result, escape};
use crate::store::contract::Tx;
use crate::store::sqlite::{Copied, receive, retirement};
use crate::when::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// Copies a snapshot of the store on `server` to a new SQLite file at `path`, mode 0600.
///
/// # Errors
///
/// Fails unless the user is an administrator, who alone may read hashes. Otherwise as that of a file.
pub fn back_up(server: &Arc<Pool>, path: &Path) -> Result<Copied> {
    let session = Session::open(server, PATIENCE)?;
    let view = View::new(&session);
    let what = "back up the store, whose copy holds the hashes of all keys";
    view.access_of_session()?.administrator(what)?;
    receive(path, &escape(&server.shown), |take| send(&view, take))?.keep()
}

/// Copies the store on `server` as [`back_up`] does, and marks it as retired in the same transaction.
///
/// # Errors
///
/// Fails as [`back_up`] does, and if the store is retired already.
pub fn retire(
    server: &Arc<Pool>,
    path: &Path,
    actor: &Actor,
    clock: &dyn Fn() -> Timestamp,
) -> Result<Copied> {
    let mut session = Session::open(server, PATIENCE)?;
    let mut kept = None;
    let done = commit::write_long(&mut session, |view| {
        let access = view.access_of_session()?;
        access.administrator("retire the store")?;
        let staged = receive(path, &escape(&server.shown), |take| send(view, take))?;
        let copied = kept.insert(staged.keep()?);
        let actor = Actor {
            name: access.actor,
            ..actor.clone()
        };
        let now = clock();
        view.append(&retirement(copied, &actor, now))?;
        view.retire(now, &copied.path.to_string_lossy())
    });
    match (done, kept) {
        (Ok(()), Some(copied)) => Ok(copied),
        (Err(error), Some(copied)) => Err(copied.after(error)),
        (Err(error), None) => Err(error),
        (Ok(()), None) => Err(Error::unavailable("the transaction did not run")),
    }
}
