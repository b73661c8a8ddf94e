//! Candidates for values, most of them from the store.

use super::paths::Paths;
use crate::error::{Result, escape};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::lookup::owner_and_name;
use crate::near::AMONG;
use crate::policy::{HASHES, SETTINGS, SWITCH};
use crate::store::{self, Address, Filter, Mode, Read, Sort};
use crate::when::Timestamp;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

/// Largest number of keys to offer: nobody picks from more.
const KEYS_MAX: u64 = 100;

/// Beginnings of a `--db` that is no path.
const DATABASES: &[&str] = match cfg!(feature = "postgres") {
    true => &["postgres://"],
    false => &[],
};

/// Addresses to listen on.
const LISTENERS: &[&str] = &["127.0.0.1:9091", "unix:/"];

/// Servers to ask.
const SERVERS: &[&str] = &["http://127.0.0.1:9091", "unix:/"];

/// Largest number of members in the description of a project.
const MEMBERS_NAMED: u64 = 5;

/// Source of candidates for a line.
#[derive(Clone)]
pub struct Candidates {
    /// Store.
    pub address: Address,
    /// User at the shell.
    pub actor: String,
    /// Time for which states are computed.
    pub now: Timestamp,
    /// Words of the line before the one to complete.
    pub before: Vec<String>,
    /// Values in that word that end in a comma.
    pub begun: Vec<String>,
}

/// Adds completers to the arguments of `command`, chosen by the names of their values.
pub fn offer_values(command: Command, source: &Candidates) -> Command {
    offer_below(command, "", source)
}

fn offer_below(command: Command, above: &str, source: &Candidates) -> Command {
    let own = command.get_name().to_owned();
    command
        .mut_args(|argument| match values_of(&argument, above, &own) {
            Some(values) => {
                let source = source.clone();
                let offer = move |current: &OsStr| source.offer(values, current);
                argument.add(ArgValueCompleter::new(offer))
            }
            None => argument,
        })
        .mut_subcommands(|below| offer_below(below, &own, source))
}

/// Values, each with its description.
type Described = BTreeMap<String, String>;

/// Source of the values of an argument.
#[derive(Clone, Copy)]
enum Values {
    /// The keys that a filter lets through.
    Keys(fn(Timestamp) -> Filter),
    /// Names in the store.
    Stored(fn(&Candidates, &dyn Read) -> Result<Described>),
    /// Words that need no store.
    Fixed(fn(&Candidates) -> Described),
    /// Paths and addresses.
    Paths(Paths),
}

/// Returns the source of values for an argument of the command `own`, whose parent is `above`.
fn values_of(argument: &Arg, above: &str, own: &str) -> Option<Values> {
    let name = argument.get_value_names()?.first()?;
    Some(match (name.as_str(), above, own) {
        ("KEY", _, "show" | "log") => Values::Keys(Filter::all),
        ("KEY", _, "enable") => Values::Keys(|now| in_states(now, &[State::Disabled])),
        ("KEY", _, "rotate") => {
            Values::Keys(|now| in_states(now, &[State::Active, State::Expired]))
        }
        ("KEY", ..) => Values::Keys(Filter::undeleted),
        ("SCOPE", ..) if argument.get_id() == "remove_scopes" => {
            Values::Stored(Candidates::scopes_of_key)
        }
        ("SCOPE", ..) | ("NAME", "scope", "remove") => Values::Stored(|_, store| scopes(store)),
        ("KEY[=VALUE]" | "KEY=VALUE", ..) => Values::Stored(Candidates::labels),
        ("LABEL", ..) => Values::Stored(Candidates::labels_of_key),
        ("CIDR", ..) if argument.get_id() == "remove_allow_from" => {
            Values::Stored(Candidates::networks_of_key)
        }
        ("CIDR|any", ..) => Values::Fixed(|_| plain(["any".to_owned()])),
        ("NAME", "policy", _) => Values::Fixed(|_| policies()),
        ("VALUE", "policy", _) => Values::Fixed(Candidates::policy_values),
        ("PROJECT", ..) => Values::Stored(|_, store| projects(store)),
        ("USER", "member", "remove") => Values::Stored(Candidates::members),
        ("USER", "admin", "remove") => {
            Values::Stored(|_, store| store.administrators(Some(AMONG)).map(plain))
        }
        ("USER", ..) => Values::Stored(Candidates::users),
        ("PATH" | "FILE" | "COMMAND", ..) => Values::Paths(Paths::Any),
        ("DIR", ..) => Values::Paths(Paths::Directories),
        ("PATH|URL", ..) => Values::Paths(Paths::Or(DATABASES)),
        ("ADDRESS", _, "serve") => Values::Paths(Paths::Addresses(LISTENERS)),
        ("URL", ..) => Values::Paths(Paths::Addresses(SERVERS)),
        _ => return None,
    })
}

