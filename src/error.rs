//! Error type of the whole crate: the event with the value at fault, its cause, and advice.

mod source;

pub use self::source::ErrorSource;

use crate::hint::Hint;
use std::fmt;

pub use crate::text::{escape, is_plain, is_unprintable, quote, shell_word};

/// Exit code of success, and of a valid token.
pub const DONE: u8 = 0;
/// Exit code of a rejected token, and of a search that found something.
pub const FOUND: u8 = 1;
/// Exit code of a genuine token whose key lacks a scope or a project, or does not work from that address.
pub const UNAUTHORIZED: u8 = 6;

/// Result with the error type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Kind of failure. It decides the exit code and the `code` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A bad flag, value or scope name.
    Usage,
    /// No such key or scope.
    NotFound,
    /// Several keys match the name.
    Ambiguous,
    /// Forbidden by policy, or by a limit of the program.
    Policy,
    /// The actor may not do this.
    Access,
    /// The key's state does not allow this.
    State,
    /// The confirmation was not given.
    Unconfirmed,
    /// A stream, a file other than the store's, or the system failed.
    Io,
    /// Another process held the store's lock too long, or kept changing the store during a read. The
    /// same command may succeed later.
    Busy,
    /// The store does not exist, or cannot be reached, opened, read or written.
    Unavailable,
    /// The store holds data that no version of this program writes.
    Damaged,
    /// Memory ran out. This says nothing about the state of the store.
    Memory,
    /// The store failed, but may have made the change.
    Uncertain,
    /// A prompt was interrupted.
    Interrupted,
}

impl FailureKind {
    /// Returns the exit code, and the word in JSON.
    fn code_and_word(self) -> (u8, &'static str) {
        match self {
            FailureKind::Usage => (2, "usage"),
            FailureKind::NotFound => (3, "not-found"),
            FailureKind::Ambiguous => (3, "ambiguous"),
            FailureKind::Policy => (4, "policy"),
            FailureKind::Access => (4, "access"),
            FailureKind::State => (4, "state"),
            FailureKind::Unconfirmed => (4, "unconfirmed"),
            FailureKind::Io
            | FailureKind::Busy
            | FailureKind::Unavailable
            | FailureKind::Damaged
            | FailureKind::Memory
            | FailureKind::Uncertain => (5, "store"),
            FailureKind::Interrupted => (130, "interrupted"),
        }
    }

    /// Returns the exit code.
    pub fn exit_code(self) -> u8 {
        self.code_and_word().0
    }

    /// Returns the word for this kind in JSON.
    pub fn word(self) -> &'static str {
        self.code_and_word().1
    }
}

/// Key that matches an ambiguous name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Candidate {
    /// Key ID.
    pub id: String,
    /// Name of the key.
    pub name: String,
    /// Owner of the key.
    pub owner: String,
    /// Word for the state of the key.
    pub state: &'static str,
}

/// Error for people. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Kind of failure, for scripts.
    pub kind: FailureKind,
    /// Event and value at fault, without the cause: one line, no full stop.
    pub message: String,
    /// Cause; its words follow the message.
    pub source: Option<ErrorSource>,
    /// Consequences, each preceded by `; `.
    pub outcome: Box<str>,
    /// Advice on the next step.
    pub hint: Option<Hint>,
    /// Keys that an ambiguous name matches, or whose names clash; else empty.
    pub candidates: Vec<Candidate>,
    /// ID of the key at fault, for the event that logs a refusal.
    pub key: Option<Box<str>>,
}

