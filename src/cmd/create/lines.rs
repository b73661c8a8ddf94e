//! Keys as the records of a file describe them. Pure.

use super::faults::Faults;
use super::fields::{self, Fields};
use crate::cmd::values::{self, Expiry};
use crate::error::{Error, Result, quote};
use crate::key::Kind;
use crate::name;
use crate::network::Network;
use crate::records::{Record, at_line};
use crate::when::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// Reads keys from `records`. The error names each line that is refused.
pub fn read(records: &[Record], defaults: &Defaults, now: Timestamp) -> Result<Vec<Line>> {
    let mut faults = Faults::default();
    let mut lines = Vec::with_capacity(records.len());
    for record in records {
        lines.extend(faults.keep(line(record, defaults, now))?);
    }
    faults.end()?;
    Ok(lines)
}

fn line(record: &Record, defaults: &Defaults, now: Timestamp) -> Result<Line> {
    // These name the line themselves.
    let (name, owner) = (record.text("name")?, record.text("owner")?);
    let (kind, expires) = (record.text("kind")?, record.text("expires")?);
    let (scopes, networks) = (record.list("scopes")?, record.list("allow_from")?);
    let labels = record.labels("labels")?;
    let parsed = || {
        let name = name.ok_or_else(|| {
            Error::usage("the name is missing").hint("give each key of the file a name")
        })?;
        let default = &defaults.fields;
        let mut fields = Fields {
            kind: kind.map_or(Ok(default.kind), self::kind)?,
            scopes,
            expires: expires.map(str::parse::<Expiry>).transpose()?,
            labels: self::labels(&labels)?,
            allow_from: self::networks(&networks)?,
        };
        fields.fill_in(default)?;
        check_kind(&fields)?;
        fields.check(now)?;
        let owner = owner.map(name::sought_owner).transpose()?;
        Ok(Line {
            number: Some(record.line),
            name: name::key_name(name)?,
            owner: owner.or_else(|| defaults.owner.clone()),
            fields,
        })
    };
    parsed().map_err(|error| record.at(error))
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

/// Refuses two lines for one name. Some file systems do not tell names apart that differ in case or Unicode form.
pub fn check_files(lines: &[Line]) -> Result<()> {
    let mut faults = Faults::default();
    let mut seen: HashMap<String, &Line> = HashMap::with_capacity(lines.len());
    for line in lines {
        if let Some(first) = seen.get(&*name::file_folded(&line.name)) {
            faults.add(shared(first, line));
        } else {
            seen.insert(name::file_folded(&line.name), line);
        }
    }
    faults.end()
}

fn shared(first: &Line, second: &Line) -> Error {
    let line = |line: &Line| line.number.unwrap_or_default();
    let (lines, name) = ((line(first), line(second)), quote(&second.name));
    let error = Error::usage(match first.name == second.name {
        true => format!(
            "lines {} and {} would share the file {name}",
            lines.0, lines.1
        ),
        false => format!(
            "lines {} and {} would share a file on some systems: {} and {name} differ in case or Unicode form alone",
            lines.0,
            lines.1,
            quote(&first.name)
        ),
    });
    error.hint("give each key another name, or make the keys of each owner by themselves, with a directory of their own")
}
