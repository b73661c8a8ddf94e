//! Content that a restore leads to: that of the copy or, with `--keep-revoked`, what both stores allow.

use super::journal::Journal;
use super::keep::{self, Registries};
use crate::cmd::taken;
use crate::error::{Error, FailureKind, Result};
use crate::event::Action;
use crate::id::KeyId;
use crate::key::Key;
use crate::scope::{Registry, Scope};
use crate::store::{Filter, LogFilter, Read, Tx};
use crate::when::Timestamp;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Largest number of predecessors to follow. Only a store that was tampered with has a longer lineage, or a loop.
const LINEAGE_MAX: u32 = 10_000;

/// Most characters of a name before a number that makes it free: the result fits into a name.
const NAME_STEM: usize = 100;

/// Content of the store after a restore, read from both stores.
pub struct Outcome<'a> {
    copy: &'a dyn Read,
    kept: Option<Present<'a>>,
}

/// The store that is replaced, if its revocations are kept.
struct Present<'a> {
    store: &'a dyn Read,
    registries: Registries,
}

/// Record of a key of the copy in the store that is replaced.
enum Record {
    /// The store has never had the key.
    Unknown,
    /// The store's log has the key, and its rows have it no more.
    Gone,
    /// The store has the key.
    Known(Box<Key>),
}

impl<'a> Outcome<'a> {
    /// Content after a restore of `copy` that keeps nothing else.
    pub fn of_copy(copy: &'a dyn Read) -> Self {
        Outcome { copy, kept: None }
    }

    /// Content after a restore of `copy` that keeps what was revoked in `store`.
    pub fn keeping(store: &'a dyn Read, copy: &'a dyn Read) -> Result<Self> {
        let registries = Registries {
            present: store.scopes()?,
            copy: copy.scopes()?,
        };
        Ok(Outcome {
            copy,
            kept: Some(Present { store, registries }),
        })
    }

    /// Returns the record that replaces `copied`, a key of the copy; `None` if the key is left out.
    pub fn of(&self, copied: &Key) -> Result<Option<Key>> {
        let Some(present) = &self.kept else {
            return Ok(Some(copied.clone()));
        };
        match present.record(copied)? {
            Record::Unknown => Ok(Some(copied.clone())),
            Record::Gone => Ok(None),
            Record::Known(record) => {
                let undone = present.has_undone(copied, &record)?;
                let kept = keep::keep(copied, &record, undone, &present.registries);
                Ok(Some(kept))
            }
        }
    }

    /// Tells whether `key`, which the store has and the copy has not, comes along: it replaced a key of the
    /// copy, or one that did so; or its record in the copy is damaged.
    pub fn brings(&self, key: &Key) -> Result<bool> {
        let Some(present) = &self.kept else {
            return Ok(false);
        };
        let mut next = Some(key.id);
        for _ in 0..LINEAGE_MAX {
            let Some(id) = next else {
                return Ok(false);
            };
            match self.copy.get(id) {
                Ok(None) => {}
                Err(error) if !error.is_damage_of(id) => return Err(error),
                _ => return Ok(true),
            }
            next = match readable(present.store, id)? {
                Some(key) => key.replaces,
                None => present.predecessor(id)?,
            };
        }
        Ok(false)
    }

    /// Returns the scopes of the restored store, but for those that only keys which come along have.
    pub fn scopes(&self) -> Result<Registry> {
        let mut scopes = self.copy.scopes()?;
        if let Some(present) = &self.kept {
            for (name, scope) in present.registries.changed() {
                scopes.add(name.to_owned(), scope.clone());
            }
        }
        Ok(scopes)
    }

