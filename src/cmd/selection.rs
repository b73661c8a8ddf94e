//! The keys that a command is to stop: those that are named, or all of a user's.

use super::{Cx, keys, owner};
use crate::env::Actor;
use crate::error::{Error, Result, quote};
use crate::key::Key;
use crate::store::{Filter, Read, Skipped};
use crate::when::Timestamp;

/// The keys that a command line asks for.
pub enum Selection<'a> {
    /// Those that these texts stand for.
    Keys(&'a [String]),
    /// All of this user's.
    Owner(&'a str),
}

impl<'a> Selection<'a> {
    /// The selection that the arguments `given` or the option `owner` ask for.
    pub fn new(given: &'a [String], owner: Option<&'a str>) -> Self {
        owner.map_or(Selection::Keys(given), Selection::Owner)
    }

    /// The keys, as they are at `now`. Of a user's, those that are not deleted, and those whose records
    /// cannot be read: they keep none of the others from being stopped.
    ///
    /// To be asked under the store's lock: a name may have come to mean another key, and a user
    /// may have made a new one.
    pub fn find(
        &self,
        cx: &Cx<'_>,
        store: &dyn Read,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Vec<Key>, Skipped)> {
        match self {
            Selection::Keys(texts) => {
                let found = keys::find(&cx.lookup_to_stop(actor, now), store, texts)?;
                Ok((found, Skipped::default()))
            }
            Selection::Owner(owner) => of_owner(store, actor, owner, now),
        }
    }

    /// The user all of whose keys are meant.
    pub fn owner(&self) -> Option<&str> {
        match self {
            Selection::Keys(_) => None,
            Selection::Owner(owner) => Some(owner),
        }
    }
}

/// The keys of `owner`; an error if they never had one, since that is likely a typo.
fn of_owner(
    store: &dyn Read,
    actor: &Actor,
    owner: &str,
    now: Timestamp,
) -> Result<(Vec<Key>, Skipped)> {
    let access = store.access(actor)?;
    let owner = &owner::as_stored(store, owner, now)?;
    access.for_owner(owner)?;
    let (found, damaged) = store.find_readable(&Filter {
        owner: Some(owner.to_owned()),
        ..Filter::undeleted(now)
    })?;
    if found.is_empty() && !owner::has_keys(store, owner, now)? {
        return Err(Error::not_found(format!("{} has no keys", quote(owner)))
            .hint(owner::meant(store, owner, now)?));
    }
    Ok((found, damaged))
}
