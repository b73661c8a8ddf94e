//! A command line that could not be read, as far as it can.

use crate::hint::{Hint, run};
use std::ffi::OsString;

/// The words of a command line, and the command that they name.
pub struct CommandLine<'a> {
    /// The words behind the program's name that are text.
    words: Vec<&'a str>,
    /// The names of the command and of its own command.
    pub path: Vec<&'a str>,
    /// The definition of what the path names.
    pub command: &'a clap::Command,
}

impl<'a> CommandLine<'a> {
    /// Finds what `args` name of what `root` defines, as far as they name one: before the option `end`, if
    /// that is one.
    pub fn new(args: &'a [OsString], root: &'a clap::Command, end: Option<&str>) -> Self {
        let end = end.filter(|end| end.starts_with('-'));
        let is_end = |word: &str| {
            let behind = end.and_then(|end| word.strip_prefix(end));
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('='))
        };
        let words: Vec<&str> = args.iter().skip(1).filter_map(|arg| arg.to_str()).collect();
        let mut line = CommandLine {
            words,
            path: Vec::new(),
            command: root,
        };
        let mut is_value = false;
        for &word in &line.words {
            if is_end(word) {
                break;
            }
            if is_value || word.starts_with('-') {
                // The global options that take a value may stand before a command.
                is_value = !is_value && matches!(word, "--db" | "--color");
                continue;
            }
            // What is asked about stands behind it.
            if word == "help" {
                continue;
            }
            let Some(named) = line.command.find_subcommand(word) else {
                break;
            };
            line.path.push(named.get_name());
            line.command = named;
        }
        line
    }

    /// Hint to the help of the command.
    pub fn see_help(&self) -> Hint {
        match self.path.as_slice() {
            [] => run!("--help").in_quotes().and(" shows every command"),
            // They are names of commands, and need no quotes.
            path => Hint::command(format!("help {}", path.join(" ")))
                .in_quotes()
                .and(" shows what it takes"),
        }
    }

    /// Tells whether the command has the option `flag`.
    pub fn has(&self, flag: &str) -> bool {
        has(self.command, flag)
    }

    /// The command behind the option `flag` that has it, where the one before it does not.
    pub fn later(&self, flag: &str) -> Option<&'a str> {
        let named = self.words.iter();
        let mut named = named.filter_map(|word| self.command.find_subcommand(word));
        named
            .find(|command| has(command, flag))
            .map(|command| command.get_name())
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

    /// The option whose value stands right before `word`, and that value.
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

fn has(command: &clap::Command, flag: &str) -> bool {
    let long = flag.strip_prefix("--");
    long.is_some_and(|long| {
        let mut arguments = command.get_arguments();
        arguments.any(|argument| argument.get_long() == Some(long))
    })
}
