//! Owners of keys, as the command line names them: in any Unicode form, and perhaps mistyped.

use super::Cx;
use crate::env::Actor;
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::name::form;
use crate::near;
use crate::store::{self, Filter, Read, Store};
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// The owner who is meant by `given`: of that very name or, where nobody of that name has keys, of the
/// same name in another Unicode form; as it is, where nobody has.
pub fn as_stored(store: &dyn Read, given: &str, now: Timestamp) -> Result<String> {
    form::as_stored(given, |form| has_keys(store, form, now))
}

/// A user to whom something is given: an owner of a new key, a member, an administrator.
pub struct Recipient {
    /// The name.
    pub name: String,
    /// Neither the system has such a user, nor the store a key of theirs.
    is_unknown: bool,
}

impl Recipient {
    /// One who is known by `name`.
    pub fn known(name: &str) -> Self {
        Recipient {
            name: name.to_owned(),
            is_unknown: false,
        }
    }
}

/// The user who is meant by `given`, and who has to be known to no one: of that very name or, where
/// nothing knows it, of the same name in another Unicode form; `is_listed` says whether a list has them
/// already. Where none is known, `checked` says whether the name will do for a new one.
pub fn recipient(
    cx: &Cx<'_>,
    store: &dyn Read,
    actor: &Actor,
    given: &str,
    is_listed: impl Fn(&str) -> Result<bool>,
    checked: fn(&str) -> Result<String>,
) -> Result<Recipient> {
    // Nobody mistypes a number that the system has no name for.
    if given == actor.name || is_nameless(given) {
        return Ok(Recipient::known(given));
    }
    let mut is_unknown = true;
    for form in form::forms(given) {
        if is_listed(&form)? || has_keys(store, &form, cx.env.now())? {
            return Ok(Recipient::known(&form));
        }
        // The system last: it may take its time.
        match (cx.env.user)(&form) {
            Some(true) => return Ok(Recipient::known(&form)),
            Some(false) => {}
            None => is_unknown = false,
        }
    }
    Ok(Recipient {
        name: checked(given)?,
        is_unknown,
    })
}

/// Tells whether `name` is that of an actor whose uid has no name: `uid:1000`.
fn is_nameless(name: &str) -> bool {
    name.strip_prefix("uid:")
        .is_some_and(|uid| uid.parse::<u32>().is_ok())
}

/// Says that nothing knows `recipient`, if so: a name that is mistyped here stays so.
pub fn warn_if_unknown(cx: &mut Cx<'_>, store: &dyn Store, recipient: &Recipient) {
    if !recipient.is_unknown {
        return;
    }
    let name = &recipient.name;
    cx.notice(format_args!(
        "warning: {} is neither a user of this machine nor the owner of any key",
        quote(name)
    ));
    // It is done, whether or not a better name can be found.
    let now = cx.env.now();
    if let Ok(Some(like)) = store::read(store, |store| owner_like(store, name, now)) {
        cx.notice_hint(like);
    }
}

/// Advice where `owner` has no keys: a question after the owner whose name is most like theirs,
/// if one is.
pub fn meant(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Hint> {
    let list = run!("list --state all").in_quotes();
    Ok(match owner_like(store, owner, now)? {
        Some(like) => like.into(),
        None => list.and(" shows every key and its owner"),
    })
}

/// A question after the owner of a key whose name is most like `owner`, if one is.
fn owner_like(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Option<String>> {
    let some = Filter {
        limit: Some(near::AMONG),
        ..Filter::all(now)
    };
    let (some, _) = store.find_readable(&some)?;
    let owners: BTreeSet<String> = some.into_iter().map(|key| key.owner).collect();
    let owners = owners.iter().filter(|known| *known != owner);
    let owners: Vec<&str> = owners.map(String::as_str).collect();
    Ok(near::meant(owner, &owners))
}

/// Tells whether `owner` has a key, a deleted one too.
pub fn has_keys(store: &dyn Read, owner: &str, now: Timestamp) -> Result<bool> {
    let (found, damaged) = store.find_readable(&Filter {
        owner: Some(owner.to_owned()),
        limit: Some(1),
        ..Filter::all(now)
    })?;
    Ok(!found.is_empty() || damaged.count > 0)
}

/// Advice under a result without keys, if `owner` has none at all.
pub fn advice_if_none(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Option<Hint>> {
    if has_keys(store, owner, now)? {
        return Ok(None);
    }
    let none = Hint::from(format!("{} has no keys; ", quote(owner)));
    Ok(Some(none.and(meant(store, owner, now)?)))
}
