//! `keyctl rotate KEY --undo`

use super::World;
use crate::harness::{Cmd, id_of, open};
use keyctl::env::Terminal;
use serde_json::{Value, json};
use std::io::ErrorKind;

/// Rotates `web` with a rest of the command line, and returns the new token.
#[track_caller]
fn rotate(world: &World, line: &str) -> String {
    let ran = world.run(&format!("rotate web {line}"));
    ran.stdout.trim_end().to_owned()
}

/// A key `web` of alice with an hour of grace, and its successor: their tokens.
fn rotated(world: &World) -> (String, String) {
    let old = world.create("--scope inference --name web --label team=a");
    (old, rotate(world, "--grace 1h"))
}

/// An undo of the rotation that `key` stands for, without a question.
fn undo<'w>(world: &'w World, key: &str) -> Cmd<'w> {
    world.line(&format!("rotate {key} --undo --yes"))
}

/// An undo is refused for `why` with `hint`, and changes nothing.
#[track_caller]
fn refused(world: &World, key: &str, why: &str, hint: &str) {
    let before = world.rows();
    undo(world, key)
        .run()
        .fails(4, &format!("{why}\n"))
        .says(&format!("hint: {hint}\n"));
    assert_eq!(world.rows(), before);
}

#[test]
fn undo_by_either_key_deletes_the_new_one_and_leaves_the_old_one_as_it_was() {
    for by in ["name", "old", "new", "token"] {
        let world = World::quick();
        let old = world.create("--scope inference,project --name web --label team=a");
        assert_eq!(world.verify(&old, ""), 0);
        let (id, before) = (id_of(&old), world.record("web"));
        let new = rotate(&world, "--grace 1h");
        world.advance("10m");
        let key = match by {
            "name" => "web".to_owned(),
            "old" => id.clone(),
            "new" => id_of(&new),
            _ => "-".to_owned(),
        };
        undo(&world, &key)
            .stdin(&old)
            .run()
            .code(0)
            .stdout("")
            .says(&format!(
                "deleted {} (web)\n{id} (web) is active again, expires 2027-11-22T00:00:00Z (in 365d)\n",
                id_of(&new)
            ));
        assert_eq!(world.record(&id), before, "{by}");
        assert_eq!(world.record("web")["id"], json!(id));
        assert_eq!(world.verify(&old, "--scope project"), 0);
        assert_eq!(world.verify(&new, ""), 1);
        let new = id_of(&new);
        assert_eq!(world.record(&new)["state"], json!("deleted"));
        assert_eq!(world.record(&new)["replaces"], json!(id));
        assert_eq!(world.hash(&new), None);
    }
}

#[test]
fn undo_of_a_key_prints_the_old_record_as_json() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let ran = world.run("rotate web --undo --yes --format json --quiet");
    assert_eq!(ran.json(), world.record(&id_of(&old)));
    assert_eq!(ran.json()["state"], json!("active"));
    assert_eq!(ran.json()["replaced_by"], Value::Null);
    assert!(!ran.stdout.contains(&new), "{ran:#?}");
    ran.stderr("");
}

#[test]
fn undo_is_an_event_of_each_of_the_two_keys() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    world.advance("1m");
    world
        .cmd(["rotate", "web", "--undo", "-y", "-m", "wrong key"])
        .run()
        .code(0);
    assert_eq!(
        world.log(),
        ["init", "create", "rotate", "create", "undo", "delete"]
    );
    let [.., undo, delete] = &world.events()[..] else {
        panic!("too few events");
    };
    assert_eq!(undo.key_id, Some(id_of(&old)));
    assert_eq!(undo.at, world.now().millis());
    assert_eq!(
        undo.detail()["replaced_by"],
        json!({ "old": id_of(&new), "new": null })
    );
    assert_eq!(
        undo.detail()["usable_until"],
        json!({ "old": "2026-11-22T01:00:00Z", "new": null })
    );
    assert_eq!(delete.key_id, Some(id_of(&new)));
    assert_eq!(delete.detail()["replaces"], json!(id_of(&old)));
    for event in [undo, delete] {
        assert_eq!(event.actor, "alice");
        assert_eq!(event.detail()["reason"], json!("wrong key"));
    }
    world.check_chain();
    let logged = world.run("log --action undo --format jsonl");
    assert!(logged.stdout.contains(&id_of(&old)), "{logged:#?}");
}