    /// Changes `restored`, which holds the content of the copy, to this content, and logs an event for each
    /// change of a key. Returns the keys that got another name, each with the name before: another key of the
    /// copy has it.
    pub fn apply(
        &self,
        restored: &mut dyn Tx,
        journal: &Journal<'_>,
    ) -> Result<Vec<(Key, String)>> {
        let now = journal.now;
        let mut renamed = Vec::new();
        let Some(present) = &self.kept else {
            return Ok(renamed);
        };
        let changed = present.registries.changed();
        let mut scopes: BTreeSet<String> = changed.map(|(name, _)| name.to_owned()).collect();
        // First what stops: that frees names.
        self.visit(now, &mut |copied, kept| {
            let Some(kept) = kept else {
                restored.purge(copied.id)?;
                return journal.removed(present.store, restored, &copied);
            };
            if kept == copied || comes_alive(&copied, &kept) {
                return Ok(());
            }
            scopes.extend(kept.scopes.iter().cloned());
            restored.update(&kept)?;
            journal.changed(present.store, restored, &copied, &kept)
        })?;
        let mut name = |restored: &dyn Tx, key: &mut Key| -> Result<()> {
            scopes.extend(key.scopes.iter().cloned());
            let before = key.name.clone();
            if key.is_live() {
                key.name = free_name(restored, key)?;
            }
            if key.name != before {
                renamed.push((key.clone(), before));
            }
            Ok(())
        };
        self.visit(now, &mut |copied, kept| match kept {
            Some(mut kept) if comes_alive(&copied, &kept) => {
                name(restored, &mut kept)?;
                restored.update(&kept)?;
                journal.changed(present.store, restored, &copied, &kept)
            }
            _ => Ok(()),
        })?;
        let _damaged = present.store.scan(&Filter::all(now), &mut |mut key| {
            if readable(self.copy, key.id)?.is_none() && self.brings(&key)? {
                name(restored, &mut key)?;
                insert(present.store, restored, &key)?;
                journal.added(present.store, restored, &key)?;
                present.log_gone(restored, journal, &key)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        register(restored, &present.registries.present, scopes)?;
        Ok(renamed)
    }

    /// Calls `visit` for each readable key of the copy with the record that replaces it; `None` if the key is
    /// left out.
    fn visit(
        &self,
        now: Timestamp,
        visit: &mut dyn FnMut(Key, Option<Key>) -> Result<()>,
    ) -> Result<()> {
        let _damaged = self.copy.scan(&Filter::all(now), &mut |copied| {
            let kept = self.of(&copied)?;
            visit(copied, kept)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(())
    }
}

/// Tells whether a key that the copy has phased-out is live: its rotation was undone.
fn comes_alive(copied: &Key, kept: &Key) -> bool {
    kept.is_live() && !copied.is_live()
}

/// Adds `key` with the hash that it has in `store`.
fn insert(store: &dyn Read, restored: &mut dyn Tx, key: &Key) -> Result<()> {
    // The copy's record of it may be there, damaged.
    restored.purge(key.id)?;
    let known = store.known(&[key.id.into()])?.pop().flatten();
    if let Some(hash) = known.and_then(|known| known.hash) {
        return restored.insert(key, &hash);
    }
    // Deleted, and its hash wiped. Until the update it holds no name, since it is phased-out.
    let undeleted = Key {
        grace_from: Some(key.created_at),
        usable_until: Some(key.created_at),
        deleted_at: None,
        ..key.clone()
    };
    restored.insert(&undeleted, "")?;
    restored.update(key)
}

impl Present<'_> {
    fn record(&self, copied: &Key) -> Result<Record> {
        let id = copied.id;
        Ok(match self.store.get(id) {
            Ok(Some(key)) => Record::Known(Box::new(key)),
            Ok(None) if self.has_seen(id)? => Record::Gone,
            Ok(None) => Record::Unknown,
            Err(error) if error.is_damage_of(id) => {
                let log = self.store.find_events(&LogFilter {
                    keys: vec![id],
                    ..LogFilter::default()
                })?;
                Record::Known(Box::new(keep::replay(copied, &log)))
            }
            Err(error) => return Err(error),
        })
    }

    /// Tells whether the log has an event of this key.
    fn has_seen(&self, id: KeyId) -> Result<bool> {
        let last = self.store.find_events(&LogFilter {
            keys: vec![id],
            limit: Some(1),
            ..LogFilter::default()
        })?;
        Ok(!last.is_empty())
    }

    /// Returns the predecessor of a key whose record is gone, from the event of its creation or its purge.
    fn predecessor(&self, id: KeyId) -> Result<Option<KeyId>> {
        let named = self.store.find_events(&LogFilter {
            keys: vec![id],
            actions: vec![Action::Create, Action::Purge],
            ..LogFilter::default()
        })?;
        Ok(named.iter().find_map(keep::replaces))
    }

    /// Logs the purge of each predecessor of `key`, which comes along, that `restored` knows nothing of.
    fn log_gone(&self, restored: &mut dyn Tx, journal: &Journal<'_>, key: &Key) -> Result<()> {
        let mut next = key.replaces;
        while let Some(id) = next {
            let is_there = readable(self.store, id)?.is_some();
            if is_there || restored.count_events(id)? > 0 {
                break;
            }
            journal.gone(self.store, restored, id)?;
            next = self.predecessor(id)?;
        }
        Ok(())
    }

    /// Tells whether the rotation that `copied` has was undone: the key is live, and its successor is gone.
    fn has_undone(&self, copied: &Key, present: &Key) -> Result<bool> {
        let Some(successor) = copied.replaced_by.filter(|_| !copied.is_live()) else {
            return Ok(false);
        };
        if !present.is_live() {
            return Ok(false);
        }
        match readable(self.store, successor)? {
            Some(successor) => Ok(successor.deleted_at.is_some()),
            None => self.has_seen(successor),
        }
    }
}

/// Registers `wanted` and the scopes that they imply as `registry` has them, where `restored` does not.
fn register(restored: &mut dyn Tx, registry: &Registry, wanted: BTreeSet<String>) -> Result<()> {
    let registered = restored.scopes()?;
    let find = |name: &str| registry.all().find(|(known, _)| *known == name);
    let mut wanted: Vec<String> = wanted.into_iter().collect();
    let mut missing = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let Some((_, scope)) = find(&name) else {
            continue;
        };
        let mut known = registered.all();
        let is_there = known.any(|(known, there)| known == name && there.implies == scope.implies);
        if !is_there && missing.insert(name) {
            wanted.extend(scope.implies.iter().cloned());
        }
    }
    // First without implications: a scope can imply only a registered one.
    for name in &missing {
        if !registered.has(name) {
            restored.add_scope(name, &Scope::default())?;
        }
    }
    for name in &missing {
        if let Some((_, scope)) = find(name) {
            restored.add_scope(name, scope)?;
        }
    }
    Ok(())
}

/// Returns the name of `key`, or one made from it, that no live key of its owner has.
fn free_name(store: &dyn Read, key: &Key) -> Result<String> {
    let stem: String = key.name.chars().take(NAME_STEM).collect();
    let mut name = key.name.clone();
    let mut number = 1_u64;
    while is_taken(store, &key.owner, &name)? {
        number += 1;
        name = format!("{stem}-{number}");
    }
    Ok(name)
}

fn is_taken(store: &dyn Read, owner: &str, name: &str) -> Result<bool> {
    match taken::holder(store, owner, name) {
        // A key whose record is damaged has it.
        Err(Error {
            kind: FailureKind::Damaged,
            ..
        }) => Ok(true),
        holder => Ok(holder?.is_some()),
    }
}

/// Returns the key with this ID; `None` if there is none, or if its record is damaged.
pub fn readable(store: &dyn Read, id: KeyId) -> Result<Option<Key>> {
    match store.get(id) {
        Err(error) if error.is_damage_of(id) => Ok(None),
        found => found,
    }
}
