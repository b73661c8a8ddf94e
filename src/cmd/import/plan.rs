//! Check of all lines of an import against the store, and the keys that they make.

use super::entry::{Entry, in_field, refused};
use super::owners::Owners;
use crate::cmd::flaws::Flaws;
use crate::cmd::taken;
use crate::cmd::values::Expiry;
use crate::env::Actor;
use crate::error::{Error, FailureKind, Result, quote};
use crate::hash::TokenDigest;
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, State, check_label_count};
use crate::name::nfc;
use crate::network::Network;
use crate::policy::Policy;
use crate::scope::Registry;
use crate::store::{Filter, Read};
use crate::token::Locator;
use crate::when::{Timestamp, When};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

/// Number of digests that are looked up at once.
const CHUNK: usize = 1000;

/// Values for what a line leaves out.
pub struct Defaults<'a> {
    /// Scopes.
    pub scopes: &'a [String],
    /// Labels.
    pub labels: &'a BTreeMap<String, String>,
    /// Networks.
    pub allow_from: &'a BTreeSet<Network>,
    /// Expiry.
    pub expires: Option<&'a Expiry>,
}

/// Keys to import, and the lines that are left out.
pub struct Plan<'a> {
    /// Keys to import, each with its line.
    pub imports: Vec<(Key, &'a Entry)>,
    /// Lines that are left out, with the keys that have their tokens.
    pub left_out: Vec<LeftOut<'a>>,
}

/// Line that is left out, and the key that has its token.
pub type LeftOut<'a> = (&'a Entry, Key);

/// Owner and name.
type Name = (String, String);

/// Maker of the keys of an import.
pub struct Planner<'a> {
    /// User who imports.
    pub actor: &'a Actor,
    /// Values for what a line leaves out.
    pub defaults: &'a Defaults<'a>,
    /// Owners.
    pub owners: &'a Owners,
    /// True if keys that were deleted are imported again.
    pub again: bool,
    /// True if lines are left out whose token a key has already.
    pub skip_existing: bool,
}

