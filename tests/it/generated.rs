//! Freshness of `man/` and `completions/`, which are generated and committed.
//!
//! `UPDATE=1 cargo test --locked --test it generated` rewrites both and removes what does not belong there.

mod manual;
mod scripts;

use crate::exe::harness::skipped;
use crate::harness::World;
use clap::ValueEnum;
use clap_complete::{Generator, Shell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The sections that only the program's own page has.
const STORY: [&str; 6] = [
    "QUICK START",
    "VERDICTS",
    "STORE",
    "STATES",
    "ARGUMENTS",
    "TOKEN",
];

/// What makes the tests write the files instead of comparing them.
const UPDATE: &str = "UPDATE";

#[test]
fn the_manual_pages_are_fresh() {
    check("man", &manual::pages("keyctl"));
}

#[test]
fn the_completion_scripts_are_fresh() {
    check("completions", &scripts::scripts("keyctl"));
}

#[test]
fn completions_prints_the_script_that_is_committed() {
    let (world, scripts) = (World::new(), scripts::scripts("keyctl"));
    for shell in Shell::value_variants() {
        let printed = world.run(&format!("completions {shell}")).stdout;
        assert_eq!(printed, scripts[&shell.file_name("keyctl")], "{shell}");
    }
}

#[test]
fn every_command_has_a_page_with_every_section() {
    let pages = manual::pages("keyctl");
    let commands = keyctl::command().get_subcommands().count();
    assert_eq!(pages.len(), commands + 1);
    for (name, page) in pages {
        let options = page.split(".SH OPTIONS\n").nth(1).unwrap();
        let options = options.split("\n.S").next().unwrap();
        assert!(!options.contains("\n<"), "{name}: an argument is no option");
        let sections: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix(".SH "))
            .map(|title| title.trim_matches('"'))
            .filter(|title| !["ARGUMENTS", "GLOBAL OPTIONS", "COMMANDS"].contains(title))
            .filter(|title| name != "keyctl.1" || !STORY.contains(title))
            .collect();
        assert_eq!(
            sections,
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "EXAMPLES",
                "OPTIONS",
                "EXIT STATUS",
                "ENVIRONMENT",
                "FILES",
                "SEE ALSO"
            ],
            "{name}"
        );
    }
}

#[test]
fn the_page_of_the_program_tells_its_story_in_order() {
    let pages = manual::pages("keyctl");
    let titles = pages["keyctl.1"].lines();
    let titles: Vec<&str> = titles
        .filter_map(|line| line.strip_prefix(".SH "))
        .map(|title| title.trim_matches('"'))
        .collect();
    assert_eq!(
        titles,
        [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "QUICK START",
            "EXAMPLES",
            "VERDICTS",
            "STORE",
            "COMMANDS",
            "STATES",
            "ARGUMENTS",
            "TOKEN",
            "OPTIONS",
            "GLOBAL OPTIONS",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "SEE ALSO"
        ]
    );
}

#[test]
fn a_line_of_help_that_goes_on_is_one_entry_of_the_page() {
    for (name, page) in manual::pages("keyctl") {
        assert!(
            !page.contains("\\fB\\fR\n"),
            "{name}: an entry without a word"
        );
    }
    let create = &manual::pages("keyctl")["keyctl-create.1"].replace('\n', " ");
    assert!(
        create.contains("in use, or only administrators"),
        "{create}"
    );
}

/// Two blanks stand behind a sentence only where the line of the source ends there.
#[test]
fn a_paragraph_has_one_blank_between_its_sentences() {
    for (name, page) in manual::pages("keyctl") {
        let mut lines = page.lines().peekable();
        while let Some(line) = lines.next() {
            let goes_on = lines.peek().is_some_and(|next| !next.starts_with('.'));
            let is_text = !line.starts_with(['.', '$']);
            assert!(
                !(is_text && goes_on && line.ends_with('.')),
                "{name}: {line}"
            );
        }
    }
}

/// The most lines before the examples of a page: two screens, of a terminal with 80 columns and 24 lines.
const BEFORE_EXAMPLES: usize = 2 * 24;

#[test]
fn each_manual_page_has_its_examples_within_two_screens() {
    let dir = tempfile::tempdir().unwrap();
    let pages = manual::pages("keyctl");
    write(dir.path(), &pages);
    for name in pages.keys() {
        let mut mandoc = Command::new("mandoc");
        mandoc
            .args(["-T", "ascii", "-O", "width=80", name])
            .current_dir(dir.path());
        let Some(output) = output(&mut mandoc) else {
            return;
        };
        // A heading is printed bold: each letter, a backspace, and the letter again.
        let text = String::from_utf8(output.stdout).unwrap();
        let heading: String = "EXAMPLES".chars().map(|c| format!("{c}\u{8}{c}")).collect();
        let before = text.lines().take_while(|line| *line != heading).count();
        assert!(before < text.lines().count(), "{name} has no examples");
        assert!(
            before <= BEFORE_EXAMPLES,
            "{name}: {before} lines before the examples"
        );
    }
}

