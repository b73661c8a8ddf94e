//! A user of whom there is no key: most likely a mistyped name.

use super::{Cx, values};
use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::near;
use crate::store::{Filter, Read};
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// What to do where `owner` has no keys: a question after the owner whose name is most like theirs,
/// if one is.
pub fn meant(store: &dyn Read, owner: &str, now: Timestamp) -> Result<Hint> {
    let some = Filter {
        limit: Some(near::AMONG),
        ..Filter::all(now)
    };
    let (some, _) = store.find_readable(&some)?;
    let owners: BTreeSet<String> = some.into_iter().map(|key| key.owner).collect();
    let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
    let list = run!("list --state all").in_quotes();
    let otherwise = list.and(" shows every key and its owner");
    Ok(values::meant(owner, &owners, otherwise))
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

/// Says under a result without keys that `owner` has none at all, if so.
pub fn tell_if_none(cx: &mut Cx<'_>, store: &dyn Read, owner: &str, now: Timestamp) -> Result<()> {
    if !has_keys(store, owner, now)? {
        let meant = meant(store, owner, now)?;
        cx.hint(Hint::from(format!("{} has no keys; ", quote(owner))).and(meant));
    }
    Ok(())
}
