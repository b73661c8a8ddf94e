//! Names in any script: columns stay in line, and what stands beside a name stays where it is.

use super::World;
use crate::exe::skipped;
use crate::harness::id_of;
use keyctl::name::nfc;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

/// Names, and the columns that each takes on a screen.
const NAMES: [(&str, usize); 12] = [
    ("plain", 5),
    ("größe", 5),
    ("gro\u{308}ße", 5),
    ("検索サービス", 12),
    ("한국어", 6),
    ("ｗｉｄｅ", 8),
    ("key-🔑", 6),
    ("dev-👩\u{200d}💻", 6),
    ("flag-🇯🇵", 7),
    ("שלום-עולם", 9),
    ("خدمة-البحث", 10),
    ("ก\u{e38}\u{e49}ง", 2),
];

/// A store with a key of each of these names.
fn world() -> World {
    let world = World::quick();
    for (index, (name, _)) in NAMES.into_iter().enumerate() {
        let id = id_of(&world.create(&format!("--scope inference --name key-{index}")));
        // Not by a command: an older version took what is not in NFC too.
        world.alter(&id, |key| key.name = name.to_owned());
    }
    world
}

#[test]
fn columns_stay_in_line_behind_names_in_any_script() {
    let world = world();
    let piped = world.run("list").stdout;
    let shown = world.line("list --color never").terminal(200).run().stdout;
    for table in [piped, shown] {
        let wanted = 14 + 12 + 2;
        assert_eq!(table.find("OWNER"), Some(wanted), "{table}");
        for ((name, width), row) in NAMES.into_iter().zip(table.lines().skip(1)) {
            let (_, behind) = row.split_once(name).unwrap();
            let blanks = behind.len() - behind.trim_start().len();
            assert_eq!(14 + width + blanks, wanted, "{row}");
            assert!(behind.trim_start().starts_with("alice"), "{row}");
        }
    }
}

#[test]
fn a_name_in_any_script_that_is_too_long_is_broken_between_characters() {
    let world = World::quick();
    for (name, _) in NAMES {
        let name = nfc(&name.repeat(8)).into_owned();
        world.create(&format!("--scope inference --name {name}"));
        let table = world.line("list --color never").terminal(44).run().stdout;
        let mut found = String::new();
        for row in table.lines() {
            let cells: Vec<&str> = row.split_whitespace().collect();
            found += match cells[..] {
                [_, name, "active"] | [name] => name,
                _ => "",
            };
        }
        assert!(found.ends_with(&name), "{name}:\n{table}");
        world.run(&format!("delete {name} --yes"));
    }
}

/// What a terminal shows that turns text which runs right to left, line by line.
fn turned(text: &str) -> Option<String> {
    let mut fribidi = match Command::new("fribidi")
        .args(["--nopad", "--nobreak", "--charset", "UTF-8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    {
        Ok(child) => child,
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            skipped("fribidi is not installed");
            return None;
        }
        Err(cause) => panic!("{cause}"),
    };
    fribidi
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = fribidi.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn what_stands_beside_a_name_that_runs_right_to_left_stays_in_its_place() {
    let world = World::own();
    world.create("--scope inference --name שלום-1 --label team=חיפוש");
    world.create("--scope inference --name خدمة --owner دائرة");
    world.run("disable שלום-1 -m חופש");
    for line in [
        "list",
        "list --format lines",
        "log",
        "show שלום-1",
        "delete --yes شلام",
    ] {
        let ran = world.line(line).run();
        let said = ran.stdout + &ran.stderr;
        let Some(turned) = turned(&said) else { return };
        assert_ne!(turned, said, "{line}");
        // A name and an owner of which both run right to left, with but blanks between them, change
        // places; nothing else moves.
        for (before, after) in said.lines().zip(turned.lines()) {
            let latin = |text: &str| -> Vec<(usize, char)> {
                let letters = text.chars().enumerate();
                letters.filter(|(_, c)| c.is_ascii_alphabetic()).collect()
            };
            assert_eq!(latin(after), latin(before), "{before}\n{after}");
        }
    }
}
