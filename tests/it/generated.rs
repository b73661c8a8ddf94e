//! `man/` and `completions/`: made from the command line's definition, committed, and fresh.
//!
//! `UPDATE=1 cargo test --locked generated` writes them anew and removes what does not belong.

mod manual;

use clap_complete::{Generator, Shell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What makes the tests write the files instead of comparing them.
const UPDATE: &str = "UPDATE";

/// Files by name.
type Files = BTreeMap<String, String>;

const SHELLS: [Shell; 5] = [
    Shell::Bash,
    Shell::Elvish,
    Shell::Fish,
    Shell::PowerShell,
    Shell::Zsh,
];

#[test]
fn the_manual_pages_are_fresh() {
    check("man", &manual::pages());
}

#[test]
fn the_completion_scripts_are_fresh() {
    check("completions", &scripts());
}

#[test]
fn every_command_has_a_page_with_every_section() {
    let pages = manual::pages();
    let commands = keyctl::command().get_subcommands().count();
    assert_eq!(pages.len(), commands + 1);
    for (name, page) in pages {
        let sections: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix(".SH "))
            .map(|title| title.trim_matches('"'))
            .filter(|title| !["GLOBAL OPTIONS", "COMMANDS"].contains(title))
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
fn mandoc_finds_nothing_wrong_with_the_manual_pages() {
    let dir = tempfile::tempdir().unwrap();
    let pages = manual::pages();
    write(dir.path(), &pages);
    let Some(output) = output(
        Command::new("mandoc")
            .args(["-T", "lint", "-W", "warning"])
            .args(pages.keys())
            .current_dir(dir.path()),
    ) else {
        return;
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let found: Vec<&str> = said
        .lines()
        // A date would change the pages where nothing else does.
        .filter(|line| !line.contains("missing date, using \"\": TH"))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn bash_loads_its_completion_script() {
    const COMPLETE: &str = "source keyctl.bash && COMP_WORDS=(keyctl rota) COMP_CWORD=1 \
        && _keyctl keyctl rota keyctl && echo \"${COMPREPLY[@]}\"";
    loads("bash", &["-n", "keyctl.bash"], "");
    loads("bash", &["--norc", "-c", COMPLETE], "rotate\n");
}

#[test]
fn zsh_loads_its_completion_script() {
    const COMPLETE: &str =
        "autoload -U compinit && compinit -u -D && source ./_keyctl && echo $_comps[keyctl]";
    loads("zsh", &["-n", "_keyctl"], "");
    loads("zsh", &["-f", "-c", COMPLETE], "_keyctl\n");
}

#[test]
fn fish_loads_its_completion_script() {
    const COMPLETE: &str =
        "source keyctl.fish; complete --do-complete 'keyctl rota' | string split -f1 \\t";
    loads("fish", &["-n", "keyctl.fish"], "");
    loads("fish", &["-c", COMPLETE], "rotate\n");
}

/// The completion script for each shell, under the name by which that shell looks for it.
fn scripts() -> Files {
    SHELLS
        .into_iter()
        .map(|shell| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut keyctl::command(), "keyctl", &mut script);
            (
                shell.file_name("keyctl"),
                String::from_utf8(script).unwrap(),
            )
        })
        .collect()
}

/// The shell `name` runs with `args` beside all the scripts, complains of nothing, and prints
/// `expected`.
#[track_caller]
fn loads(name: &str, args: &[&str], expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &scripts());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(output) = output(
        Command::new(name)
            .args(args)
            .current_dir(dir.path())
            // Nothing of the user's own: neither read nor written.
            .env_clear()
            .envs([("PATH", path.as_os_str()), ("HOME", dir.path().as_os_str())]),
    ) else {
        return;
    };
    assert!(output.status.success(), "{name}: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}");
}

/// What `command` does; `None`, which is said, if its program is not installed.
fn output(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let program = command.get_program().to_string_lossy().into_owned();
            // Straight to the stream: what is printed, a test that passes keeps to itself.
            let skipped = format!("skipped: {program} is not installed\n");
            io::stderr().write_all(skipped.as_bytes()).unwrap();
            None
        }
        Err(cause) => panic!("{command:?}: {cause}"),
    }
}

/// Compares the files of `dir` with `made`, or makes them so if the environment says [`UPDATE`].
#[track_caller]
fn check(dir: &str, made: &Files) {
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
        "not what the command line's definition makes of it:\n{}to bring it up to date: {UPDATE}=1 cargo test --locked generated",
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

fn write(dir: &Path, files: &Files) {
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
}
