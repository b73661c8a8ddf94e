//! Name by which the program was called, and the store that `--db` gave.
//!
//! keyutils has a keyctl too, so packages may install this program under another name, and a user may have
//! several stores. A command in a hint has to run as it is printed, on the same store.

use crate::hint::{Hint, Part};
use crate::text::{is_unprintable, stands_for_itself};
use crate::url;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Name of the program unless a package renames it, and its name in help texts and hints.
pub const OWN: &str = "keyctl";

/// Name by which the program was called, and the store that `--db` gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Name without the directory.
    pub name: String,
    /// True if the program was called by a path. A shell may not find it by its name alone then.
    pub by_path: bool,
    /// The store that `--db` gave, quoted for a shell. `None` for a URL with a password, and for one that names no
    /// store.
    pub db: Option<String>,
}

impl Called {
    /// Reads the program's name from the first of `args`. Falls back to [`OWN`] if a shell would not read that
    /// name as one word.
    pub fn by(args: &[OsString]) -> Self {
        let path = Path::new(args.first().map_or(OsStr::new(""), OsString::as_os_str));
        let name = path.file_name().and_then(OsStr::to_str);
        Called {
            name: name.filter(|name| is_word(name)).unwrap_or(OWN).to_owned(),
            by_path: path.components().count() > 1,
            db: db(args)
                .filter(|db| is_shown(&db.to_string_lossy()))
                .map(as_word),
        }
    }

    /// Replaces `keyctl` by this name in `text` where a flag or a command (by `is_command`) follows.
    ///
    /// `text` must not hold values of users: a value could look like a command.
    pub fn in_text<'a>(&self, text: &'a str, is_command: fn(&str) -> bool) -> Cow<'a, str> {
        if self.name == OWN {
            return Cow::Borrowed(text);
        }
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(OWN) {
            let (before, after) = (&rest[..at], &rest[at + OWN.len()..]);
            renamed.push_str(before);
            let is_run = !before.ends_with(in_word) && runs(after, is_command);
            renamed.push_str(if is_run { &self.name } else { OWN });
            rest = after;
        }
        renamed.push_str(rest);
        Cow::Owned(renamed)
    }

    /// Text of `hint`: its commands get this name and `--db`.
    pub fn advice(&self, hint: &Hint) -> String {
        let mut advice = String::new();
        for part in hint.parts() {
            match part {
                Part::Text(text) => advice.push_str(text),
                Part::Command { line, on_store } => {
                    advice.push_str(&self.name);
                    if let Some(db) = self.db.as_deref().filter(|_| *on_store) {
                        advice.push_str(" --db ");
                        advice.push_str(db);
                    }
                    advice.push(' ');
                    advice.push_str(line);
                }
            }
        }
        advice
    }
}

/// True if hints may repeat `db`, the value of `--db`.
fn is_shown(db: &str) -> bool {
    !url::is_url(db) || url::is_server(db) && !url::has_password(db)
}

/// True if a shell reads `name` as one word without quotes.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(in_word)
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+')
}

/// True if `text` begins like the rest of a command line after the program's name.
fn runs(text: &str, is_command: fn(&str) -> bool) -> bool {
    text.strip_prefix(' ').is_some_and(|words| {
        let end = words.find(|c| !in_word(c)).unwrap_or(words.len());
        words.starts_with("--") || is_command(&words[..end])
    })
}

/// Returns the value of `--db` in `args`, which begin with the program's name.
pub fn db(args: &[OsString]) -> Option<&OsStr> {
    let end = args.iter().position(|arg| arg == "--");
    let options = args.get(1..end.unwrap_or(args.len()));
    values(options.unwrap_or_default(), "--db").next()
}

/// Returns the values of the option `flag` in `args`. A search for the word, since it also serves lines that clap
/// refused.
pub fn values<'a>(args: &'a [OsString], flag: &'a str) -> impl Iterator<Item = &'a OsStr> {
    let value = move |(at, arg): (usize, &'a OsString)| {
        if arg == flag {
            return args.get(at + 1).map(OsString::as_os_str);
        }
        let joined = arg.as_bytes().strip_prefix(flag.as_bytes())?;
        joined.strip_prefix(b"=").map(OsStr::from_bytes)
    };
    args.iter().enumerate().filter_map(value)
}

/// Escapes `path` for a shell, with backslashes: hints put their commands in single quotes.
fn as_word(path: &OsStr) -> String {
    let shown = path
        .to_str()
        .filter(|path| !path.is_empty() && !path.chars().any(is_unprintable));
    let Some(path) = shown else {
        // A user could not type it as it would be shown.
        return "PATH".to_owned();
    };
    let mut word = String::with_capacity(path.len());
    if path.starts_with('-') {
        // Else it would be an option.
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
        let renamed = |text| {
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
            assert_eq!(renamed(text), expected);
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
            (
                &["keyctl", "--db=postgres://u@h/d?sslmode=disable&port=1"],
                Some(r"postgres://u@h/d\?sslmode=disable\&port=1"),
            ),
        ] {
            assert_eq!(Called::by(&words(line)).db.as_deref(), expected, "{line:?}");
        }
    }
}