#[test]
fn undo_asks_and_names_both_keys() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    assert_eq!(world.verify(&new, ""), 0);
    world.run(&format!("edit {} --add-scope project", id_of(&new)));
    world.advance("5m");
    let before = world.rows();
    let question = "Undo the rotation? [y/N] \n";
    let ask = || world.line("rotate web --undo").terminal(80);
    for no in ["n", "", "undo"] {
        let ran = ask().answer(no).run().fails(4, "not confirmed");
        assert_eq!(ran.asked, question);
        assert_eq!(world.rows(), before, "{no}");
    }
    ask().prompt_fails(ErrorKind::Interrupted).run().code(130);
    assert_eq!(world.rows(), before);
    let (old, new) = (id_of(&old), id_of(&new));
    ask().answer("y").run().code(0).stderr(&format!(
        "this key will be deleted, and whatever uses it will fail:\n  \
         {new}  web  of alice, active, last used 5m ago\n  \
         these changes since the rotation will be lost: scopes\n\
         this key takes its place again:\n  \
         {old}  web  of alice, phased-out, no use recorded\n  \
         it expires 2027-11-22T00:00:00Z (in 365d)\n\
         deleted {new} (web)\n\
         {old} (web) is active again, expires 2027-11-22T00:00:00Z (in 365d)\n"
    ));
}

#[test]
fn undo_without_a_terminal_needs_yes() {
    let world = World::quick();
    rotated(&world);
    let before = world.rows();
    let error = |why: &str| {
        format!("keyctl: undo needs confirmation, and {why}\nhint: if you are sure, add --yes\n")
    };
    world
        .line("rotate web --undo")
        .run()
        .code(4)
        .stderr(&error("this is not a terminal"));
    let redirected = Terminal {
        stderr: true,
        ..Terminal::default()
    };
    world
        .line("rotate web --undo")
        .streams(redirected)
        .run()
        .code(4)
        .stderr(&error("standard input is not a terminal"));
    assert_eq!(world.rows(), before);
}

#[test]
fn undo_names_what_was_changed_since_the_rotation() {
    let world = World::quick();
    rotated(&world);
    world.run("edit web --name www --add-scope project --label b=c --expires 30d");
    undo(&world, "www")
        .run()
        .code(0)
        .says("  these changes since the rotation are lost: expires_at, labels, name, scopes\n");
    assert_eq!(world.record("web")["scopes"], json!(["inference"]));
}

#[test]
fn undo_names_no_expiry_that_is_as_the_rotation_gave_it() {
    let world = World::quick();
    let old = world.create("--scope inference --name web --expires 90d");
    world.advance("1d");
    rotate(&world, "--grace 1h");
    let given = world.record("web")["expires_at"].clone();
    world.run("edit web --expires 2h");
    world.run(&format!("edit web --expires {}", given.as_str().unwrap()));
    let ran = undo(&world, "web").run().code(0);
    assert!(!ran.stderr.contains("lost"), "{ran:#?}");
    assert_eq!(world.record("web")["id"], json!(id_of(&old)));
}

#[test]
fn undo_after_a_question_is_refused_if_the_new_key_was_rotated_meanwhile() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let (mut store, now) = (world.open(), world.now());
    let id = id_of(&new).parse().unwrap();
    let meanwhile = move || {
        open::alter(&mut *store, id, |key| {
            key.grace_from = Some(now);
            key.usable_until = Some(now);
        });
    };
    world
        .line("rotate web --undo")
        .terminal(80)
        .answer_after(meanwhile, "y")
        .run()
        .fails(
            4,
            &format!(
                "the rotation of {} ('web') cannot be undone: its successor {} was rotated again\n",
                id_of(&old),
                id_of(&new)
            ),
        );
}

