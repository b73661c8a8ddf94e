//! Flags and values that several commands share.

use super::path::Named;
use crate::error::{Error, Result, escape, quote};
use crate::hint::{Hint, run, word};
use crate::key::{Kind, check_label_count};
use crate::name::{self, form};
use crate::near;
use crate::network::{Network, check_network_count};
use crate::project::Role;
use crate::scope::Registry;
use crate::store::Read;
use crate::when::{Timestamp, When};
use clap::builder::{PathBufValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Value parser for the path of a file; `named` describes the file in errors.
pub fn file_path(named: Named) -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(move |path| named.check(path.as_os_str()).map(|()| path))
}

/// Maximum of owners that advice names.
const OWNERS_MAX: usize = 10;

/// Reason for a change.
#[derive(Args, Debug)]
pub struct Why {
    /// The reason, kept in the audit log
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = name::reason)]
    pub reason: Option<String>,
}

/// Expiry for a key, with the text that was typed.
#[derive(Clone, Debug)]
pub struct Expiry {
    /// Expiry.
    pub when: When,
    typed: String,
}

impl FromStr for Expiry {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Expiry {
            when: text.parse()?,
            typed: text.to_owned(),
        })
    }
}

impl Expiry {
    /// Refuses a time before `now` or after the year 9999.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        let past = |ended: &str| {
            let typed = quote(&self.typed);
            let error = Error::usage(format!("{typed} is already past: {ended}it is now {now}"));
            Err(error.hint("give a later time"))
        };
        match self.when {
            // A date without a time of day ends at the next midnight.
            When::At(at) if at <= now && !self.typed.contains(['T', ':']) => {
                past(&format!("it ended at {at}, and "))
            }
            When::At(at) if at <= now => past(""),
            when => when.resolve(now).map(drop),
        }
    }
}

/// Format for a single record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

/// Format for a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people.
    #[default]
    Table,
    /// A JSON array.
    Json,
}

/// Value parser for one of `choices`. A choice is a word, its description in the help, and its value.
pub fn one_of<T, const N: usize>(
    choices: [(&'static str, &'static str, T); N],
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let words = choices.map(|(word, help, _)| PossibleValue::new(word).help(help));
    PossibleValuesParser::new(words).try_map(move |given| {
        let mut choices = choices.into_iter();
        let chosen = choices.find(|(word, ..)| *word == given);
        chosen.map(|(.., value)| value).ok_or("no such value")
    })
}

/// Value parser for a kind of key.
pub fn kind() -> impl TypedValueParser<Value = Kind> {
    let choice = |kind: Kind, help| (kind.word(), help, kind);
    one_of([
        choice(Kind::Api, "An ordinary key, with scopes and an expiry"),
        choice(
            Kind::Legacy,
            "A key for internal automation: no scopes, no expiry, no deletion",
        ),
    ])
}

/// Reads the value of --limit.
pub fn limit(text: &str) -> Result<u64> {
    let number = text.parse().ok();
    number.filter(|&number| number > 0).ok_or_else(|| {
        Error::usage(format!("{} is not a valid value for --limit", quote(text)))
            .hint("give a whole number of at least 1, as in --limit 20")
    })
}

/// Parses the address of a client. Refuses a port, a zone and a network.
pub fn address(text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| {
        Error::usage(format!("{} is not an IP address", quote(text)))
            .hint("give only the address, as in 192.0.2.7 or 2001:db8::7")
    })
}

/// Parses a network for a new key.
pub fn new_network(text: &str) -> Result<Network> {
    match text {
        "any" => Err(Error::usage("'any' is not a network")
            .hint("a new key works from anywhere if you leave --allow-from out")),
        text => text.parse(),
    }
}

/// Returns `given` as a set. Refuses too many networks, and a network that is given twice.
pub fn networks(given: &[Network]) -> Result<BTreeSet<Network>> {
    check_network_count(given.len())?;
    let mut networks = BTreeSet::new();
    for network in given {
        if !networks.insert(*network) {
            return Err(repeated("network", &network.to_string()));
        }
    }
    Ok(networks)
}

/// Returns `given` as a set. Refuses scopes that `store` does not know, and a scope that is given twice.
pub fn check_scopes(store: &dyn Read, given: &[String]) -> Result<BTreeSet<String>> {
    known_scopes(&store.scopes()?, given)
}

