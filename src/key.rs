//! The key: the record of a token, everything but the secret, and the states it can be in.

mod edit;
mod transition;

pub use edit::{Edit, Labels, Scopes, check_label_count};
pub use transition::{Change, Rotation};

use crate::error::{Candidate, quote};
use crate::id::KeyId;
use crate::when::Timestamp;
use crate::word::words;
use std::cmp::min;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

words! {
    /// Kind of a key.
    pub enum Kind {
        /// Ordinary key: it has scopes, and can be deleted.
        Api = "api",
        /// Key for internal automation: no scopes, no expiry, no deletion.
        Legacy = "legacy",
    }
}

words! {
    /// State of a key at some time. Where several apply, the first in this order is shown.
    #[derive(PartialOrd, Ord)]
    pub enum State {
        /// Stopped for ever; the record stays as a tombstone.
        Deleted = "deleted",
        /// Rotated: a successor has taken its place.
        PhasedOut = "phased-out",
        /// Its expiry has passed.
        Expired = "expired",
        /// Switched off, until somebody enables it.
        Disabled = "disabled",
        /// In use.
        Active = "active",
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The record of a token: everything but the secret and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The public part of the token.
    pub id: KeyId,
    /// Unique per owner among live keys.
    pub name: String,
    /// The user whom the key belongs to.
    pub owner: String,
    /// Kind of a key.
    pub kind: Kind,
    /// The scopes that it has.
    pub scopes: BTreeSet<String>,
    /// Notes of its owner.
    pub labels: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The user who made it.
    pub created_by: String,
    /// From when on it is expired; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it last verified, to the minute; `None` if no use is recorded.
    pub last_used_at: Option<Timestamp>,
    /// When its grace began: at its rotation, or, if its grace was ended since, at that end. A
    /// grace that has no length is over, and no clock that is set back brings it back to life.
    pub grace_from: Option<Timestamp>,
    /// When its grace ends or ended; set if and only if it was rotated.
    pub usable_until: Option<Timestamp>,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// The user who disabled it, if it is.
    pub disabled_by: Option<String>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// The key whose place it took.
    pub replaces: Option<KeyId>,
    /// The key that took its place.
    pub replaced_by: Option<KeyId>,
}

impl Key {
    /// The state that is shown at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.deleted_at.is_some() {
            State::Deleted
        } else if self.usable_until.is_some() {
            State::PhasedOut
        } else if self.is_expired(now) {
            State::Expired
        } else if self.disabled_at.is_some() {
            State::Disabled
        } else {
            State::Active
        }
    }

    /// Tells whether verification would accept it at `now`: active, or phased-out inside its grace.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        match self.state(now) {
            State::Active => true,
            State::PhasedOut => self.disabled_at.is_none() && self.is_in_grace(now),
            _ => false,
        }
    }

    /// Tells whether it was rotated, and still works at `now` as far as rotation and expiry go.
    pub fn is_in_grace(&self, now: Timestamp) -> bool {
        self.deleted_at.is_none()
            && !self.is_expired(now)
            && self.usable_until.is_some_and(|until| now < until)
            && self.grace_from < self.usable_until
    }

    /// Neither deleted nor phased-out.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none() && self.usable_until.is_none()
    }

    /// When it stops on its own: by expiry or by the end of its grace, whichever is first.
    pub fn stops_at(&self) -> Option<Timestamp> {
        match (self.expires_at, self.usable_until) {
            (Some(expires), Some(until)) => Some(min(expires, until)),
            (expires, until) => expires.or(until),
        }
    }

    /// Name of this key in an error.
    pub fn label(&self) -> String {
        format!("{} ({})", self.id, quote(&self.name))
    }

    /// This key as one of several that a name may mean.
    pub fn candidate(&self, now: Timestamp) -> Candidate {
        Candidate {
            id: self.id.to_string(),
            name: self.name.clone(),
            owner: self.owner.clone(),
            state: self.state(now).word(),
        }
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}
