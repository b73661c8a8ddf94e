//! What `KEY` stands for, through `show` (which only looks) and commands that change.

use super::World;
use crate::harness::id_of;
use keyctl::env::Terminal;
use serde_json::{Value, json};

/// Creates a key as another user and returns its ID.
fn create_as(world: &World, user: &str, line: &str) -> String {
    let ran = world
        .line(&format!("create {line}"))
        .user(user)
        .run()
        .code(0);
    id_of(ran.stdout.trim_end())
}

fn id(world: &World, key: &str) -> Value {
    world.record(key)["id"].clone()
}

/// Gives a key another ID, to have IDs with a known beginning.
fn rename(world: &World, id: &str, new: &str) {
    world.alter(id, |key| key.id = new.parse().unwrap());
}

#[test]
fn an_id_a_name_or_owner_and_name_will_do() {
    let world = World::quick();
    let web = id_of(&world.create("--scope inference --name web"));
    for key in [web.as_str(), "web", "alice/web"] {
        assert_eq!(id(&world, key), json!(web), "{key}");
    }
    for key in [
        "WEB",
        "we",
        "bob/web",
        "/web",
        "alice/",
        "alice/web/",
        "7h2m9qxw4d1e",
    ] {
        world
            .line(&format!("show {key}"))
            .run()
            .fails(3, "there is no key ");
    }
    let spaced = world
        .cmd(["create", "--scope", "inference", "--name", "größe 100%_"])
        .run()
        .code(0)
        .stdout;
    let ran = world
        .cmd(["show", "größe 100%_", "--format", "json"])
        .run()
        .code(0);
    assert_eq!(ran.json()["id"], json!(id_of(spaced.trim_end())));
    // Neither is a pattern.
    world
        .cmd(["show", "größe 100%%"])
        .run()
        .fails(3, "there is no key 'größe 100%%'\n");
}

#[test]
fn what_is_not_found_is_named_with_the_way_out() {
    let world = World::quick();
    world.line("show nosuch").run().code(3).stderr(
        "keyctl: there is no key 'nosuch'\nhint: 'keyctl list --state all' shows every key\n",
    );
    let ran = world
        .line("show nosuch --format json")
        .run()
        .code(3)
        .stdout("");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["code"], json!("not-found"));
    assert_eq!(error["error"]["message"], json!("there is no key 'nosuch'"));
    assert_eq!(error["error"]["candidates"], Value::Null);
    let long = "x\u{1b}".repeat(60);
    world.cmd(["show", &long]).run().fails(
        3,
        &format!("there is no key '{}…'\n", "x\\u{1b}".repeat(32)),
    );
}

#[test]
fn ones_own_come_before_anyones_and_live_before_phased_out() {
    let world = World::quick();
    let own = id_of(&world.create("--scope inference --name web"));
    let theirs = create_as(&world, "bob", "--scope inference --name web");
    assert_eq!(id(&world, "web"), json!(own));
    assert_eq!(id(&world, "bob/web"), json!(theirs));
    let ran = world
        .line("show web --format json")
        .user("bob")
        .run()
        .code(0);
    assert_eq!(ran.json()["id"], json!(theirs));

    let new = id_of(world.run("rotate web").stdout.trim_end());
    assert_eq!(id(&world, "web"), json!(new));
    // One's own phased-out one is one's own.
    world.run(&format!("delete {new} --yes"));
    assert_eq!(id(&world, "web"), json!(own));
    // A tombstone is found by its ID only.
    world.run(&format!("delete {own} --yes"));
    assert_eq!(id(&world, "web"), json!(theirs));
    assert_eq!(id(&world, &own), json!(own));
    world
        .line("show alice/web")
        .run()
        .fails(3, "the key 'web' was deleted at ");
}

#[test]
fn disabled_and_expired_keys_hold_their_names() {
    let world = World::quick();
    let off = id_of(&world.create("--scope inference --name off"));
    let over = id_of(&world.create("--scope inference --name over --expires 1h"));
    world.run("disable off");
    world.advance("2h");
    assert_eq!(id(&world, "off"), json!(off));
    assert_eq!(id(&world, "over"), json!(over));
    for name in ["off", "over"] {
        world
            .line(&format!("create --scope inference --name {name}"))
            .run()
            .fails(
                4,
                &format!("the name '{name}' of 'alice' is held by a key that is "),
            );
    }
}

