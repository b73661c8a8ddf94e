//! `--exec`: the events, `doctor`, and who may do it.

use super::World;
use crate::harness::{Cmd, id_of};
use keyctl::env::Ending;
use serde_json::{Value, json};

/// A command that has read its token and succeeded.
const DONE: Ending = Ending::Exited {
    status: 0,
    read_all: true,
};

/// A command line with a command that ends so.
fn exec<'w>(world: &'w World, line: &str, ending: Ending) -> Cmd<'w> {
    world
        .line(&format!("{line} --exec sh"))
        .var("PATH", "/bin")
        .program(move |_| Ok(ending))
}

/// A key `ci` of alice: its ID.
fn ci(world: &World) -> String {
    id_of(&world.create("--scope inference --name ci --expires 30d"))
}

fn events_from(world: &World, first: usize) -> Vec<(String, Option<String>, Value)> {
    let events = world.events().into_iter().skip(first);
    events
        .map(|event| {
            let detail = event.detail();
            (event.action, event.key_id, detail)
        })
        .collect()
}

/// The findings and the notes of `doctor`, by code.
fn doctor(world: &World) -> (Vec<Value>, Vec<Value>) {
    let remarks = world.line("doctor --format json").run().json();
    let of = |kind: &str| {
        let all = remarks[kind].as_array().unwrap().iter();
        let own = all.filter(|remark| remark["code"] == "handover");
        own.cloned().collect()
    };
    (of("findings"), of("notes"))
}

/// Runs a command line with `--exec` that comes to its end between its two transactions, as if it had been
/// killed, and returns the ID of the new key.
pub fn cut_short(world: &World, line: &str) -> String {
    let before = world.keys();
    let ran = world
        .line(&format!("{line} --exec sh"))
        .var("PATH", "/bin")
        .program(|_| std::panic::resume_unwind(Box::new("killed")));
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ran.run()));
    assert!(killed.is_err());
    let new = world.keys().into_iter();
    let mut new = new.filter(|key| !before.iter().any(|old| old.id == key.id));
    new.next().unwrap().id.to_string()
}

#[test]
fn rotate_with_exec_logs_the_deadline_and_the_grace_and_then_the_end() {
    let world = World::quick();
    let old = ci(&world);
    let first = world.events().len();
    let line = "rotate ci --grace 1h --exec-timeout 10m -m quarterly";
    let ran = exec(&world, line, DONE).run().code(0);
    let new = ran.stdout.trim_end().to_owned();
    let begun = json!({ "deadline": "2026-11-22T00:11:00Z", "grace": "1h" });
    let events = events_from(&world, first);
    let actions: Vec<&str> = events.iter().map(|(action, ..)| &**action).collect();
    assert_eq!(actions, ["rotate", "create", "handover"]);
    assert_eq!(events[0].1.as_deref(), Some(&*old));
    assert_eq!(events[0].2["handover"], begun);
    // As long as the old key lives: less than 90 days.
    assert_eq!(events[0].2["usable_until"], json!("2026-12-22T00:00:00Z"));
    assert_eq!(events[1].2["handover"], begun);
    assert_eq!(events[2].1.as_deref(), Some(&*old));
    assert_eq!(events[2].2["replaced_by"], json!(new));
    let until = json!({ "old": "2026-12-22T00:00:00Z", "new": "2026-11-22T01:00:00Z" });
    assert_eq!(events[2].2["usable_until"], until);
    for (_, _, detail) in &events {
        assert_eq!(detail["reason"], json!("quarterly"));
    }
    assert_eq!(
        world.record(&old)["usable_until"],
        json!("2026-11-22T01:00:00Z")
    );
    assert_eq!(doctor(&world), (vec![], vec![]));
}

#[test]
fn the_command_may_take_at_most_a_day() {
    let world = World::quick();
    ci(&world);
    for (timeout, code) in [("25h", 2), ("24h", 0)] {
        let line = format!("rotate ci --exec-timeout {timeout}");
        exec(&world, &line, DONE).run().code(code);
    }
}

