//! The audit log: no change without an event, and no event in another name.

use super::fixture::{
    ACCESS, CHANGED, CLOCK, DENIED, HIDDEN, HOUR, NO_EVENT, Row, Rows, STATE, Wall, event, now,
    refused, update,
};
use crate::exe::harness::until;
use keyctl::event::Action;
use std::thread;

const ID: &str = "000000000001";
const BOBS: &str = "000000000002";

/// Two keys: one of Alice, one of Bob.
fn keys(wall: &Wall) {
    wall.given(&Row::new(ID, "anna"));
    wall.given(&Row::new(BOBS, "bob"));
}

/// Actor, action and key of all events but the first, which the store has from its making.
fn events(wall: &Wall) -> Rows {
    wall.database
        .admin("SELECT actor, action, key_id FROM keyctl.events WHERE seq > 1 ORDER BY seq")
}

/// Whether `append` appends an event of `action` about a key, or is refused that by access.
fn appends(wall: &Wall, user: &str, action: &str, key_id: &str) -> bool {
    match wall.sql(user, &event(action, key_id)) {
        Ok(rows) => rows[0][0].is_some(),
        Err(state) => {
            assert_eq!(state, ACCESS, "{user}: {action}");
            false
        }
    }
}

#[test]
fn each_change_of_a_key_needs_an_event_of_that_key() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let rename = update(ID, "name = 'other'");
    assert_eq!(wall.sql("anna", &rename), Err(NO_EVENT.to_owned()));
    let other = "000000000004";
    wall.given(&Row::new(other, "anna"));
    assert_eq!(wall.change("anna", &[other], &rename), refused(NO_EVENT));
    assert_eq!(wall.change("anna", &[ID], &rename), CHANGED);
    let insert = Row::new("000000000003", "anna").insert();
    assert_eq!(wall.sql("anna", &insert), Err(NO_EVENT.to_owned()));
    assert_eq!(wall.change("anna", &["000000000003"], &insert), CHANGED);
    let purge = format!("SELECT keyctl.purge('{ID}')");
    assert_eq!(wall.sql("anna", &purge), Err(NO_EVENT.to_owned()));
    assert_eq!(
        wall.sql("ada", &update(ID, "owner = 'bob'")),
        Err(NO_EVENT.to_owned())
    );
    assert_eq!(wall.purge("anna", ID), CHANGED);
}

#[test]
fn an_event_of_an_earlier_transaction_covers_no_change() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    assert!(appends(&wall, "anna", "edit", ID));
    assert_eq!(
        wall.sql("anna", &update(ID, "name = 'other'")),
        Err(NO_EVENT.to_owned())
    );
    let before = format!(
        "BEGIN; {} {}; COMMIT",
        event("edit", ID),
        update(ID, "name = 'other'")
    );
    assert!(wall.sql("anna", &before).is_ok());
}

#[test]
fn an_event_that_is_rolled_back_covers_no_change() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let (rename, append) = (update(ID, "name = 'other'"), event("edit", ID));
    let ways = [
        format!("BEGIN; {rename}; SAVEPOINT s; {append} ROLLBACK TO s; COMMIT"),
        format!(
            "BEGIN; {rename}; SAVEPOINT s; {append} SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO s; COMMIT"
        ),
        format!(
            "BEGIN; SAVEPOINT s; {append} SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO s; {rename}; COMMIT"
        ),
        format!("BEGIN; SET CONSTRAINTS ALL IMMEDIATE; {rename}; {append} COMMIT"),
        format!("BEGIN; {append} ROLLBACK AND CHAIN; {rename}; COMMIT"),
        format!("BEGIN; {append} COMMIT AND CHAIN; {rename}; COMMIT"),
    ];
    for way in &ways {
        assert_eq!(wall.sql("anna", way), Err(NO_EVENT.to_owned()), "{way}");
    }
    for way in [
        format!("BEGIN; {append} SET CONSTRAINTS ALL IMMEDIATE; {rename}; COMMIT"),
        format!("BEGIN; SAVEPOINT s; {rename}; {append} RELEASE s; COMMIT"),
    ] {
        assert!(wall.sql("anna", &way).is_ok(), "{way}");
    }
}

#[test]
fn no_role_switches_the_triggers_off() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    for sql in [
        "ALTER TABLE keyctl.keys DISABLE TRIGGER ALL",
        "ALTER TABLE keyctl.keys DISABLE TRIGGER logged",
        "ALTER TABLE keyctl.keys DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER logged ON keyctl.keys",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION keyctl.has_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    ] {
        for user in ["vera", "anna", "ada"] {
            let done = wall.database.sql(user, sql);
            assert_eq!(done.unwrap_err().0, DENIED, "{user}: {sql}");
        }
        wall.database.admin(&format!("BEGIN; {sql}; ROLLBACK"));
    }
}