#[test]
fn a_name_that_two_others_have_is_ambiguous() {
    let world = World::quick();
    let bobs = create_as(&world, "bob", "--scope inference --name web");
    world.advance("1s");
    let carols = create_as(&world, "carol", "--scope inference --name web");
    world.line("disable carol/web").user("carol").run().code(0);
    world
        .line("show web")
        .run()
        .code(3)
        .stdout("")
        .stderr(&format!(
            "keyctl: 'web' stands for more than one key\n  \
         {bobs}  web  of bob, active\n  \
         {carols}  web  of carol, disabled\n\
         hint: give the ID, or OWNER/NAME; 'keyctl show {bobs}' shows one\n"
        ));
    let ran = world
        .line("show web --format json")
        .run()
        .code(3)
        .stdout("");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(
        error,
        json!({ "error": {
            "code": "ambiguous",
            "message": "'web' stands for more than one key",
            "hint": format!("give the ID, or OWNER/NAME; 'keyctl show {bobs}' shows one"),
            "candidates": [
                { "id": bobs, "name": "web", "owner": "bob", "state": "active" },
                { "id": carols, "name": "web", "owner": "carol", "state": "disabled" },
            ],
        }})
    );
    assert_eq!(id(&world, "bob/web"), json!(bobs));
}

#[test]
fn ten_of_the_keys_that_a_name_stands_for_are_named() {
    let world = World::quick();
    for user in 1..=12 {
        create_as(
            &world,
            &format!("user-{user}"),
            "--scope inference --name web",
        );
    }
    let ran = world.line("show web").run();
    let ran = ran.fails(3, "'web' stands for more than one key\n");
    assert_eq!(
        ran.stderr.matches("  web  of user-").count(),
        10,
        "{ran:#?}"
    );
}

#[test]
fn two_phased_out_keys_of_a_name_are_ambiguous_where_none_is_live() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name web"));
    let second = id_of(world.run("rotate web").stdout.trim_end());
    let third = id_of(world.run("rotate web").stdout.trim_end());
    world.run(&format!("delete {third} --yes"));
    world
        .line("show web")
        .run()
        .fails(3, "'web' stands for more than one key\n")
        .says(&format!("\n  {first}  web  of alice, phased-out\n"))
        .says(&format!("\n  {second}  web  of alice, phased-out\n"));
}

#[test]
fn somebody_elses_phased_out_key_of_the_name_does_not_stand_in_the_way() {
    let world = World::quick();
    world.create("--scope inference --name web");
    create_as(&world, "bob", "--scope inference --name web");
    world
        .line("rotate web --grace 1h")
        .user("bob")
        .run()
        .code(0);
    world.run("disable web");
    assert_eq!(world.record("alice/web")["state"], json!("disabled"));
}

#[test]
fn the_beginning_of_an_id_will_do_from_four_characters_on() {
    let world = World::quick();
    let web = id_of(&world.create("--scope inference --name web"));
    rename(&world, &web, "abcdefgh0001");
    for prefix in ["abcd", "abcdefg", "abcdefgh000"] {
        assert_eq!(id(&world, prefix), json!("abcdefgh0001"), "{prefix}");
    }
    world
        .line("show abc")
        .run()
        .fails(3, "there is no key 'abc'\n")
        .says("hint: an ID prefix needs at least 4 characters; 'keyctl list' shows the IDs\n");
    for none in ["abce", "ABCD", "abc%", "abcu", "bcde", "abcdefgh00011"] {
        world.line(&format!("show {none}")).run().fails(
            3,
            &format!("there is no key '{none}'\nhint: 'keyctl list --state all'"),
        );
    }
}

#[test]
fn a_beginning_that_several_ids_share_is_ambiguous() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name first"));
    world.advance("1s");
    let second = id_of(&world.create("--scope inference --name second"));
    rename(&world, &first, "abcdzzzz0001");
    rename(&world, &second, "abcdzzzz0002");
    world.run("delete first --yes");
    world.line("show abcdzzzz").run().code(3).stderr(
        "keyctl: 'abcdzzzz' stands for more than one key\n  \
         abcdzzzz0001  first  of alice, deleted\n  \
         abcdzzzz0002  second  of alice, active\n\
         hint: give more characters of the ID\n",
    );
    assert_eq!(id(&world, "abcdzzzz0001"), json!("abcdzzzz0001"));
}

