//! `disable` and `delete`, which differ only in how they stop a key.

mod damaged;
mod given;
mod piped;
mod plan;
mod report;
mod verb;

pub use self::verb::Verb;

use super::change::change_all;
use super::confirm::{check_agreed, confirm_deletion};
use super::{Cx, keys, owner};
use crate::env::Actor;
use crate::error::{DONE, Error, Result, quote};
use crate::event::Action;
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::store::{self, Filter, Read, Skipped, Store};
use crate::when::Timestamp;
use std::collections::HashSet;

/// Arguments of a command that stops keys.
pub struct StopRequest<'a> {
    /// The way to stop them.
    pub verb: Verb,
    /// The KEY arguments; none where `owner` is given.
    pub keys: &'a [String],
    /// The user all of whose keys are to stop.
    pub owner: Option<&'a str>,
    /// Skip the confirmation.
    pub yes: bool,
    /// The reason for the audit log.
    pub reason: Option<&'a str>,
}

impl StopRequest<'_> {
    /// Stops the keys: all of them or none, unless `-` is among the KEYs.
    pub fn run(&self, cx: &mut Cx<'_>) -> Result<u8> {
        if self.keys.iter().any(|key| key == "-") {
            return self.run_piped(cx);
        }
        let mut store = cx.open_to_stop()?;
        if self.verb == Verb::Delete
            && let Some(id) = damaged::only(cx, &*store, self.keys)?
        {
            damaged::remove(cx, &mut *store, id, self.yes, self.reason)?;
            return Ok(DONE);
        }
        let agreed = self.ask(cx, &*store)?;
        let mut damaged = Skipped::default();
        let changed = change_all(
            cx,
            &mut *store,
            self.reason,
            |store, actor, now| {
                let (found, skipped) = self.find(cx, store, actor, now)?;
                damaged = skipped;
                if let Some(agreed) = &agreed {
                    check_agreed(agreed, undeleted(&found, now))?;
                }
                Ok(found)
            },
            |key, now, access| match (self.verb, self.owner) {
                // A legacy key is refused here: its user named it.
                (Verb::Delete, None) => Ok((key.delete(now)?, Action::Delete)),
                _ => self.verb.apply(key, now, access),
            },
        )?;
        report::stopped(cx, &changed, self.verb);
        if let (Some(owner), true) = (self.owner, changed.is_empty()) {
            cx.status(format_args!(
                "every key of {} is already deleted",
                quote(owner)
            ));
        }
        damaged.none()?;
        Ok(DONE)
    }

    /// Asks whether to delete the keys, unless `yes`, and returns the IDs that the answer is about. Refuses
    /// what would be refused later before it asks.
    fn ask(&self, cx: &mut Cx<'_>, store: &dyn Store) -> Result<Option<HashSet<KeyId>>> {
        if self.yes {
            return Ok(None);
        }
        let (actor, now) = (store.actor(cx.env), cx.env.now());
        let doomed: Vec<Key> = store::read(store, |store| {
            let (found, _) = self.find(cx, store, &actor, now)?;
            let access = store.access(&actor)?;
            for key in &found {
                access
                    .for_owner(&key.owner)
                    .map_err(|error| error.of_key(key.id))?;
                if self.owner.is_none() {
                    key.clone().delete(now)?;
                }
            }
            Ok(undeleted(&found, now).cloned().collect())
        })?;
        confirm_deletion(cx, &doomed).map(Some)
    }

    /// Finds the keys as they are at `now`. Of `owner`, finds those that are not deleted, and counts the
    /// damaged records apart, so that these do not keep the others alive.
    ///
    /// Call it again under the store's lock: a name may match another key by then, and the owner may have a
    /// new one.
    fn find(
        &self,
        cx: &Cx<'_>,
        store: &dyn Read,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Vec<Key>, Skipped)> {
        match self.owner {
            Some(owner) => of_owner(store, actor, owner, now),
            None => {
                let found = keys::find(&cx.lookup_to_stop(actor, now), store, self.keys)?;
                Ok((found, Skipped::default()))
            }
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
            .hint(owner::suggestion(store, owner, now)?));
    }
    Ok((found, damaged))
}

fn undeleted(keys: &[Key], now: Timestamp) -> impl Iterator<Item = &Key> {
    keys.iter()
        .filter(move |key| key.state(now) != State::Deleted)
}
