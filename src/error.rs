//! The one error type: what happened, to which value, and what to do next.

mod source;

pub use self::source::ErrorSource;

use crate::hint::Hint;
use std::fmt;

pub use crate::text::{escape, is_plain, is_unprintable, quote, shell_word};

/// The exit code of success, and of a valid verification.
pub const DONE: u8 = 0;
/// The exit code of a verification that was rejected, and of a search that found what it looked for.
pub const FOUND: u8 = 1;
/// The exit code of a genuine key that lacks a scope or a project.
pub const UNAUTHORIZED: u8 = 6;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// FailureKind of error, as a script or a caller distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
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
    /// A file that is not the store's, a stream, or the system failed.
    Io,
    /// Another process holds the store's lock for longer than we wait, or keeps changing the store while
    /// it is read. The same command may succeed later.
    Busy,
    /// The store is not there, or cannot be reached, opened, read or written.
    Unavailable,
    /// The store holds what no version of this program writes.
    Damaged,
    /// Memory ran out: of the store nothing can be told.
    Memory,
    /// The store failed, and may have made the change all the same.
    Uncertain,
    /// A prompt was interrupted.
    Interrupted,
}

impl FailureKind {
    /// The process's exit code, and the word that stands for it in JSON.
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
    /// The kind, which a script goes by.
    pub kind: FailureKind,
    /// The event, naming the value at fault; one line, no full stop, and nothing of the cause.
    pub message: String,
    /// The cause, whose words stand behind the message.
    pub source: Option<ErrorSource>,
    /// Clauses on what follows from it, each behind `; `.
    pub outcome: Box<str>,
    /// Advice on what to do next.
    pub hint: Option<Hint>,
    /// The keys among which a name does not choose.
    pub candidates: Vec<Candidate>,
    /// The ID of the key that it is about, if the log is to know.
    pub key: Option<Box<str>>,
}

impl Error {
    /// An error of `kind` that says `message`.
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

    /// A bad flag, value or scope name.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Usage, message)
    }

    /// No such key or scope.
    pub fn not_found(message: impl Into<String>) -> Self {
        Error::new(FailureKind::NotFound, message)
    }

    /// A limit stands against it.
    pub fn policy(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Policy, message)
    }

    /// The actor may not do this.
    pub fn access(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Access, message)
    }

    /// The key's state does not allow this.
    pub fn state(message: impl Into<String>) -> Self {
        Error::new(FailureKind::State, message)
    }

    /// A file that is not the store's, a stream, or the system failed.
    pub fn io(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Io, message)
    }

    /// Another process is in the way.
    pub fn busy(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Busy, message)
    }

    /// The store is not there, or cannot be reached, opened, read or written.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Unavailable, message)
    }

    /// The store holds what no version of this program writes.
    pub fn damaged(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Damaged, message)
    }

    /// Memory ran out.
    pub fn memory(message: impl Into<String>) -> Self {
        Error::new(FailureKind::Memory, message)
    }

    /// Tells whether it says that the record of the key with this ID is damaged.
    pub fn is_damage_of(&self, id: impl fmt::Display) -> bool {
        self.kind == FailureKind::Damaged && self.key.as_deref() == Some(&*id.to_string())
    }

    /// The same error, about the key with this ID.
    #[must_use]
    pub fn of_key(mut self, id: impl fmt::Display) -> Self {
        self.key = Some(id.to_string().into());
        self
    }

    /// The same error, with its cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<ErrorSource>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// The same error, and `clause`, which follows from it.
    #[must_use]
    pub fn adding(mut self, clause: impl fmt::Display) -> Self {
        self.outcome = format!("{}; {clause}", self.outcome).into();
        self
    }

    /// The same error with advice on what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The message, the words of its cause, and what follows from it; one line.
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
            Error::unavailable("no room is left for x").because(ErrorSource::implied(full()));
        assert_eq!(error.to_string(), "no room is left for x");
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
