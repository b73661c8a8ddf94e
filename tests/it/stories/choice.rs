//! Choice of keys by owner and label, and `--dry-run`, of disable, enable and delete.

use super::World;
use crate::harness::id_of;
use keyctl::key::State;
use keyctl::when::Span;
use serde_json::json;

/// A world in which alice is the administrator; keys of two users and two teams, by name.
fn world() -> World {
    let world = World::own();
    for line in [
        "--owner bob --name a --label team=search --label env=prod",
        "--owner bob --name b --label team=ads",
        "--owner dora --name c --label team=search",
        "--owner dora --name d --label env=",
        "--owner bob --name gone --label team=search",
    ] {
        world.create(&format!("--scope inference {line}"));
    }
    world.run("delete bob/gone --yes");
    world
}

/// The names of the keys in this state, in order.
fn names(world: &World, state: State) -> String {
    let keys = world.keys().into_iter();
    keys.filter(|key| key.state(world.now()) == state)
        .map(|key| key.name)
        .collect()
}

#[test]
fn disable_and_delete_choose_by_owner_and_labels_together() {
    for (choice, chosen) in [
        ("--owner bob", "ab"),
        ("--label team=search", "ac"),
        ("--label team", "abc"),
        ("--label env", "ad"),
        ("--label env=", "d"),
        ("--label team=search --label env", "a"),
        ("--owner dora --label team=search", "c"),
    ] {
        for (line, state) in [
            ("disable", State::Disabled),
            ("delete --yes", State::Deleted),
        ] {
            let world = world();
            world.run(&format!("{line} {choice}"));
            let stopped = names(&world, state).replace("gone", "");
            assert_eq!(stopped, chosen, "{line} {choice}");
            world.check_chain();
        }
    }
}