#[test]
fn a_rotation_without_grace_or_whose_grace_ended_is_not_undone() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    let new = id_of(&rotate(&world, "--grace 0s"));
    let stays = |new: &str| {
        format!(
            "its token stays stopped; use the token of its live successor {new}; if that is lost: keyctl rotate {new}"
        )
    };
    let ended = |old: &str, at: &str| {
        format!("the rotation of {old} ('web') cannot be undone: its grace ended at {at}")
    };
    for key in ["web", &old, &new] {
        refused(
            &world,
            key,
            &ended(&old, "2026-11-22T00:00:00Z"),
            &stays(&new),
        );
    }
    // At the last millisecond it can be undone.
    let third = id_of(&rotate(&world, "--grace 1h"));
    world.advance_millis(3_600_000);
    refused(
        &world,
        "web",
        &ended(&new, "2026-11-22T01:00:00Z"),
        &stays(&third),
    );
    world.advance_millis(-1);
    undo(&world, "web").run().code(0);

    // Ended by hand, it stays over on a clock that is set back.
    let fourth = id_of(&rotate(&world, "--grace 1h"));
    world.run(&format!("edit {new} --grace 0s"));
    world.advance_millis(-1_000);
    refused(
        &world,
        "web",
        &ended(&new, "2026-11-22T00:59:59Z"),
        &stays(&fourth),
    );
}

#[test]
fn a_rotation_of_a_key_that_expired_since_is_not_undone() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web --expires 1h"));
    let new = id_of(&rotate(&world, "--grace 2h"));
    world.advance("1h");
    refused(
        &world,
        &old,
        &format!(
            "the rotation of {old} ('web') cannot be undone: it expired at 2026-11-22T01:00:00Z"
        ),
        &format!(
            "its token stays stopped; use the token of its live successor {new}; if that is lost: keyctl rotate {new}"
        ),
    );
}

#[test]
fn a_rotation_into_a_key_that_expired_is_undone() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    rotate(&world, "--grace 3h --expires 1h");
    world.advance("2h");
    undo(&world, "web").run().code(0);
    assert_eq!(world.verify(&old, ""), 0);
}

#[test]
fn a_successor_that_was_rotated_again_has_its_rotation_undone_first() {
    let world = World::quick();
    let (first, second) = rotated(&world);
    let third = rotate(&world, "--grace 1h");
    let [first_id, second_id, third_id] = [&first, &second, &third].map(|token| id_of(token));
    let why = format!(
        "the rotation of {first_id} ('web') cannot be undone: its successor {second_id} was rotated again"
    );
    let hint = format!("undo that rotation first: keyctl rotate {second_id} --undo");
    refused(&world, &first_id, &why, &hint);
    for key in [&second_id, &first_id] {
        undo(&world, key).run().code(0);
    }
    assert_eq!(world.verify(&first, ""), 0);
    assert_eq!(world.verify(&second, ""), 1);
    assert_eq!(world.verify(&third, ""), 1);

    // One that has stopped cannot come back first.
    let second_id = id_of(&rotate(&world, "--grace 1h"));
    let third_id_2 = id_of(&rotate(&world, "--grace 0s"));
    assert_ne!(third_id, third_id_2);
    refused(
        &world,
        &first_id,
        &format!(
            "the rotation of {first_id} ('web') cannot be undone: its successor {second_id} was rotated again"
        ),
        &format!(
            "its token works until 2026-11-22T01:00:00Z; use the token of its live successor {third_id_2}; if that is lost: keyctl rotate {third_id_2}"
        ),
    );
}

#[test]
fn undo_before_a_rotation_whose_new_key_is_gone_proposes_no_second_undo() {
    let world = World::quick();
    let (first, second) = rotated(&world);
    let third = rotate(&world, "--grace 1h");
    let [first, second, third] = [&first, &second, &third].map(|token| id_of(token));
    world.run(&format!("delete {third} --yes"));
    refused(
        &world,
        &first,
        &format!(
            "the rotation of {first} ('web') cannot be undone: its successor {second} was rotated again"
        ),
        "its token works until 2026-11-22T01:00:00Z; it has no live successor; to make a new key: keyctl create --scope inference",
    );
}

