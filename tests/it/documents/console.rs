//! The `console` blocks: the commands of a page are typed at a terminal, one after the other in the
//! page's world, and the terminal shows what the page says.

use super::blocks::{self, Block};
use super::guarded::{self, Guarded};
use super::likeness::Likeness;
use super::reader::Machine;
use super::worlds::{self, Users, World};
use std::collections::BTreeSet;

/// A command of a block and its output.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// The line of the document that it stands on.
    line: usize,
    /// The user who types it, on a page of several.
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

/// The user and the command of a line that begins with a prompt.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let (user, command) = line.split_once("$ ")?;
    let is_user = user.chars().all(|c| c.is_ascii_lowercase());
    is_user.then_some((user, command))
}

/// The console blocks of every page.
fn consoles() -> impl Iterator<Item = Block> {
    blocks::all()
        .into_iter()
        .filter(|block| block.kind == "console")
}

/// Types every step of a page and compares; the differences.
fn follow(world: &World, machine: &mut Machine) -> Vec<String> {
    let mut likeness = Likeness::default();
    let mut wrong = Vec::new();
    let blocks: Vec<Block> = consoles()
        .filter(|block| block.file == world.page)
        .collect();
    let needs_a_gateway = |block: &Block| block.heading == guarded::HEADING;
    let guarded = match blocks.iter().any(needs_a_gateway) {
        true => Guarded::prepare(machine),
        false => None,
    };
    for block in blocks {
        if needs_a_gateway(&block) && guarded.is_none() {
            continue;
        }
        likeness.another_block();
        for step in steps(&block) {
            let user = world
                .typist(step.user.as_deref())
                .unwrap_or_else(|| panic!("{block}: {step:?} is typed by nobody of this page"));
            let command = likeness.in_reality(&step.command);
            let printed = machine.types_to(world.shell(), user, &command);
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
        if needs_a_gateway(&block)
            && let Some(guarded) = &guarded
        {
            guarded.wait(machine);
        }
    }
    wrong
}

/// Follows the pages of these users, each in a world of its own.
fn follow_pages_of(users: Users) {
    let mut wrong = Vec::new();
    for world in worlds::of(users) {
        match world.machine() {
            Some(mut machine) => wrong.extend(follow(world, &mut machine)),
            None => return,
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_page_with_a_console_block_has_a_world_and_every_world_a_page() {
    let written: BTreeSet<String> = consoles().map(|block| block.file).collect();
    let prepared: BTreeSet<String> = worlds::ALL
        .iter()
        .map(|world| world.page.to_owned())
        .collect();
    assert_eq!(written, prepared, "the table is in {}", worlds::WHERE);
    assert_eq!(
        prepared.len(),
        worlds::ALL.len(),
        "a page has two worlds in {}",
        worlds::WHERE
    );
}

#[test]
fn pages_of_one_user_print_what_they_say() {
    follow_pages_of(Users::Alice);
}

#[test]
fn pages_of_three_users_print_what_they_say() {
    follow_pages_of(Users::Three);
}

#[test]
fn the_page_about_another_keyctl_prints_what_it_says() {
    follow_pages_of(Users::AliceWithAnotherKeyctl);
}

#[test]
fn the_page_about_an_upgrade_prints_what_it_says() {
    follow_pages_of(Users::AliceWithAnOlderStore);
}

#[test]
fn a_step_is_a_command_and_what_follows() {
    let block = Block {
        file: "A.md".to_owned(),
        line: 7,
        heading: String::new(),
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
