//! Contracts of what verification notes: the last use, and a hash that is made anew.

use super::fixtures::{hash, id, insert, key};
use super::stores::stores;
use crate::harness::START;
use keyctl::key::Key;
use keyctl::when::Timestamp;

const MINUTE: i64 = 60_000;

#[test]
fn touch_notes_a_use_once_a_minute_and_never_an_earlier_one() {
    // Milliseconds after the start, and the use that is noted then.
    let uses = [
        (0, 0),
        (1, 0),
        (MINUTE - 1, 0),
        (MINUTE, MINUTE),
        (MINUTE - 1, MINUTE),
        (-5 * MINUTE, MINUTE),
        (2 * MINUTE - 1, MINUTE),
        (2 * MINUTE, 2 * MINUTE),
        (900 * MINUTE, 900 * MINUTE),
    ];
    let at = |millis: i64| Timestamp::from_millis(START + millis).unwrap();
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1), key(2)]));
        for (used, noted) in uses {
            store.write(|tx| tx.touch(id(1), at(used)));
            let expected = Key {
                first_used_at: Some(at(0)),
                last_used_at: Some(at(noted)),
                ..key(1)
            };
            assert_eq!(store.read(|read| read.get(id(1))), Some(expected), "{used}");
        }
        assert_eq!(store.read(|read| read.get(id(2))), Some(key(2)));
    }
}

#[test]
fn touch_leaves_the_first_use_unknown_if_only_a_later_one_is_noted() {
    for store in stores() {
        let used = Key {
            last_used_at: Some(super::fixtures::at(0)),
            ..key(1)
        };
        store.insert(&[used]);
        store.write(|tx| tx.touch(id(1), super::fixtures::at(100)));
        let noted = store.read(|read| read.get(id(1))).unwrap();
        assert_eq!(noted.last_used_at, Some(super::fixtures::at(100)));
        assert_eq!(noted.first_used_at, None);
    }
}

#[test]
fn touch_of_a_key_that_is_not_there_does_nothing() {
    for store in stores() {
        store.write(|tx| tx.touch(id(1), super::fixtures::at(0)));
        assert_eq!(store.read(|read| read.get(id(1))), None);
    }
}

#[test]
fn replace_hash_takes_the_place_of_that_hash_only() {
    for store in stores() {
        let stored = |number| {
            let known = store.read(|read| read.to_verify(&[id(number).into()]));
            known.into_iter().flatten().next().and_then(|it| it.hash)
        };
        store.write(|tx| insert(tx, &[key(1), key(2)]));
        assert!(store.write(|tx| tx.replace_hash(id(1), &hash(id(1)), "new")));
        assert_eq!(stored(1).as_deref(), Some("new"));
        // The one that was read is no longer there, or is another key's.
        for old in [hash(id(1)), hash(id(2)), "NEW".to_owned(), String::new()] {
            assert!(!store.write(|tx| tx.replace_hash(id(1), &old, "newer")));
        }
        assert_eq!(stored(1).as_deref(), Some("new"));
        assert_eq!(stored(2), Some(hash(id(2))));
        assert!(!store.write(|tx| tx.replace_hash(id(3), "new", "newer")));
    }
}

#[test]
fn replace_hash_gives_a_deleted_key_none() {
    for store in stores() {
        let deleted = Key {
            deleted_at: Some(super::fixtures::at(1)),
            ..key(1)
        };
        store.write(|tx| {
            insert(tx, &[key(1)])?;
            tx.update(&deleted)
        });
        assert!(!store.write(|tx| tx.replace_hash(id(1), &hash(id(1)), "new")));
        let known = store.read(|read| read.to_verify(&[id(1).into()]));
        assert!(known.into_iter().flatten().all(|it| it.hash.is_none()));
    }
}
