//! Lookup of a `KEY`: an ID, a shown token (`kc_ID_…`), a name, or a prefix of an ID.

mod handover;
mod lineage;
mod logged;

pub use handover::{HANDOVER, Unfinished, unfinished_handovers};
pub use lineage::{lineage, predecessors_in_grace};
pub use logged::{LoggedMatch, find_in_log, name_in_log};

use crate::error::{Error, FailureKind, Result, escape, quote};
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::name::form::{self, forms};
use crate::near::{AMONG, nearest, suggestion};
use crate::output::instant;
use crate::store::{Filter, LogFilter, Read, Sort};
use crate::token::shown_id;
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Largest number of candidates that the error for an ambiguous KEY names.
const CANDIDATES_MAX: u64 = 10;

/// Number of leading characters that a mistyped ID must share with the ID that a hint proposes.
const LIKE_PREFIX: usize = 5;

/// Largest number of successors to follow. Only a store that was tampered with has a longer lineage, or a loop.
pub const LINEAGE_MAX: u32 = 10_000;

/// U+FEFF, which some programs put at the start of a file or a copied text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Rules for the lookup of a `KEY`.
pub struct Lookup<'a> {
    /// The time for which states are computed.
    pub now: Timestamp,
    /// The user whose keys come first among keys of the same name.
    pub actor: &'a str,
    /// True if a prefix of an ID is enough. False in scripts: a new key could get the same prefix.
    pub by_prefix: bool,
    /// True if the key is to be stopped. Then a name is ambiguous while a phased-out key of the same name
    /// still works.
    pub to_stop: bool,
}

/// Result of a lookup.
pub enum KeyMatch {
    /// Exactly one key.
    One(Box<Key>),
    /// No key.
    None,
    /// Several keys of equal rank; the error names them.
    Several(Box<Error>),
}

impl From<Option<Key>> for KeyMatch {
    fn from(key: Option<Key>) -> Self {
        key.map_or(KeyMatch::None, |key| KeyMatch::One(Box::new(key)))
    }
}

/// ID in `text`, which is an ID or a shown token.
pub fn id(text: &str) -> Option<KeyId> {
    let text = without_mark(text);
    KeyId::parse(text.as_bytes()).or_else(|| shown_id(text))
}

/// Error for a `text` that stands for no key.
pub fn none(text: &str) -> Error {
    let shown = id(text).map_or_else(|| quote(without_mark(text)), |id| id.to_string());
    Error::not_found(format!("there is no key {shown}"))
}

fn without_mark(text: &str) -> &str {
    text.trim_start_matches(BYTE_ORDER_MARK)
}

/// True if `text` could be a prefix of an ID.
fn is_prefix(text: &str) -> bool {
    (1..KeyId::LEN).contains(&text.len()) && KeyId::is_part(text.as_bytes())
}

