//! SQLite's work for each query: one that asks for few keys or events must not read all of them. Counts
//! steps of SQLite's virtual machine, not time.

use super::*;
use crate::event::Action;
use crate::id::KeyId;
use crate::store::sqlite::base::LATEST;
use crate::store::sqlite::migrate;
use rusqlite::{Connection, StatementStatus, params_from_iter};
use std::collections::BTreeSet;

const DAY: i64 = 86_400_000;

const NOW: i64 = 20_000 * DAY;

/// Number of keys in each group that a query searches.
const FEW: usize = 3;

/// Makes a store with `many` active keys and events that no query asks for, and a few of every other group.
fn store(many: usize) -> Connection {
    let store = migrate::model(LATEST).ok().unwrap();
    let key = |group: &str, count: usize, expires: i64, ended: &str| {
        let sql =
            format!(
            "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {count})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at,
                 grace_from, usable_until, disabled_at, disabled_by, deleted_at)
             SELECT substr('{group}', 1, 4) || printf('%08d', n), '{group}-' || n, '{group}', 'api',
                 iif(deleted IS NULL, 'x', NULL), n, 'a', {expires}, phased, until, off,
                 iif(off IS NULL, NULL, 'a'), deleted
             FROM up, (SELECT NULL AS phased, NULL AS until, NULL AS off, NULL AS deleted
                 UNION ALL SELECT {ended} LIMIT 1 OFFSET {})",
            usize::from(!ended.is_empty()),
            ended = if ended.is_empty() { "1, 1, 1, 1" } else { ended },
        );
        assert_eq!(store.execute(&sql, []).unwrap(), count);
    };
    let later = NOW + 300 * DAY;
    key("active", many, later, "");
    key("deleted", FEW, later, "NULL, NULL, NULL, 5");
    key("phased", FEW, later, "5, 6, NULL, NULL");
    key(
        "grace",
        FEW,
        later,
        &format!("5, {}, NULL, NULL", NOW + DAY),
    );
    key("barred", FEW, later, "NULL, NULL, 5, NULL");
    key("expired", FEW, NOW - DAY, "");
    key("late", FEW, NOW - DAY, "NULL, NULL, 5, NULL");
    key("next", FEW, NOW + DAY, "");
    store
        .execute_batch(&format!(
            "UPDATE keys SET scopes = iif(owner = 'next', 'inference project', 'inference'), labels = '{{}}';
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys;
             INSERT INTO key_scopes SELECT 'project', seq FROM keys WHERE owner = 'next';
             WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {many})
             INSERT INTO events SELECT n, {NOW} - 2 * {DAY}, 'a', 'refuse', 'next00000001', '', x'' FROM up;
             INSERT INTO events SELECT {many} + seq, {NOW}, 'a', 'refuse', id, '', x''
                 FROM keys WHERE owner = 'barred'"
        ))
        .unwrap();
    store
}

/// Returns the plan of `query`, one line for each step.
fn plan(store: &Connection, query: &Query) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {}", query.sql);
    let mut statement = store.prepare(&sql).unwrap();
    let rows = statement.query_map(params_from_iter(&query.values), |row| row.get(3));
    let steps: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    steps.join("\n")
}

/// Returns the number of rows of `query`, and of steps that SQLite takes to find them.
fn work(store: &Connection, query: &Query) -> (usize, i32) {
    let mut statement = store.prepare(&query.sql).unwrap();
    let mut rows = statement.query(params_from_iter(&query.values)).unwrap();
    let mut count = 0;
    while rows.next().unwrap().is_some() {
        count += 1;
    }
    drop(rows);
    (count, statement.get_status(StatementStatus::VmStep))
}

/// Requires that `query` finds `count` rows in about as many steps in a large store as in a small one.
#[track_caller]
fn finds_without_a_walk(query: &Query, count: usize) {
    let (found, small) = work(&store(100), query);
    assert_eq!(found, count, "{}", query.sql);
    let large_store = store(5_000);
    let (found, large) = work(&large_store, query);
    assert_eq!(found, count, "{}", query.sql);
    let plan = plan(&large_store, query);
    assert!(
        large < small + 100,
        "{small} steps among 100, {large} among 5000\n{}\n{plan}",
        query.sql
    );
}

fn select(filter: &Filter) -> Query {
    super::select(Schema::LATEST, filter, SearchIndex::Name)
}

fn all() -> Filter {
    Filter::all(Timestamp::from_millis(NOW).unwrap())
}

/// Filter of `list` without `--state`.
fn not_deleted() -> Filter {
    let mut states = State::ALL.to_vec();
    states.retain(|&state| state != State::Deleted);
    Filter { states, ..all() }
}