#[test]
fn a_disabled_successor_is_enabled_first_by_who_may() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let (old, new) = (id_of(&old), id_of(&new));
    let why = |by: &str| {
        format!(
            "the rotation of {old} ('web') cannot be undone: its successor {new} was disabled by '{by}'"
        )
    };
    let enable = format!("enable it first: keyctl enable {new}");
    world.run(&format!("disable {new}"));
    refused(&world, &old, &why("alice"), &enable);
    world
        .line(&format!("disable {new}"))
        .user("carol")
        .run()
        .code(0);
    refused(
        &world,
        &new,
        &why("carol"),
        "only an administrator can enable it again: 'keyctl admin list' lists them",
    );
    let before = world.rows();
    undo(&world, &new)
        .user("carol")
        .run()
        .fails(4, &why("carol"))
        .says(&format!("hint: {enable}\n"));
    assert_eq!(world.rows(), before);
    world
        .line(&format!("enable {new}"))
        .user("carol")
        .run()
        .code(0);
    undo(&world, &new).run().code(0);
}

#[test]
fn a_key_that_was_disabled_in_its_grace_does_not_come_back() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let (old, new) = (id_of(&old), id_of(&new));
    world
        .line(&format!("disable {old}"))
        .user("carol")
        .run()
        .code(0);
    let stays = format!(
        "its token stays stopped; use the token of its live successor {new}; if that is lost: keyctl rotate {new}"
    );
    refused(
        &world,
        "web",
        &format!(
            "the rotation of {old} ('web') cannot be undone: it was disabled by 'carol', which ended its grace"
        ),
        &stays,
    );
    world
        .line(&format!("enable {old}"))
        .user("carol")
        .run()
        .code(0);
    refused(
        &world,
        "web",
        &format!(
            "the rotation of {old} ('web') cannot be undone: its grace ended at 2026-11-22T00:00:00Z"
        ),
        &stays,
    );
}

#[test]
fn a_rotation_is_not_undone_once_either_key_is_deleted_or_purged() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let (old, new) = (id_of(&old), id_of(&new));
    let works = "its token works until 2026-11-22T01:00:00Z; it has no live successor; to make a new key: keyctl create --scope inference";
    let not_undone = |why: &str| format!("the rotation of {old} ('web') cannot be undone: {why}");
    world.run(&format!("delete {new} --yes"));
    for key in [&old, &new, "web"] {
        refused(
            &world,
            key,
            &not_undone(&format!("its successor {new} is deleted")),
            works,
        );
    }
    world.run("purge --owner alice --yes");
    refused(
        &world,
        &old,
        &not_undone(&format!("its successor {new} was purged")),
        works,
    );
    world.run(&format!("delete {old} --yes"));
    let gone = "its token stays stopped; it has no live successor; to make a new key: keyctl create --scope inference";
    refused(
        &world,
        &old,
        &not_undone(&format!("its successor {new} was purged")),
        gone,
    );

    let (old, new) = rotated(&world);
    let (old, new) = (id_of(&old), id_of(&new));
    world.run(&format!("delete {old} --yes"));
    refused(
        &world,
        &new,
        &format!("the rotation of {old} ('web') cannot be undone: it is deleted"),
        &format!(
            "its token stays stopped; use the token of its live successor {new}; if that is lost: keyctl rotate {new}"
        ),
    );
    world.run("purge --owner alice --yes");
    refused(
        &world,
        "web",
        &format!(
            "the rotation that made {new} ('web') cannot be undone: {old}, which it replaced, was purged"
        ),
        &format!("to replace it: keyctl rotate {new}"),
    );
}

#[test]
fn a_key_that_was_not_rotated_or_undone_already_has_nothing_to_undo() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let (old, new) = (id_of(&old), id_of(&new));
    undo(&world, "web").run().code(0);
    let shows = "'keyctl list --state phased-out' shows the keys that were";
    for key in ["web", &old] {
        refused(
            &world,
            key,
            &format!("{old} ('web') was not rotated"),
            shows,
        );
    }
    refused(
        &world,
        &new,
        &format!("the rotation of {old} ('web') cannot be undone: it was undone already"),
        &format!("to see its present state: keyctl show {old}"),
    );
    // It is rotated and undone once more.
    let other = rotate(&world, "--grace 1h");
    undo(&world, &old).run().code(0);
    assert_eq!(world.record(&id_of(&other))["state"], json!("deleted"));
    undo(&world, "nothing").run().fails(3, "");
}

