//! The record of a key in JSON and CSV: fields and their order are what scripts rely on.

use super::json;
use crate::error::escape;
use crate::id::KeyId;
use crate::key::Key;
use crate::when::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A key as JSON shows it; what is absent is `null`.
#[derive(Serialize)]
pub struct Record<'a> {
    id: KeyId,
    name: &'a str,
    owner: &'a str,
    kind: &'static str,
    state: &'static str,
    usable: bool,
    scopes: &'a BTreeSet<String>,
    labels: &'a BTreeMap<String, String>,
    created_at: Timestamp,
    created_by: &'a str,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    usable_until: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
    replaces: Option<KeyId>,
    replaced_by: Option<KeyId>,
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
        Record {
            id: key.id,
            name: &key.name,
            owner: &key.owner,
            kind: key.kind.word(),
            state: key.state(now).word(),
            usable: key.is_usable(now),
            scopes: &key.scopes,
            labels: &key.labels,
            created_at: key.created_at,
            created_by: &key.created_by,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            usable_until: key.usable_until,
            disabled_at: key.disabled_at,
            deleted_at: key.deleted_at,
            replaces: key.replaces,
            replaced_by: key.replaced_by,
        }
    }

    /// The fields as CSV: scopes joined by a blank, labels as JSON, what is absent empty;
    /// control characters as errors show them.
    pub fn cells(&self) -> io::Result<[String; 17]> {
        let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
        let id = |id: Option<KeyId>| id.map_or_else(String::new, |id| id.to_string());
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        Ok([
            self.id.to_string(),
            escape(self.name),
            escape(self.owner),
            self.kind.to_owned(),
            self.state.to_owned(),
            self.usable.to_string(),
            escape(&scopes.join(" ")),
            String::from_utf8_lossy(&json::bytes(self.labels)?).into_owned(),
            self.created_at.to_string(),
            escape(self.created_by),
            time(self.expires_at),
            time(self.last_used_at),
            time(self.usable_until),
            time(self.disabled_at),
            time(self.deleted_at),
            id(self.replaces),
            id(self.replaced_by),
        ])
    }
}