impl Candidates {
    /// Returns the candidates that begin with `current`; none if the store cannot be read.
    fn offer(&self, values: Values, current: &OsStr) -> Vec<CompletionCandidate> {
        if let Values::Paths(paths) = values {
            return paths.offer(current);
        }
        let Some(current) = current.to_str() else {
            return Vec::new();
        };
        let named = match values {
            Values::Keys(filter) => {
                let some = Filter {
                    limit: Some(KEYS_MAX),
                    ..filter(self.now)
                };
                let keys = self.read(|store| self.keys(store, &some, current));
                let mut keys = keys.unwrap_or_default();
                // A key that the line names already is not offered again.
                keys.retain(|key| {
                    !self
                        .before
                        .iter()
                        .any(|word| key.get_value() == word.as_str())
                });
                return keys;
            }
            Values::Stored(named) => self.read(|store| named(self, store)),
            Values::Fixed(named) => Ok(named(self)),
            Values::Paths(_) => Ok(BTreeMap::new()),
        };
        named
            .unwrap_or_default()
            .into_iter()
            .filter(|(name, _)| name.starts_with(current) && !self.begun.contains(name))
            .map(|(name, help)| candidate(name, &help))
            .collect()
    }

    /// Runs `look` on a snapshot of the store.
    fn read<T>(&self, look: impl FnMut(&dyn Read) -> Result<T>) -> Result<T> {
        let store = store::open(&self.address, Mode::Read)?;
        store::read(&*store, look)
    }

    /// Returns candidates for a KEY: IDs, and names too once something is typed.
    fn keys(
        &self,
        store: &dyn Read,
        some: &Filter,
        current: &str,
    ) -> Result<Vec<CompletionCandidate>> {
        let mut candidates = Vec::new();
        if current.is_empty() || KeyId::is_part(current.as_bytes()) {
            let id_prefix = Some(current.to_owned()).filter(|prefix| !prefix.is_empty());
            let (by_id, _) = store.find_readable(&Filter {
                id_prefix,
                ..some.clone()
            })?;
            candidates.extend(by_id.iter().map(|key| {
                let help = format!("{} of {}, {}", key.name, key.owner, key.state(self.now));
                candidate(key.id.to_string(), &help)
            }));
        }
        if !current.is_empty() {
            candidates.extend(self.names(store, some, current)?);
        }
        Ok(candidates)
    }