#[test]
fn a_choice_that_no_key_meets_is_not_found() {
    let world = world();
    let before = world.rows();
    for verb in [
        "disable",
        "enable",
        "delete",
        "disable --dry-run",
        "enable --dry-run",
    ] {
        for (choice, message) in [
            ("--owner bbo", "'bbo' has no keys\nhint: "),
            (
                "--label team=serch",
                "there is no key with the label 'team=serch'\nhint: did you mean 'team=search'?\n",
            ),
            (
                "--label taem",
                "there is no key with the label 'taem'\nhint: did you mean 'team'?\n",
            ),
            (
                "--owner dora --label team=ads --label env",
                "there is no key of 'dora' with the labels 'team=ads' and 'env'\n\
                 hint: 'keyctl list --format jsonl' shows the labels of every key\n",
            ),
        ] {
            world
                .line(&format!("{verb} {choice}"))
                .run()
                .fails(3, message);
        }
        world
            .line(&format!("{verb} --label a!b"))
            .run()
            .fails(2, "");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_choice_whose_keys_are_all_deleted_is_done() {
    let world = world();
    world.run("delete --label team=search --yes");
    let before = world.rows();
    for verb in ["delete", "disable", "delete --dry-run"] {
        world
            .run(&format!("{verb} --label team=search"))
            .says("every key with the label 'team=search' is already deleted\n");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_choice_excludes_keys_and_one_of_both_is_needed() {
    let world = world();
    let before = world.rows();
    for verb in ["disable", "enable", "delete"] {
        for arguments in ["bob/a --label team", "bob/a --owner bob", "- --label team"] {
            world
                .line(&format!("{verb} {arguments} -q"))
                .run()
                .fails(2, "");
        }
        world.line(verb).run().fails(2, "missing argument: ");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_choice_by_label_is_of_ones_own_keys_but_for_an_administrator() {
    let world = world();
    let as_bob = |line: &str| world.line(line).user("bob").run();
    let before = world.rows();
    for line in [
        "disable --label team",
        "delete --label team --yes",
        "disable --label team --dry-run",
    ] {
        as_bob(line)
            .fails(4, "'bob' may not manage keys of 'dora'\n")
            .says("'keyctl admin list' lists the administrators; for your own keys only, add --owner bob\n");
    }
    assert_eq!(world.rows(), before);
    as_bob("disable --label team --owner bob").code(0);
    assert_eq!(names(&world, State::Disabled), "ab");
}

#[test]
fn delete_by_label_asks_and_disables_legacy_keys() {
    let world = world();
    world.create("--kind legacy --name robot --label team=search");
    let before = world.rows();
    world
        .line("delete --label team=search")
        .run()
        .fails(4, "delete needs confirmation");
    let ran = world
        .line("delete --label team=search")
        .terminal(80)
        .answer("n")
        .run();
    assert_eq!(
        ran.asked,
        "Delete 2 keys, and disable 1 key of kind legacy? [y/N] \n"
    );
    let shown = world.run("delete --label team=search --dry-run --format ids");
    let shown = shown.says("dry run: 2 keys would be deleted and 1 disabled (legacy keys cannot be deleted); nothing was changed\n");
    assert_eq!(shown.stdout.lines().count(), 3);
    assert_eq!(world.rows(), before);
    let ran = world.run("delete --label team=search --yes");
    ran.says(
        "\ndeleted 2 keys\ndisabled instead of deleted, as legacy keys cannot be deleted: 1 key\n",
    );
    assert_eq!(names(&world, State::Disabled), "robot");
    world.run("enable robot");
    world.run("delete --owner alice --dry-run").says(
        "dry run: 1 key would be disabled (legacy keys cannot be deleted); nothing was changed\n",
    );
}

#[test]
fn dry_run_prints_the_keys_that_would_change_and_changes_nothing() {
    let world = world();
    world.run("disable bob/b");
    let before = world.rows();
    for (line, chosen, done) in [
        ("disable --owner bob", "a", "disabled"),
        ("disable bob/a bob/b", "a", "disabled"),
        ("delete --owner bob", "ab", "deleted"),
        ("delete bob/a", "a", "deleted"),
        ("enable --owner bob", "b", "enabled"),
        ("enable bob/a bob/b", "b", "enabled"),
        ("enable --label env", "", "enabled"),
    ] {
        let ran = world.run(&format!("{line} --dry-run --format jsonl"));
        let names: String = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|record| record["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, chosen, "{line}");
        let count = match chosen.len() {
            1 => "1 key".to_owned(),
            count => format!("{count} keys"),
        };
        let said = format!("dry run: {count} would be {done}; nothing was changed\n");
        match (done, chosen) {
            ("enabled", "b") => ran.says(&said).says("  b  of bob, disabled by alice now\n"),
            _ => ran.stderr(&said),
        };
    }
    world.run("disable bob/a --dry-run -q").stderr("");
    world.line("disable bob/a --format ids").run().fails(2, "");
    world.line("disable nosuch --dry-run").run().fails(3, "");
    world
        .line("delete bob/a --dry-run")
        .user("dora")
        .run()
        .fails(4, "'dora' may not manage keys of 'bob'\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn dry_run_of_piped_keys_names_the_lines_that_would_stop_nothing() {
    let world = world();
    let token = world.create("--scope inference --name e");
    let before = world.rows();
    let input = format!("bob/a\n{token}\nnosuch\n");
    for verb in ["disable", "delete"] {
        let ran = world
            .line(&format!("{verb} - --dry-run --format ids"))
            .stdin(&input)
            .run();
        assert_eq!(ran.stdout.lines().count(), 2);
        assert!(ran.stdout.contains(&id_of(&token)));
        assert_eq!(ran.code, 3);
        ran.says("line 3: there is no key 'nosuch'; the other 2 would be stopped\n");
        let ran = world
            .line(&format!("{verb} - --dry-run"))
            .stdin("x\ny\nbob/a\n")
            .run();
        assert_eq!(ran.code, 3);
        ran.says("2 of 3 KEYs would stop nothing; the other one would be stopped\n");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn enable_by_choice_shows_why_each_key_was_disabled_and_asks() {
    let world = world();
    world
        .cmd(["disable", "--owner", "bob", "-m", "has left"])
        .run()
        .code(0);
    world.advance("2h");
    world.line("disable dora/c").user("dora").run().code(0);
    let before = world.rows();
    world.line("enable --label team").run().fails(
        4,
        "enable needs confirmation, and this is not a terminal\nhint: if you are sure, add --yes\n",
    );
    let id = |key: &str| world.record(key)["id"].as_str().unwrap().to_owned();
    let (a, b, c) = (id("bob/a"), id("bob/b"), id("dora/c"));
    let ran = world
        .line("enable --label team")
        .terminal(120)
        .answer("n")
        .run();
    assert_eq!(ran.asked, "Enable 3 keys? [y/N] \n");
    ran.fails(4, "").says(&format!(
        "these keys will be enabled:\n  \
         {a}  a  of bob, disabled by alice 2h ago: has left\n  \
         {b}  b  of bob, disabled by alice 2h ago: has left\n  \
         {c}  c  of dora, disabled by dora now\n"
    ));
    assert_eq!(world.rows(), before);
    let ran = world
        .line("enable --label team --owner bob")
        .terminal(80)
        .answer("y")
        .run();
    ran.code(0);
    assert_eq!(names(&world, State::Disabled), "c");
    world.run("enable --label team --yes");
    assert_eq!(names(&world, State::Disabled), "");
    world
        .run("enable --label team")
        .stderr("no key with the label 'team' is disabled\n");
}

#[test]
fn enable_by_choice_lifts_nothing_that_an_administrator_did_for_an_owner() {
    let world = world();
    world.line("disable bob/a").user("bob").run().code(0);
    world.run("disable bob/b");
    let before = world.rows();
    for line in [
        "enable --owner bob --yes",
        "enable --owner bob",
        "enable --owner bob --dry-run",
    ] {
        world
            .line(line)
            .user("bob")
            .terminal(80)
            .run()
            .fails(4, "")
            .says("was disabled by 'alice'\n");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn enable_by_choice_enables_only_keys_that_were_confirmed() {
    let world = world();
    world.run("disable bob/a");
    let mut others = world.open();
    let late = world.record("bob/b")["id"].as_str().unwrap().to_owned();
    let disabled = move || {
        crate::harness::open::alter(&mut *others, late.parse().unwrap(), |key| {
            key.disabled_at = Some(key.created_at);
            key.disabled_by = Some("alice".to_owned());
        });
    };
    world
        .line("enable --owner bob")
        .terminal(80)
        .answer_after(disabled, "y")
        .run()
        .fails(4, "")
        .says("also matches now; it did not when you confirmed\n");
    assert_eq!(names(&world, State::Disabled), "ab");
}

#[test]
fn enable_by_choice_leaves_a_key_that_was_disabled_again_meanwhile() {
    let world = world();
    world.run("disable bob/a");
    let key = world.record("bob/a")["id"].as_str().unwrap().to_owned();
    let (mut others, id, later) = (
        world.open(),
        key.parse().unwrap(),
        world.now().after(Span::MINUTE),
    );
    let disabled = move || {
        crate::harness::open::alter(&mut *others, id, |key| key.disabled_at = later);
    };
    world
        .line("enable --owner bob")
        .terminal(80)
        .answer_after(disabled, "y")
        .run()
        .fails(
            4,
            &format!(
                "{key} ('a') was disabled again after you were asked\n\
                 hint: nothing was changed; run the command again\n"
            ),
        );
    assert_eq!(names(&world, State::Disabled), "a");
}

#[test]
fn a_label_in_another_unicode_form_chooses_too() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name web"));
    world.alter(&id, |key| {
        key.labels
            .insert("team".to_owned(), "cafe\u{301}".to_owned());
    });
    world.cmd(["disable", "--label", "team=café"]).run().code(0);
    assert_eq!(world.record("web")["state"], json!("disabled"));
}

#[test]
fn dry_run_of_enable_shows_why_each_key_was_disabled_and_which_will_not_work() {
    let world = World::quick();
    let over = id_of(&world.create("--scope inference --name over --expires 1h"));
    let web = id_of(&world.create("--scope inference --name web"));
    world.run("disable over web -m audit");
    world.advance("2h");
    world
        .run("enable over web --dry-run --format ids")
        .stderr(&format!(
            "these keys would be enabled:\n  \
         {over}  over  of alice, disabled by alice 2h ago: audit; it stays expired\n  \
         {web}  web  of alice, disabled by alice 2h ago: audit\n\
         dry run: 2 keys would be enabled; nothing was changed\n"
        ));
    world
        .run("enable over web --dry-run --format ids -q")
        .stderr("");
}

#[test]
fn several_keys_are_counted_after_disable_delete_and_enable() {
    let world = World::quick();
    for name in ["a", "b", "c"] {
        world.create(&format!("--scope inference --name {name}"));
    }
    let ends = |line: &str, total: &str| {
        let said = world.run(line).stderr;
        assert_eq!(said.lines().last(), Some(total), "{said}");
    };
    world.run("disable a");
    ends("disable a b c", "disabled 2 keys; 1 was disabled already");
    ends("enable a b", "enabled 2 keys");
    ends("enable a b c", "enabled 1 key; 2 were enabled already");
    ends("delete --owner alice --yes", "deleted 3 keys");
    let one = world.create("--scope inference --name one");
    ends("disable one", &format!("disabled {} (one)", id_of(&one)));
}
