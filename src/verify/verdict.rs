//! Verdict on a token.

use super::compare::Match;
use crate::error::{DONE, FOUND, UNAUTHORIZED};
use crate::hash::Scheme;
use crate::key::Key;
use crate::store::Known;
use crate::when::Timestamp;
use std::net::IpAddr;

/// Reason to reject a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not a token: mistyped, cut short, or other text. Found without the store, or in one without imported keys.
    Malformed,
    /// No key has this ID and secret, or the key is deleted.
    Unknown,
    /// The key was rotated and its grace is over.
    PhasedOut,
    /// The key has expired.
    Expired,
    /// The key is disabled.
    Disabled,
    /// The token is genuine, but its key does not work from this address, or no address was given and it works
    /// from some networks only.
    Address(Option<IpAddr>),
    /// The token is genuine, but its key lacks this scope.
    Scope(String),
    /// The token is genuine, but the key's owner is not a member of this project.
    Project(String),
}

impl Reason {
    /// Returns the word for this reason in text and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::Unknown => "unknown",
            Reason::PhasedOut => "phased-out",
            Reason::Expired => "expired",
            Reason::Disabled => "disabled",
            Reason::Address(_) => "address",
            Reason::Scope(_) => "scope",
            Reason::Project(_) => "project",
        }
    }
}

/// Verdict on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is accepted.
    Valid(Box<Key>),
    /// The token is rejected. The key is present only if the secret matched.
    Rejected(Reason, Option<Box<Key>>),
}

impl Verdict {
    /// Returns the exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Verdict::Valid(_) => DONE,
            Verdict::Rejected(Reason::Address(_) | Reason::Scope(_) | Reason::Project(_), _) => {
                UNAUTHORIZED
            }
            Verdict::Rejected(..) => FOUND,
        }
    }
}

/// Verdict with its time, and the old hash if the key is to be rehashed.
#[derive(Clone)]
pub struct Verified {
    /// Verdict.
    pub verdict: Verdict,
    /// Time of the verdict.
    pub at: Timestamp,
    /// Matching hash to replace, with the policy's scheme, if it was made by another one.
    pub(super) outdated: Option<(String, Scheme)>,
}

impl Verified {
    /// Returns the scheme by which the hash is to be renewed, if it is.
    pub fn scheme_to_renew(&self) -> Option<Scheme> {
        self.outdated.as_ref().map(|(_, scheme)| *scheme)
    }

    /// Creates the verdict on the key `known`: rejected for `reason`, or valid without one. A hash by another scheme than
    /// `renewed` is to be renewed; none is if that is `None`.
    pub(super) fn new(
        reason: Option<Reason>,
        known: Option<Known>,
        matched: Match,
        renewed: Option<Scheme>,
        at: Timestamp,
    ) -> Self {
        let (verdict, outdated) = match (reason, known) {
            (None, Some(known)) => {
                // The hash of an imported key is that of its whole token, and the means to find it.
                let is_outdated =
                    |scheme| matched != Match::Yes(Some(scheme)) && !known.key.imported;
                let outdated = known
                    .hash
                    .clone()
                    .zip(renewed.filter(|&scheme| is_outdated(scheme)));
                let verdict = Verdict::Valid(Box::new(known.key));
                (verdict, outdated)
            }
            // Unknown: the verdict must not contain the key.
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
