//! Contracts of a write: it runs once, alone, and wholly or not at all.

use super::fixtures::{at, event, id, insert, key};
use super::stores::{Made, stores};
use keyctl::error::{Error, FailureKind, Result};
use keyctl::event::Action;
use keyctl::key::{Key, Rotation};
use keyctl::store;
use keyctl::store::{Filter, LogFilter, Tx};
use keyctl::when::Span;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, mpsc};
use std::thread;

/// Rotates the first key, as the command does: what it needs is looked at inside the transaction.
fn rotate(tx: &mut dyn Tx, successor: u32) -> Result<()> {
    let mut old = tx.get(id(1))?.unwrap();
    let rotation = Rotation {
        successor: id(successor),
        actor: "alice".to_owned(),
        grace: Span::ZERO,
        expires_at: Some(at(2000)),
    };
    let new = old.rotate(at(1), rotation)?;
    tx.update(&old)?;
    insert(tx, &[new])?;
    tx.append(&event(Action::Rotate, Some(old.id)))
}

#[test]
fn write_lets_one_of_several_rotations_win() {
    const AT_ONCE: u32 = 8;
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        let start = Barrier::new(AT_ONCE as usize);
        let won: Vec<u32> = thread::scope(|scope| {
            let rotations: Vec<_> = (2..2 + AT_ONCE)
                .map(|successor| {
                    let (store, start) = (&store, &start);
                    scope.spawn(move || {
                        let mut handle = store.open();
                        start.wait();
                        let rotated = store::write(&mut *handle, |tx| rotate(tx, successor));
                        rotated.is_ok().then_some(successor)
                    })
                })
                .collect();
            let done = rotations.into_iter().filter_map(|it| it.join().unwrap());
            done.collect()
        });
        assert_eq!(won.len(), 1, "{won:?} won");
        let old = store.read(|read| read.get(id(1))).unwrap();
        assert_eq!(old.replaced_by, Some(id(won[0])));
        let live = store.read(|read| read.live_key("alice", "key-1")).unwrap();
        assert_eq!((live.id, live.replaces), (id(won[0]), Some(id(1))));
        assert_eq!(store.read(|read| read.find(&Filter::all(at(1)))).len(), 2);
        // That of the store's making, then create, create, rotate.
        assert_eq!(store.read(|read| read.check_log(None)).unwrap().seq, 4);
    }
}

#[test]
fn write_loses_no_change_of_several_at_once() {
    const WRITERS: u32 = 4;
    const WRITES: u32 = 10;
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let store = &store;
                scope.spawn(move || {
                    let mut handle = store.open();
                    for number in 0..WRITES {
                        let add = |tx: &mut dyn Tx| {
                            let mut key = tx.get(id(1))?.unwrap();
                            key.labels
                                .insert(format!("{writer}-{number}"), String::new());
                            tx.update(&key)?;
                            tx.append(&event(Action::Edit, Some(id(1))))
                        };
                        store::write(&mut *handle, add).unwrap();
                    }
                });
            }
        });
        let all = (WRITERS * WRITES) as usize;
        assert_eq!(
            store.read(|read| read.get(id(1))).unwrap().labels.len(),
            all
        );
        let edits = LogFilter {
            actions: vec![Action::Edit],
            ..LogFilter::default()
        };
        assert_eq!(store.read(|read| read.find_events(&edits)).len(), all);
        assert_eq!(
            store.read(|read| read.check_log(None)).unwrap().seq,
            2 + all as i64
        );
    }
}

#[test]
fn update_gives_a_key_to_another_owner() {
    for store in stores() {
        store.write(|tx| {
            insert(tx, &[key(1)])?;
            let mut given = tx.get(id(1))?.unwrap();
            given.owner = "bob".to_owned();
            tx.update(&given)
        });
        let name = key(1).name;
        assert_eq!(store.read(|read| read.live_key("alice", &name)), None);
        let found = store.read(|read| read.live_key("bob", &name));
        assert_eq!(found.map(|key| key.id), Some(id(1)));
        let theirs = Filter {
            owner: Some("bob".to_owned()),
            ..Filter::all(at(1))
        };
        assert_eq!(store.read(|read| read.find(&theirs)).len(), 1);
    }
}

