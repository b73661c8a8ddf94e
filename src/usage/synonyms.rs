//! What other programs call what this one does: words that are not like the ones here, or like the wrong
//! one, `revoke` like `restore`.

use crate::hint::{Hint, run};

/// Commands, each with the words that stand for it elsewhere.
const COMMANDS: [(&str, &[&str]); 14] = [
    ("create", &["new", "add", "issue", "generate", "make"]),
    ("show", &["get", "info", "describe", "view", "inspect"]),
    ("verify", &["check", "validate", "auth", "authenticate"]),
    (
        "rotate",
        &["renew", "roll", "replace", "regenerate", "refresh"],
    ),
    ("edit", &["update", "modify", "set", "rename", "change"]),
    ("delete", &["rm", "del", "remove", "destroy"]),
    ("disable", &["suspend", "deactivate"]),
    ("enable", &["resume", "unsuspend", "activate", "reactivate"]),
    ("log", &["audit", "history", "events", "logs"]),
    ("doctor", &["status", "health", "fsck", "check-store"]),
    ("policy", &["config", "settings"]),
    ("purge", &["prune", "gc", "clean", "cleanup"]),
    ("backup", &["export", "dump"]),
    ("restore", &["import"]),
];

/// The same for the commands of a command.
const SUBCOMMANDS: [(&[&str], &str, &[&str]); 5] = [
    (&["policy"], "show", &["get", "list", "ls"]),
    (
        &["policy"],
        "unset",
        &["reset", "clear", "rm", "remove", "delete"],
    ),
    (
        &["scope", "member", "admin"],
        "list",
        &["show", "ls", "get"],
    ),
    (&["scope", "member", "admin"], "add", &["create", "new"]),
    (
        &["scope", "member", "admin"],
        "remove",
        &["delete", "rm", "del"],
    ),
];

/// Options, each with the commands that take it and what stands for it elsewhere.
const OPTIONS: [(&[&str], &str, &[&str]); 5] = [
    (&["list"], "--state all", &["--all", "-a"]),
    (&["delete", "purge", "restore"], "--yes", &["--force", "-f"]),
    (
        &["create", "edit", "rotate"],
        "--expires",
        &[
            "--ttl",
            "--expiry",
            "--expire",
            "--expires-in",
            "--expires-at",
            "--expiration",
            "--lifetime",
        ],
    ),
    (&["verify"], "--key-file", &["--token", "--key", "--file"]),
    (&["rotate"], "--grace 0s", &["--no-grace"]),
];

/// Returns what was meant by `word` where a command of `parent`, or of the program itself, is to stand: a
/// question.
pub fn command(parent: Option<&str>, word: &str) -> Option<Hint> {
    let target = match (parent, word) {
        // It is the one word for both.
        (None, "revoke") => {
            return Some(
                "did you mean 'delete' (permanently) or 'disable' (until 'enable')?".into(),
            );
        }
        (None, "version") => {
            return Some(
                Hint::from("did you mean ")
                    .and(run!("--version").in_quotes())
                    .and("?"),
            );
        }
        (None, _) => {
            let mut all = COMMANDS.iter();
            all.find(|(_, words)| words.contains(&word))
                .map(|(target, _)| target)
        }
        (Some(parent), _) => {
            let mut all = SUBCOMMANDS.iter();
            all.find(|(parents, _, words)| parents.contains(&parent) && words.contains(&word))
                .map(|(_, target, _)| target)
        }
    };
    target.map(|target| format!("did you mean '{target}'?").into())
}

/// The option of `command` that was meant by `flag`, with the value that makes it the same.
pub fn option(command: &str, flag: &str) -> Option<&'static str> {
    let mut all = OPTIONS.iter();
    all.find(|(commands, _, flags)| commands.contains(&command) && flags.contains(&flag))
        .map(|(_, option, _)| *option)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn is_command(parent: &clap::Command, word: &str) -> bool {
        parent.find_subcommand(word).is_some()
    }

    #[test]
    fn each_command_that_is_meant_is_one_and_no_word_for_it_is() {
        let root = crate::command();
        let mut seen = BTreeSet::from(["revoke", "version"]);
        for word in &seen {
            assert!(!is_command(&root, word), "{word}");
        }
        for (target, words) in COMMANDS {
            assert!(is_command(&root, target), "{target}");
            for word in words {
                assert!(!is_command(&root, word), "{word}");
                assert!(seen.insert(word), "{word} twice");
            }
        }
        assert!(["delete", "disable", "enable"].map(|word| is_command(&root, word)) == [true; 3]);
        let mut seen = BTreeSet::new();
        for (parents, target, words) in SUBCOMMANDS {
            for name in parents {
                let parent = root.find_subcommand(name).unwrap();
                assert!(is_command(parent, target), "{name} {target}");
                for word in words {
                    assert!(!is_command(parent, word), "{name} {word}");
                    assert!(seen.insert((name, word)), "{name} {word} twice");
                }
            }
        }
    }

    #[test]
    fn each_option_that_is_meant_is_one_and_no_word_for_it_is() {
        let root = crate::command();
        for (commands, option, flags) in OPTIONS {
            for name in commands {
                let command = root.find_subcommand(name).unwrap();
                let has = |flag: &str| {
                    command.get_arguments().any(|argument| {
                        let long = argument.get_long().map(|long| format!("--{long}"));
                        let short = argument.get_short().map(|short| format!("-{short}"));
                        [long, short].contains(&Some(flag.to_owned()))
                    })
                };
                assert!(has(option.split(' ').next().unwrap()), "{name} {option}");
                for flag in flags {
                    assert!(!has(flag), "{name} {flag}");
                }
            }
        }
    }
}
