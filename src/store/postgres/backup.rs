//! Copies of a store on a server in SQLite files.

use super::send::send;
use super::server::Server;
use super::session::Session;
use super::view::View;
use crate::access::Access;
use crate::error::{Result, escape};
use crate::store::sqlite::{Copied, receive};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest time to wait for the answer to one statement.
const PATIENCE: Duration = Duration::from_secs(60);

/// Copies a snapshot of the store on `server` to a new SQLite file at `path`, mode 0600.
///
/// # Errors
///
/// Fails unless the user is an administrator, who alone may read hashes. Otherwise as that of a file.
pub fn back_up(server: &Arc<Server>, path: &Path) -> Result<Copied> {
    let session = Session::open(server, PATIENCE)?;
    let view = View::new(&session);
    let facts = view.facts()?;
    let access = Access {
        actor: facts.actor,
        admin: facts.is_admin,
    };
    access.administrator("back up the store, whose copy holds the hashes of all keys")?;
    receive(path, &escape(&server.shown), |take| send(&view, take))?.keep()
}
