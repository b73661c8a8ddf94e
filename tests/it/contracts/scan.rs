//! Contracts of a scan: every field of a filter against the model, the order, the limit, the stream.

use super::fixtures::{at, hash, id, insert, key};
use super::model;
use super::stores::{Made, stores};
use keyctl::error::Error;
use keyctl::key::{Key, Kind, State};
use keyctl::name::form::Part;
use keyctl::project::{Member, Role};
use keyctl::store::{Filter, Sort};
use keyctl::when::Timestamp;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

const OWNERS: [&str; 3] = ["alice", "bob", "Alice"];
const NAMES: [&str; 8] = ["web", "web-1", "weber", "WEB", "ä", "a%b", "a_b", "aXb"];
const PREFIXES: [&str; 7] = ["", "w", "web", "W", "a_", "a%", "ä"];
const PARTS: [&str; 6] = ["", "EB", "Ä", "a\u{308}", "_", "-1"];
const SCOPES: [&str; 2] = ["inference", "project"];
const PROJECTS: [&str; 2] = ["atlas", "Atlas"];

const SORTS: [Sort; 5] = [
    Sort::Created,
    Sort::Expires,
    Sort::LastUsed,
    Sort::Name,
    Sort::Any,
];

/// The minutes at which something happens, so that two often fall on one.
const MINUTES: [i64; 6] = [0, 1, 2, 5, 8, 9];
const NOW: i64 = 5;

fn minutes() -> impl Strategy<Value = Timestamp> {
    select(&MINUTES[..]).prop_map(at)
}

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    let label = (select(&["team", "env"][..]), select(&["a", "b", ""][..]));
    let label = label.prop_map(|(name, value)| (name.to_owned(), value.to_owned()));
    prop::collection::vec(label, 0..3)
}

/// Labels to filter by, some of them with any value.
fn sought_labels() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    let value = option::weighted(0.6, select(&["a", "b", ""][..]).prop_map(str::to_owned));
    let label = (
        select(&["team", "env", "te"][..]).prop_map(str::to_owned),
        value,
    );
    prop::collection::vec(label, 0..3)
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    subsequence(&SCOPES[..], 0..=2)
        .prop_map(|scopes| scopes.into_iter().map(str::to_owned).collect())
}

/// Sets of scopes to filter by, some of them empty.
fn any_scopes() -> impl Strategy<Value = Vec<BTreeSet<String>>> {
    let set = scopes().prop_map(|scopes| scopes.into_iter().collect());
    prop::collection::vec(set, 0..3)
}

/// A key as the rules leave one: whatever was done to it, its grace ends with its life.
fn any_key() -> impl Strategy<Value = Key> {
    let what = (
        select(&OWNERS[..]),
        select(&NAMES[..]),
        any::<bool>(),
        scopes(),
        labels(),
    );
    let times = (
        minutes(),
        option::of(minutes()),
        option::of(minutes()),
        option::weighted(0.3, (minutes(), minutes())),
        option::weighted(0.3, minutes()),
        option::weighted(0.2, minutes()),
    );
    (what, times).prop_map(|(what, times)| {
        let (owner, name, legacy, scopes, labels) = what;
        let (created_at, expires_at, last_used_at, grace, disabled_at, deleted_at) = times;
        let until = |until: Timestamp| expires_at.map_or(until, |expires| expires.min(until));
        Key {
            owner: owner.to_owned(),
            name: name.to_owned(),
            kind: if legacy { Kind::Legacy } else { Kind::Api },
            scopes: scopes.into_iter().collect(),
            labels: labels.into_iter().collect(),
            created_at,
            expires_at,
            last_used_at,
            grace_from: grace.map(|(from, _)| from),
            usable_until: grace.map(|(_, end)| until(end)),
            disabled_at,
            disabled_by: disabled_at.map(|_| "carol".to_owned()),
            deleted_at,
            ..key(0)
        }
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let text =
        |all: &'static [&'static str]| option::weighted(0.2, select(all).prop_map(str::to_owned));
    let time = || option::weighted(0.2, minutes());
    let what = (
        text(&NAMES),
        text(&PREFIXES),
        option::weighted(0.2, select(&PARTS[..]).prop_map(Part::new)),
        text(&["", "0000", "00000000000", "00000000001", "z"]),
        option::weighted(0.2, select(&[Kind::Api, Kind::Legacy][..])),
        prop_oneof![3 => Just(Vec::new()), 1 => scopes()],
        prop_oneof![3 => Just(Vec::new()), 1 => any_scopes()],
        prop_oneof![1 => Just(Vec::new()), 2 => subsequence(&State::ALL[..], 0..=5)],
        prop_oneof![3 => Just(Vec::new()), 1 => sought_labels()],
    );
    let who = (
        text(&OWNERS),
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(&OWNERS[..], 1..=3)],
        text(&PROJECTS),
    );
    let when = (time(), time(), time(), time(), time(), time());
    let how = (
        select(&SORTS[..]),
        any::<bool>(),
        option::weighted(0.3, 0..6_u64),
    );
    (who, what, when, how).prop_map(|(who, what, when, (sort, reverse, limit))| {
        let (owner, owners, project) = who;
        let owners = owners.into_iter().map(str::to_owned).collect();
        let (name, name_prefix, name_part, id_prefix, kind, scopes, any_scopes, states, labels) =
            what;
        let (stops_until, stopped_since, unused_since, created_until, created_since, died_until) =
            when;
        Filter {
            now: at(NOW),
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
            sort,
            reverse,
            limit,
        }
    })
}

