//! What verification comes to.

use crate::error::{DONE, FOUND, UNAUTHORIZED};
use crate::key::Key;

/// Why a token is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is no token: a typo, a cut, or something else. Told without a store.
    Malformed,
    /// No key has this ID and this secret, or none that is not deleted.
    Unknown,
    /// It was rotated, and its grace is over.
    PhasedOut,
    /// Its time is over.
    Expired,
    /// It is switched off.
    Disabled,
    /// It is genuine, but lacks this scope.
    Scope(String),
    /// It is genuine, but its owner is no member of this project.
    Project(String),
}

impl Reason {
    /// The word for it, in JSON and elsewhere.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::Unknown => "unknown",
            Reason::PhasedOut => "phased-out",
            Reason::Expired => "expired",
            Reason::Disabled => "disabled",
            Reason::Scope(_) => "scope",
            Reason::Project(_) => "project",
        }
    }
}

/// What verification comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is let in.
    Valid(Box<Key>),
    /// It is not. The key is known once the secret has matched.
    Rejected(Reason, Option<Box<Key>>),
}

impl Verdict {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Verdict::Valid(_) => DONE,
            Verdict::Rejected(Reason::Scope(_) | Reason::Project(_), _) => UNAUTHORIZED,
            Verdict::Rejected(..) => FOUND,
        }
    }
}
