//! The name that the program was called by. keyutils has a keyctl too, so packages may install this
//! one under another name: what it tells its reader to run has to be what the reader can run.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The name that it has where nobody gave it another, and by which its texts call it.
pub const OWN: &str = "keyctl";

/// How the program was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The name, without the path before it.
    pub name: String,
    /// Whether there was a path before it, and a shell need not find it by its name.
    pub by_path: bool,
}

impl Called {
    /// What the first of `args` says, the program's name; [`OWN`] if that is none which a shell takes
    /// for one word.
    pub fn by(args: &[OsString]) -> Self {
        let path = Path::new(args.first().map_or(OsStr::new(""), OsString::as_os_str));
        let name = path.file_name().and_then(OsStr::to_str);
        Called {
            name: name.filter(|name| is_word(name)).unwrap_or(OWN).to_owned(),
            by_path: path.components().count() > 1,
        }
    }

    /// `text`, with this name wherever it tells to run `keyctl`: before a flag, or what `is_command`
    /// says to be a command.
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
}

/// Whether a shell takes `name` for one word, as it stands.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(in_word)
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+')
}

/// Whether `text` goes on as a command line does behind the program's name.
fn runs(text: &str, is_command: fn(&str) -> bool) -> bool {
    text.strip_prefix(' ').is_some_and(|words| {
        let end = words.find(|c| !in_word(c)).unwrap_or(words.len());
        words.starts_with("--") || is_command(&words[..end])
    })
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
}
