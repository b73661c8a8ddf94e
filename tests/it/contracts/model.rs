//! The meaning of a filter, one question after another and without an index.

use keyctl::key::{Key, State};
use keyctl::store::{Filter, Sort};
use keyctl::when::Timestamp;
use std::borrow::Borrow;
use std::cmp::{Ordering, max, min};

/// Tells whether `filter` lets `key` through; `is_member` is asked for a project and a user.
pub fn lets_through(filter: &Filter, key: &Key, is_member: impl Fn(&str, &str) -> bool) -> bool {
    let Filter {
        now,
        owner,
        owners,
        name,
        name_prefix,
        name_part,
        id_prefix,
        kind,
        project,
        scopes,
        any_scopes,
        states,
        labels,
        stops_until,
        stopped_since,
        unused_since,
        created_until,
        created_since,
        died_until,
        sort: _,
        reverse: _,
        limit: _,
    } = filter;
    let now = *now;
    let used = key.last_used_at.unwrap_or(key.created_at);
    owner.as_ref().is_none_or(|owner| *owner == key.owner)
        && (owners.is_empty() || owners.contains(&key.owner))
        && name.as_ref().is_none_or(|name| *name == key.name)
        && name_prefix
            .as_ref()
            .is_none_or(|prefix| key.name.starts_with(prefix))
        && name_part.as_ref().is_none_or(|part| part.is_in(&key.name))
        && id_prefix
            .as_ref()
            .is_none_or(|prefix| key.id.as_str().starts_with(prefix))
        && kind.is_none_or(|kind| kind == key.kind)
        && project
            .as_ref()
            .is_none_or(|project| is_member(project, &key.owner))
        && scopes.iter().all(|scope| key.scopes.contains(scope))
        && any_scopes
            .iter()
            .all(|scopes| scopes.iter().any(|scope| key.scopes.contains(scope)))
        && (states.is_empty() || states.contains(&key.state(now)))
        && labels.iter().all(|(label, value)| match value {
            Some(value) => key.labels.get(label) == Some(value),
            None => key.labels.contains_key(label),
        })
        && stops_or_stopped(*stops_until, *stopped_since, key, now)
        && unused_since.is_none_or(|since| max(key.created_at, used) <= since)
        && created_until.is_none_or(|by| key.created_at <= by)
        && created_since.is_none_or(|since| key.created_at >= since)
        && died_until.is_none_or(|by| died(key, now).is_some_and(|at| at <= by))
}

/// Tells whether a key that works stops by a time, or one that does not has stopped since a time.
fn stops_or_stopped(
    until: Option<Timestamp>,
    since: Option<Timestamp>,
    key: &Key,
    now: Timestamp,
) -> bool {
    let Some(at) = key.stops_at() else {
        return until.is_none() && since.is_none();
    };
    let stops = until.map(|until| key.is_usable(now) && at <= until);
    let stopped = since.map(|since| {
        let counts = match key.state(now) {
            State::Expired => true,
            State::PhasedOut => key.grace_from < key.usable_until,
            _ => false,
        };
        counts && at <= now && at >= since
    });
    match (stops, stopped) {
        (None, None) => true,
        (stops, stopped) => stops == Some(true) || stopped == Some(true),
    }
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

/// Puts keys, which are oldest first, into the order of a filter.
pub fn sort<K: Borrow<Key>>(filter: &Filter, keys: &mut [K]) {
    keys.sort_by(|one, other| order(filter.sort, one.borrow(), other.borrow()));
    if filter.reverse {
        keys.reverse();
    }
}

/// The order of two keys, the first of which is older or as old.
fn order(sort: Sort, one: &Key, other: &Key) -> Ordering {
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
