//! What to do about a key that was rejected once its secret had matched.

use super::report::By;
use crate::cmd::values::project_like;
use crate::error::{Result, escape, quote, shell_word};
use crate::key::{Key, Kind, State};
use crate::lookup::Lookup;
use crate::project::Role;
use crate::store::Read;
use crate::verify::Reason;
use crate::when::Span;

/// The life that is proposed for a key whose time is over.
const MORE: Span = Span::days(90);

/// What to do about `key`, which was rejected for `reason`; nothing where there is nothing to be done.
pub fn advice(reason: &Reason, key: &Key, by: &By<'_>) -> Result<Option<String>> {
    Ok(match reason {
        Reason::Malformed | Reason::Unknown => None,
        Reason::Disabled => Some(format!("to switch it on again: keyctl enable {}", key.id)),
        Reason::Expired => Some(renewal(key, by)?),
        Reason::PhasedOut => Some(succession(key, by)?),
        Reason::Scope(_) if key.kind == Kind::Legacy => {
            Some("a legacy key has no scopes: use a key of kind api".to_owned())
        }
        Reason::Scope(scope) if !key.is_live() => Some(scope_of_successor(scope, key, by)?),
        Reason::Scope(scope) => Some(format!("to add it: {}", add_scope(key, scope))),
        Reason::Project(_) if key.kind == Kind::Legacy => None,
        Reason::Project(project) => Some(who_can_add(by.store, project, &key.owner)?),
    })
}

/// How an expired key works again. Its life is counted from its creation, so that policy may leave no
/// room for more.
fn renewal(key: &Key, by: &By<'_>) -> Result<String> {
    let id = key.id;
    let first = match key.disabled_at {
        Some(_) => format!("it is disabled too: keyctl enable {id}; then "),
        None => String::new(),
    };
    let more = by.at.after(MORE);
    let policy = by.store.policy()?;
    Ok(match policy.check_expiry(more, key.created_at) {
        Ok(()) => format!(
            "{first}to give it more time: keyctl edit {id} --expires {MORE}; to replace it: keyctl rotate {id}"
        ),
        Err(_) => format!("{first}to replace it: keyctl rotate {id}"),
    })
}

/// Which key is to be used in the place of one that was rotated.
fn succession(key: &Key, by: &By<'_>) -> Result<String> {
    match live_successor(key, by)? {
        Some(live) => use_of(&live, by),
        None => Ok(no_successor(key)),
    }
}

/// How a key that was rotated, and cannot be changed any more, gets `scope` all the same: its successor
/// does, unless it has it already.
fn scope_of_successor(scope: &str, key: &Key, by: &By<'_>) -> Result<String> {
    let Some(live) = live_successor(key, by)? else {
        return Ok(no_successor(key));
    };
    let use_it = use_of(&live, by)?;
    Ok(match by.store.scopes()?.grants(&live.scopes, scope) {
        true => format!("its successor has it: {use_it}"),
        false => format!(
            "to add it to its successor: {}; then {use_it}",
            add_scope(&live, scope)
        ),
    })
}

fn no_successor(key: &Key) -> String {
    format!("it has no live successor; {}", key.anew())
}

fn add_scope(key: &Key, scope: &str) -> String {
    format!("keyctl edit {} --add-scope {}", key.id, shown_word(scope))
}

/// How `live`, the successor of a key, comes into use.
fn use_of(live: &Key, by: &By<'_>) -> Result<String> {
    let id = live.id;
    Ok(match live.state(by.at) {
        State::Expired => format!("its successor {id} has expired too; {}", renewal(live, by)?),
        State::Disabled => {
            format!("its successor {id} is disabled: keyctl enable {id}; then use its token")
        }
        _ => format!("use the token of {id}; if that is lost: keyctl rotate {id}"),
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
fn who_can_add(store: &dyn Read, project: &str, user: &str) -> Result<String> {
    let members = store.members(Some(project))?;
    if members.is_empty()
        && let Some(like) = project_like(store, project)?
    {
        let project = quote(project);
        return Ok(format!("there is no project {project}; {like}"));
    }
    let owners: Vec<String> = members
        .into_iter()
        .filter(|member| member.role == Role::Owner)
        .map(|member| escape(&member.user))
        .collect();
    let owners = match owners.as_slice() {
        [] => String::new(),
        owners => format!(", or an owner of the project ({})", owners.join(", ")),
    };
    Ok(format!(
        "an administrator{owners} can add them: keyctl member add {} {} --role collaborator",
        shown_word(project),
        shown_word(user)
    ))
}

/// `text` as one word of a command line.
fn shown_word(text: &str) -> String {
    shell_word(&escape(text))
}
