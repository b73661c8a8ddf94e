//! Lookup of a `KEY`: an ID, a token as it is shown, a name, or the beginning of an ID.

use crate::error::{Error, FailureKind, Result, escape, quote};
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::name::form::forms;
use crate::near::{AMONG, meant, nearest};
use crate::store::{Filter, LogFilter, Read, Sort};
use crate::token::shown_id;
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Number of candidates of an ambiguous KEY that are named.
const CANDIDATES_MAX: u64 = 10;

/// Length of the part of an ID that must be right for a key to be looked for whose ID is like it.
const LIKE_PREFIX: usize = 5;

/// The most successors that are followed; only a store that was tampered with has a longer one.
const LINEAGE_MAX: u32 = 10_000;

/// U+FEFF, which some programs write before what they save or copy.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Rules by which `KEY` is read.
pub struct Lookup<'a> {
    /// The time at which states are told.
    pub now: Timestamp,
    /// Whose keys come first among those of one name.
    pub actor: &'a str,
    /// True if the beginning of an ID will do: not in a script, where a new key may come to share
    /// it.
    pub by_prefix: bool,
    /// True if the key is to be stopped: then a name is not enough while a phased-out key of the
    /// same name still works.
    pub to_stop: bool,
}

/// The keys that a `KEY` stands for.
pub enum KeyMatch {
    /// Exactly one.
    One(Box<Key>),
    /// None.
    None,
    /// Several at one rank; the error names them.
    Several(Box<Error>),
}

impl From<Option<Key>> for KeyMatch {
    fn from(key: Option<Key>) -> Self {
        key.map_or(KeyMatch::None, |key| KeyMatch::One(Box::new(key)))
    }
}

/// The ID that `text` spells, alone or in a token as it is shown.
pub fn id(text: &str) -> Option<KeyId> {
    let text = without_mark(text);
    KeyId::parse(text.as_bytes()).or_else(|| shown_id(text))
}

/// The error where no key is `text`.
pub fn none(text: &str) -> Error {
    let shown = id(text).map_or_else(|| quote(without_mark(text)), |id| id.to_string());
    Error::not_found(format!("there is no key {shown}"))
}

fn without_mark(text: &str) -> &str {
    text.trim_start_matches(BYTE_ORDER_MARK)
}

/// Tells whether `text` may be the beginning of an ID.
fn is_prefix(text: &str) -> bool {
    (1..KeyId::LEN).contains(&text.len()) && KeyId::is_part(text.as_bytes())
}

impl Lookup<'_> {
    /// The one key that `text` stands for.
    pub fn key(&self, store: &dyn Read, text: &str) -> Result<Key> {
        match self.find(store, text)? {
            KeyMatch::One(key) => Ok(*key),
            KeyMatch::None => Err(none(text).hint(self.advice(store, text)?)),
            KeyMatch::Several(error) => Err(*error),
        }
    }

    /// Looks `text` up: first as an exact ID, or the ID in a token as it is shown, then as a name or
    /// `OWNER/NAME`, then as the beginning of an ID. A byte-order mark before it is dropped where
    /// no name begins with one.
    pub fn find(&self, store: &dyn Read, text: &str) -> Result<KeyMatch> {
        // A name cannot be shaped like an ID, so nothing else can be meant.
        if let Some(id) = KeyId::parse(text.as_bytes()) {
            return Ok(store.get(id)?.into());
        }
        // An older name may be shaped like a shown token, and must not hide the key whose ID that has.
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

    /// Advice where there is no key `text`: the key that was most likely meant, or what is missing.
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
            if is_short && let Some(like) = self.name_like(store, text)? {
                return Ok(like.into());
            }
            // Before its length: no length will do.
            if !self.by_prefix {
                return Ok("without a terminal, the beginning of an ID does not change a key: give the whole ID".into());
            }
            if is_short {
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

    /// The keys of exactly this name or, where there is none, of the same one in another Unicode form.
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

    /// The first of these that there are: the live key of this name of the owner that is named or
    /// else of the actor, their phased-out ones, anyone's live ones, anyone's phased-out ones.
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

    /// The one key of `rank`, unless it is to be stopped and its owner has another one of that name
    /// that works.
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
        Ok(self.one_of(text, found, |_| "give more of the ID".into()))
    }

    /// The one key among `keys`; with several, `hint` says how to choose.
    fn one_of(&self, text: &str, keys: Vec<Key>, hint: impl FnOnce(&[Key]) -> Hint) -> KeyMatch {
        match <[Key; 1]>::try_from(keys) {
            Ok([key]) => Some(key).into(),
            Err(keys) if keys.is_empty() => KeyMatch::None,
            Err(keys) => KeyMatch::Several(Box::new(self.ambiguous(text, &keys, hint(&keys)))),
        }
    }

    /// A question after the key whose name is most like `text`, if one is: the actor's own first.
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
            if let Some(question) = meant(text, &names) {
                return Ok(Some(question));
            }
        }
        Ok(None)
    }

    /// Returns the hint where there is no key `id`: a question after one whose ID begins as that does.
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

/// `text` as `OWNER/NAME` or as a name.
pub fn owner_and_name(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((owner, name)) => (Some(owner), name),
        None => (None, text),
    }
}

/// The keys of `owner` named `name` that were rotated and still work at `now`.
pub fn in_grace(store: &dyn Read, owner: &str, name: &str, now: Timestamp) -> Result<Vec<Key>> {
    store.find(&Filter {
        owner: Some(owner.to_owned()),
        name: Some(name.to_owned()),
        states: vec![State::PhasedOut],
        stops_by: Some(Timestamp::MAX),
        ..Filter::all(now)
    })
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

/// The successor of a key whose record was purged: its events stay.
fn logged_successor(store: &dyn Read, id: KeyId) -> Result<Option<KeyId>> {
    let rotation = store.find_events(&LogFilter {
        key_id: Some(id),
        action: Some(Action::Rotate),
        limit: Some(1),
        ..LogFilter::default()
    })?;
    let rotation = rotation.first();
    let detail = rotation.and_then(|event| serde_json::from_str(&event.detail).ok());
    Ok(detail.and_then(|detail: serde_json::Value| {
        KeyId::parse(detail["replaced_by"].as_str()?.as_bytes())
    }))
}

/// Advice on where every key is shown.
fn list() -> Hint {
    run!("list --state all").in_quotes().and(" shows every key")
}
