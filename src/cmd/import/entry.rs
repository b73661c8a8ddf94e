//! Line of an import: one key of another system.

use super::token::{self, candidates, is_suspect};
use crate::cmd::values::{self, Expiry};
use crate::error::{Error, Result, quote};
use crate::hash::TokenDigest;
use crate::name;
use crate::network::Network;
use crate::records::Record;
use crate::when::{Since, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Fields that a line may have.
pub const FIELDS: [&str; 11] = [
    "name",
    "owner",
    "scopes",
    "labels",
    "expires",
    "expires_at",
    "allow_from",
    "disabled",
    "created_at",
    "token",
    "sha256",
];

/// Fields of text whose errors or keys may show a value.
const SHOWN: [&str; 5] = ["name", "owner", "expires", "expires_at", "created_at"];

/// Key of another system, as a line gives it.
pub struct Entry {
    /// Number of the line.
    pub line: usize,
    /// Name in NFC.
    pub name: String,
    /// Owner as given.
    pub owner: Option<String>,
    /// Scopes, which may be unknown.
    pub scopes: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Networks from which it may be used.
    pub allow_from: BTreeSet<Network>,
    /// Expiry.
    pub expires: Option<Expiry>,
    /// Creation in the other system.
    pub created_at: Option<Timestamp>,
    /// True if the key is imported as a disabled one.
    pub disabled: bool,
    /// SHA-256 of the token.
    pub digest: TokenDigest,
    /// True if the file has the token itself.
    pub is_plain: bool,
}

impl Entry {
    /// Reads an entry from a record at `now`. Checks all that needs no store.
    ///
    /// The token is checked first: later errors show values, and a value may be the token.
    pub fn read(record: &Record, are_plain: bool, now: Timestamp) -> Result<Self> {
        let digest = digest(record, are_plain)?;
        check_apart(record, &digest)?;
        let field = |field| Field { record, field };
        let name = field("name").parse(name::key_name)?.ok_or_else(|| {
            Error::usage("field 'name': it is missing")
                .hint("give each key a name, unique among the keys of its owner")
        })?;
        let labels = field("labels").labels()?;
        let allow_from = field("allow_from").list(|text| text.parse())?;
        Ok(Entry {
            line: record.line,
            name,
            owner: field("owner").parse(name::sought_owner)?,
            scopes: record.list("scopes")?,
            labels: values::labels(&labels).map_err(|error| in_field("labels", error))?,
            allow_from: values::networks(&allow_from)
                .map_err(|error| in_field("allow_from", error))?,
            expires: expires(record, now)?,
            created_at: created_at(record, now)?,
            disabled: record.flag("disabled")?.unwrap_or_default(),
            digest,
            is_plain: record.has("token"),
        })
    }

    /// Refuses an entry with a token of another line in a field, as when two columns have changed places.
    pub fn check_apart(&self, tokens: &HashMap<TokenDigest, usize>) -> Result<()> {
        let is_secret = |text: &str| has_token(text, |digest| tokens.contains_key(digest));
        let owner = self.owner.iter().map(String::as_str);
        let labels = self.labels.iter();
        let labels = labels.flat_map(|(label, value)| [("labels", &**label), ("labels", &**value)]);
        let mut texts = [("name", &*self.name)]
            .into_iter()
            .chain(owner.map(|owner| ("owner", owner)))
            .chain(self.scopes.iter().map(|scope| ("scopes", &**scope)))
            .chain(labels);
        match texts.find(|(_, text)| is_secret(text)) {
            Some((field, _)) => Err(token_in_field(field)),
            None => Ok(()),
        }
    }
}

/// Field of a record.
struct Field<'a> {
    record: &'a Record,
    field: &'static str,
}

impl Field<'_> {
    /// Parses the text of the field.
    fn parse<T>(&self, parse: impl FnOnce(&str) -> Result<T>) -> Result<Option<T>> {
        let Some(text) = self.record.text(self.field)? else {
            return Ok(None);
        };
        parse(text)
            .map(Some)
            .map_err(|error| refused(self.field, text, error))
    }

    /// Parses each text in the list of the field.
    fn list<T>(&self, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
        let texts = self.record.list(self.field)?;
        let parsed = texts
            .iter()
            .map(|text| parse(text).map_err(|error| refused(self.field, text, error)));
        parsed.collect()
    }

    /// Parses the labels in the field.
    fn labels(&self) -> Result<Vec<(String, String)>> {
        let labels = self.record.labels(self.field)?;
        let parsed = labels.iter().map(|(label, value)| {
            let text = format!("{label}={value}");
            // Without this a label with a '=' in it would be split there.
            name::label_key(label)
                .and_then(|_| name::label(&text))
                .map_err(|error| refused(self.field, &text, error))
        });
        parsed.collect()
    }
}

