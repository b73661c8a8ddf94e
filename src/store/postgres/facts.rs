//! First read of a snapshot: the version of schema and content, the settings, and the rights of the user.

use super::error::{PgError, no_role};
use super::pool::Pool;
use super::row::column;
use super::server::Server;
use super::settings::Settings;
use super::statement::{Param, Statement};
use crate::error::{Error, Result, escape};
use crate::event::{Head, Link};
use crate::hint::{Hint, run};
use crate::policy::{Policy, SETTINGS};
use crate::scope::{Registry, Scope};
use crate::store::retired::Retired;
use crate::when::Timestamp;
use std::sync::Arc;
use tokio_postgres::Row;

/// Version of the schema that this program makes and uses.
pub const VERSION: i32 = 1;

/// Facts about a snapshot.
#[derive(Clone)]
pub struct Facts {
    /// Head of the log, which is the version of the content.
    pub head: Head,
    /// Time of the server.
    pub clock: Timestamp,
    /// User of the session, who is the actor of every change.
    pub actor: String,
    /// True if the user is an administrator.
    pub is_admin: bool,
    /// Mark of a store that was retired.
    pub retired: Option<Retired>,
    /// Settings that the snapshot shows.
    pub settings: Arc<Settings>,
}

/// Returns the statement that reads the facts; `seen` are the settings that were seen last.
pub fn look(seen: Option<&Settings>) -> Statement {
    let head = seen.map(|seen| seen.head);
    Statement::new(
        "SELECT version, in_recovery, clock, seq, hash, hash_then, retired_at, actor, is_admin, policy, scopes, implies, \
         imported, retired_by, retired_copy FROM keyctl.look($1, $2)",
    )
    .with(head.map(|head| head.seq))
    .with(Param::Bytes(head.map(|head| head.hash.to_vec())))
}

/// Reads the answer to [`look`] for the same `seen`.
///
/// # Errors
///
/// Fails for a standby, for a store of another version, and for one whose log is not a
/// continuation of the one that was seen: a restored database, or a primary that was replaced by a standby that lagged.
pub fn read(rows: &[Row], server: &Pool, seen: Option<&Arc<Settings>>) -> Result<Facts> {
    let facts = uncommitted(rows, server, seen)?;
    server.seen.note(&facts.settings, facts.clock);
    Ok(facts)
}

/// Reads the answer as [`read`] does, and keeps nothing of it: the transaction may never be committed.
pub fn uncommitted(rows: &[Row], server: &Server, seen: Option<&Arc<Settings>>) -> Result<Facts> {
    let row = rows
        .first()
        .ok_or_else(|| damaged(server, "it has no head"))?;
    let own = |error: PgError| error.about(server);
    check_version(column(row, 0).map_err(own)?, server)?;
    if column(row, 1).map_err(own)? {
        return Err(PgError::Standby.about(server));
    }
    let head = Head {
        seq: column(row, 3).map_err(own)?,
        hash: link(column(row, 4).map_err(own)?)
            .ok_or_else(|| damaged(server, "its head cannot be read"))?,
    };
    if let Some(seen) = seen {
        let then = match seen.head.seq {
            // An empty log has no event.
            0 => Some(seen.head.hash),
            _ => column::<Option<&[u8]>>(row, 5).map_err(own)?.and_then(link),
        };
        check_continues(head, seen.head, then, server)?;
    }
    let settings = match seen.filter(|seen| seen.head == head) {
        Some(seen) => Arc::clone(seen),
        None => Arc::new(settings(row, head, server)?),
    };
    let clock: i64 = column(row, 2).map_err(own)?;
    let clock =
        Timestamp::from_millis(clock).ok_or_else(|| damaged(server, "its clock cannot be read"))?;
    Ok(Facts {
        head,
        clock,
        actor: column(row, 7).map_err(own)?,
        is_admin: column(row, 8).map_err(own)?,
        retired: retired(row, server)?,
        settings,
    })
}

/// Reads the settings in the answer to [`look`] within a transaction that has changed them.
pub fn changed_settings(rows: &[Row], head: Head, server: &Server) -> Result<Arc<Settings>> {
    let row = rows
        .first()
        .ok_or_else(|| damaged(server, "it has no head"))?;
    Ok(Arc::new(settings(row, head, server)?))
}

