//! `disable` and `delete`, which differ only in how they stop a key.

mod damaged;
mod given;
mod piped;
mod plan;
mod report;
mod verb;

pub use self::verb::Verb;

use super::change::change_all;
use super::choice::Choice;
use super::confirm::{check_agreed, confirm_deletion};
use super::{Cx, keys, preview};
use crate::access::Access;
use crate::env::Actor;
use crate::error::{DONE, Error, Result};
use crate::event::Action;
use crate::hint::{Hint, run, word};
use crate::id::KeyId;
use crate::key::{Change, Key, State};
use crate::lookup;
use crate::output::ListFormat;
use crate::store::{self, Read, Skipped, Store};
use crate::when::Timestamp;
use std::collections::HashSet;
use std::path::Path;

/// Arguments of a command that stops keys.
pub struct StopRequest<'a> {
    /// The way to stop them.
    pub verb: Verb,
    /// The KEY arguments; none where a choice is given.
    pub keys: &'a [String],
    /// The choice of keys by owner and labels.
    pub choice: &'a Choice,
    /// Format in which to print the keys that would be stopped; `None` to stop them.
    pub preview: Option<ListFormat>,
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
        let mut store = self.open(cx)?;
        keys::refuse_tokens(&*store, self.keys)?;
        if self.verb == Verb::Delete
            && let Some(id) = damaged::only(cx, &*store, self.keys)?
        {
            match self.preview {
                None => damaged::remove(cx, &mut *store, id, self.yes, self.reason)?,
                Some(_) => damaged::preview(cx, &*store, id)?,
            }
            return Ok(DONE);
        }
        match self.preview {
            Some(format) => self.print(cx, &*store, format),
            None => self.stop_found(cx, &mut *store),
        }
    }

    /// Opens the store; only to read for a preview.
    fn open(&self, cx: &mut Cx<'_>) -> Result<Box<dyn Store>> {
        match self.preview {
            Some(_) => cx.open_to_read(),
            None => cx.open_to_stop(),
        }
    }

    fn stop_found(&self, cx: &mut Cx<'_>, store: &mut dyn Store) -> Result<u8> {
        let agreed = self.ask(cx, store)?;
        let mut damaged = Skipped::default();
        let changed = change_all(
            cx,
            store,
            self.reason,
            |store, actor, now| {
                let (found, skipped) = self.find(cx, store, actor, now)?;
                damaged = skipped;
                if let Some(agreed) = &agreed {
                    check_agreed(agreed, undeleted(&found, now))?;
                }
                Ok(found)
            },
            |key, now, access| self.apply(key, now, access),
        )?;
        report::stopped(cx, &changed, self.verb);
        if changed.is_empty() {
            self.report_deleted(cx);
        }
        damaged.none()?;
        Ok(DONE)
    }

    /// Prints the keys that would be stopped.
    fn print(&self, cx: &mut Cx<'_>, store: &dyn Store, format: ListFormat) -> Result<u8> {
        let (actor, now) = (store.actor(cx.env), cx.env.now());
        let (found, due, damaged) = store::read(store, |store| {
            let (found, damaged) = self.find(cx, store, &actor, now)?;
            let due = self.due(found.clone(), &store.access(&actor)?, now)?;
            Ok((found, due, damaged))
        })?;
        preview::print(cx, &due, now, format)?;
        report::preview(cx, &due, self.verb);
        if found.is_empty() {
            self.report_deleted(cx);
        }
        damaged.none()?;
        Ok(DONE)
    }

    /// Returns those of `keys` that would be stopped, as they are. Fails if one of them must not be.
    fn due(&self, keys: Vec<Key>, access: &Access, now: Timestamp) -> Result<Vec<Key>> {
        let mut due = Vec::new();
        for key in keys {
            let id = key.id;
            let made = access
                .for_owner(&key.owner)
                .and_then(|()| self.apply(&mut key.clone(), now, access));
            if made.map_err(|error| error.of_key(id))?.0 == Change::Applied {
                due.push(key);
            }
        }
        Ok(due)
    }

    /// Stops `key`.
    fn apply(&self, key: &mut Key, now: Timestamp, access: &Access) -> Result<(Change, Action)> {
        match self.verb {
            // A legacy key is refused here: its user named it.
            Verb::Delete if !self.choice.is_given() => Ok((key.delete(now)?, Action::Delete)),
            verb => verb.apply(key, now, access),
        }
    }

    /// Says that every chosen key is deleted. Only a choice can come to no key.
    fn report_deleted(&self, cx: &mut Cx<'_>) {
        let chosen = self.choice.in_words();
        cx.status(format_args!("every key {chosen} is already deleted"));
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
            self.due(found.clone(), &store.access(&actor)?, now)?;
            Ok(undeleted(&found, now).cloned().collect())
        })?;
        confirm_deletion(cx, &doomed).map(Some)
    }

    /// Finds the keys as they are at `now`, and counts the damaged records of a choice apart.
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
        if self.choice.is_given() {
            return self.choice.find(store, actor, now);
        }
        let found = keys::find(&cx.lookup_to_stop(actor, now), store, self.keys)
            .map_err(|error| self.for_a_file(error))?;
        Ok((found, Skipped::default()))
    }

    /// Gives `error` another hint if the KEY that stands for no key is the path of a file, which may hold a token.
    fn for_a_file(&self, error: Error) -> Error {
        let mut keys = self.keys.iter();
        let file = keys.find(|key| {
            error.message == lookup::none(key).message && Path::new(key.as_str()).is_file()
        });
        let Some(file) = file else {
            return error;
        };
        let stop = match self.verb {
            Verb::Disable => run!("disable -"),
            Verb::Delete => run!("delete -"),
        };
        error.hint(
            Hint::from("for the token in a file: ")
                .and(stop)
                .and(format!(" < {}", word(file))),
        )
    }
}

fn undeleted(keys: &[Key], now: Timestamp) -> impl Iterator<Item = &Key> {
    keys.iter()
        .filter(move |key| key.state(now) != State::Deleted)
}