impl Lookup<'_> {
    /// Finds the one key that `text` stands for.
    pub fn key(&self, store: &dyn Read, text: &str) -> Result<Key> {
        match self.find(store, text)? {
            KeyMatch::One(key) => Ok(*key),
            KeyMatch::None => match self.deleted(store, text)? {
                Some(error) => Err(error),
                None => Err(none(text).hint(self.advice(store, text)?)),
            },
            KeyMatch::Several(error) => Err(*error),
        }
    }

    /// Looks `text` up as an ID or a shown token, then as a name or `OWNER/NAME`, then as a prefix of an ID.
    /// Drops a byte-order mark before `text` unless a name begins with one.
    pub fn find(&self, store: &dyn Read, text: &str) -> Result<KeyMatch> {
        // No name has the shape of an ID.
        if let Some(id) = KeyId::parse(text.as_bytes()) {
            return Ok(store.get(id)?.into());
        }
        // A name from an older version may have the shape of a shown token. The key with the ID goes first.
        if let Some(id) = shown_id(text)
            && let Some(key) = store.get(id)?
        {
            return Ok(Some(key).into());
        }
        let named = self.named(store, text)?;
        if !named.is_empty() {
            return self.only(store, text, named);
        }
        match without_mark(text) {
            rest if rest != text => self.find(store, rest),
            _ => self.by_prefix(store, text),
        }
    }

    /// Error for a `text` that stands for no key, if it is the name of a deleted one. Of several, names the one
    /// that was deleted last.
    pub fn deleted(&self, store: &dyn Read, text: &str) -> Result<Option<Error>> {
        let (owner, name) = owner_and_name(without_mark(text));
        let Some(key) = form::find(name, |name| match owner {
            Some(owner) => form::find(owner, |owner| self.last_deleted(store, Some(owner), name)),
            None => match self.last_deleted(store, Some(self.actor), name)? {
                None => self.last_deleted(store, None, name),
                own => Ok(own),
            },
        })?
        else {
            return Ok(None);
        };
        let of = match key.owner == self.actor {
            true => String::new(),
            false => format!(" of {}", quote(&key.owner)),
        };
        let error = Error::not_found(format!(
            "the key {}{of} was deleted at {}: {}",
            quote(&key.name),
            instant(key.deleted_at, self.now),
            key.id
        ));
        let stays = match self.to_stop {
            true => "there is nothing left to stop; ",
            false => "a deleted key cannot be brought back; ",
        };
        let show = run!("show {}", key.id).in_quotes();
        Ok(Some(error.hint(
            Hint::from(stays).and(show).and(" shows its record"),
        )))
    }

    /// Finds the key named `name`, of `owner` or of anyone, that was deleted last.
    fn last_deleted(
        &self,
        store: &dyn Read,
        owner: Option<&str>,
        name: &str,
    ) -> Result<Option<Key>> {
        // A damaged tombstone is left out: its error would hide the answer.
        let (found, _) = store.find_readable(&Filter {
            owner: owner.map(str::to_owned),
            name: Some(name.to_owned()),
            states: vec![State::Deleted],
            sort: Sort::Any,
            ..Filter::all(self.now)
        })?;
        Ok(found.into_iter().max_by_key(|key| key.deleted_at))
    }

    /// Hint for a `text` that stands for no key: the nearest ID or name, or the rule that `text` breaks.
    pub fn advice(&self, store: &dyn Read, text: &str) -> Result<Hint> {
        let text = without_mark(text);
        if let Some(id) = id(text) {
            return self.id_like(store, id);
        }
        let lower = text.to_ascii_lowercase();
        if let Some(id) = KeyId::parse(lower.as_bytes())
            && store.get(id)?.is_some()
        {
            return Ok(format!("IDs are lower case: did you mean {id}?").into());
        }
        let is_short = text.len() < KeyId::PREFIX_MIN;
        if is_prefix(text) {
            if is_short && let Some(question) = self.name_like(store, text)? {
                return Ok(question.into());
            }
            // Before the check of the length: a longer prefix would be refused too.
            if !self.by_prefix && begins_an_id(store, text)? {
                return Ok(
                    "without a terminal, a command that changes a key needs the whole ID".into(),
                );
            }
            if is_short && self.by_prefix {
                let least = KeyId::PREFIX_MIN;
                return Ok(
                    Hint::from(format!("an ID prefix needs at least {least} characters; "))
                        .and(run!("list").in_quotes())
                        .and(" shows the IDs"),
                );
            }
        }
        Ok(self.name_like(store, text)?.map_or_else(list, Hint::from))
    }

    /// Finds the keys of exactly this name, else of the same name in another Unicode form.
    fn named(&self, store: &dyn Read, text: &str) -> Result<Vec<Key>> {
        let (owner, name) = owner_and_name(text);
        let owners = match owner {
            Some(owner) => forms(owner).into_iter().map(Some).collect(),
            None => vec![None],
        };
        for owner in &owners {
            for name in forms(name) {
                let found = self.exactly_named(store, owner.as_deref(), &name)?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
        Ok(Vec::new())
    }

    /// Finds the keys named `name` that rank first: live ones of the owner, then phased-out ones of the owner.
    /// Without an owner, the actor's come first, then live ones of anyone, then phased-out ones of anyone.
    fn exactly_named(&self, store: &dyn Read, owner: Option<&str>, name: &str) -> Result<Vec<Key>> {
        let first = owner.unwrap_or(self.actor);
        if let Some(key) = store.live_key(first, name)? {
            return Ok(vec![key]);
        }
        let live = vec![State::Active, State::Disabled, State::Expired];
        let phased_out = vec![State::PhasedOut];
        let ranks = [
            (Some(first), phased_out.clone()),
            (None, live),
            (None, phased_out),
        ];
        let ranks = ranks.into_iter().take(if owner.is_some() { 1 } else { 3 });
        for (owner, states) in ranks {
            let found = store.find(&Filter {
                owner: owner.map(str::to_owned),
                name: Some(name.to_owned()),
                states,
                sort: Sort::Any,
                limit: Some(CANDIDATES_MAX),
                ..Filter::all(self.now)
            })?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Returns the one key of `rank`. If it is to be stopped, the owner's phased-out keys of that name that still
    /// work make it ambiguous.
    fn only(&self, store: &dyn Read, text: &str, mut rank: Vec<Key>) -> Result<KeyMatch> {
        if self.to_stop {
            let named = rank.iter().map(|key| (key.owner.clone(), key.name.clone()));
            for (owner, name) in named.collect::<BTreeSet<_>>() {
                rank.extend(in_grace(store, &owner, &name, self.now)?);
            }
        }
        rank.sort_by_key(|key| (key.created_at, key.id));
        rank.dedup_by_key(|key| key.id);
        Ok(self.one_of(text, rank, |rank| {
            let one_owner = rank.iter().all(|key| key.owner == rank[0].owner);
            let or = if one_owner { "" } else { ", or OWNER/NAME" };
            Hint::from(format!("give the ID{or}; "))
                .and(run!("show {}", rank[0].id).in_quotes())
                .and(" shows one")
        }))
    }

    fn by_prefix(&self, store: &dyn Read, text: &str) -> Result<KeyMatch> {
        if !self.by_prefix || !is_prefix(text) || text.len() < KeyId::PREFIX_MIN {
            return Ok(KeyMatch::None);
        }
        let found = store.find(&Filter {
            id_prefix: Some(text.to_owned()),
            limit: Some(CANDIDATES_MAX),
            ..Filter::all(self.now)
        })?;
        Ok(self.one_of(text, found, |_| "give more characters of the ID".into()))
    }

    /// Returns the one key of `keys`; for several, an error with `hint`.
    fn one_of(&self, text: &str, keys: Vec<Key>, hint: impl FnOnce(&[Key]) -> Hint) -> KeyMatch {
        match <[Key; 1]>::try_from(keys) {
            Ok([key]) => Some(key).into(),
            Err(keys) if keys.is_empty() => KeyMatch::None,
            Err(keys) => KeyMatch::Several(Box::new(self.ambiguous(text, &keys, hint(&keys)))),
        }
    }

    /// Question that proposes the name most like `text`: among the actor's keys, else among all.
    fn name_like(&self, store: &dyn Read, text: &str) -> Result<Option<String>> {
        let with_owner = text.contains('/');
        for owner in [Some(self.actor), None] {
            let known = store.live_names(owner, AMONG)?;
            let name = |(owner, name): (String, String)| match with_owner {
                true => format!("{owner}/{name}"),
                false => name,
            };
            let names: Vec<String> = known.into_iter().map(name).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            if let Some(question) = suggestion(text, &names) {
                return Ok(Some(question));
            }
        }
        Ok(None)
    }

    /// Hint for an `id` that no key has: proposes the ID most like it among those that begin the same.
    fn id_like(&self, store: &dyn Read, id: KeyId) -> Result<Hint> {
        let (alike, _) = store.find_readable(&Filter {
            id_prefix: Some(id.as_str()[..LIKE_PREFIX].to_owned()),
            limit: Some(CANDIDATES_MAX),
            ..Filter::undeleted(self.now)
        })?;
        let ids: Vec<&str> = alike.iter().map(|key| key.id.as_str()).collect();
        let like = nearest(id.as_str(), &ids);
        let found = like.and_then(|like| alike.iter().find(|key| key.id.as_str() == like));
        Ok(found.map_or_else(list, |key| {
            Hint::from(format!(
                "did you mean {} ({} of {})?",
                key.id,
                quote(&key.name),
                escape(&key.owner)
            ))
        }))
    }

    fn ambiguous(&self, text: &str, keys: &[Key], hint: Hint) -> Error {
        let mut error = Error::new(
            FailureKind::Ambiguous,
            format!("{} stands for more than one key", quote(text)),
        )
        .hint(hint);
        error.candidates = keys.iter().map(|key| key.candidate(self.now)).collect();
        error
    }
}

/// True if the ID of a key begins with `text`.
fn begins_an_id(store: &dyn Read, text: &str) -> Result<bool> {
    let (found, skipped) = store.find_readable(&Filter {
        id_prefix: Some(text.to_owned()),
        sort: Sort::Any,
        limit: Some(1),
        ..Filter::all(Timestamp::MIN)
    })?;
    Ok(!found.is_empty() || skipped.count > 0)
}

/// Splits `OWNER/NAME`; a `text` without '/' is a name.
pub fn owner_and_name(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((owner, name)) => (Some(owner), name),
        None => (None, text),
    }
}

/// Finds the keys of `owner` named `name` that were rotated and still work at `now`.
pub fn in_grace(store: &dyn Read, owner: &str, name: &str, now: Timestamp) -> Result<Vec<Key>> {
    store.find(&Filter {
        owner: Some(owner.to_owned()),
        name: Some(name.to_owned()),
        states: vec![State::PhasedOut],
        stops_until: Some(Timestamp::MAX),
        ..Filter::all(now)
    })
}

/// Returns the key that `key` replaced, if its grace runs at `now`.
pub fn predecessor_in_grace(store: &dyn Read, key: &Key, now: Timestamp) -> Result<Option<Key>> {
    let Some(id) = key.replaces else {
        return Ok(None);
    };
    let old = store.get(id)?;
    Ok(old.filter(|old| old.replaced_by == Some(key.id) && old.is_in_grace(now)))
}

/// Follows the successors of `key` to the live one; `None` if there is none.
pub fn live_successor(store: &dyn Read, key: &Key) -> Result<Option<Key>> {
    let mut next = key.replaced_by;
    for _ in 0..LINEAGE_MAX {
        let Some(id) = next else {
            return Ok(None);
        };
        next = match store.get(id)? {
            Some(found) if found.is_live() => return Ok(Some(found)),
            Some(found) => found.replaced_by,
            None => logged_successor(store, id)?,
        };
    }
    Ok(None)
}

/// Finds the successor of a purged key in the log: its events stay.
fn logged_successor(store: &dyn Read, id: KeyId) -> Result<Option<KeyId>> {
    let rotation = store.find_events(&LogFilter {
        keys: vec![id],
        actions: vec![Action::Rotate],
        limit: Some(1),
        ..LogFilter::default()
    })?;
    let rotation = rotation.first();
    let detail = rotation.and_then(|event| serde_json::from_str(&event.detail).ok());
    Ok(detail.and_then(|detail: serde_json::Value| {
        KeyId::parse(detail["replaced_by"].as_str()?.as_bytes())
    }))
}

/// Returns the result of a `read`; `None` if damage made it fail.
pub fn unless_damaged<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind == FailureKind::Damaged => Ok(None),
        Err(error) => Err(error),
    }
}

/// Hint at the list of all keys.
fn list() -> Hint {
    run!("list --state all").in_quotes().and(" shows every key")
}
