//! The audit log: one event a change, each chained to the one before, so that an edited line
//! breaks the chain.

mod chain;

pub use chain::{Chain, Flaw, Head};

use crate::env::Actor;
use crate::id::KeyId;
use crate::when::Timestamp;
use crate::word::words;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The hash of an event, over its fields and the hash before it.
pub type Link = [u8; 32];

/// The hash that the first event is chained to.
pub const GENESIS: Link = [0; 32];

/// Length that is hashed for an absent field.
const ABSENT: u64 = u64::MAX;

words! {
    /// Kind of change that an event records.
    pub enum Action {
        /// The store was made.
        Init = "init",
        /// A copy took the place of what the store held.
        Restore = "restore",
        /// A key was made.
        Create = "create",
        /// A key was changed.
        Edit = "edit",
        /// A key was phased out for a successor.
        Rotate = "rotate",
        /// A key was disabled.
        Disable = "disable",
        /// A key was enabled again.
        Enable = "enable",
        /// A key was deleted.
        Delete = "delete",
        /// A key's record was removed.
        Purge = "purge",
        /// A key's hash was made anew as policy says.
        Rehash = "rehash",
        /// The right secret of a key that no longer works was presented.
        Reuse = "reuse",
        /// A policy was set or unset.
        Policy = "policy",
        /// A scope was registered.
        ScopeAdd = "scope-add",
        /// A scope was removed.
        ScopeRemove = "scope-remove",
        /// A user became a member of a project, or got another role in it.
        MemberAdd = "member-add",
        /// A user ceased to be a member of a project.
        MemberRemove = "member-remove",
        /// A user became an administrator.
        AdminAdd = "admin-add",
        /// A user ceased to be an administrator.
        AdminRemove = "admin-remove",
        /// A change was refused by access or policy.
        Refuse = "refuse",
    }
}

/// An event before it has its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// The user who did it.
    pub actor: String,
    /// The kind of change.
    pub action: Action,
    /// The key that it was done to.
    pub key_id: Option<KeyId>,
    /// Details of the change, a JSON object.
    pub detail: Map<String, Value>,
}

impl Event {
    /// An event by `actor`, whose uid and login uid its detail keeps.
    pub fn new(at: Timestamp, actor: &Actor, action: Action, key_id: Option<KeyId>) -> Self {
        let mut detail = Map::new();
        detail.insert("uid".to_owned(), actor.uid.into());
        if let Some(login) = actor.login_uid {
            detail.insert("login_uid".to_owned(), login.into());
        }
        Event {
            at,
            actor: actor.name.clone(),
            action,
            key_id,
            detail,
        }
    }

    /// The same event with `value` in its detail under `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// The same event with the reason that the actor gave, if any. A blank one is none: a script's
    /// variable may have been empty, and that must not keep a key from being stopped.
    #[must_use]
    pub fn because(self, reason: Option<&str>) -> Self {
        match reason.filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => self.with("reason", reason),
            None => self,
        }
    }

    /// The detail as it is stored.
    pub fn detail_text(&self) -> String {
        Value::Object(self.detail.clone()).to_string()
    }
}

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log, from 1.
    pub seq: i64,
    /// When it happened, in Unix milliseconds as stored.
    pub at: i64,
    /// The user who did it.
    pub actor: String,
    /// The word for what was done.
    pub action: String,
    /// The key that it was done to.
    pub key_id: Option<String>,
    /// Details of the change: the text of a JSON object.
    pub detail: String,
    /// The hash that stands with it.
    pub hash: Link,
}

impl Entry {
    /// SHA-256 of `previous` and then of every field in column order, each behind its length in
    /// bytes as a 64-bit big-endian number. Numbers are 64-bit big-endian; a field that is absent
    /// has the length 2^64-1 and no bytes.
    pub fn link(&self, previous: &Link) -> Link {
        let mut hasher = Sha256::new();
        hasher.update(previous);
        let mut field = |bytes: Option<&[u8]>| {
            hasher.update(
                bytes
                    .map_or(ABSENT, |bytes| bytes.len() as u64)
                    .to_be_bytes(),
            );
            hasher.update(bytes.unwrap_or_default());
        };
        field(Some(&self.seq.to_be_bytes()));
        field(Some(&self.at.to_be_bytes()));
        field(Some(self.actor.as_bytes()));
        field(Some(self.action.as_bytes()));
        field(self.key_id.as_deref().map(str::as_bytes));
        field(Some(self.detail.as_bytes()));
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            seq: 1,
            at: 2,
            actor: "alice".to_owned(),
            action: "create".to_owned(),
            key_id: None,
            detail: "{}".to_owned(),
            hash: GENESIS,
        }
    }

    #[test]
    fn every_field_and_the_hash_before_it_count() {
        let base = entry().link(&GENESIS);
        let changed = [
            Entry { seq: 2, ..entry() },
            Entry { at: 3, ..entry() },
            Entry {
                actor: "alic".to_owned(),
                action: "ecreate".to_owned(),
                ..entry()
            },
            Entry {
                key_id: Some(String::new()),
                ..entry()
            },
            Entry {
                detail: "{} ".to_owned(),
                ..entry()
            },
        ];
        for entry in changed {
            assert_ne!(entry.link(&GENESIS), base, "{entry:?}");
        }
        assert_ne!(entry().link(&[1; 32]), base);
    }
}
