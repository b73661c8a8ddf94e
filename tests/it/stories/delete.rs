//! `keyctl delete`

use super::World;
use crate::harness::{Cmd, id_of, open};
use keyctl::env::Terminal;
use keyctl::key::Kind;
use serde_json::{Value, json};
use std::io::ErrorKind;

#[test]
fn a_deleted_key_stops_at_once_and_leaves_a_tombstone() {
    let world = World::own();
    let token = world.create("--scope inference --name web --label team=a");
    let id = id_of(&token);
    world
        .run("delete web --yes")
        .stdout("")
        .stderr(&format!("deleted {id} (web)\n"));
    assert_eq!(world.verify(&token, "--scope inference"), 1);
    let ran = world
        .line("verify --no-touch --format json")
        .stdin(&token)
        .run();
    assert_eq!(ran.json(), json!({ "valid": false, "reason": "unknown" }));
    let record = world.record(&id);
    assert_eq!(record["state"], json!("deleted"));
    assert_eq!(record["usable"], json!(false));
    assert_eq!(record["deleted_at"], json!("2026-11-22T00:00:00Z"));
    assert_eq!(record["name"], json!("web"));
    assert_eq!(record["labels"], json!({ "team": "a" }));
    world.run("list --format ids").stdout("");
    world
        .run("list --state deleted --format ids")
        .stdout(&format!("{id}\n"));
}

#[test]
fn a_key_in_any_other_state_can_be_deleted() {
    let world = World::quick();
    let running = id_of(&world.create("--scope inference --name running"));
    world.run("rotate running --grace 1d");
    let out = id_of(&world.create("--scope inference --name out"));
    world.run("rotate out");
    let over = id_of(&world.create("--scope inference --name over --expires 1h"));
    let off = id_of(&world.create("--scope inference --name off"));
    world.run("disable off");
    world.advance("2h");
    for id in [running, out, over, off] {
        world.run(&format!("delete {id} --yes"));
        assert_eq!(world.record(&id)["state"], json!("deleted"), "{id}");
    }
}

#[test]
fn a_key_that_is_deleted_already_is_left_so_without_a_question() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.run("delete web --yes");
    world.advance("1h");
    let before = world.rows();
    // Neither --yes nor a terminal to ask at.
    world
        .run(&format!("delete {id}"))
        .stderr(&format!("{id} (web) is already deleted\n"));
    world
        .line(&format!("delete {id}"))
        .terminal(80)
        .run()
        .code(0);
    assert_eq!(world.rows(), before);
}

#[test]
fn deletion_is_permanent_whatever_the_clock_says() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    world.advance("1h");
    world.run("delete web --yes");
    world.advance_millis(-1_800_000);
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(world.record(&id_of(&token))["state"], json!("deleted"));
}

#[test]
fn its_name_is_free_again() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("delete web --yes");
    let id = id_of(&world.create("--scope inference --name web"));
    assert_eq!(world.record("web")["id"], json!(id));
}

#[test]
fn the_question_names_what_will_go_and_when_it_was_last_used() {
    let world = World::quick();
    let web = world.create("--scope inference --name web");
    let off = id_of(&world.create("--scope inference --name off"));
    assert_eq!(world.verify(&web, ""), 0);
    world.run("disable off");
    world.advance("3h");
    let id = id_of(&web);
    let ran = world
        .line("delete web off")
        .terminal(80)
        .answer("yes")
        .run()
        .code(0)
        .stdout("")
        .stderr(&format!(
            "these keys will be deleted, and whatever uses them will fail:\n  \
             {id}  web  of alice, active, last used 3h ago\n  \
             {off}  off  of alice, disabled, no use recorded\n\
             deleted {id} (web)\ndeleted {off} (off)\ndeleted 2 keys\n"
        ));
    assert_eq!(ran.asked, "Delete 2 keys? [y/N] \n");
}

#[test]
fn a_key_given_twice_is_asked_about_once() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    let ran = world
        .line(&format!("delete web {id} alice/web"))
        .terminal(80)
        .answer("n")
        .run()
        .fails(4, "not confirmed");
    assert_eq!(ran.asked, "Delete 1 key? [y/N] \n");
    assert_eq!(ran.stderr.matches(&id).count(), 1);
}

#[test]
fn what_others_do_while_somebody_is_asked_counts() {
    let world = World::quick();
    world.create("--scope inference --name a");
    world.create("--scope inference --name b");
    let (mut others, b) = (world.open(), world.keys()[1].id);
    world
        .line("delete a b")
        .terminal(80)
        .answer_after(
            move || others.write(Box::new(move |tx| tx.purge(b))).unwrap(),
            "y",
        )
        .run()
        .fails(3, "")
        .says("keyctl: there is no key 'b'\n");
    assert_eq!(world.record("a")["state"], json!("active"));
    assert_eq!(world.log(), ["init", "create", "create"]);
}

