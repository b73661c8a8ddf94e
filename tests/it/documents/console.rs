//! The `console` blocks: each command is typed at a terminal, one after the other in one shell, and
//! what the terminal shows is what stands there.

use super::blocks::{self, Block};
use super::likeness::Likeness;
use super::reader::Machine;
use crate::exe::harness::skipped;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

/// A command of a block, and what it prints.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// The line of the document that it stands on.
    line: usize,
    /// Who types it, where several do.
    user: Option<String>,
    command: String,
    printed: String,
}

/// The steps of a console block.
fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for (text, line) in block.text.lines().zip(block.line..) {
        if goes_on && let Some(step) = steps.last_mut() {
            step.command.push('\n');
            step.command.push_str(text);
        } else if let Some((user, command)) = prompt(text) {
            steps.push(Step {
                line,
                user: (!user.is_empty()).then(|| user.to_owned()),
                command: command.to_owned(),
                printed: String::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            step.printed.push_str(text);
            step.printed.push('\n');
            continue;
        } else {
            panic!("{block} does not begin with a command");
        }
        goes_on = text.ends_with('\\');
    }
    steps
}

/// Who is at the prompt that `line` begins with, and what is typed there.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let (user, command) = line.split_once("$ ")?;
    let is_user = user.chars().all(|c| c.is_ascii_lowercase());
    is_user.then_some((user, command))
}

/// The console blocks whose first command `is_ours`, with their steps.
fn sessions(is_ours: impl Fn(&Step) -> bool) -> Vec<(Block, Vec<Step>)> {
    blocks::all()
        .into_iter()
        .filter(|block| block.kind == "console")
        .map(|block| (steps(&block), block))
        .filter(|(steps, _)| steps.first().is_some_and(&is_ours))
        .map(|(steps, block)| (block, steps))
        .collect()
}

/// Types every step of the blocks and compares.
fn follow(sessions: &[(Block, Vec<Step>)], mut types: impl FnMut(&Step, &str) -> String) {
    let mut likeness = Likeness::default();
    let mut wrong = Vec::new();
    for (block, steps) in sessions {
        likeness.another_block();
        for step in steps {
            let printed = types(step, &likeness.in_reality(&step.command));
            if let Err(why) = likeness.compare(&step.printed, &printed) {
                wrong.push(format!(
                    "{}:{}: {}\n{why}; what is written:\n{}what was printed:\n{}",
                    block.file,
                    step.line,
                    step.command,
                    step.printed,
                    likeness.in_the_document(&printed)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The block that needs another program of the same name, and a shell that tells where both are.
const TWO_PROGRAMS: &str = "type -a keyctl";
const BASH: &str = "/bin/bash";

#[test]
fn what_alice_types_alone_prints_what_stands_there() {
    let Some(mut machine) = Machine::of_alice() else {
        return;
    };
    let sessions = sessions(|step| step.user.is_none() && step.command != TWO_PROGRAMS);
    assert!(!sessions.is_empty());
    follow(&sessions, |step, command| {
        assert_eq!(
            step.user, None,
            "{step:?}: a block is one user's or several's"
        );
        machine.types("alice", command)
    });
}

#[test]
fn what_three_users_type_prints_what_stands_there() {
    for tool in ["jq", "sqlite3"] {
        let mut command = Command::new(tool);
        command.arg("--version").stdout(Stdio::null());
        if command.status().is_err() {
            return skipped(&format!("{tool} is not installed"));
        }
    }
    let Some(mut machine) = Machine::of_three() else {
        return;
    };
    machine.set("KEYCTL_DB", machine.path("srv/keyctl/keyctl.db"));
    let sessions = sessions(|step| step.user.is_some());
    assert!(!sessions.is_empty());
    follow(&sessions, |step, command| {
        machine.types(step.user.as_deref().unwrap(), command)
    });
}

#[test]
fn another_keyctl_is_found_behind_this_one() {
    let Some(mut machine) = Machine::of_alice() else {
        return;
    };
    if !Path::new(BASH).exists() {
        return skipped("bash is not installed");
    }
    // A stand-in for that of keyutils, which may or may not be installed here.
    symlink("/bin/true", machine.path("usr/bin/keyctl")).unwrap();
    let path = [
        machine.path("home/alice/.cargo/bin"),
        machine.path("usr/bin"),
    ];
    machine.set("PATH", std::env::join_paths(path).unwrap());
    let sessions = sessions(|step| step.command == TWO_PROGRAMS);
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    follow(&sessions, |_, command| {
        machine.types_to(BASH, "alice", command)
    });
}

#[test]
fn a_step_is_a_command_and_what_follows() {
    let block = Block {
        file: "A.md".to_owned(),
        line: 7,
        kind: "console".to_owned(),
        text: "$ a\nb $ c\nbob$ d \\\n    e\nf\n".to_owned(),
    };
    let step = |line, user: Option<&str>, command: &str, printed: &str| Step {
        line,
        user: user.map(str::to_owned),
        command: command.to_owned(),
        printed: printed.to_owned(),
    };
    assert_eq!(
        steps(&block),
        [
            step(7, None, "a", "b $ c\n"),
            step(9, Some("bob"), "d \\\n    e", "f\n"),
        ]
    );
}
