//! Flags that several commands share.

use super::path::Named;
use crate::error::{Error, Result, escape, quote};
use crate::hint::{Hint, run};
use crate::key::{Kind, check_label_count};
use crate::name::{self, form};
use crate::near;
use crate::project::Role;
use crate::store::Read;
use crate::when::{Timestamp, When};
use clap::builder::{PathBufValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;

/// Value parser for the path of the file that `named` says.
pub fn file_path(named: Named) -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(move |path| named.check(path.as_os_str()).map(|()| path))
}

/// Number of owners of a project that are named.
const OWNERS_MAX: usize = 10;

/// Reason for a change.
#[derive(Args, Debug)]
pub struct Why {
    /// The reason, kept in the audit log
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = name::reason)]
    pub reason: Option<String>,
}

/// Expiry for a key, with the words in which that was given.
#[derive(Clone, Debug)]
pub struct Expiry {
    /// The time.
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
    /// Refuses a time that is over at `now`, or after the year 9999.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        let past = |ended: &str| {
            let typed = quote(&self.typed);
            let error = Error::usage(format!("{typed} is already past: {ended}it is now {now}"));
            Err(error.hint("give a later time"))
        };
        match self.when {
            // A date lasts until the next one begins.
            When::At(at) if at <= now && !self.typed.contains(['T', ':']) => {
                past(&format!("it ended at {at}, and "))
            }
            When::At(at) if at <= now => past(""),
            when => when.resolve(now).map(drop),
        }
    }
}

/// The form of what is printed about one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

/// The form of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people.
    #[default]
    Table,
    /// A JSON array.
    Json,
}

/// Value parser for one of `choices`: a word, what the help says of it, and its value.
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

/// `text` as how many lines to show at most.
pub fn limit(text: &str) -> Result<u64> {
    let number = text.parse().ok();
    number.filter(|&number| number > 0).ok_or_else(|| {
        Error::usage(format!("{} is not a value of --limit", quote(text)))
            .hint("give a whole number from 1 on, as in --limit 20")
    })
}

/// `given` as a set of scopes that the store knows; one given twice is a mistake.
pub fn check_scopes(store: &dyn Read, given: &[String]) -> Result<BTreeSet<String>> {
    let known = store.scopes()?;
    let mut scopes = BTreeSet::new();
    for scope in given {
        known.check(scope)?;
        if !scopes.insert(scope.clone()) {
            return Err(
                Error::usage(format!("the scope {} is given twice", quote(scope)))
                    .hint("give each scope once"),
            );
        }
    }
    Ok(scopes)
}

/// `given` as labels; one given twice is a mistake.
pub fn labels(given: &[(String, String)]) -> Result<BTreeMap<String, String>> {
    check_label_count(given.len())?;
    let mut labels = BTreeMap::new();
    for (label, value) in given {
        if labels.insert(label.clone(), value.clone()).is_some() {
            return Err(
                Error::usage(format!("the label {} is given twice", quote(label)))
                    .hint("give each label once"),
            );
        }
    }
    Ok(labels)
}

/// The project that is meant by `project`: of that very name or, where it has no members, of the same
/// name in another Unicode form. `None` if neither has.
pub fn project_as_stored(store: &dyn Read, project: &str) -> Result<Option<String>> {
    form::find(project, |form| {
        let some = store.members(Some(form), Some(1))?;
        Ok((!some.is_empty()).then(|| form.to_owned()))
    })
}

/// The same; refuses a project that has no members, and suggests the nearest one that has.
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

/// The owners of `project`, for advice, if any are among its first members: "alice, bob", and "…"
/// behind them where there may be more.
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

/// A question after the project whose name is most like that of `project`, if one is.
pub fn project_like(store: &dyn Read, project: &str) -> Result<Option<String>> {
    let projects = store.projects(near::AMONG)?;
    let names: Vec<&str> = projects.iter().map(String::as_str).collect();
    Ok(near::suggestion(project, &names))
}

/// A question after the one of `known` that is most like `given`, or `otherwise` if none is.
pub fn meant(given: &str, known: &[&str], otherwise: Hint) -> Hint {
    near::suggestion(given, known).map_or(otherwise, Hint::from)
}