fn in_states(states: &[State]) -> Filter {
    Filter {
        states: states.to_vec(),
        ..all()
    }
}

#[test]
fn a_list_of_all_is_read_in_its_order() {
    for filter in [all(), not_deleted(), in_states(&State::ALL)] {
        let plan = plan(&store(100), &select(&filter));
        let steps: Vec<&str> = plan.lines().collect();
        assert_eq!(steps[0], "SCAN keys USING INDEX keys_created", "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[test]
fn no_rare_state_is_looked_for_among_all_keys() {
    use State::{Deleted, Disabled, Expired, PhasedOut};
    for (states, count) in [
        (&[Deleted][..], FEW),
        (&[PhasedOut], 2 * FEW),
        (&[Disabled], FEW),
        (&[Expired], 2 * FEW),
        (&[Expired, Disabled], 3 * FEW),
        (&[Deleted, PhasedOut, Expired, Disabled], 6 * FEW),
    ] {
        let query = select(&in_states(states));
        finds_without_a_walk(&query, count);
        let plan = plan(&store(100), &query);
        assert!(plan.contains("USING INDEX keys_state"), "{plan}");
        assert!(!plan.contains("SCAN keys"), "{plan}");
    }
}

#[test]
fn what_soon_stops_is_not_looked_for_among_all_keys() {
    for filter in [all(), not_deleted()] {
        let query = select(&Filter {
            stops_until: Timestamp::from_millis(NOW + 7 * DAY),
            ..filter
        });
        finds_without_a_walk(&query, 2 * FEW);
        let plan = plan(&store(100), &query);
        assert!(
            plan.contains("disabled_at=? AND expires_at>? AND expires_at<?"),
            "{plan}"
        );
    }
}

#[test]
fn keys_that_stopped_lately_are_found_by_the_index_of_states() {
    let since = |days: i64| Timestamp::from_millis(NOW - days * DAY);
    let stopped = |days| Filter {
        stopped_since: since(days),
        ..not_deleted()
    };
    finds_without_a_walk(&select(&stopped(1)), 2 * FEW);
    finds_without_a_walk(&select(&stopped(20_000)), 3 * FEW);
    // Together with those that soon stop.
    let either = select(&Filter {
        stops_until: Timestamp::from_millis(NOW + 7 * DAY),
        ..stopped(1)
    });
    finds_without_a_walk(&either, 4 * FEW);
    for query in [select(&stopped(1)), either] {
        let plan = plan(&store(100), &query);
        assert!(!plan.contains("SCAN keys"), "{plan}");
    }
}

#[test]
fn keys_that_were_created_lately_are_found_by_the_index_of_creation() {
    for sort in [Sort::Created, Sort::Expires, Sort::LastUsed, Sort::Any] {
        for filter in [all(), not_deleted(), in_states(&[State::Active])] {
            let query = select(&Filter {
                created_since: Timestamp::from_millis(NOW - 7 * DAY),
                sort,
                ..filter
            });
            finds_without_a_walk(&query, 0);
            let plan = plan(&store(100), &query);
            assert!(plan.contains("keys_created (created_at>?)"), "{plan}");
        }
    }
}

#[test]
fn a_reversed_list_is_read_from_the_end_of_its_index() {
    for filter in [all(), not_deleted()] {
        let newest = Filter {
            reverse: true,
            limit: Some(3),
            ..filter
        };
        finds_without_a_walk(&select(&newest), 3);
        let plan = plan(&store(100), &select(&newest));
        assert!(plan.contains("USING INDEX keys_created"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[test]
fn keys_of_several_owners_are_found_by_the_index_of_owners() {
    let query = select(&Filter {
        owners: vec!["expired".to_owned(), "next".to_owned(), "none".to_owned()],
        ..not_deleted()
    });
    finds_without_a_walk(&query, 2 * FEW);
    let plan = plan(&store(100), &query);
    assert!(plan.contains("USING INDEX keys_owner (owner=?)"), "{plan}");
}

#[test]
fn keys_with_one_of_several_scopes_are_found_by_the_index_of_scopes() {
    let query = select(&Filter {
        any_scopes: vec![BTreeSet::from(["project".to_owned(), "other".to_owned()])],
        ..not_deleted()
    });
    finds_without_a_walk(&query, FEW);
    let plan = plan(&store(100), &query);
    assert!(
        plan.contains("SEARCH key_scopes USING PRIMARY KEY (scope=?)"),
        "{plan}"
    );
    assert!(!plan.contains("SCAN keys"), "{plan}");
}

#[test]
fn an_owner_s_keys_are_not_looked_for_among_all() {
    for filter in [all(), not_deleted(), in_states(&[State::Expired])] {
        let query = select(&Filter {
            owner: Some("expired".to_owned()),
            ..filter
        });
        finds_without_a_walk(&query, FEW);
        let plan = plan(&store(100), &query);
        assert!(plan.contains("USING INDEX keys_owner (owner=?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

/// The query `sql` with these values.
fn query(sql: &str, values: &[&str]) -> Query {
    Query {
        sql: sql.to_owned(),
        values: values.iter().copied().map(text).collect(),
    }
}

/// Makes a store in which `many` owners have a key of one name, one of them has `many` keys, two projects
/// have `many` members, and there are `many` administrators.
fn crowd(many: usize) -> Connection {
    let crowd = store(many);
    crowd
        .execute_batch(&format!(
            "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {many})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by)
             SELECT 'same' || printf('%08d', n), 'same', 'user-' || n, 'api', 'x', n, 'a' FROM up;
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, grace_from, usable_until)
             VALUES ('gone00000001', 'same', 'phased', 'api', 'x', 1, 'a', 5, 6);
             WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {many})
             INSERT INTO members SELECT project, 'user-' || n, 'collaborator'
             FROM up, (SELECT 'p' AS project UNION ALL SELECT 'q');
             INSERT INTO key_scopes SELECT 'held', seq FROM keys WHERE owner = 'active';
             INSERT INTO administrators SELECT DISTINCT owner FROM keys"
        ))
        .unwrap();
    crowd
}

/// Requires that `query` finds `count` rows in as many steps in a large crowd as in a small one.
#[track_caller]
fn finds_in_a_crowd(query: &Query, count: usize) {
    let (small, large) = (work(&crowd(200), query), work(&crowd(5_000), query));
    assert_eq!((small.0, large.0), (count, count), "{}", query.sql);
    let plan = plan(&crowd(200), query);
    assert!(
        large.1 < small.1 + 20,
        "{} steps among 200, {} among 5000\n{}\n{plan}",
        small.1,
        large.1,
        query.sql
    );
}

#[test]
fn a_live_name_is_found_by_the_index_that_makes_it_unique() {
    for (owner, name, count) in [
        ("active", "active-50", 1),
        ("active", "none", 0),
        ("user-7", "same", 1),
        ("phased", "same", 0),
    ] {
        let query = query(&live_key(Schema::LATEST), &[owner, name]);
        finds_in_a_crowd(&query, count);
        let plan = plan(&crowd(200), &query);
        assert!(
            plan.contains("keys_live_name (owner=? AND name=?)"),
            "{plan}"
        );
    }
}

#[test]
fn phased_out_keys_of_an_owner_and_a_name_are_found_by_the_rarer_of_the_two() {
    let named = |owner: &str, name: &str, stops_until| Filter {
        owner: Some(owner.to_owned()),
        name: Some(name.to_owned()),
        states: vec![State::PhasedOut],
        stops_until,
        ..all()
    };
    for stops_until in [None, Some(Timestamp::MAX)] {
        let of_many = select(&named("active", "active-50", stops_until));
        finds_in_a_crowd(&of_many, 0);
        let of_few = named("phased", "same", stops_until);
        let of_few = super::select(Schema::LATEST, &of_few, SearchIndex::Owner);
        finds_in_a_crowd(&of_few, usize::from(stops_until.is_none()));
    }
    finds_in_a_crowd(&select(&named("grace", "grace-1", Some(Timestamp::MAX))), 1);
}

#[test]
fn whether_many_have_a_name_is_told_by_the_first_of_them() {
    let query = |name| Query {
        sql: NAME_HAS_MORE_THAN.to_owned(),
        values: vec![text(name), Value::Integer(100)],
    };
    finds_in_a_crowd(&query("same"), 1);
    finds_in_a_crowd(&query("active-50"), 0);
}

#[test]
fn some_keys_of_a_name_are_found_without_all_of_them() {
    let live = select(&Filter {
        name: Some("same".to_owned()),
        states: vec![State::Active, State::Disabled, State::Expired],
        sort: Sort::Any,
        limit: Some(10),
        ..all()
    });
    finds_in_a_crowd(&live, 10);
    for (owner, count) in [(None, 10), (Some("active"), 10), (Some("next"), FEW)] {
        finds_in_a_crowd(&live_names(owner, 10), count);
    }
    let begun = select(&Filter {
        name_prefix: Some("a".to_owned()),
        sort: Sort::Name,
        limit: Some(10),
        ..not_deleted()
    });
    let (small, large) = (work(&crowd(200), &begun), work(&crowd(5_000), &begun));
    assert!(large.1 < small.1 + 20, "{small:?}, then {large:?}");
}

#[test]
fn whether_somebody_is_one_of_many_is_told_by_one_row() {
    finds_in_a_crowd(&query(ROLE, &["p", "user-7"]), 1);
    finds_in_a_crowd(&query(ROLE, &["p", "nobody"]), 0);
    finds_in_a_crowd(&query(NEXT_PROJECT, &["p"]), 1);
    finds_in_a_crowd(&query(APPOINTED, &["active"]), 1);
    finds_in_a_crowd(&members(Some("q"), Some(1)), 1);
    finds_in_a_crowd(&members(None, Some(10)), 10);
    finds_in_a_crowd(&administrators(Some(2)), 2);
    finds_in_a_crowd(&users_of_scope(Schema::LATEST, "held", 5), 5);
    finds_in_a_crowd(&users_of_scope(Schema::LATEST, "inference", 5), 5);
    finds_in_a_crowd(
        &Query {
            sql: EVENT_AT.to_owned(),
            values: vec![Value::Integer(50)],
        },
        1,
    );
}

#[test]
fn what_is_dead_is_not_looked_for_among_all_keys() {
    let dead = |owner: Option<&str>, by| {
        select(&Filter {
            died_until: Timestamp::from_millis(by),
            kind: Some(crate::key::Kind::Api),
            owner: owner.map(str::to_owned),
            ..all()
        })
    };
    // Dead are the keys that expired a day ago, the deleted ones, and those whose grace is over.
    finds_without_a_walk(&dead(None, NOW), 4 * FEW);
    finds_without_a_walk(&dead(None, NOW - 2 * DAY), 2 * FEW);
    finds_without_a_walk(&dead(Some("deleted"), NOW), FEW);
}

#[test]
fn the_beginning_of_a_name_is_not_looked_for_among_all_keys() {
    let named = |owner: Option<&str>, prefix: &str| {
        select(&Filter {
            owner: owner.map(str::to_owned),
            name_prefix: Some(prefix.to_owned()),
            limit: Some(100),
            ..not_deleted()
        })
    };
    finds_without_a_walk(&named(None, "next-"), FEW);
    finds_without_a_walk(&named(Some("next"), "next-"), FEW);
    finds_without_a_walk(&named(Some("active"), "next-"), 0);
    finds_without_a_walk(&named(None, "nexu"), 0);
}

#[test]
fn a_scope_s_keys_are_not_looked_for_among_all() {
    for filter in [all(), not_deleted(), in_states(&[State::Active])] {
        let query = select(&Filter {
            scopes: vec!["project".to_owned()],
            ..filter
        });
        finds_without_a_walk(&query, FEW);
        let plan = plan(&store(100), &query);
        assert!(
            plan.contains("SEARCH key_scopes USING PRIMARY KEY (scope=?)"),
            "{plan}"
        );
        assert!(!plan.contains("SCAN keys"), "{plan}");
    }
}

#[test]
fn what_was_done_of_late_is_found_from_the_end_of_the_log() {
    let recent = || LogFilter {
        actions: vec![Action::Refuse],
        recent: Timestamp::from_millis(NOW - 60_000),
        ..LogFilter::default()
    };
    finds_without_a_walk(
        &select_events(&LogFilter {
            actor: Some("a".to_owned()),
            ..recent()
        }),
        FEW,
    );
    // A key whose token is refused again and again has a long log of its own.
    for (id, count) in [("next00000001", 0), ("barr00000001", 1)] {
        let keys = Vec::from_iter(KeyId::parse(id.as_bytes()));
        let query = select_events(&LogFilter { keys, ..recent() });
        finds_without_a_walk(&query, count);
        let plan = plan(&store(100), &query);
        assert!(plan.contains("events_key (key_id=? AND seq>?)"), "{plan}");
    }
    // However many events other keys have in the same time.
    let crowded = |many| {
        let store = store(many);
        let late = format!("UPDATE events SET at = {NOW} WHERE key_id <> 'next00000001'");
        let others = "UPDATE events SET key_id = 'other0000001', at = 0 WHERE seq <= 50";
        store
            .execute_batch(&format!(
                "{others}; UPDATE events SET key_id = 'other0000001', at = {NOW}
            WHERE seq > 50 AND key_id = 'next00000001'; {late}"
            ))
            .unwrap();
        store
    };
    let keys = Vec::from_iter(KeyId::parse(b"barr00000001"));
    let query = select_events(&LogFilter { keys, ..recent() });
    let (small, large) = (work(&crowded(100), &query), work(&crowded(5_000), &query));
    assert_eq!((small.0, large.0), (1, 1));
    assert!(
        large.1 < small.1 + 100,
        "{} steps, then {}",
        small.1,
        large.1
    );
    // Nothing at all was done before.
    let query = select_events(&LogFilter {
        recent: Some(Timestamp::MIN),
        ..LogFilter::default()
    });
    assert_eq!(work(&store(100), &query).0, 100 + FEW);
}
