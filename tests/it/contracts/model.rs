//! The meaning of a filter, one question after another and without an index.

use keyctl::key::{Key, State};
use keyctl::store::{Filter, Sort};
use keyctl::when::Timestamp;
use std::cmp::{Ordering, max, min};

/// Tells whether `filter` lets `key` through; `is_member` is asked for a project and a user.
pub fn lets_through(filter: &Filter, key: &Key, is_member: impl Fn(&str, &str) -> bool) -> bool {
    let Filter {
        now,
        owner,
        name,
        name_prefix,
        id_prefix,
        kind,
        project,
        scopes,
        states,
        labels,
        stops_until,
        unused_since,
        created_until,
        died_until,
        sort: _,
        limit: _,
    } = filter;
    let now = *now;
    let used = key.last_used_at.unwrap_or(key.created_at);
    owner.as_ref().is_none_or(|owner| *owner == key.owner)
        && name.as_ref().is_none_or(|name| *name == key.name)
        && name_prefix
            .as_ref()
            .is_none_or(|prefix| key.name.starts_with(prefix))
        && id_prefix
            .as_ref()
            .is_none_or(|prefix| key.id.as_str().starts_with(prefix))
        && kind.is_none_or(|kind| kind == key.kind)
        && project
            .as_ref()
            .is_none_or(|project| is_member(project, &key.owner))
        && scopes.iter().all(|scope| key.scopes.contains(scope))
        && (states.is_empty() || states.contains(&key.state(now)))
        && labels.iter().all(|(label, value)| match value {
            Some(value) => key.labels.get(label) == Some(value),
            None => key.labels.contains_key(label),
        })
        && stops_until
            .is_none_or(|by| key.is_usable(now) && key.stops_at().is_some_and(|at| at <= by))
        && unused_since.is_none_or(|since| max(key.created_at, used) <= since)
        && created_until.is_none_or(|by| key.created_at <= by)
        && died_until.is_none_or(|by| died(key, now).is_some_and(|at| at <= by))
}

/// The time at which a key died, if it has; not later than `now`, whatever the clock said then.
fn died(key: &Key, now: Timestamp) -> Option<Timestamp> {
    match key.state(now) {
        State::Deleted => key.deleted_at.map(|at| min(at, now)),
        State::PhasedOut => key.usable_until.filter(|&at| at <= now),
        State::Expired => key.expires_at,
        State::Disabled | State::Active => None,
    }
}

/// The order of two keys, the first of which is older or as old.
pub fn order(sort: Sort, one: &Key, other: &Key) -> Ordering {
    let by_age = one.created_at.cmp(&other.created_at);
    match sort {
        Sort::Created => by_age,
        Sort::Expires => (one.expires_at.is_none(), one.expires_at)
            .cmp(&(other.expires_at.is_none(), other.expires_at))
            .then(by_age),
        Sort::LastUsed => one.last_used_at.cmp(&other.last_used_at).then(by_age),
        Sort::Name => (&one.name, &one.owner)
            .cmp(&(&other.name, &other.owner))
            .then(by_age),
        Sort::Any => Ordering::Equal,
    }
}