#[test]
fn the_log_and_its_head_are_written_by_append_only() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    assert!(appends(&wall, "anna", "edit", ID));
    let by_hand = [
        "INSERT INTO keyctl.events (seq, at, actor, action, detail, hash) VALUES (9, 0, 'bob', 'edit', '{}', '')",
        "UPDATE keyctl.events SET actor = 'bob'",
        "DELETE FROM keyctl.events",
        "TRUNCATE keyctl.events",
        "UPDATE keyctl.event_head SET seq = 0",
        "DELETE FROM keyctl.event_head",
        "INSERT INTO keyctl.event_head VALUES (true, 0, '')",
        "UPDATE keyctl.store SET version = 9",
        "UPDATE keyctl.store SET retired_at = 1, retired_by = 'x', retired_copy = 'x'",
        "DELETE FROM keyctl.store",
        "COPY keyctl.events (seq, at, actor, action, detail, hash) FROM STDIN",
    ];
    for sql in by_hand {
        for user in ["vera", "anna", "ada"] {
            assert_eq!(wall.sql(user, sql), Err(DENIED.to_owned()), "{user}: {sql}");
        }
    }
    assert_eq!(events(&wall).len(), 1);
}

#[test]
fn an_event_bears_the_name_of_the_session_user() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let operator = wall.role("operator");
    let as_role = format!(
        "BEGIN; SET LOCAL ROLE {operator}; {}; {} COMMIT",
        update(ID, "name = 'other'"),
        event("edit", ID)
    );
    assert!(wall.sql("anna", &as_role).is_ok());
    assert_eq!(
        wall.sql("anna", "SET SESSION AUTHORIZATION bob"),
        Err(DENIED.to_owned())
    );
    assert_eq!(wall.sql("anna", "SET ROLE bob"), Err(DENIED.to_owned()));
    assert!(appends(&wall, "ada", "edit", ID));
    let actors: Vec<_> = events(&wall)
        .into_iter()
        .map(|row| row[0].clone().unwrap())
        .collect();
    assert_eq!(actors, ["anna", "ada"]);
    // A role is no other user: what is Bob's stays out of reach.
    let bobs = format!(
        "BEGIN; SET LOCAL ROLE {operator}; {}; COMMIT",
        update(BOBS, "name = 'other'")
    );
    assert_eq!(wall.sql("anna", &bobs), Ok(vec![]));
    assert_eq!(wall.reach("anna", BOBS, "name = 'other'"), HIDDEN);
}

#[test]
fn an_event_dated_more_than_a_minute_off_is_not_appended() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let append = |at: i64| {
        let sql = format!("SELECT keyctl.append({}, 'edit', '{ID}', '{{}}')", now(at));
        wall.sql("anna", &sql).map(|rows| rows.len())
    };
    for at in [-HOUR, HOUR, -61_000, 70_000] {
        assert_eq!(append(at), Err(CLOCK.to_owned()), "{at}");
    }
    assert_eq!([-50_000, 0, 50_000].map(append), [const { Ok(1) }; 3]);
    let never = format!("SELECT keyctl.append(NULL, 'edit', '{ID}', '{{}}')");
    assert_eq!(wall.sql("anna", &never), Err(CLOCK.to_owned()));
    let late = format!(
        "BEGIN; {}; SELECT keyctl.append({}, 'edit', '{ID}', '{{}}'); COMMIT",
        update(ID, "name = 'other'"),
        now(HOUR)
    );
    assert_eq!(wall.sql("anna", &late), Err(CLOCK.to_owned()));
}

#[test]
fn an_event_that_no_file_could_hold_is_not_appended() {
    let Some(wall) = Wall::new() else { return };
    let append = |key: usize, detail: usize| {
        let sql = format!(
            "SELECT keyctl.append(keyctl.clock(), 'edit', repeat('k', {key}), repeat('d', {detail}))"
        );
        wall.sql("ada", &sql).map(|rows| rows.len())
    };
    assert_eq!(append(4096, 1_000_000), Ok(1));
    for (key, detail) in [(4097, 1), (1, 1_000_001)] {
        assert_eq!(append(key, detail), Err(STATE.to_owned()));
    }
}

#[test]
fn an_operator_appends_events_about_their_own_keys_only() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    for action in [
        "create", "edit", "rotate", "undo", "handover", "disable", "enable", "delete", "purge",
    ] {
        assert!(!appends(&wall, "anna", action, BOBS), "{action}");
        assert!(appends(&wall, "anna", action, ID), "{action}");
        assert!(appends(&wall, "ada", action, BOBS), "{action}");
    }
    // Nor about one that is not there: it may have been anybody's.
    assert_eq!(wall.purge("bob", BOBS), CHANGED);
    for id in [BOBS, "000000000009"] {
        assert!(!appends(&wall, "anna", "edit", id), "{id}");
        assert!(appends(&wall, "ada", "edit", id), "{id}");
    }
    // A refusal names the key that was not theirs.
    assert!(appends(&wall, "anna", "refuse", BOBS));
}