#[test]
fn a_name_comes_before_the_beginning_of_an_id() {
    let world = World::quick();
    let other = id_of(&world.create("--scope inference --name other"));
    rename(&world, &other, "abcd00000001");
    let named = id_of(&world.create("--scope inference --name abcd"));
    assert_eq!(id(&world, "abcd"), json!(named));
    assert_eq!(id(&world, "abcd0"), json!("abcd00000001"));
}

#[test]
fn what_changes_a_key_takes_a_beginning_at_a_terminal_only() {
    let world = World::quick();
    let web = id_of(&world.create("--scope inference --name web"));
    let before = world.rows();
    let half = Terminal {
        stdin: true,
        ..Terminal::default()
    };
    for line in [
        "edit KEY --name other",
        "rotate KEY",
        "disable KEY",
        "enable KEY",
        "delete KEY --yes",
    ] {
        // Of any length.
        for (prefix, terminal) in [
            (&web[..6], Terminal::default()),
            (&web[..6], half),
            (&web[..1], half),
        ] {
            world
                .line(&line.replace("KEY", prefix))
                .streams(terminal)
                .run()
                .fails(3, &format!("there is no key '{prefix}'\n"))
                .says(
                    "hint: without a terminal, a command that changes a key needs the whole ID\n",
                );
        }
    }
    assert_eq!(world.rows(), before);
    world
        .line(&format!("disable {}", &web[..6]))
        .terminal(80)
        .run()
        .code(0);
    assert_eq!(world.record("web")["state"], json!("disabled"));
}

#[test]
fn lines_of_stdin_are_keys_and_a_token_stands_for_its_id() {
    let world = World::quick();
    let a = world.create("--scope inference --name a");
    let b = id_of(&world.create("--scope inference --name b"));
    world.create("--scope inference --name c");
    world.create("--scope inference --name d");
    let lines = format!("\n Bearer {a} \r\n\t{b}\nalice/c\n\nb");
    world.line("disable - d").stdin(lines).run().code(0);
    let keys = world.keys();
    let off = keys.iter().filter(|key| key.disabled_at.is_some());
    let off: String = off.map(|key| &*key.name).collect();
    assert_eq!(off, "abcd");
    assert_eq!(world.log().iter().filter(|a| *a == "disable").count(), 4);
}

#[test]
fn a_token_on_stdin_is_not_verified() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    // A token of the same ID with another secret, as a second store could have made it.
    let elsewhere = World::quick();
    let other = elsewhere.create("--scope inference --name web");
    rename(&world, &id_of(&token), "abcdefgh0001");
    rename(&world, "abcdefgh0001", &id_of(&other));
    let ran = world
        .line("show - --format json")
        .stdin(&other)
        .run()
        .code(0);
    assert_eq!(ran.json()["name"], json!("web"));
    assert_eq!(ran.json()["last_used_at"], Value::Null);
}

#[test]
fn a_token_as_it_is_shown_stands_for_its_key() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    let shown = [
        format!("kc_{id}"),
        format!("kc_{id}_…"),
        format!("kc_{id}_..."),
        format!("kc_{id}_"),
        format!("acme_2_prod_{id}_…"),
        format!("\u{feff}kc_{id}"),
        format!("\u{feff}{id}"),
        "\u{feff}web".to_owned(),
    ];
    for key in &shown {
        for command in ["disable", "enable", "log --key", "show"] {
            let args = command.split(' ').chain([key.as_str()]);
            let ran = world.cmd(args).run().code(0);
            assert!(
                format!("{}{}", ran.stdout, ran.stderr).contains(&id),
                "{ran:#?}"
            );
            let args = command.split(' ').chain(["-"]);
            let ran = world.cmd(args).stdin(format!("{key}\r\n")).run().code(0);
            assert!(
                format!("{}{}", ran.stdout, ran.stderr).contains(&id),
                "{ran:#?}"
            );
        }
    }
    world
        .cmd(["edit", &shown[7], "--name", "other"])
        .run()
        .code(0);
    world
        .cmd(["rotate", &shown[2], "--grace", "1h"])
        .run()
        .code(0);
    world.cmd(["delete", "--yes", &shown[1]]).run().code(0);
    assert_eq!(world.record(&id)["state"], json!("deleted"));
}

