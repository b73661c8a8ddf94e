//! A log that somebody has tampered with in the file: `keyctl log --check` finds it.

use crate::harness::{Ran, World, log};
use keyctl::event::{Entry, GENESIS, Link};
use serde_json::json;

/// A store with the log of [`log::story`].
fn story() -> World {
    let world = World::quick();
    log::story(&world);
    world
}

fn head(world: &World) -> String {
    world.run("log --head").stdout.trim_end().to_owned()
}

#[test]
fn what_would_move_a_terminals_cursor_is_escaped() {
    let world = story();
    world
        .sql()
        .execute(
            "UPDATE events SET actor = ?1, detail = ?1 WHERE seq = 2",
            ["\u{1b}[2Jx"],
        )
        .unwrap();
    let ran = world.run("log");
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
    let ran = world.run("log --format json");
    assert_eq!(ran.json()[1]["detail"], "\u{1b}[2Jx");
}

#[test]
fn an_action_that_would_move_a_terminals_cursor_is_escaped() {
    let world = story();
    let hostile = "a\u{1b}]0;x\u{7}\nb\u{202e}";
    let escaped = "a\\u{1b}]0;x\\u{7}\\u{a}b\\u{202e}";
    let tamper = "UPDATE events SET action = ?1 WHERE seq = 3";
    world.sql().execute(tamper, [hostile]).unwrap();
    for line in ["log", "log --format lines", "show site"] {
        let said = world.run(line).stdout;
        assert!(said.contains(escaped), "{line}: {said}");
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(raw), "{line}: {said:?}");
    }
}

#[test]
fn tampering_is_found_and_the_first_bad_line_is_named() {
    let not_written = |line: i64| format!("line {line} was changed");
    let endless = |line: i64| {
        format!("its head is gone, which names the last line: lines from {line} on may be missing")
    };
    let missing = |line: i64| format!("line {line} is missing");
    let renumber = "UPDATE events SET seq = -seq WHERE seq > 3; \
        UPDATE events SET seq = -seq - 1 WHERE seq < 0";
    let swap = "UPDATE events SET seq = -4 WHERE seq = 4; \
        UPDATE events SET seq = 4 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = -4";
    let add = "INSERT INTO events SELECT 8, at, actor, action, key_id, detail, hash FROM events WHERE seq = 7";
    let cases = [
        (
            "UPDATE events SET at = at + 1 WHERE seq = 1",
            "altered",
            1,
            not_written(1),
        ),
        (
            "UPDATE events SET actor = 'eve' WHERE seq = 3",
            "altered",
            3,
            not_written(3),
        ),
        (
            "UPDATE events SET action = 'edit' WHERE seq = 4",
            "altered",
            4,
            not_written(4),
        ),
        (
            "UPDATE events SET key_id = NULL WHERE seq = 6",
            "altered",
            6,
            not_written(6),
        ),
        (
            "UPDATE events SET detail = detail || ' ' WHERE seq = 7",
            "altered",
            7,
            not_written(7),
        ),
        (
            "UPDATE events SET hash = zeroblob(32) WHERE seq = 5",
            "altered",
            5,
            not_written(5),
        ),
        (
            "UPDATE events SET hash = x'00' WHERE seq = 5",
            "altered",
            5,
            not_written(5),
        ),
        (
            "UPDATE events SET actor = CAST(x'ff' AS TEXT) WHERE seq = 2",
            "altered",
            2,
            not_written(2),
        ),
        ("DELETE FROM events WHERE seq = 1", "missing", 1, missing(1)),
        ("DELETE FROM events WHERE seq = 4", "missing", 4, missing(4)),
        ("DELETE FROM events WHERE seq = 7", "missing", 7, missing(7)),
        ("DELETE FROM events WHERE seq > 5", "missing", 6, missing(6)),
        ("DELETE FROM events", "missing", 1, missing(1)),
        (
            &format!("DELETE FROM events WHERE seq = 3; {renumber}"),
            "altered",
            3,
            not_written(3),
        ),
        (swap, "altered", 4, not_written(4)),
        (add, "altered", 8, not_written(8)),
        (
            "UPDATE event_head SET seq = 6",
            "added",
            7,
            "line 7 was added by something other than keyctl".to_owned(),
        ),
        (
            "UPDATE event_head SET hash = zeroblob(32)",
            "altered",
            7,
            not_written(7),
        ),
        ("DELETE FROM event_head", "endless", 8, endless(8)),
    ];
    for (sql, word, line, words) in cases {
        let world = story();
        world.sql().execute_batch(sql).unwrap();
        world
            .line("log --check")
            .run()
            .code(1)
            .stdout(&format!("the log is broken: {words}\n"));
        let ran = world.line("log --check --format json").run().code(1);
        assert_eq!(
            ran.json(),
            json!({"whole": false, "line": line, "flaw": word}),
            "{sql}"
        );
    }
}