#[test]
fn the_grace_counts_from_the_end_of_the_command_but_never_longer_than_90_days() {
    for (grace, until) in [
        ("1h", "2026-11-22T01:04:00Z"),
        ("90d", "2027-02-20T00:00:00Z"),
    ] {
        let world = World::quick();
        let old = id_of(&world.create("--scope inference --name ci --expires 300d"));
        let now = world.clock();
        let line = format!("rotate ci --grace {grace} --exec sh");
        let rotate = world.line(&line).var("PATH", "/bin").program(move |_| {
            now.fetch_add(4 * 60_000, std::sync::atomic::Ordering::Relaxed);
            Ok(DONE)
        });
        rotate.run().code(0);
        assert_eq!(world.record(&old)["usable_until"], json!(until));
    }
}

#[test]
fn a_command_that_fails_is_the_reason_of_the_undo_in_the_log() {
    let world = World::quick();
    let old = ci(&world);
    let before = world.record(&old);
    let first = world.events().len();
    exec(&world, "rotate ci", Ending::TimedOut).run().code(5);
    let events = events_from(&world, first);
    let actions: Vec<&str> = events.iter().map(|(action, ..)| &**action).collect();
    assert_eq!(actions, ["rotate", "create", "undo", "delete"]);
    for (_, _, detail) in &events[2..] {
        assert_eq!(detail["failure"], json!("'sh' did not end within 5m"));
    }
    assert_eq!(world.record(&old), before);
    assert_eq!(doctor(&world), (vec![], vec![]));
}

#[test]
fn create_with_exec_logs_the_deadline_and_then_the_end() {
    let world = World::quick();
    let first = world.events().len();
    let line = "create --scope inference --name ci";
    let ran = exec(&world, line, DONE).run().code(0);
    let events = events_from(&world, first);
    let actions: Vec<&str> = events.iter().map(|(action, ..)| &**action).collect();
    assert_eq!(actions, ["create", "handover"]);
    let begun = json!({ "deadline": "2026-11-22T00:06:00Z" });
    assert_eq!(events[0].2["handover"], begun);
    assert_eq!(events[1].1.as_deref(), Some(ran.stdout.trim_end()));
    assert_eq!(doctor(&world), (vec![], vec![]));
}

#[test]
fn an_expired_key_is_not_rotated_with_exec() {
    let world = World::quick();
    let id = ci(&world);
    world.advance("30d");
    let before = world.rows();
    world
        .line("rotate ci --exec sh")
        .var("PATH", "/bin")
        .run()
        .fails(
            4,
            &format!("{id} ('ci') cannot be rotated with --exec: it expired at "),
        )
        .says(&format!("rotate it without --exec: keyctl rotate {id}; "));
    assert_eq!(world.rows(), before);
}

#[test]
fn a_legacy_key_is_rotated_with_exec_and_an_undo_deletes_its_successor() {
    let world = World::own();
    world.run("create --kind legacy --name robot");
    exec(&world, "rotate robot --grace 1h", Ending::TimedOut)
        .run()
        .code(5);
    assert_eq!(world.record("robot")["state"], json!("active"));
    let ran = exec(&world, "rotate robot --grace 1h", DONE).run().code(0);
    assert_eq!(world.record("robot")["id"], json!(ran.stdout.trim_end()));
}

#[test]
fn if_absent_runs_no_command_where_the_name_is_held() {
    let world = World::quick();
    let id = ci(&world);
    let line = "create --scope inference --name ci --if-absent --exec sh";
    let ran = world.line(line).var("PATH", "/bin").run().code(0);
    ran.stdout(&format!("{id}\n")).says("no key was created");
}

