//! Terminals of any width: a table fits, and breaks nothing that is of no use in two pieces.

use super::World;
use crate::harness::id_of;

/// A store in which every table has something to show, and the ID of its key.
fn world() -> (World, String) {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci --label team=search"));
    world.run("scope add models:train --implies inference --description a-model-is-trained");
    world.run("member add search-and-ranking alice --role owner");
    world.run("disable ci -m a-reason-that-takes-more-room-than-a-narrow-terminal-has");
    // Refused, which is an event too.
    let line = world.line("policy set max-expiry 1d");
    line.user("somebody-with-a-rather-long-name").run().code(4);
    (world, id)
}

#[test]
fn every_table_fits_its_terminal() {
    let (world, _) = world();
    for line in [
        "list",
        "show ci",
        "log",
        "policy show",
        "scope list",
        "member list",
    ] {
        for width in 40..=200 {
            let shown = world
                .line(&format!("{line} --color never"))
                .terminal(width)
                .run();
            let shown = shown.code(0).stdout;
            let (table, _) = shown.split_once("\nLast events\n").unwrap_or((&shown, ""));
            for row in table.lines() {
                assert!(
                    row.len() <= usize::from(width),
                    "{line} on {width}: {row:?}"
                );
            }
        }
    }
}

#[test]
fn a_log_keeps_its_times_actions_and_key_ids_whole() {
    let (world, id) = world();
    for width in 40..=200 {
        let shown = world
            .line("log --color never")
            .terminal(width)
            .run()
            .code(0)
            .stdout;
        let whole = |word: &str| shown.split_whitespace().any(|each| each == word);
        assert!(whole("2026-11-22T00:00:00Z"), "on {width}:\n{shown}");
        assert!(whole("member-add"), "on {width}:\n{shown}");
        assert_eq!(whole(&id), width >= 52, "on {width}:\n{shown}");
        assert_eq!(whole("ACTOR"), width >= 60, "on {width}:\n{shown}");
        assert_eq!(whole("NAME"), width >= 72, "on {width}:\n{shown}");
        assert_eq!(
            shown.contains("DETAIL"),
            width >= 100,
            "on {width}:\n{shown}"
        );
    }
}

#[test]
fn a_policy_keeps_its_name_and_its_value_whole() {
    let (world, _) = world();
    let prefix = "a_prefix_of_24_characters".get(..24).unwrap();
    world.run(&format!("policy set key-prefix {prefix}"));
    for width in 45..=200 {
        let shown = world
            .line("policy show --color never")
            .terminal(width)
            .run()
            .code(0)
            .stdout;
        for word in ["argon2-iterations", "default-expiry", prefix] {
            let whole = shown.split_whitespace().any(|each| each == word);
            assert!(whole, "{word} on {width}:\n{shown}");
        }
    }
}