/// The projects in which each owner is a member.
fn memberships() -> impl Strategy<Value = BTreeSet<(&'static str, &'static str)>> {
    let all: Vec<_> = PROJECTS
        .iter()
        .flat_map(|&project| OWNERS.map(|it| (project, it)))
        .collect();
    subsequence(all, 0..=6).prop_map(|some| some.into_iter().collect())
}

/// Numbers the keys, and leaves out those that would take the name of a live one.
fn numbered(keys: Vec<Key>) -> Vec<Key> {
    let mut taken = BTreeSet::new();
    let free = keys
        .into_iter()
        .filter(|key| !key.is_live() || taken.insert((key.owner.clone(), key.name.clone())));
    let numbered = free.zip(1..).map(|(key, number)| Key {
        id: id(number),
        ..key
    });
    numbered.collect()
}

fn fill(store: &Made, keys: &[Key], members: &BTreeSet<(&str, &str)>) {
    store.write(|tx| {
        for key in keys {
            let made = Key {
                deleted_at: None,
                // Its name may be taken.
                grace_from: key.deleted_at.or(key.grace_from),
                usable_until: key.deleted_at.or(key.usable_until),
                ..key.clone()
            };
            tx.insert(&made, &hash(key.id))?;
            tx.update(key)?;
        }
        members.iter().try_for_each(|(project, user)| {
            tx.set_member(&Member {
                project: (*project).to_owned(),
                user: (*user).to_owned(),
                role: Role::Collaborator,
            })
        })
    });
    store.set_uses(keys);
}

/// Keys that the filter lets through, in its order and without its limit.
fn expected(filter: &Filter, keys: &[Key], members: &BTreeSet<(&str, &str)>) -> Vec<Key> {
    let is_member = |project: &str, user: &str| members.contains(&(project, user));
    let mut all: Vec<Key> = keys
        .iter()
        .filter(|key| model::lets_through(filter, key, is_member))
        .cloned()
        .collect();
    model::sort(filter, &mut all);
    all
}

fn ids(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(|key| key.id.as_str()).collect()
}

fn compare(filter: &Filter, found: &[Key], expected: &[Key]) {
    let limit = filter.limit.map_or(usize::MAX, |limit| limit as usize);
    let count = expected.len().min(limit);
    if filter.sort != Sort::Any {
        assert_eq!(ids(found), ids(&expected[..count]), "{filter:?}");
        return;
    }
    // In any order, and with a limit any of them.
    let set: BTreeSet<&str> = ids(found).into_iter().collect();
    let among: BTreeSet<&str> = ids(expected).into_iter().collect();
    assert_eq!((found.len(), set.len()), (count, count), "{filter:?}");
    assert!(set.is_subset(&among), "{filter:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn scan_lets_through_what_the_model_does(
        keys in prop::collection::vec(any_key(), 0..16).prop_map(numbered),
        members in memberships(),
        filters in prop::collection::vec(filter(), 24),
    ) {
        for store in stores() {
            fill(&store, &keys, &members);
            let handle = store.open();
            for filter in &filters {
                let found = keyctl::store::read(&*handle, |read| read.find(filter)).unwrap();
                let expected = expected(filter, &keys, &members);
                compare(filter, &found, &expected);
                for key in &found {
                    prop_assert!(expected.contains(key), "{key:?} is not as it was stored");
                }
            }
        }
    }
}

#[test]
fn scan_lets_keys_of_one_time_come_oldest_first() {
    let keys: Vec<Key> = [5, 3, 9, 1].into_iter().map(key).collect();
    for store in stores() {
        store.write(|tx| insert(tx, &keys));
        for sort in [Sort::Created, Sort::Expires, Sort::LastUsed] {
            let filter = Filter {
                sort,
                ..Filter::all(at(NOW))
            };
            assert_eq!(store.read(|read| read.find(&filter)), keys, "{sort:?}");
        }
    }
}

#[test]
fn scan_stops_where_visit_breaks_and_hands_on_its_error() {
    let keys: Vec<Key> = (1..=5).map(key).collect();
    for store in stores() {
        store.write(|tx| insert(tx, &keys));
        // As a plain list has it, as any other, and in no order.
        for (sort, owner) in [
            (Sort::Created, None),
            (Sort::Name, Some("alice")),
            (Sort::Any, None),
        ] {
            let filter = Filter {
                sort,
                owner: owner.map(str::to_owned),
                ..Filter::all(at(NOW))
            };
            let mut visits = 0;
            let skipped = store.read(|read| {
                visits = 0;
                read.scan(&filter, &mut |_| {
                    visits += 1;
                    Ok(match visits {
                        3 => ControlFlow::Break(()),
                        _ => ControlFlow::Continue(()),
                    })
                })
            });
            assert_eq!((visits, skipped.count), (3, 0), "{sort:?}");
            let mut visits = 0;
            let failed = keyctl::store::read(&*store.open(), |read| {
                read.scan(&filter, &mut |_| {
                    visits += 1;
                    Err(Error::state("full"))
                })
            });
            let message = failed.unwrap_err().message;
            assert_eq!((&*message, visits), ("full", 1), "{sort:?}");
        }
    }
}

#[test]
fn scan_returns_the_whole_record() {
    let whole = Key {
        labels: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        last_used_at: Some(at(1)),
        disabled_at: Some(at(2)),
        disabled_by: Some("carol".to_owned()),
        replaces: Some(id(8)),
        ..key(1)
    };
    for store in stores() {
        store.insert(std::slice::from_ref(&whole));
        let named = Filter {
            name: Some("key-1".to_owned()),
            ..Filter::all(at(NOW))
        };
        for filter in [Filter::all(at(NOW)), named] {
            let found = store.read(|read| read.find(&filter));
            assert_eq!(found, std::slice::from_ref(&whole));
        }
    }
}
