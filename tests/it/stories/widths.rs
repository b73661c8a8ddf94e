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
            width >= 80,
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
        ("list", "ID NAME OWNER STATE SCOPES EXPIRES LAST USED", 1),
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
    for width in [70, 73, 77, 85, 88, 99, 105, 200] {
        let whole = shown(width).contains("works until 2026-11-23T00:00Z (in 24h)");
        assert!(whole, "on {width}:\n{}", shown(width));
    }
    for width in 58..=200 {
        let whole = shown(width).contains("2026-11-23T00:00Z (in 24h)");
        assert!(whole, "on {width}:\n{}", shown(width));
        let fits = shown(width).lines().all(|line| line.len() <= width.into());
        assert!(fits, "on {width}:\n{}", shown(width));
    }
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let (world, _) = world();
    for (line, titles) in [
        (
            "list",
            &["NAME", "OWNER", "STATE", "SCOPES", "EXPIRES", "LAST USED"][..],
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
