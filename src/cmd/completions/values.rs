//! The values that only the store knows.

use crate::error::{Result, escape};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::policy::SETTINGS;
use crate::store::{self, Filter, Location, Store};
use crate::when::Timestamp;
use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

/// How many keys are offered at once: more is nothing that a person picks from.
const KEYS_MAX: u64 = 100;

/// How many keys are looked at for whose they are.
const OWNERS_AMONG: u64 = 1000;

/// Where values come from.
#[derive(Clone)]
pub struct Source {
    /// The store.
    pub location: Location,
    /// Who asks.
    pub actor: String,
    /// The time at which states are told.
    pub now: Timestamp,
}

/// `command` with what each argument may be, by the name of its value.
pub fn offer_values(command: Command, source: &Source) -> Command {
    offer_below(command, "", source)
}

fn offer_below(command: Command, above: &str, source: &Source) -> Command {
    let own = command.get_name().to_owned();
    command
        .mut_args(|argument| match values_of(&argument, above, &own) {
            Some(Values::Paths) => argument.value_hint(ValueHint::AnyPath),
            Some(values) => {
                let source = source.clone();
                let offer = move |current: &OsStr| source.offer(values, current);
                argument.add(ArgValueCompleter::new(offer))
            }
            None => argument,
        })
        .mut_subcommands(|below| offer_below(below, &own, source))
}

/// What an argument is.
#[derive(Clone, Copy)]
enum Values {
    Keys(Which),
    Scopes,
    Projects,
    Users,
    Policies,
    Paths,
}

/// Which keys a command is for.
#[derive(Clone, Copy)]
enum Which {
    All,
    Undeleted,
    Disabled,
}

/// What the argument of the command `own`, which stands below the command `above`, is.
fn values_of(argument: &Arg, above: &str, own: &str) -> Option<Values> {
    let name = argument.get_value_names()?.first()?;
    Some(match (name.as_str(), above, own) {
        ("KEY", _, "show" | "log") => Values::Keys(Which::All),
        ("KEY", _, "enable") => Values::Keys(Which::Disabled),
        ("KEY", ..) => Values::Keys(Which::Undeleted),
        ("SCOPE", ..) | ("NAME", "scope", "remove") => Values::Scopes,
        ("NAME", "policy", _) => Values::Policies,
        ("PROJECT", ..) => Values::Projects,
        ("USER", ..) => Values::Users,
        ("PATH", ..) => Values::Paths,
        _ => return None,
    })
}

impl Source {
    /// The values that begin with `current`; none where the store cannot be read.
    fn offer(&self, values: Values, current: &OsStr) -> Vec<CompletionCandidate> {
        let Some(current) = current.to_str() else {
            return Vec::new();
        };
        let named = match values {
            Values::Keys(which) => return self.keys(which, current).unwrap_or_default(),
            Values::Scopes => self.scopes(),
            Values::Projects => self.projects(),
            Values::Users => self.users(),
            Values::Policies => Ok(policies()),
            Values::Paths => Ok(BTreeMap::new()),
        };
        named
            .unwrap_or_default()
            .into_iter()
            .filter(|(name, _)| name.starts_with(current))
            .map(|(name, help)| candidate(name, &help))
            .collect()
    }

    fn open(&self) -> Result<Box<dyn Store>> {
        store::open_to_read(&self.location)
    }

    /// Keys by their IDs, and by their names once one is begun.
    fn keys(&self, which: Which, current: &str) -> Result<Vec<CompletionCandidate>> {
        let store = self.open()?;
        let mut some = match which {
            Which::All => Filter::all(self.now),
            Which::Undeleted => Filter::undeleted(self.now),
            Which::Disabled => Filter {
                states: vec![State::Disabled],
                ..Filter::all(self.now)
            },
        };
        some.limit = Some(KEYS_MAX);
        let mut candidates = Vec::new();
        if current.is_empty() || KeyId::is_part(current.as_bytes()) {
            let id_prefix = Some(current.to_owned()).filter(|prefix| !prefix.is_empty());
            let by_id = store.find(&Filter {
                id_prefix,
                ..some.clone()
            })?;
            candidates.extend(by_id.iter().map(|key| {
                let help = format!("{} of {}, {}", key.name, key.owner, key.state(self.now));
                candidate(key.id.to_string(), &help)
            }));
        }
        if !current.is_empty() {
            candidates.extend(self.names(&*store, &some, current)?);
        }
        Ok(candidates)
    }

    /// Keys by their names, with the owner before it where `current` has one.
    fn names(
        &self,
        store: &dyn Store,
        some: &Filter,
        current: &str,
    ) -> Result<Vec<CompletionCandidate>> {
        let (owner, prefix) = match current.split_once('/') {
            Some((owner, prefix)) => (Some(owner.to_owned()), prefix),
            None => (None, current),
        };
        let found = store.find(&Filter {
            owner: owner.clone(),
            name_prefix: Some(prefix.to_owned()),
            ..some.clone()
        })?;
        let mut named: BTreeMap<&str, Vec<&Key>> = BTreeMap::new();
        for key in &found {
            named.entry(&key.name).or_default().push(key);
        }
        let described = named.into_iter().map(|(name, keys)| {
            let help = match keys[..] {
                [key] => format!("{} of {}, {}", key.id, key.owner, key.state(self.now)),
                _ => format!("{} keys", keys.len()),
            };
            let value = match &owner {
                Some(owner) => format!("{owner}/{name}"),
                None => name.to_owned(),
            };
            candidate(value, &help)
        });
        Ok(described.collect())
    }

    fn scopes(&self) -> Result<BTreeMap<String, String>> {
        let scopes = self.open()?.scopes()?;
        let described = scopes.all();
        Ok(described
            .map(|(name, scope)| (name.to_owned(), scope.description.clone()))
            .collect())
    }

    fn projects(&self) -> Result<BTreeMap<String, String>> {
        let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for member in self.open()?.members(None)? {
            users.entry(member.project).or_default().push(member.user);
        }
        let described = users.into_iter();
        Ok(described
            .map(|(project, users)| (project, users.join(", ")))
            .collect())
    }

    /// Who is known: who asks, administrators, members of projects, and owners of some keys.
    fn users(&self) -> Result<BTreeMap<String, String>> {
        let store = self.open()?;
        let mut users = BTreeSet::from([self.actor.clone()]);
        users.extend(store.administrators()?);
        users.extend(store.members(None)?.into_iter().map(|member| member.user));
        let some = store.find(&Filter {
            limit: Some(OWNERS_AMONG),
            ..Filter::all(self.now)
        })?;
        users.extend(some.into_iter().map(|key| key.owner));
        Ok(users
            .into_iter()
            .map(|user| (user, String::new()))
            .collect())
    }
}

fn policies() -> BTreeMap<String, String> {
    SETTINGS
        .iter()
        .map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned()))
        .collect()
}

fn candidate(value: String, help: &str) -> CompletionCandidate {
    let help = Some(escape(help)).filter(|help| !help.is_empty());
    CompletionCandidate::new(value).help(help.map(Into::into))
}
