//! The one error type: what happened, to which value, and what to do next.

use crate::hint::Hint;
use std::fmt;
use std::io;

pub use crate::text::{escape, is_plain, is_unprintable, quote, shell_word};

/// The exit code of success, and of a valid verification.
pub const DONE: u8 = 0;
/// The exit code of a verification that was rejected, and of a search that found what it looked for.
pub const FOUND: u8 = 1;
/// The exit code of a genuine key that lacks a scope or a project.
pub const UNAUTHORIZED: u8 = 6;

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
    /// Memory ran out: of the store nothing can be told.
    Memory,
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
            Kind::Store | Kind::Uncertain | Kind::Damaged | Kind::Memory => (5, "store"),
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
    pub hint: Option<Hint>,
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
            message: message.into(),
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

    /// Tells whether it says that the record of the key with this ID is damaged.
    pub fn is_damage_of(&self, id: impl fmt::Display) -> bool {
        self.kind == Kind::Damaged && self.key == Some(id.to_string())
    }

    /// The same error, about the key with this ID.
    #[must_use]
    pub fn of_key(mut self, id: impl fmt::Display) -> Self {
        self.key = Some(id.to_string());
        self
    }

    /// The same error, with `clause` behind what it says.
    #[must_use]
    pub fn adding(mut self, clause: impl fmt::Display) -> Self {
        self.message.push_str(&format!("; {clause}"));
        self
    }

    /// The same error with advice on what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
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

/// Words of the system for `cause`, without the number that [`io::Error`] puts behind them: for a
/// message, which is not changed any more once values stand in it.
pub fn words(cause: &io::Error) -> String {
    let all = cause.to_string();
    let number = cause
        .raw_os_error()
        .map(|code| format!(" (os error {code})"));
    match number.and_then(|number| all.strip_suffix(&number)) {
        Some(words) => words.to_owned(),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_system_have_no_number_and_other_words_stay() {
        let cause = io::Error::from_raw_os_error(2);
        assert_eq!(words(&cause), "No such file or directory");
        let own = io::Error::other("x (os error 2)");
        assert_eq!(words(&own), "x (os error 2)");
    }
}