#[test]
fn a_token_as_it_is_shown_that_no_key_has_is_answered_by_its_id() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    rename(&world, &id, "7h2m9qxw4d1e");
    for key in ["kc_7h2m9qxw4d1f", "kc_7h2m9qxw4d1f_…"] {
        world.cmd(["show", key]).run().fails(
            3,
            "there is no key 7h2m9qxw4d1f\nhint: did you mean 7h2m9qxw4d1e ('web' of alice)?\n",
        );
    }
    for key in [
        "kc_7h2m9qxw4d1",
        "_7h2m9qxw4d1e",
        "kc-7h2m9qxw4d1e",
        "KC_7h2m9qxw4d1e",
        "kc_7h2m9qxw4d1e_x",
    ] {
        let ran = world.cmd(["show", key]).run();
        ran.fails(3, &format!("there is no key '{key}'\n"));
    }
    // The events of a key that is gone are not.
    world.run("delete web --yes");
    world.line("purge --yes").user("carol").run().code(0);
    let ran = world
        .cmd(["log", "--key", "kc_7h2m9qxw4d1e_…"])
        .run()
        .code(0);
    assert!(ran.stdout.contains("purge"), "{ran:#?}");
}

#[test]
fn a_name_that_is_shaped_like_a_shown_token_is_found_and_hides_no_key() {
    let world = World::quick();
    let web = id_of(&world.create("--scope inference --name web"));
    let other = id_of(&world.create("--scope inference --name other"));
    let name = |name: &str| world.alter(&other, |key| key.name = name.to_owned());
    // A new one is refused, but an older version took them.
    for shaped in [
        "kc_7h2m9qxw4d1e",
        "kc_7h2m9qxw4d1e_…",
        "kc_7h2m9qxw4d1e_",
        "a_b_7h2m9qxw4d1e_...",
    ] {
        let hint =
            "hint: choose a name that cannot be taken for an ID, for instance one with a '-'\n";
        let refused = format!("the name '{shaped}' is shaped like a key ID\n{hint}");
        world
            .cmd(["create", "--scope", "inference", "--name", shaped])
            .run()
            .fails(2, &refused);
        world
            .cmd(["edit", "web", "--name", shaped])
            .run()
            .fails(2, &refused);
        name(shaped);
        assert_eq!(id(&world, shaped), json!(other), "{shaped}");
        world.cmd(["disable", shaped]).run().code(0);
        world.line("enable -").stdin(shaped).run().code(0);
    }
    // Somebody's key must not be stopped in the place of the one that leaked.
    let shaped = format!("kc_{web}_…");
    name(&shaped);
    assert_eq!(id(&world, &shaped), json!(web));
    assert_eq!(id(&world, &format!("alice/{shaped}")), json!(other));
}

#[test]
fn a_name_that_begins_with_a_mark_is_found_exactly() {
    let world = World::quick();
    let web = id_of(&world.create("--scope inference --name web"));
    let other = id_of(&world.create("--scope inference --name other"));
    let marked = "\u{feff}web";
    world.alter(&other, |key| key.name = marked.to_owned());
    assert_eq!(id(&world, marked), json!(other));
    let of = |stdin: String| {
        let ran = world.line("disable -").stdin(stdin).run().code(0);
        world.cmd(["enable", &web, &other]).run().code(0);
        ran.stderr
    };
    // On the first line it is the file's, elsewhere the name's.
    assert!(of(marked.to_owned()).contains(&web));
    assert!(of(format!("\n{marked}")).contains(&other));
}

#[test]
fn a_mistyped_token_on_stdin_is_refused_and_not_repeated() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let before = world.rows();
    let cut = &token[..40];
    let mistyped = format!("{}!", &token[..64]);
    for text in [cut, mistyped.as_str()] {
        let shown = format!("the token kc_{}_…", id_of(&token));
        for (line, code, message) in [
            (
                "enable -",
                2,
                format!("{shown} on standard input is mistyped, cut short or inside other text\n"),
            ),
            (
                "disable -",
                3,
                format!(
                    "line 1: {shown} is mistyped, cut short or inside other text\nhint: give its key ID instead; if other text is around the token: keyctl scan --format ids FILE | keyctl disable -\n"
                ),
            ),
        ] {
            let ran = world.line(line).stdin(text).run().fails(code, &message);
            assert!(!ran.stderr.contains(&token[16..36]), "{ran:#?}");
        }
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_token_of_another_store_is_no_key_here() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let elsewhere = World::quick();
    elsewhere.create("--scope inference");
    let other = elsewhere.create("--scope inference");
    let ran = world.line("delete - --yes").stdin(&other).run();
    ran.fails(3, &format!("line 1: there is no key {}\n", id_of(&other)));
}

