//! A command line that clap refused, read as far as advice on it needs.
//!
//! clap's error does not name the command, and its lenient parse (`ignore_errors`) ends at the first mistake,
//! while a hint on `keyctl --json list` needs the command after it. So the words are read once more here.

use crate::hint::{Hint, run};
use std::ffi::OsString;

/// Words of a command line, and the command that they name.
pub struct CommandLine<'a> {
    /// Words after the program's name that are UTF-8.
    words: Vec<&'a str>,
    /// Names of the command and of its subcommand.
    pub path: Vec<&'a str>,
    /// Definition of the command that `path` names.
    pub command: &'a clap::Command,
}

impl<'a> CommandLine<'a> {
    /// Returns the last word of the line.
    pub fn last(&self) -> Option<&'a str> {
        self.words.last().copied()
    }

    /// Finds the command in `args`, a command line of `root`. With an option as `unknown`, only words before
    /// that option count.
    pub fn new(args: &'a [OsString], root: &'a clap::Command, unknown: Option<&str>) -> Self {
        let words: Vec<&str> = args.iter().skip(1).filter_map(|arg| arg.to_str()).collect();
        let unknown = unknown.filter(|unknown| unknown.starts_with('-'));
        let is_unknown = |word: &&str| unknown.is_some() && word.split('=').next() == unknown;
        let end = words.iter().position(is_unknown);
        let (mut path, mut command) = (Vec::new(), root);
        let mut is_value = false;
        for &word in &words[..end.unwrap_or(words.len())] {
            if is_value || word.starts_with('-') {
                // Only these two options take a value before the command.
                is_value = !is_value && matches!(word, "--db" | "--color");
                continue;
            }
            // In `help list`, the command in question follows.
            if word == "help" {
                continue;
            }
            let Some(named) = command.find_subcommand(word) else {
                break;
            };
            path.push(named.get_name());
            command = named;
        }
        CommandLine {
            words,
            path,
            command,
        }
    }

    /// Hint at the help of the command.
    pub fn see_help(&self) -> Hint {
        match self.path.as_slice() {
            [] => run!("--help").in_quotes().and(" shows every command"),
            // Names of commands need no quotes in a shell.
            path => Hint::from("see ")
                .and(Hint::command(format!("help {}", path.join(" "))).in_quotes()),
        }
    }

    /// Name of the first subcommand among the words that has the option `flag`.
    pub fn later(&self, flag: &str) -> Option<&'a str> {
        let words = self.words.iter();
        let mut named = words.filter_map(|word| self.command.find_subcommand(word));
        named
            .find(|command| has(command, flag))
            .map(clap::Command::get_name)
    }

    /// The word before `word`.
    pub fn before(&self, word: &str) -> Option<&'a str> {
        let at = self.words.iter().position(|other| *other == word)?;
        self.words.get(at.checked_sub(1)?).copied()
    }

    /// The value of the option `flag`.
    pub fn after(&self, flag: &str) -> Option<&'a str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if *word == flag {
                return words.next().copied();
            }
            if let Some((_, value)) = word.split_once('=').filter(|(name, _)| *name == flag) {
                return Some(value);
            }
        }
        None
    }

    /// The option and its value that stand right before `word`.
    pub fn option_before(&self, word: &str) -> Option<(&'a str, &'a str)> {
        let before = self.words.windows(3).find(|three| three[2] == word);
        if let Some(&[option, value, _]) = before
            && option.starts_with("--")
            && !value.starts_with('-')
        {
            return Some((option, value));
        }
        self.before(word)?.split_once('=')
    }
}

/// True if `command` has the option `flag`.
pub fn has(command: &clap::Command, flag: &str) -> bool {
    flag.strip_prefix("--").is_some_and(|long| {
        command
            .get_arguments()
            .any(|argument| argument.get_long() == Some(long))
    })
}
