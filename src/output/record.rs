//! The record of a key in JSON and CSV: fields and their order are what scripts rely on.

use super::json;
use crate::error::escape;
use crate::id::KeyId;
use crate::key::Key;
use crate::when::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// What programs are told of a key: a value for each of [`Record::FIELDS`].
pub struct Record<'a>([Value<'a>; 17]);

enum Value<'a> {
    Absent,
    Flag(bool),
    Text(&'a str),
    Id(KeyId),
    Time(Timestamp),
    Scopes(&'a BTreeSet<String>),
    Labels(&'a BTreeMap<String, String>),
}

impl<'a> Record<'a> {
    /// The names of the fields, in order.
    pub const FIELDS: [&'static str; 17] = [
        "id",
        "name",
        "owner",
        "kind",
        "state",
        "usable",
        "scopes",
        "labels",
        "created_at",
        "created_by",
        "expires_at",
        "last_used_at",
        "usable_until",
        "disabled_at",
        "deleted_at",
        "replaces",
        "replaced_by",
    ];

    /// `key` as it is at `now`.
    pub fn new(key: &'a Key, now: Timestamp) -> Self {
        let time = |at: Option<Timestamp>| at.map_or(Value::Absent, Value::Time);
        let id = |id: Option<KeyId>| id.map_or(Value::Absent, Value::Id);
        Record([
            Value::Id(key.id),
            Value::Text(&key.name),
            Value::Text(&key.owner),
            Value::Text(key.kind.word()),
            Value::Text(key.state(now).word()),
            Value::Flag(key.is_usable(now)),
            Value::Scopes(&key.scopes),
            Value::Labels(&key.labels),
            Value::Time(key.created_at),
            Value::Text(&key.created_by),
            time(key.expires_at),
            time(key.last_used_at),
            time(key.usable_until),
            time(key.disabled_at),
            time(key.deleted_at),
            id(key.replaces),
            id(key.replaced_by),
        ])
    }

    /// Appends the record to `out` as a compact JSON object; what is absent is `null`.
    pub fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut before = b'{';
        for (name, value) in Self::FIELDS.iter().zip(&self.0) {
            out.extend_from_slice(&[before, b'"']);
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            value.write(out)?;
            before = b',';
        }
        out.push(b'}');
        Ok(())
    }

    /// The record as JSON.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        self.write(&mut json)?;
        Ok(json)
    }

    /// The fields as CSV: scopes joined by a blank, labels as JSON, what is absent empty;
    /// control characters as errors show them.
    pub fn cells(&self) -> io::Result<Vec<String>> {
        self.0.iter().map(Value::cell).collect()
    }
}

impl Value<'_> {
    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Value::Absent => out.extend_from_slice(b"null"),
            Value::Flag(true) => out.extend_from_slice(b"true"),
            Value::Flag(false) => out.extend_from_slice(b"false"),
            Value::Text(text) => json::string(out, text)?,
            Value::Id(id) => json::string(out, id.as_str())?,
            Value::Time(at) => {
                out.push(b'"');
                out.extend_from_slice(&at.rfc3339());
                out.push(b'"');
            }
            Value::Scopes(scopes) => {
                out.push(b'[');
                for (index, scope) in scopes.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    json::string(out, scope)?;
                }
                out.push(b']');
            }
            Value::Labels(labels) => json::write(out, labels)?,
        }
        Ok(())
    }

    fn cell(&self) -> io::Result<String> {
        Ok(match self {
            Value::Absent => String::new(),
            Value::Flag(flag) => flag.to_string(),
            Value::Text(text) => escape(text),
            Value::Id(id) => id.to_string(),
            Value::Time(at) => at.to_string(),
            Value::Scopes(scopes) => {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                escape(&scopes.join(" "))
            }
            Value::Labels(labels) => String::from_utf8_lossy(&json::bytes(labels)?).into_owned(),
        })
    }
}
