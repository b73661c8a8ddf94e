//! Contracts of a snapshot: it sees one moment, and tells whether another one is the same.

use super::fixtures::{event, id, insert, key};
use super::stores::{Made, stores};
use keyctl::error::Error;
use keyctl::event::Action;
use keyctl::store::{Filter, LogFilter, Read, Store, Version};
use keyctl::when::Timestamp;

fn version(store: &dyn Store) -> Version {
    let mut found = None;
    let look = store.snapshot(&mut |read| {
        found = Some(read.version()?);
        Ok(())
    });
    look.unwrap();
    found.unwrap()
}

/// All that others may have changed.
fn content(read: &dyn Read) -> String {
    let now = Timestamp::from_millis(crate::harness::START).unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        read.find(&Filter::all(now)).unwrap(),
        read.find_events(&LogFilter::default()).unwrap(),
        read.head().unwrap(),
        read.policy().unwrap(),
        read.scopes().unwrap(),
        read.members(None, None).unwrap(),
        read.administrators(None).unwrap(),
    )
}

/// Changes something of everything, as somebody else.
fn change(store: &Made) {
    store.write(|tx| {
        insert(tx, &[key(2)])?;
        tx.purge(id(1))?;
        tx.set_policy("hash", Some("sha256"))?;
        tx.add_scope("audit", &Default::default())?;
        tx.add_administrator("dave")
    });
}

#[test]
fn snapshot_sees_one_moment_whatever_others_commit_meanwhile() {
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        let handle = store.open();
        let before = keyctl::store::read(&*handle, |read| Ok(content(read))).unwrap();
        let look = handle.snapshot(&mut |read| {
            read.version()?;
            // Before any content was read, and after.
            change(&store);
            assert_eq!(content(read), before);
            store.write(|tx| tx.append(&event(Action::Edit, None)));
            assert_eq!(content(read), before);
            assert_eq!(read.get(id(2)).unwrap(), None);
            Ok(())
        });
        look.unwrap();
        let after = keyctl::store::read(&*handle, |read| Ok(content(read))).unwrap();
        assert_ne!(after, before);
        assert_eq!(after, store.read(|read| Ok(content(read))));
    }
}

#[test]
fn snapshot_does_not_see_what_a_transaction_has_not_committed() {
    for store in stores() {
        let before = store.read(|read| Ok(content(read)));
        store.write(|tx| {
            insert(tx, &[key(1)])?;
            assert_eq!(tx.get(id(1))?, Some(key(1)), "a transaction sees its own");
            assert_eq!(store.read(|read| Ok(content(read))), before);
            Ok(())
        });
        assert_ne!(store.read(|read| Ok(content(read))), before);
    }
}

#[test]
fn version_is_the_same_until_somebody_else_commits() {
    for store in stores() {
        let handle = store.open();
        let first = version(&*handle);
        assert_eq!(version(&*handle), first);
        store.read(|read| read.head());
        let failed = store.try_write(|tx| {
            insert(tx, &[key(1)])?;
            Err::<(), _>(Error::state("no"))
        });
        assert!(failed.is_err());
        assert_eq!(version(&*handle), first, "nobody has committed");
        store.write(|tx| insert(tx, &[key(1)]));
        let second = version(&*handle);
        assert_ne!(second, first);
        assert_eq!(version(&*handle), second);
        // What takes back a change is a change.
        store.write(|tx| {
            tx.purge(id(1))?;
            tx.append(&event(Action::Purge, Some(id(1))))
        });
        let third = version(&*handle);
        assert!(third != second && third != first);
    }
}

#[test]
fn version_belongs_to_the_moment_that_is_seen() {
    for store in stores() {
        let handle = store.open();
        let mut seen = None;
        let look = handle.snapshot(&mut |read| {
            let version = read.version()?;
            store.write(|tx| insert(tx, &[key(1)]));
            seen = Some((version, read.get(id(1))?));
            Ok(())
        });
        look.unwrap();
        let (old, found) = seen.unwrap();
        assert_eq!(found, None);
        assert_ne!(
            version(&*handle),
            old,
            "what was missed would count as seen"
        );
    }
}

#[test]
fn snapshot_hands_on_the_error_of_its_look() {
    for store in stores() {
        let mut looks = 0;
        let failed = store.open().snapshot(&mut |_| {
            looks += 1;
            Err(Error::not_found("nothing here"))
        });
        assert_eq!(failed.unwrap_err().message, "nothing here");
        assert_eq!(looks, 1);
    }
}
