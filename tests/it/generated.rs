//! Freshness of `man/` and `completions/`, which are generated and committed.
//!
//! `UPDATE=1 cargo test --locked generated` rewrites both and removes what does not belong there.

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
const STORY: [&str; 3] = ["QUICK START", "STATES", "TOKEN"];

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
                "OPTIONS",
                "EXIT STATUS",
                "ENVIRONMENT",
                "FILES",
                "EXAMPLES",
                "SEE ALSO"
            ],
            "{name}"
        );
    }
}

#[test]
fn the_page_of_the_program_tells_the_whole_story() {
    let pages = manual::pages("keyctl");
    for title in STORY {
        let heading = [format!(".SH {title}\n"), format!(".SH \"{title}\"\n")];
        let page = &pages["keyctl.1"];
        assert!(
            heading.iter().any(|heading| page.contains(heading)),
            "{title}"
        );
    }
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
