//! Contracts of what changes a key: insert, update, purge.

use super::fixtures::{at, hash, id, insert, key};
use super::stores::{Made, stores};
use keyctl::error::{Error, FailureKind};
use keyctl::key::{Key, Kind};
use keyctl::store::Known;
use std::collections::{BTreeMap, BTreeSet};

fn stored(store: &Made, number: u32) -> Option<Key> {
    store.read(|read| read.get(id(number)))
}

fn stored_hash(store: &Made, number: u32) -> Option<String> {
    let known: Vec<Option<Known>> = store.read(|read| read.to_verify(&[id(number).into()]));
    known.into_iter().flatten().next().and_then(|it| it.hash)
}

/// A key in which every field says something.
fn full(number: u32) -> Key {
    Key {
        scopes: BTreeSet::from(["inference".to_owned(), "project".to_owned()]),
        labels: BTreeMap::from([
            ("team".to_owned(), "a b".to_owned()),
            ("empty".to_owned(), String::new()),
        ]),
        created_by: "carol".to_owned(),
        allow_from: BTreeSet::from([
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ]),
        first_used_at: Some(at(0)),
        last_used_at: Some(at(1)),
        grace_from: Some(at(2)),
        usable_until: Some(at(3)),
        disabled_at: Some(at(4)),
        disabled_by: Some("dave".to_owned()),
        replaces: Some(id(90)),
        replaced_by: Some(id(91)),
        ..key(number)
    }
}

#[test]
fn insert_keeps_every_field_of_the_key() {
    let legacy = Key {
        kind: Kind::Legacy,
        scopes: BTreeSet::new(),
        expires_at: None,
        ..key(2)
    };
    for store in stores() {
        store.insert(&[full(1), legacy.clone()]);
        assert_eq!(stored(&store, 1), Some(full(1)));
        assert_eq!(stored(&store, 2).as_ref(), Some(&legacy));
        assert_eq!(stored_hash(&store, 1), Some(hash(id(1))));
        assert_eq!(stored(&store, 3), None);
    }
}

#[test]
fn insert_refuses_a_second_key_of_one_id() {
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        let again = Key {
            name: "another".to_owned(),
            ..key(1)
        };
        let error = store.try_write(|tx| tx.insert(&again, "hash")).unwrap_err();
        assert_eq!(error.kind.exit_code(), 5, "{error:?}");
        assert_eq!(stored(&store, 1), Some(key(1)));
        assert_eq!(stored_hash(&store, 1), Some(hash(id(1))));
    }
}

fn assert_taken(error: &Error) {
    assert_eq!(error.kind, FailureKind::State, "{error:?}");
    assert_eq!(
        error.message,
        "the name 'key-1' of 'alice' is held by another key"
    );
}

#[test]
fn insert_and_update_refuse_a_name_that_a_live_key_of_the_owner_holds() {
    let named = |number| Key {
        name: "key-1".to_owned(),
        ..key(number)
    };
    let disabled = Key {
        disabled_at: Some(at(1)),
        disabled_by: Some("alice".to_owned()),
        ..key(1)
    };
    let expired = Key {
        expires_at: Some(at(0)),
        ..key(1)
    };
    for holder in [key(1), disabled, expired] {
        for store in stores() {
            store.write(|tx| insert(tx, &[holder.clone(), key(2)]));
            assert_taken(&store.try_write(|tx| insert(tx, &[named(3)])).unwrap_err());
            assert_eq!(stored(&store, 3), None);
            assert_taken(&store.try_write(|tx| tx.update(&named(2))).unwrap_err());
            assert_eq!(stored(&store, 2), Some(key(2)));
            assert_eq!(stored(&store, 1).as_ref(), Some(&holder));
        }
    }
}

