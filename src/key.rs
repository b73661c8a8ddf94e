//! Key: the record of a token without its secret, and the states of a key.

mod edit;
mod handover;
mod networks;
mod transition;
mod undo;

pub use edit::{Edit, Labels, Scopes, check_label_count};
pub use networks::Networks;
pub use transition::{Change, Rotation};

use crate::error::{Candidate, quote};
use crate::id::KeyId;
use crate::network::{self, Network};
use crate::when::Timestamp;
use crate::word::words;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

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
        /// Switched off until it is enabled.
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

/// Record of a token, without the secret and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// ID: the public part of the token.
    pub id: KeyId,
    /// Name, unique among the live keys of one owner.
    pub name: String,
    /// User whom the key belongs to.
    pub owner: String,
    /// Kind of a key.
    pub kind: Kind,
    /// Scopes, without those that they imply.
    pub scopes: BTreeSet<String>,
    /// Labels: free notes, value by key.
    pub labels: BTreeMap<String, String>,
    /// Networks from which it may be used; empty if from anywhere.
    pub allow_from: BTreeSet<Network>,
    /// Time of creation.
    pub created_at: Timestamp,
    /// User who created the key.
    pub created_by: String,
    /// Time from which the key is expired; `None` if it never expires.
    pub expires_at: Option<Timestamp>,
    /// First successful verification. `None` if no use is recorded, or if an older version recorded the first.
    pub first_used_at: Option<Timestamp>,
    /// Last successful verification, exact to a minute; `None` if no use is recorded.
    pub last_used_at: Option<Timestamp>,
    /// Start of the grace: the rotation. When the grace is ended early, this becomes the end too:
    /// a grace of length zero stays over even if the clock is set back.
    pub grace_from: Option<Timestamp>,
    /// End of the grace, past or future; set if and only if the key was rotated.
    pub usable_until: Option<Timestamp>,
    /// Time at which it was disabled; `None` while it is enabled.
    pub disabled_at: Option<Timestamp>,
    /// User who disabled it; `None` while it is enabled.
    pub disabled_by: Option<String>,
    /// Time of deletion, if it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Predecessor: the key that was rotated into this one.
    pub replaces: Option<KeyId>,
    /// Successor: the key that this one was rotated into.
    pub replaced_by: Option<KeyId>,
    /// True if another system made its token.
    pub imported: bool,
}

impl Key {
    /// Makes the record of a key of kind api that its owner creates at `now`, without scopes, labels, networks
    /// or an expiry.
    pub fn new(id: KeyId, name: String, owner: String, now: Timestamp) -> Self {
        Key {
            id,
            name,
            created_by: owner.clone(),
            owner,
            kind: Kind::Api,
            scopes: BTreeSet::new(),
            labels: BTreeMap::new(),
            allow_from: BTreeSet::new(),
            created_at: now,
            expires_at: None,
            first_used_at: None,
            last_used_at: None,
            grace_from: None,
            usable_until: None,
            disabled_at: None,
            disabled_by: None,
            deleted_at: None,
            replaces: None,
            replaced_by: None,
            imported: false,
        }
    }

    /// Returns the state at `now`, the first that applies in the order of [`State`].
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

    /// Tells whether verify accepts the key at `now`: active, or phased-out and within its grace.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        match self.state(now) {
            State::Active => true,
            State::PhasedOut => self.disabled_at.is_none() && self.is_in_grace(now),
            _ => false,
        }
    }

    /// Tells whether the key may be used from `address`. A key with networks is refused without an address.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        network::admits(&self.allow_from, address)
    }

    /// Tells whether the key was rotated and its grace still runs at `now`, disabled or not.
    pub fn is_in_grace(&self, now: Timestamp) -> bool {
        self.deleted_at.is_none()
            && !self.is_expired(now)
            && self.usable_until.is_some_and(|until| now < until)
            && self.grace_from < self.usable_until
    }

    /// Tells whether the key is neither deleted nor phased-out.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none() && self.usable_until.is_none()
    }

    /// Tells whether the key has this label, with this value or, without one, with any.
    pub fn has_label(&self, label: &str, value: Option<&str>) -> bool {
        let held = self.labels.get(label);
        held.is_some_and(|held| value.is_none_or(|value| held == value))
    }

    /// Returns the expiry or the end of the grace, whichever comes first; `None` if neither is set.
    pub fn stops_at(&self) -> Option<Timestamp> {
        let ends = [self.expires_at, self.usable_until];
        ends.into_iter().flatten().min()
    }

    /// Returns the ID and the name, as an error names this key.
    pub fn label(&self) -> String {
        format!("{} ({})", self.id, quote(&self.name))
    }

    /// Returns this key as an entry in the error for an ambiguous name.
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
