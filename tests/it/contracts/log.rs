//! Contracts of the log: its chain, what a filter lets through, and one transaction with the change.

use super::fixtures::{at, event, id, insert, key};
use super::stores::{Made, stores};
use crate::harness::user;
use keyctl::error::Error;
use keyctl::event::{Action, Entry, Event, Flaw, GENESIS, Head};
use keyctl::store::{self, LogFilter};
use std::ops::ControlFlow;

fn entries(store: &Made, filter: &LogFilter) -> Vec<Entry> {
    store.read(|read| read.find_events(filter))
}

fn head_of(entry: &Entry) -> Head {
    Head {
        seq: entry.seq,
        hash: entry.hash,
    }
}

#[test]
fn append_chains_each_event_to_the_one_before() {
    let appended = event(Action::Edit, Some(id(1)))
        .with("name", "ä\u{1f511}\"\\")
        .because(Some("why"));
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1), key(2)]));
        store.write(|tx| tx.append(&appended));
        let log = entries(&store, &LogFilter::default());
        let mut before = GENESIS;
        for (entry, seq) in log.iter().zip(1..) {
            assert_eq!(entry.seq, seq);
            assert_eq!(entry.hash, entry.link(&before), "{entry:?}");
            before = entry.hash;
        }
        let actions: Vec<&str> = log.iter().map(|entry| &*entry.action).collect();
        assert_eq!(actions, ["init", "create", "create", "edit"]);
        let last = log.last().unwrap();
        assert_eq!(
            (last.at, &*last.actor, last.key_id.as_deref()),
            (at(0).millis(), "carol", Some(id(1).as_str()))
        );
        assert_eq!(last.detail, appended.detail_text());
        assert_eq!(log[0].key_id, None);
        let head = head_of(last);
        assert_eq!(store.read(|read| read.head()), head);
        for kept in log.iter().map(head_of) {
            assert_eq!(store.read(|read| read.check_log(Some(kept))), Ok(head));
        }
        let forged = Head {
            seq: 2,
            hash: [7; 32],
        };
        let flaw = store.read(|read| read.check_log(Some(forged)));
        assert_eq!(flaw, Err(Flaw::Rewritten(2)));
        let longer = Head {
            seq: head.seq + 1,
            hash: [7; 32],
        };
        let flaw = store.read(|read| read.check_log(Some(longer)));
        assert_eq!(flaw, Err(Flaw::Missing(longer.seq)));
    }
}

#[test]
fn check_log_inside_a_transaction_counts_what_it_has_appended() {
    for store in stores() {
        let inside = store.write(|tx| {
            tx.append(&event(Action::Edit, None))?;
            tx.check_log(None)
        });
        assert_eq!(inside.unwrap().seq, 2);
        assert_eq!(inside, store.read(|read| read.check_log(None)));
    }
}

#[test]
fn event_at_is_the_last_one_at_that_place_or_before() {
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        let log = entries(&store, &LogFilter::default());
        let at = |seq| store.read(|read| read.event_at(seq));
        assert_eq!(at(0), None);
        assert_eq!(at(-1), None);
        assert_eq!(at(1), Some(head_of(&log[0])));
        assert_eq!(at(2), Some(head_of(&log[1])));
        assert_eq!(at(i64::MAX), Some(head_of(&log[1])));
    }
}

#[test]
fn a_job_that_fails_leaves_neither_row_nor_event() {
    for store in stores() {
        store.write(|tx| insert(tx, &[key(1)]));
        let head = store.read(|read| read.head());
        let failed: Result<(), Error> = store.try_write(|tx| {
            insert(tx, &[key(2)])?;
            tx.purge(id(1))?;
            tx.add_administrator("mallory")?;
            tx.set_policy("hash", Some("sha256"))?;
            Err(Error::state("no"))
        });
        assert_eq!(failed.unwrap_err().message, "no");
        assert_eq!(store.read(|read| read.head()), head);
        assert_eq!(store.read(|read| read.get(id(2))), None);
        assert_eq!(store.read(|read| read.get(id(1))), Some(key(1)));
        assert!(!store.read(|read| read.is_appointed("mallory")));
        assert!(!store.read(|read| read.policy()).fast_hash);
        assert_eq!(store.read(|read| read.check_log(None)), Ok(head));
        // The next one has the place that the failed one would have had.
        store.write(|tx| tx.append(&event(Action::Edit, None)));
        assert_eq!(store.read(|read| read.head()).seq, head.seq + 1);
    }
}

