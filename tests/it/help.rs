//! Help: the commands in the order of a key's life, and what each of them tells.

use crate::harness::World;
use std::collections::BTreeSet;

#[test]
fn each_command_stands_in_one_group_in_the_order_of_the_definition() {
    let grouped = keyctl::GROUPS.iter().flat_map(|(_, names)| *names);
    let grouped: Vec<&str> = grouped.copied().collect();
    let command = keyctl::command();
    let defined: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    assert_eq!(grouped, defined);
    assert_eq!(grouped.iter().collect::<BTreeSet<_>>().len(), grouped.len());
}

#[test]
fn the_groups_stand_in_short_help_and_in_long() {
    let world = World::new();
    for flag in ["-h", "--help"] {
        let help = world.cmd([flag]).without_db().run().code(0).stdout;
        let mut last = 0;
        for (title, names) in keyctl::GROUPS {
            for line in std::iter::once(format!("\n{title}:\n"))
                .chain(names.iter().map(|name| format!("\n  {name} ")))
            {
                let at = help[last..].find(&line);
                last +=
                    at.unwrap_or_else(|| panic!("{flag}: {line:?} not behind the last: {help}"));
            }
        }
        assert!(help.contains("List keys [alias: ls]"), "{help}");
        for option in [
            "--db <PATH|URL>",
            "--color <WHEN>",
            "-q, --quiet",
            "-h, --help",
            "-V, --version",
        ] {
            assert!(help[last..].contains(option), "{flag}: {option}");
        }
    }
}

/// Options that mean the same in every command that has them, and how their help begins there.
const ALIKE: [(&str, &str); 10] = [
    ("dry-run", "Print "),
    (
        "exec",
        "Run this command with the token on its standard input",
    ),
    ("expires", "When "),
    (
        "expires",
        "6months, 2027-03-31, an RFC 3339 time, or never; 12months is 360 days, 1y is 365",
    ),
    ("format", "Output format"),
    (
        "no-touch",
        "Write nothing to the store: no last-used time, no event, no renewed hash",
    ),
    ("plaintext-ok", "the network in plain text"),
    ("reason", "The reason, kept in the audit log"),
    (
        "secret-file",
        "Write the token to this new file (mode 0600, no trailing newline)",
    ),
    ("yes", "Do not ask for confirmation"),
];

#[test]
fn options_that_mean_the_same_have_the_same_words_in_every_command() {
    let root = keyctl::command();
    for (option, words) in ALIKE {
        let mut commands = 0;
        for command in root.get_subcommands() {
            let Some(found) = command
                .get_arguments()
                .find(|argument| argument.get_long() == Some(option))
            else {
                continue;
            };
            commands += 1;
            let help = found.get_help().unwrap().to_string();
            assert!(
                help.contains(words),
                "{} --{option}: {help}",
                command.get_name()
            );
        }
        assert!(commands > 1, "--{option}");
    }
}

#[test]
fn headings_are_coloured_as_clap_s_are() {
    let world = World::new();
    let help = world.cmd(["-h"]).without_db().terminal(80).run().stdout;
    assert!(
        help.contains("\u{1b}[1m\u{1b}[4mStop keys:\u{1b}[0m\n"),
        "{help:?}"
    );
    assert!(help.contains("\u{1b}[1mdelete\u{1b}[0m"), "{help:?}");
    let plain = world
        .cmd(["-h"])
        .without_db()
        .terminal(80)
        .var("NO_COLOR", "1")
        .run();
    assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
}
