//! Values of fields, in JSON and CSV.
//!
//! The JSON of records and verdicts is written by hand, since both are written by the million. With
//! `#[derive(Serialize)]`, `list --format jsonl` of 10,000 keys executed 23 % more instructions, and
//! `verify --batch` of 2,000 tokens 4 % more (callgrind).

use super::json;
use crate::error::escape;
use crate::id::KeyId;
use crate::network::{self, Network};
use crate::when::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Value of a field.
pub enum Value<'a> {
    /// No value: `null`, or an empty cell.
    Absent,
    /// Yes or no.
    Flag(bool),
    /// Text.
    Text(&'a str),
    /// Key ID.
    Id(KeyId),
    /// Instant.
    Time(Timestamp),
    /// Scopes.
    Scopes(&'a BTreeSet<String>),
    /// Networks.
    Networks(&'a BTreeSet<Network>),
    /// Labels.
    Labels(&'a BTreeMap<String, String>),
}

impl Value<'_> {
    /// Appends a field with the value to `out` as JSON, after the byte `before`.
    pub fn write_field(&self, out: &mut Vec<u8>, before: u8, name: &str) -> io::Result<()> {
        out.extend_from_slice(&[before, b'"']);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        self.write(out)
    }

    /// Appends the value to `out` as JSON.
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
            Value::Networks(networks) => json::write(out, networks)?,
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

    /// Cell of the value in CSV: scopes and networks are joined by blanks, labels are JSON.
    pub fn cell(&self) -> io::Result<String> {
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
            Value::Networks(networks) => network::join(networks),
            Value::Labels(labels) => String::from_utf8_lossy(&json::bytes(labels)?).into_owned(),
        })
    }
}