#[test]
fn a_key_of_which_nobody_was_asked_is_not_deleted() {
    let world = World::quick();
    world.create("--scope inference --name web");
    for line in ["delete web", "delete --owner alice"] {
        let (mut others, old) = (world.open(), world.keys()[0].id);
        // As a rotation, or a new key, would be met: the name, or the owner, means another key.
        let renewed = move || {
            let mut new = ["000000000000", "111111111111"].map(|id| id.parse().unwrap());
            new.sort_by_key(|id| *id == old);
            open::alter(&mut *others, old, |key| key.id = new[0]);
        };
        world
            .line(line)
            .terminal(80)
            .answer_after(renewed, "y")
            .run()
            .fails(4, "")
            .says("also matches now; it did not when you confirmed\nhint: nothing was changed; run the command again\n");
        assert_eq!(world.record("web")["state"], json!("active"));
    }
}

#[test]
fn only_yes_is_yes() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    let delete = || world.line("delete web").terminal(80);
    let refused = |delete: Cmd<'_>, code: u8, message: &str| {
        let ran = delete.run().fails(code, message);
        assert_eq!(ran.asked, "Delete 1 key? [y/N] \n");
        assert_eq!(world.rows(), before);
    };
    for answer in ["", "n", "no", "N", "yess", "delete", "y es"] {
        refused(
            delete().answer(answer),
            4,
            "not confirmed: nothing was changed\n",
        );
    }
    refused(
        delete().prompt_fails(ErrorKind::UnexpectedEof),
        4,
        "not answered: nothing was changed\n",
    );
    refused(
        delete().prompt_fails(ErrorKind::Interrupted),
        130,
        "interrupted: nothing was changed\n",
    );
    for answer in ["y", "Y", " yes ", "YES"] {
        world.create("--scope inference --name other");
        world
            .line("delete other")
            .terminal(80)
            .answer(answer)
            .run()
            .code(0);
    }
}

#[test]
fn many_keys_are_not_all_named_in_the_question() {
    let world = World::quick();
    world.create("--scope inference --name web --count 22");
    let ran = world
        .line("delete --owner alice")
        .terminal(80)
        .answer("n")
        .run()
        .fails(4, "not confirmed");
    assert_eq!(ran.asked, "Delete 22 keys? [y/N] \n");
    let named = ran.stderr.lines().filter(|line| line.contains("of alice"));
    assert_eq!(named.count(), 20);
    ran.says("\n  and 2 more\n");
}

#[test]
fn a_name_cannot_play_with_the_terminal_that_asks() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.alter(&id, |key| key.name = "a\u{1b}[2Kb".to_owned());
    world
        .line(&format!("delete {id}"))
        .terminal(80)
        .answer("n")
        .run()
        .fails(4, "")
        .says("a\\u{1b}[2Kb  of alice");
}

#[test]
fn without_a_terminal_it_takes_yes() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    for line in ["delete web", "delete --owner alice"] {
        world
            .line(line)
            .stdin("y\n")
            .run()
            .fails(4, "delete needs confirmation, and this is not a terminal\n")
            .says("hint: if you are sure, add --yes\n");
    }
    let piped = Terminal {
        stdin: false,
        stdout: true,
        stderr: true,
        columns: Some(80),
    };
    world
        .line("delete -")
        .stdin("web\n")
        .streams(piped)
        .run()
        .fails(
            4,
            "delete needs confirmation, and standard input is not a terminal\nhint: if you are sure, add --yes\n",
        );
    assert_eq!(world.rows(), before);
    // With --yes nobody is asked at a terminal either.
    world.line("delete web -y").terminal(80).run().code(0);
}

