//! Which keys a scan visits, and in what order.

use crate::event::Action;
use crate::id::KeyId;
use crate::key::{Kind, State};
use crate::when::Timestamp;

/// The order of a scan; keys that are equal in it come oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Oldest first.
    #[default]
    Created,
    /// The first to expire first, those that never do last.
    Expires,
    /// The longest unused first, those with no use recorded at the head.
    LastUsed,
    /// By name.
    Name,
    /// In the order in which they are found, so that a limit ends the search.
    Any,
}

/// Conditions that a key must meet to be visited; what is empty or absent asks nothing. By owner, project, name,
/// ID or scope, by any state but active, by when they stop and by when they died, keys are found
/// through an index; what else is asked is asked of each of these or, without them, of all keys.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The time at which states are told.
    pub now: Timestamp,
    /// It belongs to this user.
    pub owner: Option<String>,
    /// It has exactly this name.
    pub name: Option<String>,
    /// Its name begins so.
    pub name_prefix: Option<String>,
    /// Its ID begins so.
    pub id_prefix: Option<String>,
    /// It is of this kind.
    pub kind: Option<Kind>,
    /// Its owner is a member of this project.
    pub project: Option<String>,
    /// It has all of these scopes; having one that implies them is not enough.
    pub scopes: Vec<String>,
    /// It is in one of these states.
    pub states: Vec<State>,
    /// It has all of these labels.
    pub labels: Vec<(String, String)>,
    /// It is usable now and stops on its own by then.
    pub stops_by: Option<Timestamp>,
    /// It was neither made nor used after that.
    pub unused_since: Option<Timestamp>,
    /// It was made by then.
    pub created_by: Option<Timestamp>,
    /// It died by then.
    pub died_by: Option<Timestamp>,
    /// The order.
    pub sort: Sort,
    /// At most so many.
    pub limit: Option<u64>,
}

impl Filter {
    /// A filter that lets every key through, oldest first.
    pub fn all(now: Timestamp) -> Self {
        Filter {
            now,
            owner: None,
            name: None,
            name_prefix: None,
            id_prefix: None,
            kind: None,
            project: None,
            scopes: Vec::new(),
            states: Vec::new(),
            labels: Vec::new(),
            stops_by: None,
            unused_since: None,
            created_by: None,
            died_by: None,
            sort: Sort::default(),
            limit: None,
        }
    }

    /// A filter that lets every key through that is not deleted, oldest first.
    pub fn undeleted(now: Timestamp) -> Self {
        let states = State::ALL.into_iter();
        Filter {
            states: states.filter(|state| *state != State::Deleted).collect(),
            ..Filter::all(now)
        }
    }
}

/// Which events of the log are visited, oldest first; what is absent asks nothing.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// It was done to this key.
    pub key_id: Option<KeyId>,
    /// This user did it.
    pub actor: Option<String>,
    /// This was done.
    pub action: Option<Action>,
    /// It was done then or later.
    pub since: Option<Timestamp>,
    /// It stands after the last event that was done before then. Where the clock was never put back
    /// that is what `since` asks, but it is found from the end of the log.
    pub recent: Option<Timestamp>,
    /// Only the last so many.
    pub limit: Option<u64>,
}
