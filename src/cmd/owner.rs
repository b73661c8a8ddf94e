//! Names of users on the command line: in any Unicode form, and possibly mistyped.

use super::Cx;
use crate::env::Actor;
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::name::form;
use crate::near;
use crate::store::{self, Filter, Read, Store};
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Returns the owner's name as the store has it: `given`, or the same name in another Unicode form if only that
/// has keys. Returns `given` if neither has any.
pub fn as_stored(store: &dyn Read, given: &str, now: Timestamp) -> Result<String> {
    form::as_stored(given, |form| has_keys(store, form, now))
}

/// User who gets something: a new key, a membership, the rights of an administrator.
pub struct Recipient {
    /// Name.
    pub name: String,
    /// Place that has no such user; `None` if the user is known there, or has a key in the store.
    unknown_to: Option<&'static str>,
}

impl Recipient {
    /// Recipient who is known to the system or the store.
    pub fn known(name: &str) -> Self {
        Recipient {
            name: name.to_owned(),
            unknown_to: None,
        }
    }

    /// Tells whether neither the system nor the store knows the user.
    pub fn is_unknown(&self) -> bool {
        self.unknown_to.is_some()
    }
}

/// Finds the user `given`: under that name, else under the same name in another Unicode form.
///
/// A user is known if `is_listed` returns true, if they have keys, or if the system knows them. An unknown one
/// is allowed: `checked` then checks the name and returns the form to store.
pub fn recipient(
    cx: &Cx<'_>,
    store: &dyn Read,
    actor: &Actor,
    given: &str,
    is_listed: impl Fn(&str) -> Result<bool>,
    checked: fn(&str) -> Result<String>,
) -> Result<Recipient> {
    // These names need no check: the actor's own, and one that is made of a uid, which is no typo of a name.
    if given == actor.name || is_nameless(given) {
        return Ok(Recipient::known(given));
    }
    let mut unknown_to = Some("user of this machine");
    for form in form::forms(given) {
        if is_listed(&form)? || has_keys(store, &form, cx.env.now())? {
            return Ok(Recipient::known(&form));
        }
        let on_server = store.has_user(&form)?;
        if on_server.is_some() {
            unknown_to = Some("role of the server");
        }
        // Last, since a query to the system's user database may be slow.
        match on_server.or_else(|| (cx.env.user)(&form)) {
            Some(true) => return Ok(Recipient::known(&form)),
            Some(false) => {}
            None => unknown_to = None,
        }
    }
    Ok(Recipient {
        name: checked(given)?,
        unknown_to,
    })
}

/// True if `name` has the form `uid:1000`, which names an actor whose uid has no name, or `userns:1000`, which
/// names one in a user namespace that does not map the store's owner.
pub fn is_nameless(name: &str) -> bool {
    let is_uid = |uid: &str| uid.parse::<u32>().is_ok();
    name.strip_prefix("uid:").is_some_and(is_uid)
        || name
            .strip_prefix("userns:")
            .is_some_and(|uid| is_uid(uid) || uid == "unknown")
}

/// Warns if `recipient` is unknown, since the name may be mistyped and is stored now.
pub fn warn_if_unknown(cx: &mut Cx<'_>, store: &dyn Store, recipient: &Recipient) {
    let Some(user) = recipient.unknown_to else {
        return;
    };
    let name = &recipient.name;
    cx.notice(format_args!(
        "warning: {} is neither a {user} nor the owner of any key",
        quote(name)
    ));
    // The change is committed; a hint that cannot be made is left out.
    let now = cx.env.now();
    if let Ok(Some(question)) = store::read(store, |store| owner_like(store, name, now)) {
        cx.notice_hint(question);
    }
}

/// Hint for an `owner` without keys: proposes the owner with the name most like it.
pub fn suggestion(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Hint> {
    let list = run!("list --state all").in_quotes();
    Ok(match owner_like(store, owner, now)? {
        Some(question) => question.into(),
        None => list.and(" shows every key and its owner"),
    })
}

/// Question that proposes the owner of keys with the name most like `owner`.
fn owner_like(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Option<String>> {
    let some = Filter {
        limit: Some(near::AMONG),
        ..Filter::all(now)
    };
    let (some, _) = store.find_readable(&some)?;
    let owners: BTreeSet<String> = some.into_iter().map(|key| key.owner).collect();
    let owners = owners.iter().filter(|known| *known != owner);
    let owners: Vec<&str> = owners.map(String::as_str).collect();
    Ok(near::suggestion(owner, &owners))
}

/// True if `owner` has a key, also if it is deleted or damaged.
pub fn has_keys(store: &dyn Read, owner: &str, now: Timestamp) -> Result<bool> {
    let (found, damaged) = store.find_readable(&Filter {
        owner: Some(owner.to_owned()),
        limit: Some(1),
        ..Filter::all(now)
    })?;
    Ok(!found.is_empty() || damaged.count > 0)
}

/// Hint for a result without keys, if `owner` has no keys at all.
pub fn advice_if_none(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Option<Hint>> {
    if has_keys(store, owner, now)? {
        return Ok(None);
    }
    let none = Hint::from(format!("{} has no keys; ", quote(owner)));
    Ok(Some(none.and(suggestion(store, owner, now)?)))
}