#[test]
fn stdin_that_is_empty_or_not_text_is_refused() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    world.line("show -").run().fails(
        2,
        "standard input has no KEY\nhint: give a key ID, a name or a token on each line\n",
    );
    world
        .line("enable web -")
        .stdin(b"\xff\xfe\n")
        .run()
        .fails(
            2,
            "the KEY '\u{fffd}\u{fffd}' on standard input is not UTF-8\nhint: give its key ID instead\n",
        );
    world
        .line("show -")
        .stdin("web\nweb\n")
        .run()
        .fails(2, "standard input has 2 KEYs\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn a_token_as_an_argument_is_refused_and_not_repeated() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let before = world.rows();
    for line in [
        format!("delete {token} --yes"),
        format!("show {token}"),
        format!("disable web {}", &token[..40]),
        format!("edit web --name {token}"),
        format!("disable web -m {token}"),
        format!("disable --owner={token}"),
    ] {
        let ran = world.line(&line).run().fails(
            2,
            &format!("the token kc_{}_… was given as an argument", id_of(&token)),
        );
        assert!(!ran.stderr.contains(&token[16..36]), "{ran:#?}");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn an_empty_key_is_none() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world
        .cmd(["show", ""])
        .run()
        .fails(3, "there is no key ''\n");
    world
        .cmd(["delete", "", "--yes"])
        .run()
        .fails(3, "there is no key ''\n");
}

#[test]
fn a_mistyped_name_or_id_is_answered_with_the_key_that_was_meant() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name ci-deploy"));
    let bob = world.line("create --scope inference --name nightly");
    bob.user("bob").run().code(0);
    for (typed, meant) in [
        ("ci-deplpy", "did you mean 'ci-deploy'?"),
        ("nihgtly", "did you mean 'nightly'?"),
        ("bob/nightyl", "did you mean 'bob/nightly'?"),
        ("nothing", "'keyctl list --state all' shows every key"),
    ] {
        let ran = world.cmd(["show", typed]).run();
        let message = format!("there is no key '{typed}'\nhint: {meant}\n");
        ran.fails(3, &message);
    }
    let last = if id.ends_with('0') { '1' } else { '0' };
    let typed = format!("{}{last}", &id[..11]);
    let message =
        format!("there is no key {typed}\nhint: did you mean {id} ('ci-deploy' of alice)?\n");
    world.cmd(["show", &typed]).run().fails(3, &message);
    // What is gone for ever cannot be meant by its name.
    world.run("delete ci-deploy --yes");
    let ran = world.cmd(["show", "ci-deplpy"]).run();
    ran.fails(
        3,
        "there is no key 'ci-deplpy'\nhint: 'keyctl list --state all' shows every key\n",
    );
}

#[test]
fn a_script_hears_of_the_whole_id_only_where_an_id_begins_so() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name payments"));
    let part = &id[..5];
    let meant = "hint: did you mean 'payments'?\n";
    for typed in ["paym", "paymen"] {
        let ran = world.cmd(["edit", typed, "--name", "x"]).run();
        ran.fails(3, &format!("there is no key '{typed}'\n{meant}"));
    }
    let ran = world.cmd(["edit", part, "--name", "x"]).run();
    ran.fails(
        3,
        &format!("there is no key '{part}'\nhint: without a terminal, a command that changes a key needs the whole ID\n"),
    );
}

#[test]
fn disable_of_a_file_is_answered_with_the_way_to_stop_the_token_in_it() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let path = world.path("leaked.tok");
    std::fs::write(&path, "").unwrap();
    let path = path.display();
    for command in ["disable", "delete"] {
        let ran = world.line(&format!("{command} {path}")).run();
        ran.fails(
            3,
            &format!("there is no key '{path}'\nhint: for the token in a file: keyctl {command} - < {path}\n"),
        );
    }
}

