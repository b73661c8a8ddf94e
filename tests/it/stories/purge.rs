//! `keyctl purge`

use super::World;
use crate::harness::{id_of, open};
use keyctl::env::Terminal;
use keyctl::key::Kind;
use keyctl::when::Timestamp;
use serde_json::json;
use std::io::ErrorKind;

/// A key in every state, each named after it; `running` and `web` are in and past their grace.
fn one_of_each() -> World {
    let world = World::quick();
    world.create("--scope inference --name active");
    world.create("--scope inference --name disabled");
    world.create("--scope inference --name expired --expires 1h");
    world.create("--scope inference --name deleted");
    world.create("--scope inference --name grace");
    world.create("--scope inference --name out");
    world.run("disable disabled");
    world.run("delete deleted --yes");
    world.run("rotate grace --grace 1d");
    world.run("rotate out --grace 1h");
    world.advance("2h");
    world
}

/// Names and states of all records, oldest first.
fn left(world: &World) -> Vec<String> {
    let list = world.run("list --state all --format json").json();
    let records = list.as_array().unwrap().iter();
    records
        .map(|record| {
            format!(
                "{} {}",
                record["name"].as_str().unwrap(),
                record["state"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn only_what_is_dead_is_removed() {
    let world = one_of_each();
    world
        .run("purge --owner alice --yes")
        .stdout("")
        .stderr("purged 3 keys\n");
    assert_eq!(
        left(&world),
        [
            "active active",
            "disabled disabled",
            "grace phased-out",
            "grace active",
            "out active"
        ]
    );
    world
        .run("purge --owner alice")
        .stderr("nothing to purge\n");
}

#[test]
fn a_dry_run_prints_what_would_go_and_removes_nothing() {
    let world = one_of_each();
    let before = world.rows();
    let ids = world
        .run("purge --owner alice --dry-run --format ids")
        .stdout;
    let names: Vec<String> = ids
        .lines()
        .map(|id| world.record(id)["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["expired", "deleted", "out"]);
    let listed = world
        .run("purge --owner alice --dry-run --format json")
        .json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(listed[0]["state"], json!("expired"));
    world.run("purge --owner alice --dry-run").says("3 keys\n");
    assert_eq!(world.rows(), before);
    world.run("purge --owner alice --yes");
    for id in ids.lines() {
        world
            .line(&format!("show {id}"))
            .run()
            .fails(3, &format!("there is no key {id}\n"));
    }
}

#[test]
fn the_form_of_the_list_is_asked_for_with_a_dry_run_only() {
    let world = one_of_each();
    let before = world.rows();
    world
        .line("purge --owner alice --format ids --yes")
        .run()
        .fails(2, "");
    assert_eq!(world.rows(), before);
}

#[test]
fn the_age_is_counted_from_the_day_of_death() {
    let world = World::quick();
    // Each dies at 10 days, the last by a grace shorter than its life.
    world.create("--scope inference --name expired --expires 10d");
    world.create("--scope inference --name deleted --expires 5d");
    world.create("--scope inference --name out --expires 20d");
    world.advance("9d");
    world.run("rotate out --grace 1d");
    world.advance("1d");
    world.run("delete deleted --yes");
    // Phased-out while it was expired: it died when it expired.
    world.create("--scope inference --name early --expires 1h");
    world.advance("1d");
    world.run("rotate early --grace 1d");

    world.advance_millis(2 * 86_400_000 - 1);
    world
        .run("purge --owner alice --older-than 3d")
        .stderr("nothing to purge\n");
    world.advance_millis(1);
    world
        .run("purge --owner alice --older-than 3d --yes")
        .stderr("purged 3 keys\n");
    world.advance_millis(3_599_999);
    world
        .run("purge --owner alice --older-than 3d")
        .stderr("nothing to purge\n");
    world.advance_millis(1);
    world
        .run("purge --owner alice --older-than 3d --yes")
        .stderr("purged 1 key\n");
    assert_eq!(left(&world), ["out active", "early expired"]);
}

#[test]
fn a_deleted_key_can_be_purged_after_the_clock_was_set_back() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.advance("1h");
    world.run("delete web --yes");
    world.advance_millis(-1000);
    world
        .run("purge --owner alice --older-than 1s")
        .stderr("nothing to purge\n");
    let ids = world
        .run("purge --owner alice --dry-run --format ids")
        .stdout;
    assert_eq!(ids.lines().count(), 1);
    world
        .run("purge --owner alice --yes")
        .stderr("purged 1 key\n");
    assert_eq!(left(&world), [""; 0]);
}

#[test]
fn an_expired_key_that_came_back_is_not_dead() {
    let world = World::quick();
    world.create("--scope inference --name a --expires 1h");
    world.create("--scope inference --name b --expires 1h");
    world.advance("2h");
    world.run("edit a --expires 1d");
    world
        .run("purge --owner alice --yes")
        .stderr("purged 1 key\n");
    assert_eq!(left(&world), ["a active"]);
}

#[test]
fn a_key_that_comes_back_while_somebody_is_asked_is_spared() {
    let world = World::quick();
    world.create("--scope inference --name a --expires 1h");
    world.create("--scope inference --name b --expires 1h");
    world.advance("2h");
    let (mut others, a) = (world.open(), world.keys()[0].id);
    let later = Timestamp::from_millis(world.now().millis() + 1);
    let revive = move || open::alter(&mut *others, a, |key| key.expires_at = later);
    world
        .line("purge --owner alice")
        .terminal(80)
        .answer_after(revive, "y")
        .run()
        .code(0)
        .says("purged 1 key\n");
    assert_eq!(left(&world), ["a active"]);
    assert_eq!(world.log(), ["init", "create", "create", "purge"]);
}

#[test]
fn all_takes_what_still_works_too_but_no_legacy_key() {
    let world = one_of_each();
    let robot = world.create("--scope inference --name robot");
    world.alter(&id_of(&robot), |key| key.kind = Kind::Legacy);
    let theirs = world
        .line("create --scope inference")
        .user("bob")
        .run()
        .code(0)
        .stdout;
    let ids = world
        .run("purge --owner alice --all --dry-run --format ids")
        .stdout;
    assert_eq!(ids.lines().count(), 8);
    world
        .line("purge --owner alice --all --yes")
        .user("carol")
        .run()
        .code(0)
        .says("purged 8 keys\n");
    assert_eq!(world.verify(&robot, ""), 0);
    assert_eq!(world.verify(&theirs, ""), 0);
    assert_eq!(left(&world).len(), 2);
}

#[test]
fn a_legacy_key_past_its_grace_stays() {
    let world = World::quick();
    let robot = id_of(&world.create("--scope inference --name robot"));
    world.alter(&robot, |key| {
        key.kind = Kind::Legacy;
        key.expires_at = None;
    });
    world.line("rotate robot").user("carol").run().code(0);
    world.advance("1d");
    world
        .line("purge --yes")
        .user("carol")
        .run()
        .code(0)
        .stderr("nothing to purge\n");
    assert_eq!(world.record(&robot)["state"], json!("phased-out"));
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let world = one_of_each();
    let before = world.rows();
    for line in [
        "purge --all --yes",
        "purge --all --owner alice --older-than 1d --yes",
        "purge --older-than never --yes",
        "purge --older-than=-1d --yes",
        "purge web --yes",
    ] {
        world.line(line).user("carol").run().fails(2, "");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn it_asks_first_and_names_what_will_go() {
    let world = World::quick();
    let token = world.create("--scope inference --name web --expires 1h");
    let id = id_of(&token);
    assert_eq!(world.verify(&token, ""), 0);
    world.advance("3h");
    let before = world.rows();
    let purge = || world.line("purge --owner alice").terminal(80);
    let question =
        format!("to be removed permanently:\n  {id}  web  of alice, expired, last used 3h ago\n");
    for (ran, code, message) in [
        (
            purge().answer("no").run(),
            4,
            "not confirmed: nothing was changed\n",
        ),
        (
            purge().answer("").run(),
            4,
            "not confirmed: nothing was changed\n",
        ),
        (
            purge().prompt_fails(ErrorKind::UnexpectedEof).run(),
            4,
            "not answered: nothing was changed\n",
        ),
        (
            purge().prompt_fails(ErrorKind::Interrupted).run(),
            130,
            "interrupted: nothing was changed\n",
        ),
    ] {
        let ran = ran.fails(code, message).says(&question);
        assert_eq!(ran.asked, "Purge 1 key? [y/N] \n");
    }
    world
        .line("purge --owner alice")
        .run()
        .fails(4, "purge needs confirmation, and this is not a terminal\n")
        .says("hint: if you are sure, add --yes\n");
    assert_eq!(world.rows(), before);
    purge()
        .answer("y")
        .run()
        .code(0)
        .stderr(&format!("{question}purged 1 key\n"));
    assert_eq!(left(&world), [""; 0]);
}

#[test]
fn only_an_administrator_purges_keys_of_others() {
    let world = one_of_each();
    let before = world.rows();
    for flags in ["--yes", "--dry-run"] {
        world
            .line(&format!("purge {flags}"))
            .run()
            .fails(4, "'alice' may not purge keys of others\n")
            .says("hint: you can purge your own: --owner alice\n");
        world
            .line(&format!("purge --owner alice --all {flags}"))
            .user("bob")
            .run()
            .fails(4, "'bob' may not manage keys of 'alice'\n");
    }
    assert_eq!(world.rows(), before);
    world
        .line("purge --yes")
        .user("root")
        .uid(0)
        .run()
        .code(0)
        .says("purged 3 keys\n");
}

#[test]
fn the_events_of_a_purged_key_stay() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let id = id_of(&token);
    world.run("delete web --yes");
    world.advance("1h");
    let before = world.events();
    world
        .cmd(["purge", "--owner", "alice", "--yes", "-m", "spring clean"])
        .run()
        .code(0);
    let after = world.events();
    assert_eq!(after[..before.len()], before);
    let [last] = &after[before.len()..] else {
        panic!("not one event: {after:?}");
    };
    assert_eq!(last.action, "purge");
    assert_eq!(last.key_id.as_ref(), Some(&id));
    assert_eq!(last.at, world.now().millis());
    let detail = last.detail();
    assert_eq!(detail["name"], json!("web"));
    assert_eq!(detail["owner"], json!("alice"));
    assert_eq!(detail["state"], json!("deleted"));
    assert_eq!(detail["reason"], json!("spring clean"));
    world.check_chain();
    assert_eq!(world.verify(&token, ""), 1);
}

#[test]
fn lineage_may_name_a_key_that_is_gone() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    let new = id_of(world.run("rotate web").stdout.trim_end());
    world.run("purge --owner alice --yes");
    assert_eq!(world.record("web")["replaces"], json!(old));

    let newer = id_of(world.run("rotate web --grace 1h").stdout.trim_end());
    world.run(&format!("delete {newer} --yes"));
    world.run("purge --owner alice --yes");
    assert_eq!(world.record(&new)["replaced_by"], json!(newer));
    world
        .line(&format!("rotate {new}"))
        .run()
        .fails(4, "")
        .says("it has no live successor");
}

#[test]
fn the_live_successor_is_found_past_a_purged_one() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name web"));
    world.run("rotate web --grace 1h");
    let third = id_of(world.run("rotate web").stdout.trim_end());
    world
        .run("purge --owner alice --yes")
        .stderr("purged 1 key\n");
    world
        .line(&format!("rotate {first}"))
        .run()
        .fails(4, "")
        .says(&format!("its live successor is {third}"));
}

#[test]
fn of_all_keys_of_a_user_none_is_left_of_which_nobody_was_asked() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let (mut others, old) = (world.open(), world.keys()[0].id);
    let new = "000000000000".parse().unwrap();
    let renewed = move || open::alter(&mut *others, old, |key| key.id = new);
    world
        .line("purge --owner alice --all")
        .terminal(80)
        .answer_after(renewed, "y")
        .run()
        .fails(4, "")
        .says("also matches now; it did not when you confirmed\n");
    assert_eq!(world.keys().len(), 1);
}

#[test]
fn who_waits_sees_how_many_are_gone() {
    let world = World::quick();
    world.create("--scope inference --count 4 --expires 1h");
    world.advance("1h");
    let watched = Terminal {
        stderr: true,
        ..Terminal::default()
    };
    let purge = world.line("purge --owner alice --yes").streams(watched);
    let ran = purge.run().code(0).stderr("purged 4 keys\n");
    assert_eq!(ran.progress, "Keys 4: 1 1 1 1\n");
}

#[test]
fn a_user_of_whom_there_is_no_key_is_likely_a_typo() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let purge = |rest: &str| {
        let line = format!("purge {rest}");
        world.line(&line).user("carol").run().code(0).stdout("")
    };
    let hint = "hint: 'alise' has no keys; did you mean 'alice'?\n";
    for rest in ["--owner alise --yes", "--owner alise --all --yes"] {
        purge(rest).stderr(&format!("nothing to purge\n{hint}"));
    }
    purge("--owner alise --dry-run").stderr(&format!("no keys\n{hint}"));
    purge("--owner alise --dry-run --format ids").stderr("");
    purge("--owner alise --yes --quiet").stderr("");
    purge("--owner alice --yes").stderr("nothing to purge\n");
}

#[test]
fn purge_removes_the_dead_keys_with_a_label() {
    let world = World::own();
    for (name, label) in [("a", "team=search"), ("b", "team=ads"), ("c", "env=prod")] {
        world.create(&format!("--scope inference --name {name} --label {label}"));
        world.run(&format!("delete {name} --yes"));
    }
    let names = |line: &str| {
        let line = format!("list {line} --format csv --columns name");
        let names = world.run(&line).stdout;
        names.lines().skip(1).collect::<Vec<_>>().join(" ")
    };
    let dry = world
        .run("purge --label team --dry-run --format ids")
        .stdout;
    assert_eq!(dry.lines().count(), 2);
    world.run("purge --label team=search --yes");
    assert_eq!(names("--state all"), "b c");
    world.run("purge --label team --yes");
    assert_eq!(names("--state all"), "c");
    // With the keys of one owner that still work.
    world.create("--scope inference --name kept --owner bob");
    world.create("--scope inference --name team --owner bob --label team=ads");
    world.run("purge --owner bob --all --label team --yes");
    assert_eq!(names("--owner bob"), "kept");
}

#[test]
fn purge_of_a_label_that_no_key_has_names_the_one_most_like_it() {
    let world = World::own();
    world.create("--scope inference --name a --label team=search");
    world.run("delete a --yes");
    let nothing = |line: &str, rest: &str| {
        world
            .run(&format!("purge {line} --yes"))
            .stderr(&format!("nothing to purge\n{rest}"));
    };
    nothing(
        "--label team=serch",
        "hint: no key has the label 'team=serch'; did you mean 'team=search'?\n",
    );
    nothing(
        "--label env",
        "hint: no key has the label 'env'; 'keyctl list --format jsonl' shows the labels of every key\n",
    );
    nothing("--label team=search --older-than 1d", "");
    world
        .run("purge --label taem --dry-run")
        .says("hint: no key has the label 'taem'; did you mean 'team'?\n");
}