/// The variables that no user sets: completion scripts do.
const NOT_FOR_USERS: [&str; 1] = ["KEYCTL_COMPLETE"];

/// Tells whether `page` has `variable` as a whole word, bold or not.
fn has_word(page: &str, variable: &str) -> bool {
    let words = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut plain = words.map(|word| word.strip_prefix("fB").unwrap_or(word));
    plain.any(|word| word == variable)
}

#[test]
fn each_variable_that_the_source_names_is_on_a_page() {
    let pages = manual::pages("keyctl");
    let mut seen = BTreeSet::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = fs::read_to_string(path).unwrap();
                let quoted = text.split('"').filter(|word| is_variable(word));
                seen.extend(quoted.map(str::to_owned));
            }
        }
    }
    assert!(
        seen.contains("KEYCTL_DB") && seen.contains("PGPASSWORD"),
        "{seen:?}"
    );
    for variable in seen
        .iter()
        .filter(|name| !NOT_FOR_USERS.contains(&name.as_str()))
    {
        let is_named = pages.values().any(|page| has_word(page, variable));
        assert!(is_named, "{variable} is on no page");
    }
}

fn is_variable(word: &str) -> bool {
    let is_ours = word.starts_with("PG") || word.starts_with("KEYCTL_");
    let in_name = |c: char| c.is_ascii_uppercase() || c == '_';
    is_ours && word.len() > 2 && word.chars().all(in_name)
}

#[test]
fn pages_for_another_name_tell_what_can_be_run_there() {
    let pages = manual::pages("api-keyctl");
    assert_eq!(pages.len(), manual::pages("keyctl").len());
    for (name, page) in &pages {
        assert!(name.starts_with("api-keyctl"), "{name}");
        for word in page.split([' ', '\n', '(', '\'', '"']) {
            // What is left is the store's path, keyutils' program, and the manual's own name.
            assert_ne!(word, "\\fBkeyctl\\fR", "{name}");
            assert!(!word.starts_with("keyctl\\-"), "{name}: {word}");
        }
        assert!(page.contains("api\\-keyctl"), "{name}");
    }
    assert!(pages["api-keyctl-create.1"].contains("$ api\\-keyctl create "));
}

#[test]
fn mandoc_finds_nothing_wrong_with_the_manual_pages() {
    let dir = tempfile::tempdir().unwrap();
    let pages = manual::pages("keyctl");
    write(dir.path(), &pages);
    let Some(output) = output(
        Command::new("mandoc")
            .args(["-T", "lint", "-W", "all"])
            .args(pages.keys())
            .current_dir(dir.path()),
    ) else {
        return;
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(said, "");
}

/// What `command` does; `None`, which is said, if its program is not installed.
fn output(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let program = command.get_program().to_string_lossy().into_owned();
            skipped(&format!("{program} is not installed"));
            None
        }
        Err(cause) => panic!("{command:?}: {cause}"),
    }
}

/// Compares the files of `dir` with `made`, texts by file name; rewrites them first if the environment
/// has [`UPDATE`].
#[track_caller]
fn check(dir: &str, made: &BTreeMap<String, String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    if std::env::var_os(UPDATE).as_deref() == Some(OsStr::new("1")) {
        fs::create_dir_all(&path).unwrap();
        for stale in names(&path).difference(&made.keys().cloned().collect()) {
            fs::remove_file(path.join(stale)).unwrap();
        }
        write(&path, made);
    }
    let found = names(&path);
    let wrong: Vec<String> = found
        .union(&made.keys().cloned().collect())
        .filter_map(|name| {
            let why = difference(&path.join(name), made.get(name).map(String::as_str))?;
            Some(format!("  {dir}/{name}: {why}\n"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "not as generated:\n{}to bring {dir}/ up to date: {UPDATE}=1 cargo test --locked generated",
        wrong.concat()
    );
}

/// How the file at `path` differs from what was made for it.
fn difference(path: &PathBuf, made: Option<&str>) -> Option<String> {
    let Some(made) = made else {
        return Some("does not belong here".to_owned());
    };
    let Ok(found) = fs::read_to_string(path) else {
        return Some("is not there, or not text".to_owned());
    };
    if found == made {
        return None;
    }
    let same = found
        .lines()
        .zip(made.lines())
        .take_while(|(found, made)| found == made)
        .count();
    Some(format!("differs from line {} on", same + 1))
}

/// The names of what is in `dir`, if that is there.
fn names(dir: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return BTreeSet::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn write(dir: &Path, files: &BTreeMap<String, String>) {
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
}