impl Planner<'_> {
    /// Makes a key with the next of `ids` from each of `entries` that is not left out, at `now`. Fails if there are
    /// `flaws`, or if other lines are refused.
    pub fn plan<'a>(
        &self,
        store: &dyn Read,
        entries: &'a [Entry],
        ids: &[KeyId],
        now: Timestamp,
        mut flaws: Flaws,
    ) -> Result<Plan<'a>> {
        let moment = Moment {
            now,
            policy: store.policy()?,
            scopes: store.scopes()?,
            deleted: self.deleted(store, now)?,
            tokens: tokens(entries),
        };
        let mut names = HashMap::with_capacity(entries.len());
        let mut taken = Taken {
            store,
            has_keys: HashMap::new(),
        };
        let mut imports = Vec::with_capacity(entries.len());
        let mut left_out = Vec::new();
        for (chunk, ids) in entries.chunks(CHUNK).zip(ids.chunks(CHUNK)) {
            let present = present(store, chunk)?;
            for ((entry, id), present) in chunk.iter().zip(ids).zip(present) {
                let present = match present {
                    Some(key) if self.skip_existing => {
                        left_out.push((entry, key));
                        continue;
                    }
                    present => present,
                };
                let import = self.key(entry, *id, &moment).and_then(|key| {
                    moment.check_token(entry, present)?;
                    moment.check_name(entry, &key, &mut names)?;
                    match taken.holder(&key)? {
                        None => Ok((key, entry)),
                        Some(holder) => Err(taken::refusal(&holder, now)),
                    }
                });
                imports.extend(flaws.keep(Some(entry.line), import)?);
            }
        }
        flaws.end()?;
        Ok(Plan { imports, left_out })
    }

    /// Makes the key of `entry`.
    fn key(&self, entry: &Entry, id: KeyId, moment: &Moment) -> Result<Key> {
        let Moment { now, policy, .. } = moment;
        let (actor, defaults) = (self.actor, self.defaults);
        let mut labels = defaults.labels.clone();
        labels.extend(entry.labels.clone());
        check_label_count(labels.len()).map_err(|error| in_field("labels", error))?;
        let allow_from = match entry.allow_from.is_empty() {
            true => defaults.allow_from,
            false => &entry.allow_from,
        };
        let owner = self.owners.of(entry)?.to_owned();
        Ok(Key {
            scopes: self.scopes(entry, &moment.scopes)?,
            labels,
            allow_from: allow_from.clone(),
            created_at: entry.created_at.unwrap_or(*now),
            created_by: actor.name.clone(),
            expires_at: self.expiry(entry, policy, *now)?,
            disabled_at: entry.disabled.then_some(*now),
            disabled_by: entry.disabled.then(|| actor.name.clone()),
            imported: true,
            ..Key::new(id, entry.name.clone(), owner, *now)
        })
    }

    fn scopes(&self, entry: &Entry, known: &Registry) -> Result<BTreeSet<String>> {
        let given = match entry.scopes.is_empty() {
            true => self.defaults.scopes,
            false => &entry.scopes,
        };
        let mut scopes = BTreeSet::new();
        for scope in given {
            let checked = known
                .check(scope)
                .and_then(|()| match scopes.insert(scope.clone()) {
                    true => Ok(()),
                    false => Err(Error::usage(format!(
                        "the scope {} is given twice",
                        quote(scope)
                    ))),
                });
            checked.map_err(|error| refused("scopes", scope, error))?;
        }
        match scopes.is_empty() {
            false => Ok(scopes),
            true => Err(in_field("scopes", Error::usage("it is missing"))
                .hint("add --scope SCOPE for the lines without scopes")),
        }
    }

    /// Returns the expiry. Policy's maximum counts from the import.
    fn expiry(&self, entry: &Entry, policy: &Policy, now: Timestamp) -> Result<Option<Timestamp>> {
        let expires = entry.expires.as_ref().or(self.defaults.expires);
        let when = expires.map(|expires| expires.when);
        policy.expiry(when, now).map_err(|error| {
            let Some(max) = policy
                .max_expiry
                .filter(|_| error.kind == FailureKind::Policy)
            else {
                return error;
            };
            let life = match when {
                Some(When::After(span)) => Some(span),
                Some(When::At(at)) => Some(at.since(now)),
                Some(When::Never) | None => None,
            };
            let raise = life.map(|life| {
                Hint::from(", or raise the maximum: ")
                    .and(run!("policy set max-expiry {}", life.to_days()))
            });
            error.hint(
                Hint::from(format!(
                    "a key lives at most {max} from its import (max-expiry): give an earlier time"
                ))
                .and(raise),
            )
        })
    }

    /// Finds the imported keys that were deleted, in one scan.
    fn deleted(&self, store: &dyn Read, now: Timestamp) -> Result<HashMap<Name, KeyId>> {
        let mut deleted = HashMap::new();
        if self.again || !store.has_imported()? {
            return Ok(deleted);
        }
        let filter = Filter {
            states: vec![State::Deleted],
            ..Filter::all(now)
        };
        // A record that cannot be read does not keep the others out; doctor names it.
        let _ = store.scan(&filter, &mut |key| {
            if key.imported {
                deleted.insert((key.owner, nfc(&key.name).into_owned()), key.id);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(deleted)
    }
}

/// State of the store at the time of an import, and the tokens of all lines.
struct Moment {
    now: Timestamp,
    policy: Policy,
    scopes: Registry,
    /// Imported keys that were deleted.
    deleted: HashMap<Name, KeyId>,
    /// First line of each token.
    tokens: HashMap<TokenDigest, usize>,
}

impl Moment {
    /// Refuses a token that `present` has, a key of the store, or that another line has.
    fn check_token(&self, entry: &Entry, present: Option<Key>) -> Result<()> {
        if let Some(key) = present {
            return Err(Error::state(has_token(&key, self.now))
                .hint("leave out the lines that are imported already: --skip-existing does that"));
        }
        match self.tokens.get(&entry.digest) {
            Some(first) if *first != entry.line => Err(Error::usage(format!(
                "it has the same token as line {first}"
            ))
            .hint("a token belongs to one key: leave one of the lines out")),
            _ => entry.check_apart(&self.tokens),
        }
    }

    /// Refuses the name of an imported key that was deleted, and one that another line has.
    fn check_name(&self, entry: &Entry, key: &Key, names: &mut HashMap<Name, usize>) -> Result<()> {
        let full = (key.owner.clone(), key.name.clone());
        let shown = || (quote(&key.owner), quote(&key.name));
        if let Some(id) = self.deleted.get(&full) {
            let (owner, name) = shown();
            return Err(Error::state(format!(
                "the key {name} of {owner} was imported before and deleted since: {id}"
            ))
            .hint("leave its line out; or add --again if its token is to work again"));
        }
        let line = *names.entry(full).or_insert(entry.line);
        match line == entry.line {
            true => Ok(()),
            false => {
                let (owner, name) = shown();
                Err(
                    Error::usage(format!("{owner} has the name {name} on line {line} too"))
                        .hint("names are unique among the keys of an owner: change one of them"),
                )
            }
        }
    }
}

/// Names that live keys of the store hold.
struct Taken<'a> {
    store: &'a dyn Read,
    /// Owners, and whether they have a live key: most of those in a file have none yet.
    has_keys: HashMap<String, bool>,
}

impl Taken<'_> {
    /// Finds the live key that holds the name of `key`.
    fn holder(&mut self, key: &Key) -> Result<Option<Key>> {
        let has_keys = match self.has_keys.get(&key.owner) {
            Some(has_keys) => *has_keys,
            None => {
                let has_keys = !self.store.live_names(Some(&key.owner), 1)?.is_empty();
                self.has_keys.insert(key.owner.clone(), has_keys);
                has_keys
            }
        };
        match has_keys {
            true => taken::holder(self.store, &key.owner, &key.name),
            false => Ok(None),
        }
    }
}

/// Says that `key` has the token of a line.
pub fn has_token(key: &Key, now: Timestamp) -> String {
    let (id, name, state) = (key.id, quote(&key.name), key.state(now));
    format!("a key here has its token already: {id} ({name}, {state})")
}

/// Returns the first line of each token.
fn tokens(entries: &[Entry]) -> HashMap<TokenDigest, usize> {
    let mut tokens = HashMap::with_capacity(entries.len());
    for entry in entries {
        tokens.entry(entry.digest).or_insert(entry.line);
    }
    tokens
}

/// Returns the key that has the token of each entry already. A deleted key has none.
fn present(store: &dyn Read, entries: &[Entry]) -> Result<Vec<Option<Key>>> {
    let entries = entries.iter();
    if !store.has_imported()? {
        return Ok(entries.map(|_| None).collect());
    }
    let sought: Vec<Locator> = entries.map(|entry| Locator::Digest(entry.digest)).collect();
    let found = store.known(&sought)?.into_iter();
    Ok(found.map(|found| found.map(|known| known.key)).collect())
}
