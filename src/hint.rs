//! Advice on what to do next, as a value: text, and commands of this program. It becomes text once,
//! where it is written out ([`Called::advice`](crate::called::Called::advice)), with the name by which
//! the program was called; values in it are never searched for commands.

use crate::text::{escape, shell_word};
use std::fmt::Display;

/// Commands that are about no store, so that `--db` has no place in them.
const WITHOUT_STORE: [&str; 4] = ["help", "completions", "--help", "--version"];

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, as it is.
    Text(String),
    /// A command line behind the program's name, as a shell reads it.
    Command {
        /// The words.
        line: String,
        /// It is about a store, and gets the one that `--db` named.
        on_store: bool,
    },
}

/// Advice on what to do next; one line, no full stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    parts: Vec<Part>,
}

impl Hint {
    /// A command of this program: `line` is what stands behind its name. The macro `run`
    /// makes it of words and values.
    pub fn command(line: String) -> Self {
        let first = line.split(' ').next().unwrap_or_default();
        let on_store = !WITHOUT_STORE.contains(&first);
        Hint {
            parts: vec![Part::Command { line, on_store }],
        }
    }

    /// This, and `next` right behind it.
    #[must_use]
    pub fn and(mut self, next: impl Into<Hint>) -> Self {
        self.parts.extend(next.into().parts);
        self
    }

    /// This between single quotes: a command in the middle of a sentence.
    #[must_use]
    pub fn in_quotes(self) -> Self {
        Hint::from("'").and(self).and("'")
    }

    /// Tells whether there is no advice in it.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts, in order.
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

/// `value` as one word of a command: escaped, and quoted where a shell would not take it as it is.
pub fn word(value: impl Display) -> String {
    shell_word(&escape(&value.to_string()))
}

/// A command of this program as a [`Hint`]: the words behind the program's name, with `{}` where each
/// value goes, as one word to a shell. `run!("edit {} --add-scope {}", id, scope)`; what the reader is to
/// fill in stands in capitals, as `run!("restore PATH")`.
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

    fn told(hint: &Hint, args: &[&str]) -> String {
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
            assert_eq!(told(&hint, &args), expected);
        }
        assert_eq!(told(&run!("list"), &["keyctl"]), "keyctl list");
    }

    #[test]
    fn values_in_a_command_are_one_word_each_and_stay_as_they_are() {
        let hint = run!("edit {} --name {}", "keyctl list", "it's");
        assert_eq!(
            told(&hint, &["kc"]),
            r"kc edit 'keyctl list' --name 'it'\''s'"
        );
        let hint = run!("show {}", "{} --db x\u{1b}");
        assert_eq!(told(&hint, &["kc"]), r"kc show '{} --db x\u{1b}'");
    }
}
