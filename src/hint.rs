//! Hints on what to do next, as values made of text and commands of this program.
//!
//! A hint becomes text only when it is printed ([`Called::advice`](crate::called::Called::advice)): then its
//! commands get the name by which the program was called. Values of users in a hint are never searched for
//! commands.

use crate::text::{escape, shell_word};
use std::fmt::Display;

/// Commands that use no store, so that a hint adds no `--db` to them.
const WITHOUT_STORE: [&str; 4] = ["help", "completions", "--help", "--version"];

/// Part of a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, printed unchanged.
    Text(String),
    /// Command of this program.
    Command {
        /// The command line after the program's name, quoted for a shell.
        line: String,
        /// True if the command uses a store and gets the `--db` of this run.
        on_store: bool,
    },
}

/// Hint on what to do next: one line, no full stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    parts: Vec<Part>,
}

impl Hint {
    /// Command of this program; `line` follows the program's name. The macro `run` builds it with values.
    pub fn command(line: String) -> Self {
        let first = line.split(' ').next().unwrap_or_default();
        let on_store = !WITHOUT_STORE.contains(&first);
        Hint {
            parts: vec![Part::Command { line, on_store }],
        }
    }

    /// Appends `next`.
    #[must_use]
    pub fn and(mut self, next: impl Into<Hint>) -> Self {
        self.parts.extend(next.into().parts);
        self
    }

    /// Puts single quotes around the hint, for a command in the middle of a sentence.
    #[must_use]
    pub fn in_quotes(self) -> Self {
        Hint::from("'").and(self).and("'")
    }

    /// True if the hint has no parts.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Parts in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Hint::from(text.to_owned())
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Hint {
            parts: vec![Part::Text(text)],
        }
    }
}

impl From<Option<Hint>> for Hint {
    fn from(hint: Option<Hint>) -> Self {
        hint.unwrap_or_default()
    }
}

/// Quotes `value` as one word of a command line where a shell needs it, and escapes control characters.
pub fn word(value: impl Display) -> String {
    shell_word(&escape(&value.to_string()))
}

/// Builds a [`Hint`] from a command of this program: `run!("edit {} --add-scope {}", id, scope)`.
///
/// The text follows the program's name, and each value becomes one word to a shell. A word in capitals is for
/// the reader to fill in: `run!("restore PATH")`.
macro_rules! run {
    ($line:literal $(, $value:expr)* $(,)?) => {
        $crate::hint::Hint::command(format!($line $(, $crate::hint::word(&$value))*))
    };
}

pub(crate) use run;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::called::Called;
    use std::ffi::OsString;

    fn printed(hint: &Hint, args: &[&str]) -> String {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        Called::by(&args).advice(hint)
    }

    #[test]
    fn advice_names_the_program_as_called_and_the_store_that_db_named() {
        let args = ["/usr/bin/kc", "list", "--db", "g1/k.db"];
        for (hint, expected) in [
            (run!("list"), "kc --db g1/k.db list"),
            (
                run!("list")
                    .in_quotes()
                    .and(" shows; ")
                    .and(run!("show {}", "ci")),
                "'kc --db g1/k.db list' shows; kc --db g1/k.db show ci",
            ),
            (run!("help list").in_quotes(), "'kc help list'"),
            (run!("completions bash"), "kc completions bash"),
            (run!("--help"), "kc --help"),
            (run!("--version"), "kc --version"),
            (Hint::from("keyctl list"), "keyctl list"),
        ] {
            assert_eq!(printed(&hint, &args), expected);
        }
        assert_eq!(printed(&run!("list"), &["keyctl"]), "keyctl list");
    }

    #[test]
    fn values_in_a_command_are_one_word_each_and_stay_as_they_are() {
        let hint = run!("edit {} --name {}", "keyctl list", "it's");
        assert_eq!(
            printed(&hint, &["kc"]),
            r"kc edit 'keyctl list' --name 'it'\''s'"
        );
        let hint = run!("show {}", "{} --db x\u{1b}");
        assert_eq!(printed(&hint, &["kc"]), r"kc show '{} --db x\u{1b}'");
    }
}
