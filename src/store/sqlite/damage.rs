//! Damage in a store's content. A check goes on where the one before it failed, reads row
//! by row, and takes nothing of what it reads on trust.

mod found;
mod pages;
mod rows;
mod schema;

pub use self::found::{Damage, Extent};

use self::found::{Check, Findings};
use super::error::{SqliteError, SqliteResult};
use super::read;
use rusqlite::Connection;

/// Finds the damage in the store behind `connection`, inside a transaction: none in a sound one.
/// Fails only where it cannot be read for a reason that does not lie in it.
pub fn find(connection: &Connection) -> SqliteResult<Vec<Damage>> {
    let mut found = Findings::default();
    found.run("its schema", connection, schema::check)?;
    if !found.lines.is_empty() {
        // To look further would be to evaluate what somebody else has put there.
        return Ok(found.lines);
    }
    let checks: [(&str, Check); 7] = [
        ("its pages", pages::check),
        ("its scopes", rows::scopes),
        ("its policy", policy),
        ("its users", rows::users),
        ("the head of its log", head),
        // Last: however many keys are damaged, what all need was looked at.
        ("its keys", rows::keys),
        ("its index of scopes", rows::index_of_scopes),
    ];
    for (what, check) in checks {
        found.run(what, connection, check)?;
    }
    Ok(found.lines)
}

fn policy(connection: &Connection, _: &mut Findings) -> SqliteResult<()> {
    read::policy(connection).map(drop)
}

fn head(connection: &Connection, found: &mut Findings) -> SqliteResult<()> {
    match read::head(connection) {
        // It names the head itself.
        Err(SqliteError::Damaged(what)) => found.tell(what),
        head => drop(head?),
    }
    Ok(())
}