impl Error {
    /// Creates an error without cause and hint.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            source: None,
            outcome: Box::default(),
            hint: None,
            candidates: Vec::new(),
            key: None,
        }
    }

    /// Creates an error of the kind [`FailureKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Usage, message)
    }

    /// Creates an error of the kind [`FailureKind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Error::new(FailureKind::NotFound, message)
    }

    /// Creates an error of the kind [`FailureKind::Policy`].
    pub fn policy(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Policy, message)
    }

    /// Creates an error of the kind [`FailureKind::Access`].
    pub fn access(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Access, message)
    }

    /// Creates an error of the kind [`FailureKind::State`].
    pub fn state(message: impl Into<String>) -> Self {
        Error::new(FailureKind::State, message)
    }

    /// Creates an error of the kind [`FailureKind::Io`].
    pub fn io(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Io, message)
    }

    /// Creates an error of the kind [`FailureKind::Busy`].
    pub fn busy(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Busy, message)
    }

    /// Creates an error of the kind [`FailureKind::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Unavailable, message)
    }

    /// Creates an error of the kind [`FailureKind::Damaged`].
    pub fn damaged(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Damaged, message)
    }

    /// Creates an error of the kind [`FailureKind::Memory`].
    pub fn memory(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Memory, message)
    }

    /// Tells whether this is the error for a damaged record of the key `id`.
    pub fn is_damage_of(&self, id: impl fmt::Display) -> bool {
        self.kind == FailureKind::Damaged && self.key.as_deref() == Some(&*id.to_string())
    }

    /// Sets the ID of the key at fault.
    #[must_use]
    pub fn of_key(mut self, id: impl fmt::Display) -> Self {
        self.key = Some(id.to_string().into());
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<ErrorSource>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Adds a consequence.
    #[must_use]
    pub fn adding(mut self, clause: impl fmt::Display) -> Self {
        self.outcome = format!("{}; {clause}", self.outcome).into();
        self
    }

    /// Sets the advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Formats message, cause and consequences on one line, without the hint.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let words = self.source.as_ref().map_or("", ErrorSource::words);
        if !words.is_empty() {
            write!(f, ": {words}")?;
        }
        f.write_str(&self.outcome)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(ErrorSource::error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::io;

    fn full() -> io::Error {
        io::Error::from_raw_os_error(28)
    }

    #[test]
    fn display_puts_the_cause_behind_the_message_and_then_what_follows() {
        let error = Error::io("cannot write x");
        assert_eq!(error.to_string(), "cannot write x");
        let error = error.adding("y is void").because(full()).adding("z stays");
        assert_eq!(
            error.to_string(),
            "cannot write x: No space left on device; y is void; z stays"
        );
        assert_eq!(error.message, "cannot write x");
    }

    #[test]
    fn display_is_silent_about_a_cause_that_the_message_implies() {
        let error =
            Error::unavailable("no space is left for x").because(ErrorSource::implied(full()));
        assert_eq!(error.to_string(), "no space is left for x");
        assert!(error.source().is_some());
    }

    #[test]
    fn source_is_the_cause_itself_in_a_clone_too() {
        let error = Error::unavailable("cannot open x").because(full()).clone();
        let cause = error.source().and_then(|cause| cause.downcast_ref());
        assert_eq!(cause.map(io::Error::kind), Some(io::ErrorKind::StorageFull));
        assert_eq!(
            Error::unavailable("x").source().map(ToString::to_string),
            None
        );
    }

    #[test]
    fn debug_shows_no_more_of_a_cause_than_its_words() {
        let cause = ErrorSource::new(io::Error::other("$argon2id$"), "its tables are damaged");
        let shown = format!("{:?}", Error::damaged("x").because(cause));
        assert!(shown.contains("its tables are damaged"), "{shown}");
        assert!(!shown.contains("argon2id"), "{shown}");
    }

    #[test]
    fn kinds_of_failure_differ_and_share_the_exit_code_and_the_word_of_the_store() {
        let errors = [
            Error::io("x"),
            Error::busy("x"),
            Error::unavailable("x"),
            Error::damaged("x"),
            Error::memory("x"),
            Error::new(FailureKind::Uncertain, "x"),
        ];
        for (at, error) in errors.iter().enumerate() {
            assert_eq!((error.kind.exit_code(), error.kind.word()), (5, "store"));
            let same = errors.iter().position(|other| other.kind == error.kind);
            assert_eq!(same, Some(at), "{:?}", error.kind);
        }
    }
}