/// A log with two actors, two keys, several actions and a clock that was set back once; minutes
/// and what was done.
fn busy(store: &Made) {
    let log = [
        (1, "carol", Action::Create, Some(1)),
        (2, "bob", Action::Create, Some(2)),
        (9, "carol", Action::Edit, Some(1)),
        (8, "carol", Action::Edit, Some(2)),
        (3, "bob", Action::Edit, Some(1)),
        (4, "carol", Action::Policy, None),
        (5, "carol", Action::Edit, Some(2)),
        (6, "bob", Action::Edit, Some(1)),
    ];
    for (minutes, who, action, key) in log {
        let event = Event::new(at(minutes), &user(who), action, key.map(id));
        store::write(&mut *store.open_as(who), |tx| tx.append(&event)).unwrap();
    }
}

#[test]
fn scan_log_lets_through_what_each_question_asks() {
    let keys = |numbers: &[u32]| LogFilter {
        keys: numbers.iter().copied().map(id).collect(),
        ..LogFilter::default()
    };
    let by = |name: &str| LogFilter {
        actor: Some(name.to_owned()),
        ..LogFilter::default()
    };
    let actions = |actions: &[Action]| LogFilter {
        actions: actions.to_vec(),
        ..LogFilter::default()
    };
    let since = |minutes| LogFilter {
        since: Some(at(minutes)),
        ..LogFilter::default()
    };
    let until = |minutes| LogFilter {
        until: Some(at(minutes)),
        ..LogFilter::default()
    };
    let recent = |minutes, numbers: &[u32]| LogFilter {
        recent: Some(at(minutes)),
        ..keys(numbers)
    };
    let limit = |limit| LogFilter {
        limit: Some(limit),
        ..LogFilter::default()
    };
    let several = LogFilter {
        keys: vec![id(1)],
        actor: Some("bob".to_owned()),
        actions: vec![Action::Edit],
        since: Some(at(3)),
        until: Some(at(9)),
        recent: None,
        limit: Some(1),
    };
    let expected: [(LogFilter, &[i64]); 23] = [
        (LogFilter::default(), &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (keys(&[1]), &[2, 4, 6, 9]),
        (keys(&[2]), &[3, 5, 8]),
        (keys(&[3]), &[]),
        (keys(&[2, 3, 1]), &[2, 3, 4, 5, 6, 8, 9]),
        (by("carol"), &[1, 2, 4, 5, 7, 8]),
        (by("Carol"), &[]),
        (actions(&[Action::Edit]), &[4, 5, 6, 8, 9]),
        (actions(&[Action::Init]), &[1]),
        (actions(&[Action::Init, Action::Policy]), &[1, 7]),
        (since(4), &[4, 5, 7, 8, 9]),
        (since(10), &[]),
        (until(4), &[1, 2, 3, 6, 7]),
        (until(0), &[1]),
        // The clock was set back behind the fifth line.
        (recent(4, &[]), &[7, 8, 9]),
        (recent(6, &[]), &[9]),
        (recent(10, &[]), &[]),
        // Among the events of those keys alone.
        (recent(4, &[1]), &[9]),
        (recent(4, &[2]), &[5, 8]),
        (recent(4, &[1, 2]), &[8, 9]),
        (limit(2), &[8, 9]),
        (limit(0), &[]),
        (several, &[9]),
    ];
    for store in stores() {
        busy(&store);
        for (filter, places) in &expected {
            let found: Vec<i64> = entries(&store, filter)
                .iter()
                .map(|entry| entry.seq)
                .collect();
            assert_eq!(found, *places, "{filter:?}");
        }
    }
}

#[test]
fn count_events_counts_those_of_one_key() {
    for store in stores() {
        busy(&store);
        let count = |number| store.read(|read| read.count_events(id(number)));
        assert_eq!((count(1), count(2), count(3)), (4, 3, 0));
    }
}

#[test]
fn scan_log_stops_where_visit_breaks_and_hands_on_its_error() {
    for store in stores() {
        busy(&store);
        let mut visited = Vec::new();
        store.read(|read| {
            visited.clear();
            read.scan_log(&LogFilter::default(), &mut |entry| {
                visited.push(entry.seq);
                Ok(match entry.seq {
                    3 => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                })
            })
        });
        assert_eq!(visited, [1, 2, 3]);
        let mut visits = 0;
        let failed = store::read(&*store.open(), |read| {
            read.scan_log(&LogFilter::default(), &mut |_| {
                visits += 1;
                Err(Error::state("full"))
            })
        });
        assert_eq!(
            (failed.unwrap_err().message, visits),
            ("full".to_owned(), 1)
        );
    }
}