#[test]
fn what_is_refused_is_refused_before_anybody_is_asked() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name robot"));
    world.create("--scope inference --name web");
    world.alter(&id, |key| key.kind = Kind::Legacy);
    let before = world.rows();
    world
        .line("delete web robot")
        .terminal(80)
        .run()
        .fails(
            4,
            &format!("{id} ('robot') cannot be deleted: it is a legacy key\n"),
        )
        .says("hint: rotate or disable it instead\n");
    world
        .line("delete web nosuch")
        .terminal(80)
        .run()
        .fails(3, "there is no key 'nosuch'\n");
    for line in ["delete web", "delete --owner alice"] {
        world
            .line(line)
            .user("bob")
            .terminal(80)
            .run()
            .fails(4, "'bob' may not manage keys of 'alice'\n");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn several_keys_are_all_deleted_or_none_and_each_once() {
    let world = World::quick();
    let a = world.create("--scope inference --name a");
    let b = id_of(&world.create("--scope inference --name b"));
    world
        .line("create --scope inference --name theirs")
        .user("bob")
        .run()
        .code(0);
    let before = world.rows();
    world.line("delete a b nosuch --yes").run().fails(3, "");
    world.line("delete a bob/theirs b --yes").run().fails(4, "");
    assert_eq!(world.rows(), before);
    world
        .line(&format!("delete a {b} - b {} --yes", id_of(&a)))
        .stdin(format!("Bearer {a}\r\n\nalice/b\n"))
        .run()
        .code(0)
        .stderr(&format!(
            "deleted {} (a)\ndeleted {b} (b)\ndeleted 2 keys\n",
            id_of(&a)
        ));
    assert_eq!(world.log()[4..], ["delete", "delete"]);
    world.check_chain();
}

#[test]
fn a_leaked_token_is_revoked_from_stdin() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let ran = world
        .cmd(["delete", "-", "--yes", "-m", "leaked in a log"])
        .stdin(format!("{token}\n"))
        .run()
        .code(0);
    assert!(!ran.stderr.contains(&token));
    assert_eq!(world.verify(&token, ""), 1);
    let last = world.events().pop().unwrap();
    assert_eq!(last.action, "delete");
    assert_eq!(last.key_id, Some(id_of(&token)));
    assert_eq!(last.detail()["reason"], json!("leaked in a log"));
    assert!(!world.rows().contains(&token));
}

#[test]
fn a_name_does_not_choose_while_a_phased_out_key_of_that_name_works() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let new = world.run("rotate web --grace 1h").stdout;
    let before = world.rows();
    for line in [
        "delete web --yes",
        "delete alice/web --yes",
        "disable web",
        "disable alice/web",
    ] {
        world
            .line(line)
            .run()
            .fails(3, "")
            .says(" stands for more than one key\n")
            .says(&format!("\n  {}  web  of alice, phased-out\n", id_of(&old)))
            .says(&format!(
                "\n  {}  web  of alice, active\n",
                id_of(new.trim_end())
            ));
    }
    assert_eq!(world.rows(), before);
    world.run("enable web");
    world.run("edit web --label team=a");

    world.advance("1h");
    world.run("disable web");
    world.run("delete web --yes");
    assert_eq!(world.verify(&new, ""), 1);
}

#[test]
fn the_id_chooses_while_a_phased_out_key_of_that_name_works() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let new = world.run("rotate web --grace 1h").stdout;
    world.run(&format!("delete {} --yes", id_of(&old)));
    assert_eq!(world.verify(&old, ""), 1);
    assert_eq!(world.verify(&new, ""), 0);
    world.run("delete web --yes");
    assert_eq!(world.verify(&new, ""), 1);
}

#[test]
fn every_key_of_a_user_goes_and_legacy_ones_are_disabled() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let new = world.run("rotate web --grace 1h").stdout;
    let robot = world.create("--scope inference --name robot");
    world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    let theirs = world
        .line("create --scope inference")
        .user("bob")
        .run()
        .code(0)
        .stdout;
    world.alter(&id_of(&robot), |key| key.kind = Kind::Legacy);
    let events = world.events().len();
    world
        .line("delete --owner alice --yes")
        .user("carol")
        .run()
        .code(0)
        .says(&format!("disabled {} (robot)\n", id_of(&robot)))
        .says("disabled instead of deleted, as legacy keys cannot be deleted: 1 key\n");
    for token in [&old, &new, &robot] {
        assert_eq!(world.verify(token, "--no-touch"), 1);
    }
    assert_eq!(world.verify(&theirs, ""), 0);
    assert_eq!(world.record(&id_of(&robot))["state"], json!("disabled"));
    assert_eq!(world.record(&id_of(&robot))["deleted_at"], Value::Null);
    let log = world.log();
    assert_eq!(
        log[events..events + 3]
            .iter()
            .filter(|a| *a == "delete")
            .count(),
        2
    );
    assert_eq!(
        log[events..events + 3]
            .iter()
            .filter(|a| *a == "disable")
            .count(),
        1
    );
    world.check_chain();
}

#[test]
fn keys_and_a_user_are_not_given_together_and_one_is_needed() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    world
        .line("delete web --owner alice --yes")
        .run()
        .fails(2, "");
    world
        .line("delete --yes")
        .run()
        .fails(2, "missing argument: KEY\n");
    world
        .line("delete --owner nobody --yes")
        .user("carol")
        .run()
        .fails(3, "'nobody' has no keys\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn uid_0_may_delete_anybodys_key() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    world
        .line("delete web --yes")
        .user("root")
        .uid(0)
        .run()
        .code(0);
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(world.events().pop().unwrap().actor, "root");
}
