//! Hints on keys that were rejected although the secret matched.

use crate::cmd::Cx;
use crate::cmd::next::{no_successor, renewal};
use crate::cmd::values::{project_like, some_owners};
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind, State};
use crate::lookup::live_successor;
use crate::network;
use crate::store::{self, Read, Store};
use crate::verify::{Reason, Verdict, Verified};
use crate::when::Timestamp;
use std::net::IpAddr;

/// Prints a hint on how to make a rejected key work, if that is possible.
pub fn advise(cx: &mut Cx<'_>, verified: &Verified, store: &dyn Store) {
    let Verdict::Rejected(reason, Some(key)) = &verified.verdict else {
        return;
    };
    // A failure of the store does not change the verdict: the hint is left out.
    if !cx.quiet
        && let Ok(Some(hint)) = advice(reason, key, store, verified.at)
    {
        cx.hint(hint);
    }
}

/// Returns a hint for `key`, which was rejected for `reason` at the time `at`. Reads the store only if the hint
/// depends on it.
fn advice(reason: &Reason, key: &Key, store: &dyn Store, at: Timestamp) -> Result<Option<Hint>> {
    let read = |advice: &dyn Fn(&dyn Read) -> Result<Hint>| store::read(store, advice).map(Some);
    match reason {
        Reason::Malformed | Reason::Unknown => Ok(None),
        Reason::Disabled => {
            let enable = Hint::from("to switch it on again: ").and(run!("enable {}", key.id));
            Ok(Some(enable))
        }
        Reason::Expired => read(&|store| renewal(store, key, at)),
        Reason::PhasedOut => read(&|store| succession(store, key, at)),
        Reason::Address(None) => Ok(Some(
            "give the address of the client, as your server sees it: --ip ADDRESS".into(),
        )),
        Reason::Address(Some(address)) => Ok(Some(networks(key, *address))),
        Reason::Scope(_) if key.kind == Kind::Legacy => Ok(Some(
            "a legacy key has no scopes: use a key of kind api".into(),
        )),
        Reason::Scope(scope) if !key.is_live() => {
            read(&|store| scope_of_successor(store, scope, key, at))
        }
        Reason::Scope(scope) => Ok(Some(Hint::from("to add it: ").and(add_scope(key, scope)))),
        Reason::Project(_) if key.kind == Kind::Legacy => Ok(None),
        Reason::Project(project) => read(&|store| who_can_add(store, project, &key.owner)),
    }
}

/// Hint that names the networks of `key`, and how to add `address` to them. A rotated key cannot be changed.
fn networks(key: &Key, address: IpAddr) -> Hint {
    let allowed = Hint::from(format!("it works from {}", network::join(&key.allow_from)));
    match key.is_live() {
        true => allowed.and("; to add this address: ").and(run!(
            "edit {} --add-allow-from {}",
            key.id,
            address.to_canonical()
        )),
        false => allowed,
    }
}

/// Hint to use the live successor of a rotated key.
fn succession(store: &dyn Read, key: &Key, at: Timestamp) -> Result<Hint> {
    match live_successor(store, key)? {
        Some(live) => use_of(store, &live, at),
        None => Ok(no_successor(key)),
    }
}

/// Hint for a rotated key that lacks `scope`. Such a key cannot be changed, so the hint is to add the scope to
/// its successor, unless that has it.
fn scope_of_successor(store: &dyn Read, scope: &str, key: &Key, at: Timestamp) -> Result<Hint> {
    let Some(live) = live_successor(store, key)? else {
        return Ok(no_successor(key));
    };
    let use_it = use_of(store, &live, at)?;
    Ok(match store.scopes()?.grants(&live.scopes, scope) {
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

/// Hint to use `live`, the successor of a key.
fn use_of(store: &dyn Read, live: &Key, at: Timestamp) -> Result<Hint> {
    let id = live.id;
    Ok(match live.state(at) {
        State::Expired => Hint::from(format!("its successor {id} has expired too; "))
            .and(renewal(store, live, at)?),
        State::Disabled => Hint::from(format!("its successor {id} is disabled: "))
            .and(run!("enable {}", id))
            .and("; then use its token"),
        _ => Hint::from(format!("use the token of {id}; if that is lost: "))
            .and(run!("rotate {}", id)),
    })
}

/// Hint for a `user` who is not a member of `project`: who can add them, or the project with the nearest name.
fn who_can_add(store: &dyn Read, project: &str, user: &str) -> Result<Hint> {
    // A project has at least one member.
    if store.members(Some(project), Some(1))?.is_empty() {
        let none = Hint::from(format!("there is no project {}", quote(project)));
        return Ok(match project_like(store, project)? {
            Some(question) => none.and("; ").and(question),
            None => none
                .and(" (")
                .and(run!("member list").in_quotes())
                .and(" shows all); an administrator can create it: ")
                .and(run!("member add {} {} --role owner", project, user)),
        });
    }
    let owners = match some_owners(store, project)? {
        None => String::new(),
        Some(owners) => format!(", or an owner of the project ({owners})"),
    };
    let add = run!("member add {} {} --role collaborator", project, user);
    Ok(Hint::from(format!("an administrator{owners} can add them: ")).and(add))
}