#[test]
fn who_owns_the_key_that_was_meant_cannot_write_on_the_screen() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    rename(&world, &id, "7h2m9qxw4d1e");
    let owner = "bob\n\u{1b}".to_owned();
    world.alter("7h2m9qxw4d1e", |key| key.owner = owner);
    world.line("show 7h2m9qxw4d1f").run().fails(
        3,
        "there is no key 7h2m9qxw4d1f\nhint: did you mean 7h2m9qxw4d1e ('web' of bob\\u{a}\\u{1b})?\n",
    );
}

#[test]
fn an_id_in_capitals_is_answered_with_the_id() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    rename(&world, &id, "hzr670qkjthj");
    world.line("show HZR670QKJTHJ").run().fails(
        3,
        "there is no key 'HZR670QKJTHJ'\nhint: IDs are lower case: did you mean hzr670qkjthj?\n",
    );
    world.line("show HZR670QKJTHK").run().fails(
        3,
        "there is no key 'HZR670QKJTHK'\nhint: 'keyctl list --state all' shows every key\n",
    );
}

#[test]
fn a_name_that_only_deleted_keys_have_is_answered_with_the_last_of_them() {
    let world = World::own();
    let first = id_of(&world.create("--scope inference --name ci"));
    world.run("delete ci --yes");
    world.advance("1h");
    let second = id_of(&world.create("--scope inference --name ci"));
    world.run("delete ci --yes");
    world.advance("1h");
    let before = world.rows();
    let deleted = format!("the key 'ci' was deleted at 2026-11-22T01:00:00Z (60m ago): {second}");
    let shows = format!("'keyctl show {second}' shows its record\n");
    for (line, hint) in [
        ("delete ci --yes", "there is nothing left to stop; "),
        ("disable ci", "there is nothing left to stop; "),
        ("show ci", "a deleted key cannot be brought back; "),
        ("rotate alice/ci", "a deleted key cannot be brought back; "),
        ("enable ci", "a deleted key cannot be brought back; "),
        ("edit ci --name x", "a deleted key cannot be brought back; "),
    ] {
        let refused = world.line(line).run();
        refused.fails(3, &format!("{deleted}\nhint: {hint}{shows}"));
    }
    // An administrator, who has none of that name.
    let of_alice = deleted.replace("'ci'", "'ci' of 'alice'");
    for line in ["show ci", "show alice/ci"] {
        let shown = world.line(line).user("carol").run();
        shown.fails(3, &format!("{of_alice}\n"));
    }
    // On standard input, where the other lines count.
    world
        .line("delete - --yes")
        .stdin(format!("ci\n{first}\n"))
        .run()
        .fails(3, &format!("line 1: {deleted}; the other one is stopped\n"));
    assert_eq!(world.rows(), before);
    world.run(&format!("show {second}"));
    world.run("purge --yes");
    world.line("delete ci --yes").run().fails(
        3,
        "there is no key 'ci'\nhint: 'keyctl list --state all' shows every key\n",
    );
}

#[test]
fn a_name_of_a_deleted_key_finds_the_live_key_of_another_owner() {
    let world = World::own();
    world.create("--scope inference --name ci");
    world.run("delete ci --yes");
    let of_bob = id_of(&world.create("--scope inference --name ci --owner bob"));
    assert_eq!(world.record("ci")["id"], json!(of_bob));
}

#[test]
fn a_line_that_may_be_an_imported_token_is_a_name_that_a_key_has_or_is_not_shown() {
    let world = World::own();
    let (token, unknown) = ("sk-Zq8mT3vXw1Lr7KpYb2Nc", "sk-Zq8mT3vXw1Lr7KpYb2Nd");
    world
        .line("import - --scope inference")
        .stdin(format!("name,token\nweb,{token}\n"))
        .run()
        .code(0);
    let name = "deploy-of-the-website";
    let id = id_of(&world.create(&format!("--scope inference --name {name}")));
    let shown = world.line("show - --format json").stdin(name).run().code(0);
    assert_eq!(shown.json()["id"], id);
    for line in ["show -", "rotate -", "disable -", "delete - --yes"] {
        let ran = world.line(line).stdin(unknown).run();
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(unknown), "{line}: {text}");
        }
        ran.says("23 characters, which are not shown, since they may be a token");
    }
}