#[test]
fn an_operator_appends_no_event_of_an_administrator() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let theirs = [
        "create",
        "edit",
        "rotate",
        "undo",
        "handover",
        "disable",
        "enable",
        "delete",
        "purge",
        "reuse",
        "member-add",
        "member-remove",
        "refuse",
    ];
    for action in Action::ALL.map(Action::word) {
        assert_eq!(
            appends(&wall, "anna", action, ID),
            theirs.contains(&action),
            "{action}"
        );
        assert!(appends(&wall, "ada", action, ID), "{action}");
    }
    assert!(!appends(&wall, "anna", "made-up", ID));
    assert_eq!(wall.sql("vera", &event("edit", ID)), Err(DENIED.to_owned()));
}

#[test]
fn a_verifier_notes_the_reuse_of_a_stopped_key_once_a_minute() {
    let Some(wall) = Wall::new() else { return };
    let note = |id: &str, at: i64| {
        let sql = format!("SELECT keyctl.note_reuse({}, '{id}', '{{}}')", now(at));
        let rows = wall.sql("vera", &sql)?;
        Ok::<_, String>(rows.into_iter().flatten().flatten().count())
    };
    let key = |n: u8| Row::new(&format!("{n:012}"), "anna");
    wall.given(&key(1));
    wall.given(&key(2).deleted());
    wall.given(&key(3).rotated("000000000009"));
    for id in [
        "000000000001",
        "000000000002",
        "000000000003",
        "000000000008",
    ] {
        assert_eq!(note(id, 0), Ok(0), "{id}");
    }
    wall.given(&key(4).disabled_by("ada"));
    wall.given(&key(5).with("expires_at", now(-HOUR)));
    wall.given(
        &key(6)
            .rotated("000000000010")
            .with("usable_until", now(-1000)),
    );
    for id in ["000000000004", "000000000005", "000000000006"] {
        assert_eq!(note(id, HOUR), Err(CLOCK.to_owned()), "{id}");
        assert_eq!(note(id, 0), Ok(1), "{id}");
        assert_eq!(note(id, 0), Ok(0), "{id}");
    }
    let long = "SELECT keyctl.note_reuse(keyctl.clock(), '000000000004', repeat('x', 5000))";
    assert_eq!(wall.sql("vera", long).unwrap(), [[None]]);
    let rows = events(&wall);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row[0].as_deref() == Some("vera")));
}

#[test]
fn nothing_changes_in_a_store_that_an_administrator_retired() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let retire = "SELECT keyctl.retire(keyctl.clock(), '/copy')";
    for user in ["vera", "anna"] {
        assert_eq!(wall.sql(user, retire), Err(DENIED.to_owned()), "{user}");
    }
    assert_eq!(wall.sql("ada", retire), Err(NO_EVENT.to_owned()));
    let rename = update(ID, "name = 'other'");
    assert_eq!(wall.change("anna", &[ID], &rename), CHANGED);
    let to_verify = format!("SELECT id FROM keyctl.to_verify('{{{ID}}}', '{{}}')");
    assert_eq!(wall.sql("vera", &to_verify).unwrap().len(), 1);
    let event = "SELECT keyctl.append(keyctl.clock(), 'retire', NULL, '{}')";
    let retired = wall.sql("ada", &format!("BEGIN; {event}; {retire}; COMMIT"));
    assert!(retired.is_ok(), "{retired:?}");
    for user in ["anna", "ada"] {
        assert_eq!(wall.sql(user, &rename), Err(NO_EVENT.to_owned()), "{user}");
        assert_eq!(wall.change(user, &[ID], &rename), refused(STATE), "{user}");
    }
    // A verifier that does not look at the mark finds no key.
    assert_eq!(wall.sql("vera", &to_verify), Ok(vec![]));
    assert_eq!(wall.sql("anna", &to_verify).unwrap().len(), 1);
    for sql in [
        retire,
        "SELECT keyctl.retire(NULL, '/copy')",
        "SELECT keyctl.retire(NULL, NULL)",
    ] {
        let again = wall.sql("ada", &format!("BEGIN; {event}; {sql}; COMMIT"));
        assert!(again.is_err(), "{sql}");
    }
}

#[test]
fn an_event_that_waited_for_a_retirement_is_not_appended() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    wall.given(&Row::new("000000000003", "anna").disabled_by("anna"));
    let mut ada = wall.database.connect("ada").unwrap();
    ada.batch_execute(
        "BEGIN; SELECT keyctl.append(keyctl.clock(), 'retire', NULL, '{}');
         SELECT keyctl.retire(keyctl.clock(), '/copy')",
    )
    .unwrap();
    let note =
        "SET lock_timeout = '60s'; SELECT keyctl.note_reuse(keyctl.clock(), '000000000003', '{}')";
    let edit = format!("SET lock_timeout = '60s'; {}", event("edit", ID));
    let late = [("anna", &*edit), ("vera", note)];
    thread::scope(|scope| {
        let waiting = late
            .each_ref()
            .map(|(user, sql)| scope.spawn(|| wall.sql(user, sql)));
        let waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("both wait for the log", || {
            wall.database.admin(waits).len() == waiting.len()
        });
        ada.batch_execute("COMMIT").unwrap();
        for done in waiting {
            assert_eq!(done.join().unwrap(), Err(STATE.to_owned()));
        }
    });
}
