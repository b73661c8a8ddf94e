//! Values of the wrong type, out of range, or written for a terminal, in each column.

use super::{READERS, Stage, sound};
use crate::harness::id_of;

/// What no column of ours holds.
const VALUES: [&str; 9] = [
    "NULL",
    "-1",
    "9223372036854775807",
    "(-9223372036854775807 - 1)",
    "1e300",
    "x'fffe00'",
    "''",
    "'2027-01-01'",
    "CAST(x'c328a0ff' AS TEXT)",
];

#[test]
fn no_value_in_a_key_lets_anybody_in_or_brings_anything_down() {
    let columns = [
        "seq",
        "id",
        "name",
        "owner",
        "kind",
        "hash",
        "created_at",
        "created_by",
        "expires_at",
        "last_used_at",
        "grace_from",
        "usable_until",
        "disabled_at",
        "disabled_by",
        "deleted_at",
        "replaces",
        "replaced_by",
        "allow_from",
        "first_used_at",
        "imported",
    ];
    let mut stage = Stage::new();
    stage.loosen();
    let id = id_of(&stage.active);
    for column in columns {
        // An INTEGER PRIMARY KEY takes whole numbers alone.
        for (turn, value) in VALUES
            .iter()
            .enumerate()
            .filter(|(_, value)| column != "seq" || value.ends_with(['1', '7']))
        {
            stage.tamper(&format!(
                "UPDATE keys SET {column} = {value} WHERE id = '{id}'"
            ));
            stage.glance(turn);
            stage.reset();
        }
    }
}

#[test]
fn no_value_in_another_table_lets_anybody_in_or_brings_anything_down() {
    let columns = [
        "policy.name",
        "policy.value",
        "scopes.name",
        "scopes.description",
        "scope_implies.name",
        "scope_implies.implied",
        "key_scopes.key",
        "key_scopes.scope",
        "administrators.name",
        "events.at",
        "events.actor",
        "events.action",
        "events.key_id",
        "events.detail",
        "events.hash",
        "event_head.seq",
        "event_head.hash",
        "members.user",
        "members.role",
    ];
    let mut stage = Stage::new();
    stage.loosen();
    stage.tamper("INSERT INTO members VALUES ('search', 'alice', 'owner')");
    stage.settle();
    for column in columns {
        let (table, column) = column.split_once('.').unwrap();
        for (turn, value) in VALUES.iter().enumerate() {
            stage.tamper(&format!("UPDATE OR IGNORE {table} SET {column} = {value}"));
            stage.glance(turn);
            stage.reset();
        }
    }
}

#[test]
fn what_writes_meets_values_of_the_wrong_type() {
    let mut stage = Stage::new();
    stage.loosen();
    for change in [
        "keys SET owner = x'ff'",
        "keys SET kind = 'root'",
        "keys SET expires_at = '2027-01-01'",
        "keys SET replaces = 'nobody'",
        "events SET seq = -seq",
        "event_head SET seq = 9223372036854775807",
        "event_head SET hash = x'00'",
        "policy SET value = 'x'",
    ] {
        stage.tamper(&format!("UPDATE {change}"));
        stage.meet();
        stage.reset();
    }
}

#[test]
fn times_that_no_calendar_has_are_damage() {
    let stage = Stage::new();
    // A millisecond before the year 0, and one after 9999.
    for time in ["-62167219200001", "253402300800000"] {
        for column in ["created_at", "expires_at", "first_used_at", "last_used_at"] {
            stage.tamper(&format!(
                "UPDATE keys SET {column} = {time} WHERE name = 'api'"
            ));
            let ran = stage.world.line("verify").stdin(&stage.active).run();
            ran.fails(5, "the key ")
                .says(&format!("is damaged: its {column} cannot be read"));
            stage.read();
            stage.reset();
        }
    }
    // The first and the last that there are.
    for (column, time, code) in [
        ("created_at", "-62167219200000", 0),
        ("expires_at", "253402300799999", 0),
        ("expires_at", "-62167219200000", 1),
    ] {
        stage.tamper(&format!(
            "UPDATE keys SET {column} = {time} WHERE name = 'api'"
        ));
        assert_eq!(stage.verify(&stage.active), code, "{column} {time}");
        stage.read();
        stage.reset();
    }
}