#[test]
fn a_name_that_another_key_took_is_freed_first() {
    let world = World::quick();
    let (old, new) = rotated(&world);
    let (old, new) = (id_of(&old), id_of(&new));
    world.run(&format!("edit {new} --name www"));
    let other = id_of(&world.create("--scope inference --name web"));
    refused(
        &world,
        &old,
        &format!(
            "the rotation of {old} ('web') cannot be undone: 'alice' has another key named 'web': {other}"
        ),
        &format!("free the name first: keyctl edit {other} --name OTHER"),
    );
    world.run(&format!("edit {other} --name other"));
    undo(&world, &old).run().code(0);
    assert_eq!(world.record("web")["id"], json!(old));
}

#[test]
fn only_the_owner_and_an_administrator_undo_a_rotation() {
    let world = World::quick();
    let (old, _) = rotated(&world);
    let before = world.rows();
    undo(&world, &id_of(&old))
        .user("bob")
        .run()
        .fails(4, "'bob' may not manage keys of 'alice'\n");
    assert_eq!(world.rows(), before);
    let refusal = world.events().pop().unwrap();
    assert_eq!(refusal.action, "refuse");
    assert_eq!(refusal.key_id, Some(id_of(&old)));
    undo(&world, &id_of(&old)).user("carol").run().code(0);
    assert_eq!(world.verify(&old, ""), 0);
}

#[test]
fn undo_deletes_a_legacy_successor_and_its_tombstone_stays() {
    let world = World::quick();
    let carol = |line: &str| world.line(line).user("carol").run().code(0);
    let old = carol("create --kind legacy --owner alice --name robot").stdout;
    let old = old.trim_end();
    let new = carol("rotate robot --grace 1h").stdout;
    let new = new.trim_end();
    let before = world.rows();
    undo(&world, "robot")
        .run()
        .fails(4, "'alice' may not undo the rotation of a legacy key\n");
    assert_eq!(world.rows(), before);
    carol("rotate robot --undo --yes");
    assert_eq!(world.verify(old, ""), 0);
    assert_eq!(world.verify(new, ""), 1);
    let id = id_of(new);
    assert_eq!(world.hash(&id), None);
    let record = world.record(&id);
    assert_eq!(record["state"], json!("deleted"));
    assert_eq!(record["kind"], json!("legacy"));

    // A tombstone is deleted already, and is not purged.
    let before = world.rows();
    world
        .run(&format!("delete {id}"))
        .stderr(&format!("{id} (robot) is already deleted\n"));
    world
        .line("delete --owner alice --yes")
        .user("carol")
        .run()
        .code(0)
        .says(&format!("disabled {}", id_of(old)));
    carol(&format!("enable {}", id_of(old)));
    let examined = world.line("doctor").user("carol").run();
    assert!(!format!("{examined:?}").contains(&id), "{examined:#?}");
    let purged = carol("purge --yes");
    assert_eq!(purged.stderr, "nothing to purge\n");
    assert_ne!(world.rows(), before);
    assert_eq!(world.record(&id), record);
}

#[test]
fn undo_takes_no_flag_of_a_new_key() {
    let world = World::quick();
    rotated(&world);
    let before = world.rows();
    for flag in ["--grace 1h", "--expires 1d", "--secret-file new"] {
        let ran = undo(&world, &format!("web {flag}")).run().code(2);
        ran.stdout("").says("--undo");
    }
    assert!(!world.path("new").exists());
    assert_eq!(world.rows(), before);
}

#[test]
fn words_for_an_undo_lead_to_rotate() {
    let world = World::quick();
    for word in ["undo", "unrotate", "rollback"] {
        world
            .line(&format!("{word} web"))
            .run()
            .code(2)
            .says("hint: did you mean 'rotate KEY --undo'?\n");
    }
    world
        .line("rotate web --revert")
        .run()
        .code(2)
        .says("'--undo'");
}
