//! Plan of an edit: each key before and after it, checked against the store at one moment.

use crate::access::Access;
use crate::cmd::{next, taken};
use crate::env::Actor;
use crate::error::{Error, Result, quote};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Edit, Key, Kind, State};
use crate::lookup::{self, live_successor, predecessor_in_grace};
use crate::name::nfc;
use crate::store::{Read, Tx};
use crate::when::{Span, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Plan of an edit.
pub struct Plan {
    /// Time of the edit.
    pub now: Timestamp,
    /// Keys, in the order in which they were given.
    pub keys: Vec<Edited>,
    /// Projects in which keys stop working, because the new owner is no member.
    pub lost: Vec<Lost>,
    /// Rotated keys that still work, and stay with the old owner of the key that replaced them.
    pub staying: Vec<Key>,
}

/// Key before and after the edit.
pub struct Edited {
    /// Key as it is stored.
    pub before: Key,
    /// Key as it will be stored.
    pub after: Key,
}

/// Projects of which an owner is a member, and the user who gets their keys is not.
pub struct Lost {
    /// Owner until now.
    pub from: String,
    /// New owner.
    pub to: String,
    /// Names of the projects, in order.
    pub projects: Vec<String>,
}

impl Edited {
    /// Tells whether the edit changes the key.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }

    fn changes_owner(&self) -> bool {
        self.before.owner != self.after.owner
    }
}

impl Plan {
    /// Applies `edit` to the keys `ids`. Fails if it is refused for one of them.
    pub fn make(
        store: &dyn Read,
        actor: &Actor,
        ids: &[KeyId],
        edit: &Edit,
        now: Timestamp,
    ) -> Result<Plan> {
        let (access, policy) = (store.access(actor)?, store.policy()?);
        if edit.owner.is_some() {
            check_giver(&access)?;
        }
        let mut keys = Vec::with_capacity(ids.len());
        for &id in ids {
            let before = store.get(id)?.ok_or_else(|| lookup::none(id.as_str()))?;
            access
                .for_owner(&before.owner)
                .map_err(|error| error.of_key(id))?;
            if let Some(grace) = edit.grace {
                check_grace(store, &before, grace, now).map_err(|error| error.of_key(id))?;
            }
            let mut after = before.clone();
            after
                .edit(now, edit, &policy)
                .or_else(|error| Err(with_successor(error, store, &before, now)?))
                .map_err(|error: Error| error.of_key(id))?;
            keys.push(Edited { before, after });
        }
        check_names(store, &keys, now)?;
        let lost = lost_projects(store, &keys)?;
        let staying = staying(store, &keys, now)?;
        Ok(Plan {
            now,
            keys,
            lost,
            staying,
        })
    }

    /// Writes each key that changes, and its event.
    pub fn write(&self, tx: &mut dyn Tx, actor: &Actor, reason: Option<&str>) -> Result<()> {
        for edited in self.keys.iter().filter(|edited| edited.is_changed()) {
            let Edited { before, after } = edited;
            tx.update(after)?;
            let mut event = Event::new(self.now, actor, Action::Edit, Some(after.id));
            event.detail.extend(before.changes(after));
            tx.append(&event.because(reason))?;
        }
        Ok(())
    }
}

/// Refuses an actor who may not give keys to another owner.
pub fn check_giver(access: &Access) -> Result<()> {
    access.administrator("give keys to another owner")
}

/// Refuses a new grace period for a live key that replaced one whose grace runs: the name of both finds this one.
fn check_grace(store: &dyn Read, key: &Key, grace: Span, now: Timestamp) -> Result<()> {
    if !key.is_live() {
        return Ok(());
    }
    let Some(old) = predecessor_in_grace(store, key, now)? else {
        return Ok(());
    };
    let change = match grace {
        Span::ZERO => "end",
        _ => "change",
    };
    let hint = format!("to {change} the grace period of the one it replaced: ");
    Err(
        Error::state(format!("{} is the new key of a rotation", key.label()))
            .hint(Hint::from(hint).and(run!("edit {} --grace {grace}", old.id))),
    )
}

/// Adds a hint to `error`, which refused an edit of `key`: the successor to edit instead, if `key` was rotated.
fn with_successor(error: Error, store: &dyn Read, key: &Key, now: Timestamp) -> Result<Error> {
    if key.state(now) != State::PhasedOut || error.hint.is_some() {
        return Ok(error);
    }
    let instead = match live_successor(store, key)? {
        Some(live) => format!("change {}, its live successor", live.id).into(),
        None => next::no_successor(key),
    };
    let here = match key.is_in_grace(now) {
        true => "; only --grace and --owner can be given for this key",
        false => "",
    };
    Ok(error.hint(instead.and(here)))
}

/// Refuses names that two live keys of one owner would have.
fn check_names(store: &dyn Read, keys: &[Edited], now: Timestamp) -> Result<()> {
    let mut given: HashMap<String, &Key> = HashMap::new();
    let mut clashes: Vec<(&Key, Key)> = Vec::new();
    for Edited { before, after } in keys {
        if !after.is_live() || (&before.owner, &before.name) == (&after.owner, &after.name) {
            continue;
        }
        let holder = taken::holder(store, &after.owner, &after.name)?;
        if let Some(holder) = holder.filter(|holder| holder.id != after.id) {
            if before.owner == after.owner {
                return Err(taken::refusal(&holder, now));
            }
            clashes.push((before, holder));
        } else if let Some(other) = given.insert(nfc(&after.name).into_owned(), before) {
            // Two keys of different owners go to one user in this edit.
            clashes.push((before, other.clone()));
        }
    }
    match keys.first() {
        Some(Edited { after, .. }) if !clashes.is_empty() => Err(clash(&after.owner, clashes, now)),
        _ => Ok(()),
    }
}

/// Error for keys that `owner` cannot get, each with the key that has its name.
fn clash(owner: &str, mut clashes: Vec<(&Key, Key)>, now: Timestamp) -> Error {
    clashes.sort_by(|(one, _), (other, _)| nfc(&one.name).cmp(&nfc(&other.name)));
    let names: BTreeSet<Cow<'_, str>> = clashes.iter().map(|(key, _)| nfc(&key.name)).collect();
    let owner = quote(owner);
    let mut error = Error::state(match names.first() {
        Some(name) if names.len() == 1 => {
            format!("{owner} would have two live keys named {}", quote(name))
        }
        _ => format!(
            "{owner} would have two live keys for each of {} names",
            names.len()
        ),
    });
    let mut seen = HashSet::new();
    let keys = clashes.iter().flat_map(|(key, holder)| [*key, holder]);
    let keys = keys.filter(|key| seen.insert(key.id));
    error.candidates = keys.map(|key| key.candidate(now)).collect();
    match clashes.first() {
        None => error,
        Some((key, _)) => error.hint(
            Hint::from("nothing was changed; rename or leave out one key of each name: ")
                .and(run!("edit {} --name OTHER", key.id)),
        ),
    }
}

/// Finds the predecessors that still work, of each key that changes its owner, and that do not move with it.
fn staying(store: &dyn Read, keys: &[Edited], now: Timestamp) -> Result<Vec<Key>> {
    let mut seen: HashSet<KeyId> = keys.iter().map(|edited| edited.after.id).collect();
    let mut staying = Vec::new();
    for Edited { before, after } in keys.iter().filter(|edited| edited.changes_owner()) {
        let rotated = lookup::predecessors_in_grace(store, before, now)?;
        let others = rotated.into_iter().filter(|key| key.owner != after.owner);
        staying.extend(others.filter(|key| seen.insert(key.id)));
    }
    Ok(staying)
}

/// Finds the projects of which an old owner of `keys` is a member, and the new owner is not. A legacy key works
/// in no project.
fn lost_projects(store: &dyn Read, keys: &[Edited]) -> Result<Vec<Lost>> {
    let given = keys
        .iter()
        .filter(|edited| edited.changes_owner() && edited.before.kind == Kind::Api);
    let pairs: BTreeSet<(&str, &str)> = given
        .map(|Edited { before, after }| (before.owner.as_str(), after.owner.as_str()))
        .collect();
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let members = store.members(None, None)?;
    let projects_of = |user: &str| -> BTreeSet<&str> {
        let theirs = members.iter().filter(|member| member.user == user);
        theirs.map(|member| member.project.as_str()).collect()
    };
    let lost = pairs.into_iter().map(|(from, to)| {
        let (old, new) = (projects_of(from), projects_of(to));
        Lost {
            from: from.to_owned(),
            to: to.to_owned(),
            projects: old
                .difference(&new)
                .map(|name| (*name).to_owned())
                .collect(),
        }
    });
    Ok(lost.filter(|lost| !lost.projects.is_empty()).collect())
}
