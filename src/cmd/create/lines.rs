//! Keys as the records of a file describe them. Pure.

use super::fields::{self, Fields};
use crate::cmd::values::{self, Expiry};
use crate::error::{Error, Result, quote};
use crate::key::Kind;
use crate::name;
use crate::network::Network;
use crate::records::{Record, at_line};
use crate::when::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Clause of an error for lines that are refused.
pub const NO_KEY: &str = "no key was created";

/// Fields of a record.
pub const KNOWN: [&str; 7] = [
    "name",
    "owner",
    "scopes",
    "expires",
    "labels",
    "kind",
    "allow_from",
];

/// Owner and fields that a record leaves out.
pub struct Defaults {
    /// Owner; `None` for the actor.
    pub owner: Option<String>,
    /// Other fields.
    pub fields: Fields,
}

/// Key that a record describes, or one of several that flags describe.
pub struct Line {
    /// Number of the record's line; `None` without a record.
    pub number: Option<usize>,
    /// Name.
    pub name: String,
    /// Owner; `None` for the actor.
    pub owner: Option<String>,
    /// Other fields.
    pub fields: Fields,
}

impl Line {
    /// Puts the number of the line, if there is one, before the message of `error`.
    #[must_use]
    pub fn at(&self, error: Error) -> Error {
        match self.number {
            Some(number) => at_line(number, error),
            None => error,
        }
    }

    /// Name for a message: `line 3`, or the key's own.
    pub fn shown(&self) -> String {
        match self.number {
            Some(number) => format!("line {number}"),
            None => quote(&self.name),
        }
    }
}

/// Describes `count` keys by flags, with the names `name-1`, `name-2` and so on.
pub fn numbered(name: &str, count: u32, defaults: &Defaults) -> Result<Vec<Line>> {
    let line = |n| {
        Ok(Line {
            number: None,
            name: name::key_name(&format!("{name}-{n}"))?,
            owner: defaults.owner.clone(),
            fields: defaults.fields.clone(),
        })
    };
    (1..=count).map(line).collect()
}

/// Reads the key that `record` describes, at `now`.
pub fn line(record: &Record, defaults: &Defaults, now: Timestamp) -> Result<Line> {
    let name = record.text("name")?.ok_or_else(|| {
        Error::usage("the name is missing").hint("give each key of the file a name")
    })?;
    let (kind, expires) = (record.text("kind")?, record.text("expires")?);
    let default = &defaults.fields;
    let mut fields = Fields {
        kind: kind.map_or(Ok(default.kind), self::kind)?,
        scopes: record.list("scopes")?,
        expires: expires.map(str::parse::<Expiry>).transpose()?,
        labels: labels(&record.labels("labels")?)?,
        allow_from: networks(&record.list("allow_from")?)?,
    };
    fields.fill_in(default)?;
    check_kind(&fields)?;
    fields.check(now)?;
    let owner = record.text("owner")?.map(name::sought_owner).transpose()?;
    Ok(Line {
        number: Some(record.line),
        name: name::key_name(name)?,
        owner: owner.or_else(|| defaults.owner.clone()),
        fields,
    })
}

/// Refuses what does not go with the kind of key, with advice on the file in place of the flags.
fn check_kind(fields: &Fields) -> Result<()> {
    if fields.kind == Kind::Api && fields.scopes.is_empty() {
        return Err(Error::usage("the scopes are missing")
            .hint("say what the key may do in the field scopes, or with --scope for all lines that do not"));
    }
    fields::check_kind(fields.kind, &fields.scopes, fields.expires.as_ref())
        .map_err(|error| error.hint("leave the field out, or give the key the kind api"))
}

fn kind(text: &str) -> Result<Kind> {
    let kinds = [Kind::Api, Kind::Legacy];
    kinds
        .into_iter()
        .find(|kind| kind.word() == text)
        .ok_or_else(|| {
            Error::usage(format!("{} is no kind of key", quote(text)))
                .hint("the kinds are api and legacy")
        })
}

fn networks(given: &[String]) -> Result<BTreeSet<Network>> {
    let networks: Result<Vec<Network>> =
        given.iter().map(|text| values::new_network(text)).collect();
    values::networks(&networks?)
}

fn labels(given: &[(String, String)]) -> Result<BTreeMap<String, String>> {
    let label = |(key, value): &(String, String)| {
        // Refuses a '=', at which the pair would be split again.
        name::label_key(key)?;
        name::label(&format!("{key}={value}"))
    };
    values::labels(&given.iter().map(label).collect::<Result<Vec<_>>>()?)
}

/// Refuses a `line` that would share a file with one of those in `seen`, by their names as [`name::file_folded`] has
/// them, and adds it. Some file systems do not tell names apart that differ in case or Unicode form.
pub fn check_file<'a>(line: &'a Line, seen: &mut HashMap<String, &'a Line>) -> Result<()> {
    let Some(first) = seen.insert(name::file_folded(&line.name), line) else {
        return Ok(());
    };
    let (other, name) = (first.shown(), quote(&line.name));
    let error = Error::usage(match first.name == line.name {
        true => format!("it would share the file {name} with {other}"),
        false => format!(
            "it would share a file with {other} on some systems: {name} and {} differ in case or Unicode form alone",
            quote(&first.name)
        ),
    });
    Err(error.hint("give each key another name, or make the keys of each owner by themselves, with a directory of their own"))
}