/// Error for `text`, the value of `field` or a part of it. Shows `error` unless `text` may be a token.
pub fn refused(field: &str, text: &str, error: Error) -> Error {
    let hidden = "its value is not valid, and not shown since it may be a token";
    match is_suspect(text) {
        true => in_field(field, Error::new(error.kind, hidden)),
        false => in_field(field, error),
    }
}

/// Puts the name of a field before the message of `error`.
pub fn in_field(field: &str, error: Error) -> Error {
    Error {
        message: format!("field {}: {}", quote(field), error.message),
        ..error
    }
}

/// Returns the digest of the line's token.
fn digest(record: &Record, are_plain: bool) -> Result<TokenDigest> {
    match (record.text("token")?, record.text("sha256")?) {
        (Some(token), None) => token::digest_of(token, are_plain),
        (None, Some(text)) => token::digest(text),
        (None, None) => Err(
            Error::usage("neither field 'token' nor field 'sha256' has a value")
                .hint("give each key its token, or the SHA-256 digest of its token"),
        ),
        (Some(_), Some(_)) => Err(Error::usage(
            "both field 'token' and field 'sha256' have a value",
        )
        .hint("leave one of them out")),
    }
}

/// Refuses a field with the line's token in it: the field would be stored, or an error would show it.
fn check_apart(record: &Record, digest: &TokenDigest) -> Result<()> {
    let token = record.text("token")?;
    let is_secret = |text: &str| match token {
        Some(token) => text.contains(token),
        None => has_token(text, |found| found == digest),
    };
    let apart = |field: &str, is_secret: bool| match is_secret {
        false => Ok(()),
        true => Err(token_in_field(field)),
    };
    for field in SHOWN {
        apart(field, record.text(field)?.is_some_and(is_secret))?;
    }
    for field in ["scopes", "allow_from"] {
        apart(
            field,
            record.list(field)?.iter().any(|text| is_secret(text)),
        )?;
    }
    let labels = record.labels("labels")?;
    let mut labels = labels.iter();
    apart(
        "labels",
        labels.any(|(label, value)| is_secret(label) || is_secret(value)),
    )
}

/// Error for a `field` that has a token in it.
fn token_in_field(field: &str) -> Error {
    Error::usage(format!("field {}: it has a token in it", quote(field)))
        .hint("only the fields 'token' and 'sha256' are secret: check that each value is in its own column")
}

/// Tells whether `text` is a token whose digest `is_known`, or has one as a word.
fn has_token(text: &str, is_known: impl Fn(&TokenDigest) -> bool) -> bool {
    candidates(text).any(|word| is_known(&TokenDigest::of(word.as_bytes())))
}

/// Returns the expiry, which has two names.
fn expires(record: &Record, now: Timestamp) -> Result<Option<Expiry>> {
    let name = match (record.has("expires"), record.has("expires_at")) {
        (true, true) => {
            return Err(
                Error::usage("both field 'expires' and field 'expires_at' have a value")
                    .hint("leave one of them out"),
            );
        }
        (false, true) => "expires_at",
        _ => "expires",
    };
    let field = Field {
        record,
        field: name,
    };
    field.parse(|text| {
        let expiry: Expiry = text.parse()?;
        expiry.check(now).map_err(|error| {
            error.hint(
                "leave expired keys out of the file: they stopped working in the other system too",
            )
        })?;
        Ok(expiry)
    })
}

/// Returns the time of creation, not in the future.
fn created_at(record: &Record, now: Timestamp) -> Result<Option<Timestamp>> {
    let field = Field {
        record,
        field: "created_at",
    };
    field.parse(|text| {
        let hint =
            "give a date (2026-03-31) or an RFC 3339 instant (2026-03-31T12:00:00Z) that is past";
        let at = match text.parse() {
            Ok(Since::At(at)) => at,
            Ok(_) => {
                let error = Error::usage(format!("{} is no instant", quote(text)));
                return Err(error.hint(hint));
            }
            // The hint may complete the instant.
            Err(error) if text.contains([':', 'T']) => return Err(error),
            Err(error) => return Err(error.hint(hint)),
        };
        match at > now {
            true => Err(Error::usage(format!("{at} is in the future: it is now {now}")).hint(hint)),
            false => Ok(at),
        }
    })
}