#[test]
fn the_real_executable_finds_it_too() {
    let world = story();
    world
        .sql()
        .execute_batch("DELETE FROM events WHERE seq = 7")
        .unwrap();
    Ran::from(world.real("log --check").output().unwrap())
        .code(1)
        .stdout("the log is broken: line 7 is missing\n")
        .stderr("");
}

/// Chains every line from the first to the last anew, and sets the head to the last: what somebody
/// can do who can write the file.
fn rewrite(world: &World) {
    let sql = world.sql();
    let mut hash: Link = GENESIS;
    let events = world.events();
    for event in &events {
        let entry = Entry {
            seq: event.seq,
            at: event.at,
            actor: event.actor.clone(),
            action: event.action.clone(),
            key_id: event.key_id.clone(),
            detail: event.detail.clone(),
            hash: GENESIS,
        };
        hash = entry.link(&hash);
        sql.execute(
            "UPDATE events SET hash = ?1 WHERE seq = ?2",
            (hash, event.seq),
        )
        .unwrap();
    }
    sql.execute(
        "UPDATE event_head SET seq = ?1, hash = ?2",
        (events.len() as i64, hash),
    )
    .unwrap();
    world.check_chain();
}

#[test]
fn a_chain_written_anew_is_found_only_with_a_head_that_was_kept() {
    let world = story();
    let kept = head(&world);
    world
        .sql()
        .execute_batch("UPDATE events SET actor = 'eve' WHERE seq = 4")
        .unwrap();
    world.line("log --check").run().code(1);
    rewrite(&world);
    assert_ne!(head(&world), kept);
    world.run("log --check");
    let check = format!("log --check --head {kept}");
    world.line(&check).run().code(1).stdout(
        "the log is broken: line 7 does not have the hash that was kept: the log was rewritten\n",
    );
    let ran = world.line(&format!("{check} --format json")).run().code(1);
    assert_eq!(
        ran.json(),
        json!({"whole": false, "line": 7, "flaw": "rewritten"})
    );
    // What is added afterwards does not hide it.
    world.run("edit site --name other");
    world.line(&check).run().code(1);
}

#[test]
fn a_log_cut_short_with_its_head_is_found_with_the_one_that_was_kept() {
    let world = story();
    let kept = head(&world);
    world
        .sql()
        .execute_batch("DELETE FROM events WHERE seq > 5")
        .unwrap();
    rewrite(&world);
    world.run("log --check");
    world
        .line(&format!("log --check --head {kept}"))
        .run()
        .code(1)
        .stdout("the log is broken: line 6 is missing\n");
}

#[test]
fn a_new_store_and_an_empty_log_have_a_head() {
    let world = World::new();
    world.run("init");
    assert!(head(&world).starts_with("1:"));
    world.run(&format!("log --check --head {}", head(&world)));

    world
        .sql()
        .execute_batch("DELETE FROM events; UPDATE event_head SET seq = 0, hash = zeroblob(32)")
        .unwrap();
    let empty = format!("0:{}", "0".repeat(64));
    assert_eq!(head(&world), empty);
    world
        .run("log --check")
        .stdout(&format!("the log is intact: 0 lines, head {empty}\n"));
    world.run("log").stdout("").stderr("no events\n");
}
