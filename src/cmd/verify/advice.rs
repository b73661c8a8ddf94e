//! What to do about a key that was rejected once its secret had matched.

use super::report::By;
use crate::cmd::next::{live_successor, no_successor, renewal};
use crate::cmd::values::{project_like, some_owners};
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind, State};
use crate::store::{self, Read};
use crate::verify::Reason;
use crate::when::Timestamp;

/// What to do about `key`, which was rejected for `reason`; nothing where there is nothing to be done.
pub fn advice(reason: &Reason, key: &Key, by: &By<'_>) -> Result<Option<Hint>> {
    store::read(by.store, |store| {
        advise(reason, key, &Moment { store, at: by.at })
    })
}

/// One moment of the store.
struct Moment<'a> {
    store: &'a dyn Read,
    at: Timestamp,
}

fn advise(reason: &Reason, key: &Key, by: &Moment<'_>) -> Result<Option<Hint>> {
    Ok(match reason {
        Reason::Malformed | Reason::Unknown => None,
        Reason::Disabled => {
            Some(Hint::from("to switch it on again: ").and(run!("enable {}", key.id)))
        }
        Reason::Expired => Some(renewal(by.store, key, by.at)?),
        Reason::PhasedOut => Some(succession(key, by)?),
        Reason::Scope(_) if key.kind == Kind::Legacy => {
            Some("a legacy key has no scopes: use a key of kind api".into())
        }
        Reason::Scope(scope) if !key.is_live() => Some(scope_of_successor(scope, key, by)?),
        Reason::Scope(scope) => Some(Hint::from("to add it: ").and(add_scope(key, scope))),
        Reason::Project(_) if key.kind == Kind::Legacy => None,
        Reason::Project(project) => Some(who_can_add(by.store, project, &key.owner)?),
    })
}

/// Which key is to be used in the place of one that was rotated.
fn succession(key: &Key, by: &Moment<'_>) -> Result<Hint> {
    match live_successor(by.store, key, by.at)? {
        Some(live) => use_of(&live, by),
        None => Ok(no_successor(key)),
    }
}

/// How a key that was rotated, and cannot be changed any more, gets `scope` all the same: its successor
/// does, unless it has it already.
fn scope_of_successor(scope: &str, key: &Key, by: &Moment<'_>) -> Result<Hint> {
    let Some(live) = live_successor(by.store, key, by.at)? else {
        return Ok(no_successor(key));
    };
    let use_it = use_of(&live, by)?;
    Ok(match by.store.scopes()?.grants(&live.scopes, scope) {
        true => Hint::from("its successor has it: ").and(use_it),
        false => Hint::from("to add it to its successor: ")
            .and(add_scope(&live, scope))
            .and("; then ")
            .and(use_it),
    })
}

fn add_scope(key: &Key, scope: &str) -> Hint {
    run!("edit {} --add-scope {}", key.id, scope)
}

/// How `live`, the successor of a key, comes into use.
fn use_of(live: &Key, by: &Moment<'_>) -> Result<Hint> {
    let id = live.id;
    Ok(match live.state(by.at) {
        State::Expired => Hint::from(format!("its successor {id} has expired too; "))
            .and(renewal(by.store, live, by.at)?),
        State::Disabled => Hint::from(format!("its successor {id} is disabled: "))
            .and(run!("enable {}", id))
            .and("; then use its token"),
        _ => Hint::from(format!("use the token of {id}; if that is lost: "))
            .and(run!("rotate {}", id)),
    })
}

/// Who can make `user` a member of `project`, and how; or which project was most likely meant.
fn who_can_add(store: &dyn Read, project: &str, user: &str) -> Result<Hint> {
    let is_empty = store.members(Some(project), Some(1))?.is_empty();
    if is_empty && let Some(like) = project_like(store, project)? {
        let project = quote(project);
        return Ok(format!("there is no project {project}; {like}").into());
    }
    let owners = match some_owners(store, project)? {
        None => String::new(),
        Some(owners) => format!(", or an owner of the project ({owners})"),
    };
    let add = run!("member add {} {} --role collaborator", project, user);
    Ok(Hint::from(format!("an administrator{owners} can add them: ")).and(add))
}
