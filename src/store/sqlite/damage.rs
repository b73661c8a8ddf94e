//! Checks for damage in a store's content. Each runs even if one before it failed, reads row by row, and
//! trusts no value that it reads.

mod findings;
mod pages;
mod rows;
mod schema;

pub use self::findings::{Damage, Extent};

use self::findings::{Check, Findings};
use super::error::{SqliteError, SqliteResult};
use super::read;
use rusqlite::Connection;

/// Returns the damage in a store. `connection` is in a transaction.
///
/// # Errors
///
/// Fails if the store cannot be read for another reason than damage.
pub fn find(connection: &Connection) -> SqliteResult<Vec<Damage>> {
    let mut findings = Findings::default();
    findings.run("its schema", connection, schema::check)?;
    if !findings.lines.is_empty() {
        // With another schema, SQLite would evaluate expressions that a stranger may have put there.
        return Ok(findings.lines);
    }
    let checks: [(&str, Check); 7] = [
        ("its pages", pages::check),
        ("its scopes", rows::scopes),
        ("its policy", policy),
        ("its users", rows::users),
        ("the head of its log", head),
        // Last, so that many damaged keys cannot use up the lines of the checks above.
        ("its keys", rows::keys),
        ("its index of scopes", rows::index_of_scopes),
    ];
    for (part, check) in checks {
        findings.run(part, connection, check)?;
    }
    Ok(findings.lines)
}

fn policy(connection: &Connection, _: &mut Findings) -> SqliteResult<()> {
    read::policy(connection).map(drop)
}

fn head(connection: &Connection, findings: &mut Findings) -> SqliteResult<()> {
    match read::head(connection) {
        // The description names the head already.
        Err(SqliteError::Damaged(description)) => findings.tell(description),
        head => drop(head?),
    }
    Ok(())
}
