//! The verdict on a token.

use super::compare::Match;
use crate::error::{DONE, FOUND, UNAUTHORIZED};
use crate::hash::Scheme;
use crate::key::Key;
use crate::store::Known;
use crate::when::Timestamp;

/// Reason for which a token is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is not a token: a typo, cut short, or something else. No store is asked.
    Malformed,
    /// No key has this ID and this secret, or its key is deleted.
    Unknown,
    /// Its key was rotated and no longer works.
    PhasedOut,
    /// Its key has expired.
    Expired,
    /// Its key is disabled.
    Disabled,
    /// It is genuine, but its key lacks this scope.
    Scope(String),
    /// It is genuine, but the key's owner is not a member of this project.
    Project(String),
}

impl Reason {
    /// Word for it, in JSON and elsewhere.
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

/// Verdict on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is let in.
    Valid(Box<Key>),
    /// The token is not let in. The key is there only if the secret has matched.
    Rejected(Reason, Option<Box<Key>>),
}

impl Verdict {
    /// Exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Verdict::Valid(_) => DONE,
            Verdict::Rejected(Reason::Scope(_) | Reason::Project(_), _) => UNAUTHORIZED,
            Verdict::Rejected(..) => FOUND,
        }
    }
}

/// Verdict, the time at which it was given, and whether the hash is to be renewed.
pub struct Verified {
    /// The verdict.
    pub verdict: Verdict,
    /// Time of the verdict.
    pub at: Timestamp,
    /// Hash that matched, if it is not by the policy's scheme, and that scheme.
    pub(super) outdated: Option<(String, Scheme)>,
}

impl Verified {
    /// The verdict on a key as it was `known` at `at`, when `reason` spoke against it or nothing did.
    pub(super) fn new(
        reason: Option<Reason>,
        known: Option<Known>,
        matched: Match,
        scheme: Scheme,
        at: Timestamp,
    ) -> Self {
        let (verdict, outdated) = match (reason, known) {
            (None, Some(known)) => {
                let is_outdated = matched != Match::Yes(Some(scheme));
                let old = known.hash.filter(|_| is_outdated);
                let verdict = Verdict::Valid(Box::new(known.key));
                (verdict, old.map(|old| (old, scheme)))
            }
            // The key must not be named.
            (Some(Reason::Unknown) | None, _) => (Verdict::Rejected(Reason::Unknown, None), None),
            (Some(reason), known) => {
                let key = known.map(|known| Box::new(known.key));
                (Verdict::Rejected(reason, key), None)
            }
        };
        Verified {
            verdict,
            at,
            outdated,
        }
    }
}
