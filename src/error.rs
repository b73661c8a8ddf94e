//! The one error type: what happened, to which value, and what to do next.

use std::fmt;

/// The exit code of success, and of a valid verification.
pub const DONE: u8 = 0;
/// The exit code of a verification that was rejected, and of a search that found what it looked for.
pub const FOUND: u8 = 1;
/// The exit code of a genuine key that lacks a scope or a project.
pub const UNAUTHORIZED: u8 = 6;

/// The longest part of a value, in characters, that an error repeats.
const QUOTED_MAX: usize = 64;

/// From this many letters and digits in a row on, of both cases, a part of a value is taken for a
/// token's secret whose other parts were mistyped.
const SECRET_MIN: usize = 32;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as a script distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bad flag, value or scope name.
    Usage,
    /// No such key or scope.
    NotFound,
    /// More than one key answers to the name.
    Ambiguous,
    /// A limit that an administrator, or the tool itself, has set.
    Policy,
    /// The actor may not do this.
    Access,
    /// The key's state does not allow this.
    State,
    /// The command asks first, and was not answered with yes.
    Unconfirmed,
    /// The store or another file or stream failed.
    Store,
    /// The store failed, and may have made the change all the same.
    Uncertain,
    /// The store holds what no version of this program writes.
    Damaged,
    /// A prompt was interrupted.
    Interrupted,
}

impl Kind {
    /// The process's exit code, and the word that stands for it in JSON.
    fn code_and_word(self) -> (u8, &'static str) {
        match self {
            Kind::Usage => (2, "usage"),
            Kind::NotFound => (3, "not-found"),
            Kind::Ambiguous => (3, "ambiguous"),
            Kind::Policy => (4, "policy"),
            Kind::Access => (4, "access"),
            Kind::State => (4, "state"),
            Kind::Unconfirmed => (4, "unconfirmed"),
            Kind::Store | Kind::Uncertain | Kind::Damaged => (5, "store"),
            Kind::Interrupted => (130, "interrupted"),
        }
    }

    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        self.code_and_word().0
    }

    /// The word that stands for this kind in JSON.
    pub fn word(self) -> &'static str {
        self.code_and_word().1
    }
}

/// One of the keys that an ambiguous name stands for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Candidate {
    /// The key ID.
    pub id: String,
    /// The key's name.
    pub name: String,
    /// The key's owner.
    pub owner: String,
    /// The word for its state.
    pub state: &'static str,
}

/// A failure as its reader needs it. No secret is ever put into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What a script goes by.
    pub kind: Kind,
    /// What happened, naming the value at fault; one line, no full stop.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The keys among which a name does not choose.
    pub candidates: Vec<Candidate>,
    /// The ID of the key that it is about, if the log is to know.
    pub key: Option<String>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: without_numbers(message.into()),
            hint: None,
            candidates: Vec::new(),
            key: None,
        }
    }

    /// A bad flag, value or scope name.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(Kind::Usage, message)
    }

    /// No such key or scope.
    pub fn not_found(message: impl Into<String>) -> Self {
        Error::new(Kind::NotFound, message)
    }

    /// A limit stands against it.
    pub fn policy(message: impl Into<String>) -> Self {
        Error::new(Kind::Policy, message)
    }

    /// The actor may not do this.
    pub fn access(message: impl Into<String>) -> Self {
        Error::new(Kind::Access, message)
    }

    /// The key's state does not allow this.
    pub fn state(message: impl Into<String>) -> Self {
        Error::new(Kind::State, message)
    }

    /// The store or another file or stream failed.
    pub fn store(message: impl Into<String>) -> Self {
        Error::new(Kind::Store, message)
    }

    /// The store holds what no version of this program writes.
    pub fn damaged(message: impl Into<String>) -> Self {
        Error::new(Kind::Damaged, message)
    }

    /// The same error, about the key with this ID.
    #[must_use]
    pub fn of_key(mut self, id: impl fmt::Display) -> Self {
        self.key = Some(id.to_string());
        self
    }

    /// The same error with advice on what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// `message` without the numbers that `std::io::Error` puts behind the system's own words: these say it.