#[test]
fn doctor_notes_a_rotation_for_a_command_and_finds_it_from_the_deadline_on() {
    let world = World::own();
    let old = ci(&world);
    let new = cut_short(&world, "rotate ci --grace 1h");
    world.advance("5m");
    let (findings, notes) = doctor(&world);
    assert_eq!(findings, Vec::<Value>::new());
    assert_eq!(
        notes[0]["message"],
        json!(format!(
            "a command may be taking the token of {new} ('ci') until 2026-11-22T00:06:00Z"
        ))
    );
    world.line("doctor").run().code(0);
    world.advance("1m");
    let (findings, notes) = doctor(&world);
    assert_eq!(notes, Vec::<Value>::new());
    assert_eq!(
        findings[0]["message"],
        json!(format!(
            "the rotation of {old} ('ci') for a command was cut short: it works until 2026-12-22T00:00:00Z, and so does {new}"
        ))
    );
    assert_eq!(
        findings[0]["hint"],
        json!(format!(
            "if the new token was not stored: keyctl rotate {new} --undo; if it was: keyctl edit {old} --grace 1h"
        ))
    );
    world.line("doctor").run().code(1);
}

#[test]
fn each_way_out_of_a_rotation_that_was_cut_short_ends_the_finding() {
    for way in [
        "rotate NEW --undo --yes",
        "edit OLD --grace 1h",
        "edit OLD --grace 0s",
        "disable OLD",
        "delete OLD --yes",
    ] {
        let world = World::own();
        let old = ci(&world);
        let new = cut_short(&world, "rotate ci --grace 1h");
        world.advance("1h");
        assert_eq!(doctor(&world).0.len(), 1);
        world.run(&way.replace("NEW", &new).replace("OLD", &old));
        assert_eq!(doctor(&world), (vec![], vec![]), "{way}");
    }
}

#[test]
fn the_grace_that_doctor_names_can_be_given() {
    for grace in ["0s", "29d", "30d", "90d"] {
        let world = World::own();
        let old = ci(&world);
        cut_short(&world, &format!("rotate ci --grace {grace}"));
        world.advance("1h");
        let hint = doctor(&world).0[0]["hint"].clone();
        let (_, edit) = hint.as_str().unwrap().split_once("keyctl edit ").unwrap();
        assert!(edit.starts_with(&old), "{edit}");
        world.run(&format!("edit {edit}"));
        assert_eq!(doctor(&world), (vec![], vec![]), "{grace}");
    }
}

#[test]
fn doctor_names_what_is_left_by_the_state_of_the_new_key() {
    for (change, stands, hint) in [
        (
            "rotate NEW --grace 1h",
            "NEW was rotated",
            "once a newer token is stored for sure: keyctl edit OLD --grace 1h",
        ),
        (
            "disable NEW",
            "NEW is disabled",
            "to let the old token go on: keyctl enable NEW, then keyctl rotate NEW --undo; \
             to stop it too: keyctl edit OLD --grace 1h",
        ),
        (
            "delete NEW --yes",
            "NEW is deleted",
            "create a new key before then; to stop the old token too: keyctl edit OLD --grace 1h",
        ),
    ] {
        let world = World::own();
        let old = ci(&world);
        let new = cut_short(&world, "rotate ci --grace 1h");
        let named = |text: &str| text.replace("NEW", &new).replace("OLD", &old);
        world.run(&named(change));
        world.advance("10m");
        let findings = doctor(&world).0;
        let message = findings[0]["message"].as_str().unwrap();
        assert!(
            message.ends_with(&format!(", and {}", named(stands))),
            "{message}"
        );
        assert_eq!(findings[0]["hint"], json!(named(hint)), "{change}");
        world.run(&format!("edit {old} --grace 1h"));
        assert_eq!(doctor(&world), (vec![], vec![]), "{change}");
    }
}

