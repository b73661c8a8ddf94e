//! Contracts of what finds a few keys: by ID, by name, for verification, by scope.

use super::fixtures::{at, hash, id, insert, key};
use super::stores::stores;
use keyctl::hash::TokenDigest;
use keyctl::key::Key;
use keyctl::store::Known;
use keyctl::token::Locator;
use std::collections::{BTreeMap, BTreeSet};

fn of(owner: &str, name: &str, number: u32) -> Key {
    Key {
        owner: owner.to_owned(),
        name: name.to_owned(),
        ..key(number)
    }
}

/// The same key in another state: a deleted one loses its hash.
fn deleted(key: &Key) -> Key {
    Key {
        deleted_at: Some(at(1)),
        ..key.clone()
    }
}

fn phased_out(key: &Key) -> Key {
    Key {
        grace_from: Some(at(1)),
        usable_until: Some(at(900)),
        ..key.clone()
    }
}

#[test]
fn live_key_finds_the_key_of_that_owner_and_name_that_is_live() {
    let (old, gone) = (of("alice", "web", 1), of("alice", "web", 2));
    let live = of("alice", "web", 3);
    for store in stores() {
        store.write(|tx| {
            insert(tx, std::slice::from_ref(&old))?;
            tx.update(&phased_out(&old))?;
            insert(tx, std::slice::from_ref(&gone))?;
            tx.update(&deleted(&gone))?;
            insert(tx, &[live.clone(), of("bob", "ci", 4)])
        });
        let found = |owner: &str, name: &str| store.read(|read| read.live_key(owner, name));
        assert_eq!(found("alice", "web").as_ref(), Some(&live));
        assert_eq!(found("bob", "ci"), Some(of("bob", "ci", 4)));
        for (owner, name) in [("bob", "web"), ("alice", "we"), ("alice", "WEB"), ("", "")] {
            assert_eq!(found(owner, name), None, "{owner}/{name}");
        }
        store.write(|tx| tx.update(&deleted(&live)));
        assert_eq!(found("alice", "web"), None);
    }
}

#[test]
fn key_name_is_that_of_any_record_and_none_once_it_is_purged() {
    let (live, gone) = (of("alice", "web", 1), of("bob", "old", 2));
    for store in stores() {
        store.write(|tx| {
            insert(tx, &[live.clone(), gone.clone()])?;
            tx.update(&deleted(&gone))
        });
        let name = |number| store.read(|read| read.key_name(id(number)));
        assert_eq!(name(1).as_deref(), Some("web"));
        assert_eq!(name(2).as_deref(), Some("old"));
        assert_eq!(name(3), None);
        store.write(|tx| tx.purge(id(2)));
        assert_eq!(name(2), None);
    }
}

#[test]
fn live_names_are_in_order_and_as_many_as_asked() {
    let keys = [
        of("bob", "b", 1),
        of("alice", "ä", 2),
        of("alice", "z", 3),
        of("alice", "B", 4),
        of("Zoe", "a", 5),
        of("alice", "gone", 6),
        of("alice", "old", 7),
    ];
    let all = [
        ("Zoe", "a"),
        ("alice", "B"),
        ("alice", "z"),
        ("alice", "ä"),
        ("bob", "b"),
    ];
    let all = all.map(|(owner, name)| (owner.to_owned(), name.to_owned()));
    for store in stores() {
        store.write(|tx| {
            insert(tx, &keys)?;
            tx.update(&deleted(&keys[5]))?;
            tx.update(&phased_out(&keys[6]))
        });
        for limit in [0, 1, 4, 5, 6, u64::MAX] {
            let shown = &all[..all.len().min(limit.try_into().unwrap())];
            assert_eq!(store.read(|read| read.live_names(None, limit)), shown);
        }
        assert_eq!(
            store.read(|read| read.live_names(Some("alice"), 2)),
            all[1..3]
        );
        assert_eq!(
            store.read(|read| read.live_names(Some("alice"), 9)),
            all[1..4]
        );
        assert_eq!(store.read(|read| read.live_names(Some("ali"), 9)), []);
    }
}