fn without_numbers(mut message: String) -> String {
    const BEFORE: &str = " (os error ";
    while let Some(at) = message.find(BEFORE) {
        let digits = &message[at + BEFORE.len()..];
        let Some(end) = digits.find(|c: char| !c.is_ascii_digit()) else {
            break;
        };
        if end == 0 || !digits[end..].starts_with(')') {
            break;
        }
        message.replace_range(at..=at + BEFORE.len() + end, "");
    }
    message
}

/// `text` in single quotes as an error names a value: escaped, cut at 64 characters, and without
/// what might be a secret.
pub fn quote(text: &str) -> String {
    let text = &without_secrets(text);
    let mut cut: String = text.chars().take(QUOTED_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("'{}'", escape(&cut))
}

fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let run = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let secret = run.len() >= SECRET_MIN
            && run.bytes().any(|byte| byte.is_ascii_lowercase())
            && run.bytes().any(|byte| byte.is_ascii_uppercase());
        if secret {
            shown.push('…');
            shown.push_str(&piece[run.len()..]);
        } else {
            shown.push_str(piece);
        }
    }
    shown
}

/// `text` with every character that could move a cursor, recolour a terminal or turn the reading
/// direction written as `\u{…}`.
pub fn escape(text: &str) -> String {
    if is_plain(text) || !text.chars().any(is_unprintable) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unprintable(c) {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether `text` is printable ASCII, as nearly all is: it has no unprintable character then.
pub fn is_plain(text: &str) -> bool {
    text.bytes()
        .fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
}

/// Whether `c` is a control, bidirectional-format or line-separator character
/// (Unicode categories Cc, Zl and Zp, and the property `Bidi_Control`).
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}

/// `text` as one word for a POSIX shell, quoted only if it has to be: for a command in a hint.
pub fn shell_word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(stands_for_itself) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether a POSIX shell takes `c` as it is, wherever in a word it stands.
pub fn stands_for_itself(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_cut_and_escaped() {
        assert_eq!(quote("a\u{1b}[31mb"), "'a\\u{1b}[31mb'");
        assert_eq!(quote(&"x".repeat(64)), format!("'{}'", "x".repeat(64)));
        assert_eq!(quote(&"ü".repeat(65)), format!("'{}…'", "ü".repeat(64)));
    }

    #[test]
    fn what_the_system_says_has_no_number_behind_it() {
        let cause = std::io::Error::from_raw_os_error(2);
        let message = Error::store(format!("cannot read x: {cause}, {cause}")).message;
        let none = "No such file or directory";
        assert_eq!(message, format!("cannot read x: {none}, {none}"));
        for other in [
            "a (os error 2",
            "a (os error )",
            "a (os error x)",
            "a (os error",
        ] {
            assert_eq!(Error::store(other).message, other);
        }
    }

    #[test]
    fn what_might_be_a_secret_is_not_quoted() {
        let secret = "aB3".repeat(11);
        assert_eq!(quote(&format!("kc-{secret}, {secret}")), "'kc-…, …'");
        assert_eq!(quote(&secret[..31]), format!("'{}'", &secret[..31]));
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(quote(commit), format!("'{commit}'"));
    }

    #[test]
    fn what_is_plain_has_nothing_unprintable() {
        for c in '\0'..='\u{ffff}' {
            assert!(!(is_plain(&format!("a{c}b")) && is_unprintable(c)), "{c:?}");
        }
        assert!(is_plain(&(' '..='~').collect::<String>()));
    }

    #[test]
    fn what_turns_or_breaks_a_line_is_escaped() {
        for c in [
            '\u{7}', '\u{85}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{200f}',
        ] {
            assert_eq!(escape(&c.to_string()), format!("\\u{{{:x}}}", c as u32));
        }
        assert_eq!(escape("naïve \u{1f511}"), "naïve \u{1f511}");
    }
}