#[test]
fn a_deleted_key_is_unknown_even_with_its_hash() {
    let mut stage = Stage::new();
    stage.loosen();
    stage.tamper("UPDATE keys SET deleted_at = created_at WHERE name = 'api'");
    let ran = stage
        .world
        .line("verify --format json")
        .stdin(&stage.active)
        .run();
    ran.code(1)
        .stdout("{\"valid\":false,\"reason\":\"unknown\"}\n");
    stage.meet();
}

#[test]
fn a_key_without_a_hash_is_unknown() {
    let mut stage = Stage::new();
    stage.loosen();
    stage.tamper("UPDATE keys SET hash = NULL WHERE name = 'api'");
    let ran = stage
        .world
        .line("verify --format json")
        .stdin(&stage.active)
        .run();
    ran.code(1)
        .stdout("{\"valid\":false,\"reason\":\"unknown\"}\n");
    stage.meet();
}

#[test]
fn two_rows_with_one_number_let_nobody_in() {
    let mut stage = Stage::new();
    stage.loosen();
    stage.tamper(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER PRIMARY KEY', 'INTEGER') WHERE name = 'keys';
         PRAGMA writable_schema = RESET;
         UPDATE keys SET seq = 1",
    );
    stage.meet();
}

/// Bells, colours, titles, lines cleared, text turned round.
const OBEYED: &str = "char(27) || '[2J' || char(27) || ']0;x' || char(7, 155, 8238, 8232, 13, 10)";

#[test]
fn text_from_a_store_moves_no_cursor() {
    let mut stage = Stage::new();
    stage.loosen();
    stage.tamper(&format!(
        "INSERT INTO members VALUES ('search' || {OBEYED}, 'alice' || {OBEYED}, 'owner');
         INSERT INTO members VALUES ('search', 'x' || {OBEYED}, 'owner');
         INSERT INTO administrators VALUES ('eve' || {OBEYED});
         INSERT INTO scopes VALUES ('scope' || {OBEYED}, 'x' || {OBEYED});
         INSERT INTO scope_implies VALUES ('scope' || {OBEYED}, 'inference');
         INSERT INTO key_scopes SELECT 'scope' || {OBEYED}, seq FROM keys;
         UPDATE keys SET scopes = 'scope' || {OBEYED} || ' ' || scopes,
             labels = json_object('label' || {OBEYED}, {OBEYED});
         UPDATE keys SET name = name || {OBEYED}, created_by = created_by || {OBEYED};
         UPDATE keys SET disabled_by = 'eve' || {OBEYED} WHERE disabled_at IS NOT NULL;
         UPDATE events SET actor = actor || {OBEYED}, action = action || {OBEYED},
             detail = json_object('x' || {OBEYED}, {OBEYED}, 'y', json_array({OBEYED})) WHERE seq > 2;
         UPDATE events SET detail = {OBEYED} WHERE seq = 2"
    ));
    stage.meet();
    let id = id_of(&stage.active);
    // At a terminal, and as what is asked before a deletion.
    for line in READERS {
        sound(
            &stage
                .world
                .line(&line.replace("ID", &id))
                .var("NO_COLOR", "1")
                .terminal(120)
                .run(),
        );
    }
    let ran = stage
        .world
        .line(&format!("delete {id}"))
        .var("NO_COLOR", "1")
        .terminal(120)
        .answer("n");
    sound(&ran.run());
    let ran = stage
        .world
        .line("purge --all --owner alice")
        .uid(0)
        .var("NO_COLOR", "1")
        .terminal(120)
        .answer("n");
    sound(&ran.run());
    // What is not found has hints, of what there is.
    for line in [
        "create --scope scop",
        "create --scope zzz",
        "verify --scope scop",
    ] {
        let ran = stage.world.line(line).stdin(&stage.active).run();
        assert_eq!(sound(&ran), 2);
    }
    let ran = stage
        .world
        .line("verify --project search")
        .stdin(&stage.active)
        .run();
    assert_eq!(sound(&ran), 6);
    stage.tamper(&format!(
        "UPDATE keys SET owner = id || {OBEYED}, name = 'same'"
    ));
    stage.meet();
    assert_eq!(sound(&stage.world.line("show same").run()), 3);
}
