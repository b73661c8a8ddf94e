//! A user of whom there is no key: most likely a mistyped name.

use super::{Cx, values};
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::near;
use crate::store::{Filter, Read};
use crate::when::Timestamp;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What to do where `owner` has no keys: a question after the owner whose name is most like theirs,
/// if one is.
pub fn meant(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Hint> {
    let some = Filter {
        limit: Some(near::AMONG),
        ..Filter::all(now)
    };
    let mut owners = BTreeSet::new();
    store.scan(&some, &mut |key| {
        owners.insert(key.owner);
        Ok(ControlFlow::Continue(()))
    })?;
    let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
    let list = run!("list --state all").in_quotes();
    let otherwise = list.and(" shows every key and its owner");
    Ok(values::meant(owner, &owners, otherwise))
}

/// Tells whether `owner` has a key, a deleted one too.
pub fn has_keys(store: &dyn Read, owner: &str, now: Timestamp) -> Result<bool> {
    let found = store.find(&Filter {
        owner: Some(owner.to_owned()),
        limit: Some(1),
        ..Filter::all(now)
    })?;
    Ok(!found.is_empty())
}

/// Says under a result without keys that `owner` has none at all, if so.
pub fn tell_if_none(cx: &mut Cx<'_>, store: &dyn Read, owner: &str, now: Timestamp) -> Result<()> {
    if !has_keys(store, owner, now)? {
        let meant = meant(store, owner, now)?;
        cx.hint(Hint::from(format!("{} has no keys; ", quote(owner))).and(meant));
    }
    Ok(())
}