/// Returns `given` as a set, as [`check_scopes`] does.
pub fn known_scopes(known: &Registry, given: &[String]) -> Result<BTreeSet<String>> {
    let mut scopes = BTreeSet::new();
    for scope in given {
        known.check(scope)?;
        if !scopes.insert(scope.clone()) {
            return Err(repeated("scope", scope));
        }
    }
    Ok(scopes)
}

/// Parses a label to set. Refuses a value with a second label after a comma, which is more likely a list.
pub fn label(text: &str) -> Result<(String, String)> {
    let (label, value) = name::label(text)?;
    let mut labels: Vec<String> = Vec::new();
    for part in text.split(',') {
        let is_label = part
            .split_once('=')
            .is_some_and(|(label, _)| name::label_key(label).is_ok());
        match labels.last_mut() {
            Some(last) if !is_label => *last = format!("{last},{part}"),
            _ => labels.push(part.to_owned()),
        }
    }
    if labels.len() < 2 {
        return Ok((label, value));
    }
    let flags = labels
        .iter()
        .map(|label| format!(" --label {}", word(label)));
    Err(
        Error::usage(format!("{} is more than one label", quote(text)))
            .hint(format!("repeat it:{}", flags.collect::<String>())),
    )
}

/// Returns `given` as a map. Refuses too many labels, and a label that is given twice.
pub fn labels(given: &[(String, String)]) -> Result<BTreeMap<String, String>> {
    check_label_count(given.len())?;
    let mut labels = BTreeMap::new();
    for (label, value) in given {
        if labels.insert(label.clone(), value.clone()).is_some() {
            return Err(repeated("label", label));
        }
    }
    Ok(labels)
}

/// Error for a value that is given twice.
fn repeated(kind: &str, value: &str) -> Error {
    Error::usage(format!("the {kind} {} is given twice", quote(value)))
        .hint(format!("give each {kind} once"))
}

/// Finds the project with exactly this name, or else with this name in another Unicode form.
///
/// A project exists as long as it has a member.
pub fn project_as_stored(store: &dyn Read, project: &str) -> Result<Option<String>> {
    form::find(project, |form| {
        let members = store.members(Some(form), Some(1))?;
        Ok((!members.is_empty()).then(|| form.to_owned()))
    })
}

/// Finds the project with this name, or fails and suggests the nearest name.
pub fn check_project(store: &dyn Read, project: &str) -> Result<String> {
    if let Some(known) = project_as_stored(store, project)? {
        return Ok(known);
    }
    let error = Error::not_found(format!("there is no project {}", quote(project)));
    Err(match project_like(store, project)? {
        Some(like) => error.hint(like),
        None => error.hint(
            run!("member list")
                .in_quotes()
                .and(" shows every project and its members"),
        ),
    })
}

/// Names some owners of `project` for advice: `alice, bob`, with `…` at the end if there may be more.
///
/// Only the first members are searched; `None` if none of them is an owner.
pub fn some_owners(store: &dyn Read, project: &str) -> Result<Option<String>> {
    let members = store.members(Some(project), Some(near::AMONG))?;
    let mut may_be_more = members.len() as u64 == near::AMONG;
    let mut owners: Vec<String> = members
        .into_iter()
        .filter(|member| member.role == Role::Owner)
        .map(|member| escape(&member.user))
        .collect();
    may_be_more |= owners.len() > OWNERS_MAX;
    owners.truncate(OWNERS_MAX);
    if owners.is_empty() {
        return Ok(None);
    }
    if may_be_more {
        owners.push("…".to_owned());
    }
    Ok(Some(owners.join(", ")))
}

/// Asks "did you mean …?" with the project whose name is nearest to `project`, if one is near.
pub fn project_like(store: &dyn Read, project: &str) -> Result<Option<String>> {
    let projects = store.projects(near::AMONG)?;
    let names: Vec<&str> = projects.iter().map(String::as_str).collect();
    Ok(near::suggestion(project, &names))
}

/// Asks "did you mean …?" with the nearest of `known`, or gives the advice `otherwise`.
pub fn suggestion(given: &str, known: &[&str], otherwise: Hint) -> Hint {
    near::suggestion(given, known).map_or(otherwise, Hint::from)
}