#[test]
fn insert_takes_a_name_that_is_held_by_no_live_key_of_the_owner() {
    let named = |number| Key {
        name: "key-1".to_owned(),
        ..key(number)
    };
    let deleted = Key {
        deleted_at: Some(at(1)),
        ..key(1)
    };
    let phased_out = Key {
        grace_from: Some(at(1)),
        usable_until: Some(at(900)),
        ..key(1)
    };
    let of_bob = Key {
        owner: "bob".to_owned(),
        ..key(1)
    };
    let in_capitals = Key {
        name: "KEY-1".to_owned(),
        ..key(1)
    };
    for holder in [deleted, phased_out, of_bob, in_capitals] {
        for store in stores() {
            let made = Key {
                deleted_at: None,
                ..holder.clone()
            };
            store.write(|tx| {
                insert(tx, &[made])?;
                tx.update(&holder)?;
                insert(tx, &[named(2)])
            });
            assert_eq!(stored(&store, 2), Some(named(2)));
        }
    }
}

#[test]
fn update_lets_a_key_keep_its_own_name() {
    for store in stores() {
        let edited = Key {
            expires_at: Some(at(7)),
            ..key(1)
        };
        store.write(|tx| insert(tx, &[key(1)]));
        store.write(|tx| tx.update(&edited));
        assert_eq!(stored(&store, 1), Some(edited));
    }
}

#[test]
fn update_writes_what_changed_and_nothing_of_another_key() {
    let changed = Key {
        replaces: None,
        created_by: "alice".to_owned(),
        first_used_at: None,
        last_used_at: None,
        ..full(1)
    };
    let back = Key {
        scopes: BTreeSet::from(["project".to_owned()]),
        ..key(1)
    };
    for store in stores() {
        store.insert(&[key(1), full(2)]);
        for key in [&changed, &back] {
            store.write(|tx| tx.update(key));
            assert_eq!(stored(&store, 1).as_ref(), Some(key));
            assert_eq!(stored_hash(&store, 1), Some(hash(id(1))));
        }
        assert_eq!(stored(&store, 2), Some(full(2)));
    }
}

#[test]
fn update_keeps_the_last_use_that_was_noted_meanwhile() {
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        store.write(|tx| tx.touch(id(1), at(5)));
        store.write(|tx| tx.update(&key(1)));
        assert_eq!(stored(&store, 1).unwrap().last_used_at, Some(at(5)));
    }
}

#[test]
fn update_to_deleted_wipes_the_hash_and_keeps_the_record() {
    for store in stores() {
        let deleted = Key {
            deleted_at: Some(at(1)),
            ..key(1)
        };
        store.write(|tx| insert(tx, &[key(1), key(2)]));
        store.write(|tx| tx.update(&deleted));
        assert_eq!(stored_hash(&store, 1), None);
        assert_eq!(stored(&store, 1), Some(deleted));
        assert_eq!(stored_hash(&store, 2), Some(hash(id(2))));
    }
}

#[test]
fn update_of_a_key_that_is_not_there_fails() {
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        let error = store.try_write(|tx| tx.update(&key(2))).unwrap_err();
        // A server does not tell a key that is not there from one of somebody else.
        let expected = if store.is_on_server() { 4 } else { 5 };
        assert_eq!(error.kind.exit_code(), expected, "{error:?}");
        assert_eq!(stored(&store, 2), None);
    }
}

#[test]
fn purge_removes_the_record_and_leaves_its_events() {
    for store in stores() {
        store.write(|tx| insert(tx, &[full(1), key(2)]));
        let head = store.read(|read| read.head());
        store.write(|tx| tx.purge(id(1)));
        assert_eq!(stored(&store, 1), None);
        assert_eq!(stored_hash(&store, 1), None);
        assert_eq!(store.read(|read| read.users_of_scope("project", 9)), []);
        assert_eq!(stored(&store, 2), Some(key(2)));
        assert_eq!(store.read(|read| read.check_log(Some(head))), Ok(head));
        // Its ID and its name are free again.
        store.write(|tx| insert(tx, &[key(1)]));
        assert_eq!(stored(&store, 1), Some(key(1)));
        // A server refuses it: it does not tell whose key it would be.
        let purged = store.try_write(|tx| tx.purge(id(77)));
        assert_eq!(purged.is_err(), store.is_on_server(), "{purged:?}");
        assert_eq!(stored(&store, 1), Some(key(1)));
    }
}