fn link(bytes: &[u8]) -> Option<Link> {
    bytes.try_into().ok()
}

/// Refuses a log in which the line that was the last one is gone, or is another one.
fn check_continues(head: Head, seen: Head, then: Option<Link>, server: &Server) -> Result<()> {
    if head.seq >= seen.seq && then == Some(seen.hash) {
        return Ok(());
    }
    let shown = escape(&server.shown);
    let message = match head.seq < seen.seq {
        true => format!(
            "the log of {shown} went back from line {} to {}",
            seen.seq, head.seq
        ),
        false => format!(
            "line {} of the log of {shown} is another one than before",
            seen.seq
        ),
    };
    Err(Error::unavailable(message).hint(
        "the database was restored, or another server has taken its place: revoked keys may work there; \
         make sure that it is the right one, then start this process again",
    ))
}

fn check_version(version: i32, server: &Server) -> Result<()> {
    let shown = escape(&server.shown);
    match version {
        VERSION => Ok(()),
        newer if newer > VERSION => Err(Error::unavailable(format!(
            "a newer version of keyctl made the store {shown}"
        ))
        .hint("update keyctl on this host")),
        _ => Err(
            Error::unavailable(format!("an older version of keyctl made the store {shown}")).hint(
                Hint::from("update keyctl on all hosts, then bring the store up to date: ")
                    .and(run!("init --upgrade")),
            ),
        ),
    }
}

fn retired(row: &Row, server: &Server) -> Result<Option<Retired>> {
    let own = |error: PgError| error.about(server);
    let Some(at) = column::<Option<i64>>(row, 6).map_err(own)? else {
        return Ok(None);
    };
    let unreadable = || damaged(server, "the mark of its retirement cannot be read");
    Ok(Some(Retired {
        store: format!("the store {}", escape(&server.shown)),
        at: Timestamp::from_millis(at).ok_or_else(unreadable)?,
        by: column(row, 13).map_err(own)?,
        copy: column(row, 14).map_err(own)?,
    }))
}

fn settings(row: &Row, head: Head, server: &Server) -> Result<Settings> {
    let pairs = |index: usize, what: &str| -> Result<Vec<(String, String)>> {
        let text: &str = column(row, index).map_err(|error| error.about(server))?;
        serde_json::from_str(text)
            .map_err(|_| damaged(server, &format!("its {what} cannot be read")))
    };
    let mut scopes = Registry::default();
    for (name, description) in pairs(10, "scopes")? {
        scopes.add(
            name,
            Scope {
                description,
                ..Scope::default()
            },
        );
    }
    for (name, implied) in pairs(11, "scopes")? {
        scopes.imply(&name, implied);
    }
    Ok(Settings {
        head,
        policy: pairs(9, "policy")?,
        scopes,
        has_imported: column(row, 12).map_err(|error| error.about(server))?,
    })
}

/// Returns the policy of `settings`.
///
/// # Errors
///
/// Fails for a setting that cannot be read: no limit is lifted by that.
pub fn policy(settings: &Settings, server: &Server) -> Result<Policy> {
    let (policy, unreadable) = settings.readable_policy();
    if let Some(name) = unreadable.first() {
        let error = damaged(
            server,
            &format!("its policy cannot be read: {}", escape(name)),
        );
        let known = SETTINGS.iter().find(|(known, _)| known == name);
        return Err(match known {
            Some((name, _)) => {
                error.hint(Hint::from("set it again: ").and(run!("policy set {} VALUE", name)))
            }
            None => error,
        });
    }
    let checked = policy.cost.check_bounds();
    checked.map_err(|error| damaged(server, &format!("its policy is not valid: {error}")))?;
    Ok(policy)
}

/// Returns the error for a store whose content is not as keyctl makes it.
pub fn damaged(server: &Server, description: &str) -> Error {
    Error::damaged(format!(
        "the store {} is damaged: {description}",
        escape(&server.shown)
    ))
    .hint(Hint::from("restore a backup of it: ").and(run!("restore PATH")))
}

/// Returns the error for a first read that failed: that the database has no store, or the user no role in it.
pub fn not_read(error: PgError, server: &Server) -> Error {
    match error.code() {
        Some("42501") => no_role(server),
        _ => error.about(server),
    }
}
