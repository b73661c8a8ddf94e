//! What to do about a key that was rejected once its secret had matched.

use super::report::By;
use crate::cmd::values::{project_like, some_owners};
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind, State};
use crate::lookup::Lookup;
use crate::store::Read;
use crate::verify::Reason;
use crate::when::Span;

/// The life that is proposed for a key whose time is over.
const MORE: Span = Span::days(90);

/// What to do about `key`, which was rejected for `reason`; nothing where there is nothing to be done.
pub fn advice(reason: &Reason, key: &Key, by: &By<'_>) -> Result<Option<Hint>> {
    Ok(match reason {
        Reason::Malformed | Reason::Unknown => None,
        Reason::Disabled => {
            Some(Hint::from("to switch it on again: ").and(run!("enable {}", key.id)))
        }
        Reason::Expired => Some(renewal(key, by)?),
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

/// How an expired key works again. Its life is counted from its creation, so that policy may leave no
/// room for more.
fn renewal(key: &Key, by: &By<'_>) -> Result<Hint> {
    let id = key.id;
    let first = match key.disabled_at {
        Some(_) => Hint::from("it is disabled too: ")
            .and(run!("enable {}", id))
            .and("; then "),
        None => Hint::default(),
    };
    let replace = Hint::from("to replace it: ").and(run!("rotate {}", id));
    let more = by.at.after(MORE);
    let policy = by.store.policy()?;
    Ok(match policy.check_expiry(more, key.created_at) {
        Ok(()) => first
            .and("to give it more time: ")
            .and(run!("edit {} --expires {}", id, MORE))
            .and("; ")
            .and(replace),
        Err(_) => first.and(replace),
    })
}

/// Which key is to be used in the place of one that was rotated.
fn succession(key: &Key, by: &By<'_>) -> Result<Hint> {
    match live_successor(key, by)? {
        Some(live) => use_of(&live, by),
        None => Ok(no_successor(key)),
    }
}

/// How a key that was rotated, and cannot be changed any more, gets `scope` all the same: its successor
/// does, unless it has it already.
fn scope_of_successor(scope: &str, key: &Key, by: &By<'_>) -> Result<Hint> {
    let Some(live) = live_successor(key, by)? else {
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

fn no_successor(key: &Key) -> Hint {
    Hint::from("it has no live successor; ").and(key.anew())
}

fn add_scope(key: &Key, scope: &str) -> Hint {
    run!("edit {} --add-scope {}", key.id, scope)
}

/// How `live`, the successor of a key, comes into use.
fn use_of(live: &Key, by: &By<'_>) -> Result<Hint> {
    let id = live.id;
    Ok(match live.state(by.at) {
        State::Expired => {
            Hint::from(format!("its successor {id} has expired too; ")).and(renewal(live, by)?)
        }
        State::Disabled => Hint::from(format!("its successor {id} is disabled: "))
            .and(run!("enable {}", id))
            .and("; then use its token"),
        _ => Hint::from(format!("use the token of {id}; if that is lost: "))
            .and(run!("rotate {}", id)),
    })
}

fn live_successor(key: &Key, by: &By<'_>) -> Result<Option<Key>> {
    let lookup = Lookup {
        now: by.at,
        actor: &key.owner,
        by_prefix: false,
        to_stop: false,
    };
    lookup.live_successor(by.store, key)
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