    /// Returns keys by their names; as OWNER/NAME if `current` has an owner.
    fn names(
        &self,
        store: &dyn Read,
        some: &Filter,
        current: &str,
    ) -> Result<Vec<CompletionCandidate>> {
        let (owner, prefix) = owner_and_name(current);
        let owner = owner.map(str::to_owned);
        // Sorted by name, as in its index, so that the store reads no more than the limit.
        let (found, _) = store.find_readable(&Filter {
            owner: owner.clone(),
            name_prefix: Some(prefix.to_owned()),
            sort: Sort::Name,
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

    /// Finds the keys that the line names: by ID, by name, or by owner and name.
    fn keys_before(&self, store: &dyn Read) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        for word in &self.before {
            if let Some(id) = KeyId::parse(word.as_bytes()) {
                keys.extend(store.get(id)?);
            }
            let (owner, name) = owner_and_name(word);
            let (named, _) = store.find_readable(&Filter {
                owner: owner.map(str::to_owned),
                name: Some(name.to_owned()),
                sort: Sort::Any,
                limit: Some(KEYS_MAX),
                ..Filter::undeleted(self.now)
            })?;
            keys.extend(named);
        }
        Ok(keys)
    }

    /// Returns the scopes of the keys that the line names; all scopes if it names no key yet.
    fn scopes_of_key(&self, store: &dyn Read) -> Result<Described> {
        let (mut scopes, keys) = (scopes(store)?, self.keys_before(store)?);
        scopes.retain(|scope, _| {
            keys.is_empty() || keys.iter().any(|key| key.scopes.contains(scope))
        });
        Ok(scopes)
    }

    /// Returns labels of some keys, as `team=search`.
    fn labels(&self, store: &dyn Read) -> Result<Described> {
        let (some, _) = store.find_readable(&Filter {
            limit: Some(AMONG),
            ..Filter::undeleted(self.now)
        })?;
        let labels = some.into_iter().flat_map(|key| key.labels);
        Ok(plain(
            labels.map(|(label, value)| format!("{label}={value}")),
        ))
    }

    fn labels_of_key(&self, store: &dyn Read) -> Result<Described> {
        let labels = self
            .keys_before(store)?
            .into_iter()
            .flat_map(|key| key.labels);
        Ok(labels.collect())
    }

    /// Returns the networks of the keys that the line names.
    fn networks_of_key(&self, store: &dyn Read) -> Result<Described> {
        let keys = self.keys_before(store)?;
        let networks = keys.into_iter().flat_map(|key| key.allow_from);
        Ok(plain(networks.map(|network| network.to_string())))
    }

    /// Returns known users: the actor, administrators, members of projects, and owners of some keys.
    fn users(&self, store: &dyn Read) -> Result<Described> {
        let mut users = BTreeSet::from([self.actor.clone()]);
        users.extend(store.administrators(Some(AMONG))?);
        let members = store.members(None, Some(AMONG))?.into_iter();
        users.extend(members.map(|member| member.user));
        let (some, _) = store.find_readable(&Filter {
            limit: Some(AMONG),
            ..Filter::all(self.now)
        })?;
        users.extend(some.into_iter().map(|key| key.owner));
        Ok(plain(users))
    }

    /// Returns the members of the project that the line names.
    fn members(&self, store: &dyn Read) -> Result<Described> {
        let mut users = Vec::new();
        for word in &self.before {
            let members = store.members(Some(word), Some(AMONG))?;
            users.extend(members.into_iter().map(|member| member.user));
        }
        Ok(plain(users))
    }

    fn policy_values(&self) -> Described {
        match self.before.last().map(String::as_str) {
            Some("hash") => plain(HASHES.map(str::to_owned)),
            Some("self-service") => plain(SWITCH.map(str::to_owned)),
            _ => BTreeMap::new(),
        }
    }
}

fn in_states(now: Timestamp, states: &[State]) -> Filter {
    Filter {
        states: states.to_vec(),
        ..Filter::all(now)
    }
}

fn scopes(store: &dyn Read) -> Result<Described> {
    let scopes = store.scopes()?;
    let described = scopes.all();
    Ok(described
        .map(|(name, scope)| (name.to_owned(), scope.description.clone()))
        .collect())
}

fn projects(store: &dyn Read) -> Result<Described> {
    let mut described = BTreeMap::new();
    for project in store.projects(AMONG)? {
        let members = store.members(Some(&project), Some(MEMBERS_NAMED + 1))?;
        let mut users: Vec<String> = members.into_iter().map(|member| member.user).collect();
        if users.len() as u64 > MEMBERS_NAMED {
            users.truncate(MEMBERS_NAMED as usize);
            users.push("…".to_owned());
        }
        described.insert(project, users.join(", "));
    }
    Ok(described)
}

fn policies() -> Described {
    SETTINGS
        .iter()
        .map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned()))
        .collect()
}

/// Values without descriptions.
fn plain(values: impl IntoIterator<Item = String>) -> Described {
    let described = values.into_iter().map(|value| (value, String::new()));
    described.collect()
}

fn candidate(value: String, help: &str) -> CompletionCandidate {
    let help = Some(escape(help)).filter(|help| !help.is_empty());
    CompletionCandidate::new(value).help(help.map(Into::into))
}