#[test]
fn doctor_finds_the_new_key_of_a_rotation_whose_old_key_has_expired() {
    let world = World::own();
    world.create("--scope inference --name ci --expires 1h");
    let new = cut_short(&world, "rotate ci --expires 30d");
    world.advance("2h");
    let findings = doctor(&world).0;
    let hint = findings[0]["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("keyctl delete {new}; ")), "{hint}");
    world.run(&format!("delete {new} --yes"));
    assert_eq!(doctor(&world), (vec![], vec![]));
}

#[test]
fn a_command_that_fails_after_the_old_key_has_expired_leaves_no_new_key() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name ci --expires 1h"));
    let now = world.clock();
    let rotate = world.line("rotate ci --expires 30d --exec-timeout 3h --exec sh");
    let rotate = rotate.var("PATH", "/bin").program(move |_| {
        now.fetch_add(2 * 3_600_000, std::sync::atomic::Ordering::Relaxed);
        Ok(Ending::TimedOut)
    });
    let ran = rotate.run().code(5);
    let new = world.keys().pop().unwrap().id.to_string();
    let said = format!("; {old} (ci) has expired meanwhile, and {new} is deleted\n");
    assert!(ran.stderr.contains(&said), "{ran:#?}");
    assert_eq!(world.record(&new)["state"], "deleted");
    assert_eq!(doctor(&world), (vec![], vec![]));
}

#[test]
fn create_with_exec_names_the_expired_key_that_is_deleted_too() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name ci --expires 1h"));
    world.advance("2h");
    let line = "create --scope inference --name ci --replace-expired";
    let ran = exec(&world, line, Ending::TimedOut).run().code(5);
    let said = format!(" is deleted, and so is {old}, which had expired\n");
    assert!(ran.stderr.contains(&said), "{ran:#?}");
}

#[test]
fn if_absent_with_exec_warns_of_a_token_that_nobody_may_have() {
    let world = World::own();
    let new = cut_short(&world, "create --scope inference --name ci");
    let line = "create --scope inference --name ci --if-absent";
    let warning = format!("warning: a command may not have got the token of {new}\n");
    exec(&world, line, DONE).run().code(0).says(&warning);
}

#[test]
fn doctor_finds_a_created_key_until_it_is_used_or_stopped() {
    for (line, way) in [
        ("create --scope inference --name x", "delete NEW --yes"),
        ("create --scope inference --name x", "disable NEW"),
        ("create --scope inference --name x", "rotate NEW"),
        ("create --scope inference --name x", "rotate NEW --grace 1h"),
        ("create --scope inference --name x", "use NEW"),
        ("create --kind legacy --name x", "disable NEW"),
    ] {
        let world = World::own();
        let new = cut_short(&world, line);
        assert_eq!(doctor(&world).1.len(), 1);
        world.advance("6m");
        let findings = doctor(&world).0;
        let hint = findings[0]["hint"].as_str().unwrap();
        let stop = match line.contains("legacy") {
            true => "disable",
            false => "delete",
        };
        assert!(hint.contains(&format!("keyctl {stop} {new}; ")), "{hint}");
        match way {
            "use NEW" => world.write(|tx| tx.touch(new.parse().unwrap(), world.now())),
            way => drop(world.run(&way.replace("NEW", &new))),
        }
        assert_eq!(doctor(&world), (vec![], vec![]), "{way}");
    }
}

#[test]
fn a_second_rotation_with_exec_is_judged_by_itself() {
    let world = World::own();
    ci(&world);
    let new = cut_short(&world, "rotate ci --grace 1h");
    world.run(&format!("rotate {new} --undo --yes"));
    exec(&world, "rotate ci --grace 1h", DONE).run().code(0);
    world.advance("30m");
    assert_eq!(doctor(&world), (vec![], vec![]));
    let again = cut_short(&world, "rotate ci --grace 1h");
    world.advance("10m");
    let findings = doctor(&world).0;
    assert_eq!(findings.len(), 1);
    assert!(findings[0]["message"].as_str().unwrap().ends_with(&again));
}