#[test]
fn to_verify_answers_each_id_in_its_place() {
    let labelled = Key {
        labels: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        ..key(3)
    };
    let asked = [9, 3, 1, 0, 1, 5, 2].map(|number| Locator::Id(id(number)));
    let expected = [None, Some(3), Some(1), None, Some(1), None, Some(2)];
    for store in stores() {
        // There is nothing near any ID.
        let known = store.read(|read| read.to_verify(&asked));
        assert_eq!(known.len(), asked.len());
        assert!(known.iter().all(Option::is_none));
        store.write(|tx| insert(tx, &[key(1), key(2), labelled.clone()]));
        let known = store.read(|read| read.to_verify(&asked));
        let found = |known: &keyctl::store::Known| (known.key.clone(), known.hash.clone());
        let known: Vec<_> = known
            .iter()
            .map(|known| known.as_ref().map(found))
            .collect();
        // Without its labels.
        let expected = expected.map(|number| number.map(|it| (key(it), Some(hash(id(it))))));
        assert_eq!(known, expected);
        // Alone as among others.
        for (asked, expected) in asked.into_iter().zip(expected) {
            let known = store.read(|read| read.to_verify(&[asked]));
            let known: Vec<_> = known
                .iter()
                .map(|known| known.as_ref().map(found))
                .collect();
            assert_eq!(known, [expected]);
        }
        assert!(store.read(|read| read.to_verify(&[])).is_empty());
    }
}

#[test]
fn to_verify_tells_of_a_deleted_key_and_has_no_hash_of_it() {
    for store in stores() {
        store.write(|tx| {
            insert(tx, &[key(1)])?;
            tx.update(&deleted(&key(1)))
        });
        let mut known = store.read(|read| read.to_verify(&[id(1).into()]));
        let known = known.remove(0).unwrap();
        assert_eq!((known.key, known.hash), (deleted(&key(1)), None));
    }
}

#[test]
fn to_verify_finds_an_imported_key_by_its_digest_and_no_other_key() {
    let digest = |number| TokenDigest::of(format!("token of {number}").as_bytes());
    let imported = |number| Key {
        imported: true,
        ..key(number)
    };
    let asked = [
        Locator::Digest(digest(3)),
        id(3).into(),
        Locator::Digest(digest(9)),
        Locator::Digest(digest(1)),
        id(1).into(),
        Locator::Digest(digest(2)),
    ];
    let expected = [Some(3), Some(3), None, None, Some(1), Some(2)];
    for store in stores() {
        store.write(|tx| insert(tx, &[key(5)]));
        assert!(!store.read(|read| read.has_imported()));
        let known = store.read(|read| read.to_verify(&asked));
        assert!(known.iter().all(Option::is_none));
        store.write(|tx| {
            // The first one has such a hash too, but is not imported.
            tx.insert(&key(1), &digest(1).phc())?;
            tx.insert(&imported(2), &digest(2).phc())?;
            tx.insert(&imported(3), &digest(3).phc())?;
            tx.insert(&imported(4), &digest(4).phc())?;
            tx.update(&deleted(&imported(4)))
        });
        let ids = |known: Vec<Option<Known>>| {
            let ids = known.into_iter().map(|known| Some(known?.key.id));
            ids.collect::<Vec<_>>()
        };
        let expected = expected.map(|number| number.map(id));
        assert_eq!(ids(store.read(|read| read.to_verify(&asked))), expected);
        for (one, expected) in asked.into_iter().zip(expected) {
            assert_eq!(ids(store.read(|read| read.to_verify(&[one]))), [expected]);
        }
        let deleted = store.read(|read| read.key_by_digest(&digest(4)));
        assert_eq!(deleted, None);
        let found = store.read(|read| read.key_by_digest(&digest(2)));
        assert_eq!(found, Some(imported(2)));
        assert!(store.read(|read| read.has_imported()));
    }
}

#[test]
fn users_of_scope_have_that_scope_and_are_not_deleted() {
    let with = |number, scopes: &[&str]| Key {
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        ..key(number)
    };
    for store in stores() {
        let keys = [
            with(1, &["inference"]),
            with(2, &["inference", "project"]),
            with(3, &["project"]),
            with(4, &["inference"]),
            with(5, &["inference"]),
        ];
        store.write(|tx| {
            insert(tx, &keys)?;
            tx.update(&deleted(&keys[3]))?;
            tx.update(&phased_out(&keys[4]))
        });
        let users = |scope: &str, limit| -> BTreeSet<String> {
            let keys = store.read(|read| read.users_of_scope(scope, limit));
            keys.into_iter().map(|key| key.name).collect()
        };
        let named = |names: &[&str]| {
            names
                .iter()
                .map(|&it| it.to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(users("inference", 9), named(&["key-1", "key-2", "key-5"]));
        // Project implies inference, but is another scope.
        assert_eq!(users("project", 9), named(&["key-2", "key-3"]));
        assert_eq!(users("nothing", 9), named(&[]));
        let two = users("inference", 2);
        assert!(
            two.len() == 2 && two.is_subset(&users("inference", 9)),
            "{two:?}"
        );
    }
}

#[test]
fn damaged_owner_is_told_where_there_is_such_a_key() {
    for store in stores() {
        store.write(|tx| insert(tx, &[of("bob", "web", 1)]));
        let owner = |number| store.read(|read| read.damaged_owner(id(number)));
        assert_eq!(owner(1).as_deref(), Some("bob"));
        assert_eq!(owner(2), None);
    }
}