/// While a transaction is open, lets another thread write with `job`; returns what that came to.
fn write_behind(store: &Made, job: impl FnOnce(&mut dyn Tx) -> Result<()> + Send) -> Result<()> {
    thread::scope(|scope| {
        let (calls, called) = mpsc::channel();
        let mut other = None;
        let job = &mut Some(job);
        store.write(|tx| {
            insert(tx, &[key(1)])?;
            let job = job.take().unwrap();
            other = Some(scope.spawn(move || {
                let mut handle = store.open();
                calls.send(()).unwrap();
                store::write(&mut *handle, job)
            }));
            called.recv().unwrap();
            // It cannot be free while this is open.
            assert_busy(store);
            Ok(())
        });
        other.unwrap().join().unwrap()
    })
}

#[test]
fn write_runs_its_job_once_where_it_had_to_wait() {
    for store in stores() {
        let ran = AtomicUsize::new(0);
        let waited = write_behind(&store, |tx| {
            ran.fetch_add(1, SeqCst);
            assert_eq!(
                tx.get(id(1))?,
                Some(key(1)),
                "it came before the other's end"
            );
            insert(tx, &[key(2)])
        });
        waited.unwrap();
        assert_eq!(ran.into_inner(), 1);
        assert_eq!(store.read(|read| read.get(id(2))), Some(key(2)));
    }
}

#[test]
fn write_never_runs_a_job_again_that_failed() {
    for store in stores() {
        let ran = AtomicUsize::new(0);
        let failed = write_behind(&store, |tx| {
            ran.fetch_add(1, SeqCst);
            insert(tx, &[key(2)])?;
            Err(Error::state("no"))
        });
        assert_eq!(failed.unwrap_err().message, "no");
        assert_eq!(ran.into_inner(), 1);
        assert_eq!(store.read(|read| read.get(id(2))), None);
    }
}

#[test]
fn write_goes_on_with_the_same_handle_after_an_error() {
    for store in stores() {
        let mut handle = store.open();
        for number in [1, 2] {
            let failed = store::write(&mut *handle, |tx| {
                insert(tx, &[key(number)])?;
                Err::<(), _>(Error::state("no"))
            });
            assert!(failed.is_err());
            store::write(&mut *handle, |tx| insert(tx, &[key(number)])).unwrap();
        }
        assert_eq!(store.read(|read| read.find(&Filter::all(at(1)))).len(), 2);
    }
}

/// Checks that a write which must not wait is left out now.
fn assert_busy(store: &Made) {
    let mut ran = false;
    let left = store.open().write_if_free(Box::new(|tx| {
        ran = true;
        tx.append(&event(Action::Reuse, None))
    }));
    // On a server a note takes the lock when it is sent.
    assert!(
        !ran || store.is_on_server(),
        "it ran in another's transaction"
    );
    // To be left out is no failure; but why may be told.
    if let Err(error) = left {
        assert_eq!(error.kind, FailureKind::Busy);
    }
}

#[test]
fn write_if_free_does_nothing_while_another_writes() {
    for store in stores() {
        store.write(|tx| {
            insert(tx, &[key(1)])?;
            assert_busy(&store);
            Ok(())
        });
        let log = store.read(|read| read.find_events(&LogFilter::default()));
        assert!(log.iter().all(|entry| entry.action != Action::Reuse.word()));
        assert_eq!(store.read(|read| read.check_log(None)).unwrap().seq, 2);
    }
}

#[test]
fn write_if_free_writes_where_nobody_else_does() {
    for store in stores() {
        let mut handle = store.open();
        let note = |tx: &mut dyn Tx| insert(tx, &[key(1)]);
        handle.write_if_free(Box::new(note)).unwrap();
        assert_eq!(store.read(|read| read.get(id(1))), Some(key(1)));
        let failed = handle.write_if_free(Box::new(|tx| {
            insert(tx, &[key(2)])?;
            Err(Error::state("no"))
        }));
        assert_eq!(failed.unwrap_err().message, "no");
        assert_eq!(store.read(|read| read.get(id(2))), None);
    }
}

#[test]
fn write_of_two_handles_is_seen_by_both() {
    for store in stores() {
        let (mut one, mut other) = (store.open(), store.open());
        let keys: [Key; 2] = [key(1), key(2)];
        store::write(&mut *one, |tx| insert(tx, &keys[..1])).unwrap();
        store::write(&mut *other, |tx| insert(tx, &keys[1..])).unwrap();
        for handle in [&*one, &*other] {
            let found = store::read(handle, |read| read.find(&Filter::all(at(1))));
            assert_eq!(found.unwrap(), keys);
        }
    }
}
