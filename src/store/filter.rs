//! Filters and order of a scan.

use crate::event::Action;
use crate::id::KeyId;
use crate::key::{Kind, State};
use crate::name::form::Part;
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Order of a scan. Keys that are equal in it come oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Oldest first.
    #[default]
    Created,
    /// Soonest expiry first, keys without expiry last.
    Expires,
    /// Longest unused first, keys without a recorded use before all others.
    LastUsed,
    /// By name.
    Name,
    /// As SQLite finds them, without a sort: with a limit, the search ends early.
    Any,
}

/// Conditions on a key; a scan visits the keys that meet all. An empty or absent field is no condition.
///
/// An index finds keys by owner, project, name, ID or scope, by any state but active, and by the fields
/// `stops_until`, `stopped_since`, `died_until` and, in any order but by name, `created_since`. The other conditions
/// are checked on each key that the index finds or, without such a condition, on every key.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Time at which states are computed.
    pub now: Timestamp,
    /// The owner.
    pub owner: Option<String>,
    /// Owners, one of whom the key belongs to.
    pub owners: Vec<String>,
    /// The exact name.
    pub name: Option<String>,
    /// Prefix of the name.
    pub name_prefix: Option<String>,
    /// Part of the name.
    pub name_part: Option<Part>,
    /// Prefix of the ID.
    pub id_prefix: Option<String>,
    /// The kind.
    pub kind: Option<Kind>,
    /// Project of which the owner is a member.
    pub project: Option<String>,
    /// Scopes that the key has, all of them. An implied scope does not count.
    pub scopes: Vec<String>,
    /// Sets of scopes, of each of which the key has at least one.
    pub any_scopes: Vec<BTreeSet<String>>,
    /// States, one of which the key is in.
    pub states: Vec<State>,
    /// Labels that the key has, all of them, each with its value; `None` is any value.
    pub labels: Vec<(String, Option<String>)>,
    /// Latest time at which the key, usable now, expires or its grace ends. With `stopped_since` too, a key
    /// passes that meets one of the two.
    pub stops_until: Option<Timestamp>,
    /// Earliest time at which the key, not deleted, has expired or its grace has ended.
    pub stopped_since: Option<Timestamp>,
    /// Time after which the key was neither made nor used.
    pub unused_since: Option<Timestamp>,
    /// Latest time of creation.
    pub created_until: Option<Timestamp>,
    /// Earliest time of creation.
    pub created_since: Option<Timestamp>,
    /// Latest time at which the key died: its deletion, or else the end of its grace or its expiry.
    pub died_until: Option<Timestamp>,
    /// Order of the scan.
    pub sort: Sort,
    /// True if the scan visits the last key in the order first.
    pub reverse: bool,
    /// Most keys to visit.
    pub limit: Option<u64>,
}

impl Filter {
    /// Returns a filter that every key passes, oldest first.
    pub fn all(now: Timestamp) -> Self {
        Filter {
            now,
            owner: None,
            owners: Vec::new(),
            name: None,
            name_prefix: None,
            name_part: None,
            id_prefix: None,
            kind: None,
            project: None,
            scopes: Vec::new(),
            any_scopes: Vec::new(),
            states: Vec::new(),
            labels: Vec::new(),
            stops_until: None,
            stopped_since: None,
            unused_since: None,
            created_until: None,
            created_since: None,
            died_until: None,
            sort: Sort::default(),
            reverse: false,
            limit: None,
        }
    }

    /// Returns a filter that every key passes unless it is deleted, oldest first.
    pub fn undeleted(now: Timestamp) -> Self {
        let states = State::ALL.into_iter();
        Filter {
            states: states.filter(|state| *state != State::Deleted).collect(),
            ..Filter::all(now)
        }
    }
}

/// Conditions on an event of the log; a scan visits the events that meet all, oldest first. An empty or
/// absent field is no condition.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Keys, one of which was changed.
    pub keys: Vec<KeyId>,
    /// The user who made the change.
    pub actor: Option<String>,
    /// Kinds of change, one of which it was.
    pub actions: Vec<Action>,
    /// Earliest time of the event.
    pub since: Option<Timestamp>,
    /// Latest time of the event.
    pub until: Option<Timestamp>,
    /// Earliest time of the event, but searched backwards from the end of the log: the search ends at the
    /// first older event. Finds what `since` finds, unless the clock was set back.
    pub recent: Option<Timestamp>,
    /// Most events to visit: the last ones.
    pub limit: Option<u64>,
}
