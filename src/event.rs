//! Audit log: one event for each change. Each event's hash covers the hash before it, so that an
//! edited line breaks the chain.

mod chain;

pub use chain::{Chain, Flaw, Head};

use crate::env::Actor;
use crate::id::KeyId;
use crate::when::Timestamp;
use crate::word::words;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Hash of an event: SHA-256 over the hash before it and the fields; see [`Entry::link`].
pub type Link = [u8; 32];

/// Previous hash of the first event.
pub const GENESIS: Link = [0; 32];

/// Length that is hashed in the place of an absent field.
const ABSENT: u64 = u64::MAX;

words! {
    /// Kind of change that an event records.
    pub enum Action {
        /// The store was created.
        Init = "init",
        /// The content of the store was replaced by a backup.
        Restore = "restore",
        /// The store was copied, and marked so that nobody uses it by mistake.
        Retire = "retire",
        /// A key was created.
        Create = "create",
        /// A key of another system was imported.
        Import = "import",
        /// A key was changed.
        Edit = "edit",
        /// A key was phased out for a successor.
        Rotate = "rotate",
        /// The rotation of a key was undone.
        Undo = "undo",
        /// A command has got the token of a new key.
        Handover = "handover",
        /// A key was disabled.
        Disable = "disable",
        /// A key was enabled again.
        Enable = "enable",
        /// A key was deleted.
        Delete = "delete",
        /// A key's record was removed.
        Purge = "purge",
        /// A key's secret was hashed again, at the parameters of the policy.
        Rehash = "rehash",
        /// The right secret of a stopped key was presented to verify.
        Reuse = "reuse",
        /// A policy was set or unset.
        Policy = "policy",
        /// A scope was registered.
        ScopeAdd = "scope-add",
        /// A scope was removed.
        ScopeRemove = "scope-remove",
        /// A user was made a member of a project, or got another role in it.
        MemberAdd = "member-add",
        /// A user was removed from a project.
        MemberRemove = "member-remove",
        /// A user was made an administrator.
        AdminAdd = "admin-add",
        /// An administrator was removed.
        AdminRemove = "admin-remove",
        /// A change was refused by access or policy.
        Refuse = "refuse",
    }
}

/// Event to append to the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Time of the change.
    pub at: Timestamp,
    /// User who made the change.
    pub actor: String,
    /// Kind of change.
    pub action: Action,
    /// Key that was changed, if it was one.
    pub key_id: Option<KeyId>,
    /// Details of the change: a JSON object.
    pub detail: Map<String, Value>,
}

impl Event {
    /// Creates an event; its detail holds the actor's uid and, if known, login uid.
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

    /// Adds the field `name` to the detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// Adds the reason that the actor gave. A blank one counts as none: an empty variable in a script
    /// must not keep a key from being stopped.
    #[must_use]
    pub fn because(self, reason: Option<&str>) -> Self {
        match reason.filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => self.with("reason", reason),
            None => self,
        }
    }

    /// Returns the detail as JSON text, as it is stored and hashed.
    pub fn detail_text(&self) -> String {
        // Cannot fail: all its keys are text.
        serde_json::to_string(&self.detail).unwrap_or_default()
    }
}

/// Event as it is stored in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Line number, from 1.
    pub seq: i64,
    /// Time of the change, in Unix milliseconds.
    pub at: i64,
    /// User who made the change.
    pub actor: String,
    /// Word of the [`Action`].
    pub action: String,
    /// Key that was changed, if it was one.
    pub key_id: Option<String>,
    /// Details of the change: the text of a JSON object.
    pub detail: String,
    /// Stored hash of this event.
    pub hash: Link,
}

impl Entry {
    /// Returns the detail, or `Null` if it is damaged.
    pub fn fields(&self) -> Value {
        serde_json::from_str(&self.detail).unwrap_or_default()
    }

    /// Returns the name that the key has after this event, if the detail has it: a create and a purge do, and
    /// an edit that gives a new one.
    pub fn key_name(&self) -> Option<String> {
        let detail = self.fields();
        after(&detail["name"]).map(str::to_owned)
    }

    /// Computes the hash of this event: SHA-256 over `previous` and every other field but the hash,
    /// in order.
    ///
    /// Each field is preceded by its length in bytes, a 64-bit big-endian number. Numbers are 64-bit
    /// big-endian. An absent field has the length 2^64-1 and no bytes.
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

/// Text of a field of a detail after the event: the value itself, or the new one of `{"old":…,"new":…}`.
pub fn after(field: &Value) -> Option<&str> {
    field.as_str().or_else(|| field["new"].as_str())
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