#[test]
fn a_pipe_gets_every_column_and_a_line_for_each_row() {
    let (world, _) = world();
    for (line, titles, rows) in [
        ("log", "SEQ AT ACTOR ACTION KEY NAME DETAIL", 6),
        ("policy show", "POLICY VALUE DEFAULT MEANING", 8),
        ("scope list", "SCOPE IMPLIES DESCRIPTION", 3),
        ("member list", "PROJECT USER ROLE", 1),
        (
            "list",
            "ID NAME OWNER STATE SCOPES EXPIRES LAST USED LABELS",
            1,
        ),
    ] {
        let shown = world.run(line).stdout;
        let mut lines = shown.lines();
        let first: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        assert_eq!(first.join(" "), titles);
        assert_eq!(lines.count(), rows, "{line}:\n{shown}");
        assert!(!shown.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn what_colour_says_is_said_in_words_too() {
    let (world, _) = world();
    for line in [
        "list",
        "show ci",
        "log",
        "policy show",
        "scope list",
        "member list",
        "--help",
    ] {
        let coloured = world.run(&format!("{line} --color always")).stdout;
        let mut plain = String::new();
        for (index, piece) in coloured.split("\u{1b}[").enumerate() {
            let text = if index == 0 {
                piece
            } else {
                piece.split_once('m').unwrap().1
            };
            plain.push_str(text);
        }
        assert_ne!(plain, coloured, "{line}");
        let rows = |text: &str| -> Vec<String> {
            text.lines().map(|row| row.trim_end().to_owned()).collect()
        };
        assert_eq!(rows(&plain), rows(&world.run(line).stdout), "{line}");
    }
}

#[test]
fn the_end_of_a_grace_is_broken_only_where_there_is_no_room_for_it() {
    let world = World::own();
    world.create("--scope inference --name ci");
    world.run("rotate ci --grace 24h");
    let shown = |width| {
        let list = world.line("list --color never").terminal(width).run();
        list.code(0).stdout
    };
    for width in [88, 90, 93, 105, 150, 200] {
        let whole = shown(width).contains("works until 2026-11-23T00:00Z (in 24h)");
        assert!(whole, "on {width}:\n{}", shown(width));
    }
    for width in 62..=200 {
        let whole = shown(width).contains("2026-11-23T00:00Z (in 24h)");
        assert!(whole, "on {width}:\n{}", shown(width));
        let fits = shown(width).lines().all(|line| line.len() <= width.into());
        assert!(fits, "on {width}:\n{}", shown(width));
    }
}

/// A world with keys as there are in use: long names, several scopes and labels, and every state; and
/// their names with the states.
fn realistic() -> (World, Vec<(String, &'static str)>) {
    let world = World::own();
    world.policy("max-expiry", "never");
    world.run("scope add models:train --implies project");
    let long = "search-ranking-nightly-batch-import-eu-west-1";
    for line in [
        "--scope inference --name ci-deploy --label team=search --label env=prod",
        &format!("--scope project,inference --name {long} --owner somebody.with.a.name"),
        "--scope models:train --name gateway --expires never",
        "--scope inference",
        "--scope inference --name off",
        "--scope inference --name soon --expires 1s",
        "--kind legacy --name old-cron",
        "--scope inference,project,models:train --name graced --expires 30d",
        "--scope inference --name over",
    ] {
        world.create(line);
    }
    world.run("disable off");
    world.run("rotate graced --grace 24h");
    world.run("rotate over");
    world.advance("17m");
    let keys = world.keys();
    let states = keys
        .iter()
        .map(|key| (key.name.clone(), key.state(world.now()).word()));
    let states = states.collect();
    (world, states)
}

#[test]
fn list_on_100_columns_and_more_breaks_no_value() {
    let (world, keys) = realistic();
    for width in 100..=220 {
        let line = world.line("list --color never").terminal(width);
        let shown = line.run().code(0).stdout;
        let header = shown.lines().next().unwrap();
        for (name, _) in &keys {
            assert!(shown.contains(name), "{name} on {width}:\n{shown}");
        }
        for (title, values) in [
            (
                "EXPIRES",
                &[
                    "2026-11-22T00:00Z (17m ago)",
                    "2026-11-23T00:00Z (in 24h)",
                    "2027-11-22 (in 365d)",
                    "never",
                ][..],
            ),
            ("OWNER", &["somebody.with.a.name"]),
            ("SCOPES", &["inference", "models:train", "project"]),
            ("LAST USED", &["no use recorded"]),
            ("LABELS", &["team=search", "env=prod"]),
        ] {
            for value in values.iter().filter(|_| header.contains(title)) {
                assert!(shown.contains(value), "{value} on {width}:\n{shown}");
            }
        }
        assert!(header.contains("EXPIRES"), "{width}: {header}");
    }
}

#[test]
fn list_leaves_the_column_that_was_asked_about_out_last() {
    let world = World::own();
    world.create(
        "--scope inference --name search-ranking-nightly-batch --owner bob \
         --label team=search",
    );
    world.advance("2s");
    let least_width_with = |title: &str, flags: &str| {
        let shows = |&width: &u16| {
            let line = format!("list --color never {flags}");
            let shown = world.line(&line).terminal(width).run().code(0).stdout;
            shown.lines().next().unwrap().contains(title)
        };
        (34..=220).find(shows).unwrap()
    };
    for (flags, title) in [
        ("--sort last-used", "LAST USED"),
        ("--unused-for 1s", "LAST USED"),
        ("--label team", "LABELS"),
        ("--scope inference", "SCOPES"),
        ("--grants inference", "SCOPES"),
    ] {
        let asked = least_width_with(title, flags);
        assert!(asked < least_width_with(title, ""), "{title} on {asked}");
    }
}

#[test]
fn list_shows_the_state_of_every_key_on_narrow_terminals() {
    let (world, keys) = realistic();
    for width in 34..=100 {
        let line = world.line("list --color never").terminal(width);
        let shown = line.run().code(0).stdout;
        let rows = shown.lines().skip(1).filter(|row| !row.starts_with(' '));
        let words: Vec<Vec<&str>> = rows.map(|row| row.split_whitespace().collect()).collect();
        let ids = world.keys().len();
        assert_eq!(words.len(), ids, "on {width}:\n{shown}");
        for (row, (name, state)) in words.iter().zip(&keys) {
            assert!(row.contains(state), "{name} on {width}:\n{shown}");
        }
        assert!(
            shown.lines().all(|row| row.len() <= width.into()),
            "{shown}"
        );
    }
}

#[test]
fn list_shows_labels_where_a_key_has_some_and_there_is_room() {
    let world = World::own();
    world.create("--scope inference --name plain");
    let has_labels = |width| {
        let line = world.line("list --color never").terminal(width);
        line.run().code(0).stdout.contains("LABELS")
    };
    assert!(!has_labels(200));
    assert!(!world.run("list").stdout.contains("LABELS"));
    world.create("--scope inference --name ci --label team=search --label env=prod");
    assert!(has_labels(200));
    assert!(!has_labels(60));
    let listed = world.run("list").stdout;
    assert!(listed.contains("  env=prod team=search\n"), "{listed}");
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let (world, _) = world();
    for (line, titles) in [
        (
            "list",
            &[
                "NAME",
                "OWNER",
                "STATE",
                "SCOPES",
                "EXPIRES",
                "LAST USED",
                "LABELS",
            ][..],
        ),
        ("log", &["SEQ", "ACTOR", "ACTION", "KEY", "NAME", "DETAIL"]),
    ] {
        for width in 30..=120 {
            let ran = world.line(line).terminal(width).run().code(0);
            let header = ran.stdout.lines().next().unwrap_or_default();
            let missing: Vec<&str> = titles
                .iter()
                .copied()
                .filter(|title| !header.contains(title))
                .collect();
            let told = ran.stderr.lines().find_map(|said| {
                let named = said.strip_prefix("too narrow for: ")?;
                Some(named.split(", ").collect::<Vec<_>>())
            });
            assert_eq!(
                told.unwrap_or_default(),
                missing,
                "{line} on {width}:\n{header}"
            );
        }
        let quiet = world.line(&format!("{line} -q")).terminal(30).run().code(0);
        assert_eq!(quiet.stderr, "");
        let piped = world.run(line);
        assert!(!piped.stderr.contains("too narrow"), "{}", piped.stderr);
    }
    let none = world
        .line("list --state deleted")
        .terminal(40)
        .run()
        .code(0);
    assert_eq!(none.stderr, "no keys\n");
}
