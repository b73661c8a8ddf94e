//! How the program was called. keyutils has a keyctl too, so packages may install this one under another
//! name, and one user may have several stores: what it tells its reader to run has to be what the reader
//! can run, and on the store that it speaks of.

use crate::hint::{Hint, Part};
use crate::text::{is_unprintable, stands_for_itself};
use crate::url::is_url;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The name that it has where nobody gave it another, and by which its texts call it.
pub const OWN: &str = "keyctl";

/// Name by which the program was called, and the store that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The name, without the path before it.
    pub name: String,
    /// True if there was a path before it; a shell need not find the program by its name then.
    pub by_path: bool,
    /// The store that `--db` named, as a shell reads it. Not a server: a password may stand there.
    pub db: Option<String>,
}

impl Called {
    /// Reads the program's name, the first of `args`; [`OWN`] if that is none which a shell takes
    /// for one word.
    pub fn by(args: &[OsString]) -> Self {
        let path = Path::new(args.first().map_or(OsStr::new(""), OsString::as_os_str));
        let name = path.file_name().and_then(OsStr::to_str);
        Called {
            name: name.filter(|name| is_word(name)).unwrap_or(OWN).to_owned(),
            by_path: path.components().count() > 1,
            db: db(args)
                .filter(|db| !is_url(&db.to_string_lossy()))
                .map(as_word),
        }
    }

    /// `text`, which holds no values, with this name wherever it tells to run `keyctl`: before a flag,
    /// or what `is_command` says to be a command.
    pub fn in_text<'a>(&self, text: &'a str, is_command: fn(&str) -> bool) -> Cow<'a, str> {
        if self.name == OWN {
            return Cow::Borrowed(text);
        }
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(OWN) {
            let (before, after) = (&rest[..at], &rest[at + OWN.len()..]);
            told.push_str(before);
            let is_run = !before.ends_with(in_word) && runs(after, is_command);
            told.push_str(if is_run { &self.name } else { OWN });
            rest = after;
        }
        told.push_str(rest);
        Cow::Owned(told)
    }

    /// `hint` in words: its commands with this name, for the store that `--db` named.
    pub fn advice(&self, hint: &Hint) -> String {
        let mut told = String::new();
        for part in hint.parts() {
            match part {
                Part::Text(text) => told.push_str(text),
                Part::Command { line, on_store } => {
                    told.push_str(&self.name);
                    if let Some(db) = self.db.as_deref().filter(|_| *on_store) {
                        told.push_str(" --db ");
                        told.push_str(db);
                    }
                    told.push(' ');
                    told.push_str(line);
                }
            }
        }
        told
    }
}

/// Tells whether a shell takes `name` for one word, as it stands.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(in_word)
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+')
}

/// Tells whether `text` goes on as a command line does behind the program's name.
fn runs(text: &str, is_command: fn(&str) -> bool) -> bool {
    text.strip_prefix(' ').is_some_and(|words| {
        let end = words.find(|c| !in_word(c)).unwrap_or(words.len());
        words.starts_with("--") || is_command(&words[..end])
    })
}

/// Returns what `--db` names among `args`, the program's name first, as far as that can be told of a line that
/// could not be read.
pub fn db(args: &[OsString]) -> Option<&OsStr> {
    let mut args = args.iter().skip(1).take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        if arg == "--db" {
            return args.next().map(OsString::as_os_str);
        }
        if let Some(path) = arg.as_bytes().strip_prefix(b"--db=") {
            return Some(OsStr::from_bytes(path));
        }
    }
    None
}

/// `path` as a shell takes it for one word. Not in quotes: advice has its commands in quotes.
fn as_word(path: &OsStr) -> String {
    let shown = path
        .to_str()
        .filter(|path| !path.is_empty() && !path.chars().any(is_unprintable));
    let Some(path) = shown else {
        // It cannot be typed as it would be shown.
        return "PATH".to_owned();
    };
    let mut word = String::with_capacity(path.len());
    if path.starts_with('-') {
        // It would be taken for an option.
        word.push_str("./");
    }
    for c in path.chars() {
        if c.is_ascii() && !stands_for_itself(c) {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(first: &str) -> Called {
        Called::by(&[OsString::from(first)])
    }

    #[test]
    fn the_name_is_the_last_part_of_what_it_was_called_by() {
        for (first, name, by_path) in [
            ("keyctl", "keyctl", false),
            ("api-keyctl", "api-keyctl", false),
            ("/usr/bin/api-keyctl", "api-keyctl", true),
            ("./kc", "kc", true),
            ("", OWN, false),
            ("two words", OWN, false),
            ("-keyctl", OWN, false),
            ("k$(id)", OWN, false),
        ] {
            let expected = Called {
                name: name.to_owned(),
                by_path,
                db: None,
            };
            assert_eq!(called(first), expected, "{first}");
        }
        assert_eq!(Called::by(&[]).name, OWN);
    }

    #[test]
    fn only_what_is_to_be_run_gets_the_name() {
        let told = |text| {
            called("api-keyctl")
                .in_text(text, |word| word == "list")
                .into_owned()
        };
        for (text, expected) in [
            ("keyctl list", "api-keyctl list"),
            (
                "'keyctl list --state all' shows",
                "'api-keyctl list --state all' shows",
            ),
            ("$(keyctl --version)", "$(api-keyctl --version)"),
            (
                "keyctl list; keyctl list",
                "api-keyctl list; api-keyctl list",
            ),
            ("not a keyctl store", "not a keyctl store"),
            ("keyctl/keyctl.db", "keyctl/keyctl.db"),
            ("my-keyctl list", "my-keyctl list"),
            ("the keyctl listed here", "the keyctl listed here"),
            ("keyctl", "keyctl"),
        ] {
            assert_eq!(told(text), expected);
        }
    }

    fn words(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_store_that_was_named_is_one_word_to_a_shell() {
        for (line, expected) in [
            (&["keyctl", "--db", "a/k.db", "list"][..], Some("a/k.db")),
            (&["keyctl", "list", "--db=k.db"], Some("k.db")),
            (&["keyctl", "list", "--db"], None),
            (&["keyctl", "list"], None),
            (&["keyctl", "show", "--", "--db", "k.db"], None),
            (&["--db", "list"], None),
            (
                &["keyctl", "--db", "my store/it's.db"],
                Some(r"my\ store/it\'s.db"),
            ),
            (&["keyctl", "--db", "$(id)"], Some(r"\$\(id\)")),
            (&["keyctl", "--db", "schlüssel.db"], Some("schlüssel.db")),
            (&["keyctl", "--db=-x"], Some("./-x")),
            (&["keyctl", "--db", "-my store"], Some(r"./-my\ store")),
            (&["keyctl", "--db", "a\nb"], Some("PATH")),
            (&["keyctl", "--db", ""], Some("PATH")),
            (&["keyctl", "--db", "postgres://u:pw@h/d"], None),
            (&["keyctl", "--db=postgres:u:pw@h/d"], None),
        ] {
            assert_eq!(Called::by(&words(line)).db.as_deref(), expected, "{line:?}");
        }
    }
}
