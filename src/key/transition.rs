//! Transitions between the states of a key: rotate, disable, enable, delete.
//!
//! Pure functions: the caller reads the clock and stores the result.

use super::{Key, Kind, State};
use crate::access::Access;
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::when::{Span, Timestamp};
use std::cmp::min;

/// Result of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key was changed.
    Applied,
    /// The key was in that state already.
    AlreadySo,
}

/// Parameters of a rotation.
pub struct Rotation {
    /// ID of the new key.
    pub successor: KeyId,
    /// User who rotates.
    pub actor: String,
    /// Time for which the old key goes on working.
    pub grace: Span,
    /// Expiry of the new key; `None` if it never expires.
    pub expires_at: Option<Timestamp>,
}

impl Key {
    /// Refuses a rotation that the state at `now` forbids.
    ///
    /// The caller adds a hint for a phased-out key: it can look up the successor.
    pub fn check_rotatable(&self, now: Timestamp) -> Result<()> {
        match self.state(now) {
            State::Deleted => Err(self.deleted_error("rotated")),
            State::PhasedOut => Err(self.refusal("rotated", "it is phased-out")),
            _ if self.disabled_at.is_some() => Err(self
                .refusal("rotated", "it is disabled")
                .hint(Hint::from("enable it first: ").and(run!("enable {}", self.id)))),
            State::Active | State::Expired | State::Disabled => Ok(()),
        }
    }

    /// Phases this key out and returns its successor, with the same name, owner, kind, scopes,
    /// labels and networks. Each names the other. The old key works until its grace ends or it expires.
    pub fn rotate(&mut self, now: Timestamp, rotation: Rotation) -> Result<Key> {
        self.check_rotatable(now)?;
        // A rotatable key is neither phased-out nor disabled nor deleted, so neither is the copy.
        let successor = Key {
            id: rotation.successor,
            created_at: now,
            created_by: rotation.actor,
            expires_at: rotation.expires_at,
            first_used_at: None,
            last_used_at: None,
            replaces: Some(self.id),
            imported: false,
            ..self.clone()
        };
        self.grace_from = Some(now);
        self.usable_until = Some(self.end_of_grace(now, rotation.grace));
        self.replaced_by = Some(successor.id);
        Ok(successor)
    }

    /// Switches the key off. On a phased-out key this ends the grace for good.
    ///
    /// An administrator may disable a key again that its owner has disabled: then only an
    /// administrator can enable it.
    pub fn disable(&mut self, now: Timestamp, access: &Access) -> Result<Change> {
        if self.deleted_at.is_some() {
            return Err(self
                .refusal("disabled", "it is deleted")
                .hint("verify rejects it already: there is nothing left to stop"));
        }
        let by_owner = self.disabled_by.as_ref() == Some(&self.owner);
        let takes_over = by_owner && access.admin && access.actor != self.owner;
        if self.disabled_at.is_some() && !takes_over {
            return Ok(Change::AlreadySo);
        }
        self.disabled_at = Some(now);
        self.disabled_by = Some(access.actor.clone());
        if let Some(until) = self.usable_until {
            // Also if the grace is over: a clock set back would start it again.
            self.end_grace(min(now, until));
        }
        Ok(Change::Applied)
    }

    /// Switches the key on again. An actor who is no administrator may enable only a key that they
    /// disabled themselves.
    pub fn enable(&mut self, access: &Access) -> Result<Change> {
        if self.deleted_at.is_some() {
            return Err(self.deleted_error("enabled"));
        }
        if self.disabled_at.is_none() {
            return Ok(Change::AlreadySo);
        }
        if !access.admin && self.disabled_by.as_deref() != Some(&access.actor) {
            let by = self.disabled_by.as_deref().unwrap_or("an administrator");
            return Err(
                Error::access(format!("{} was disabled by {}", self.label(), quote(by))).hint(
                    Hint::from("only an administrator can enable it again: ")
                        .and(run!("admin list").in_quotes())
                        .and(" lists them"),
                ),
            );
        }
        self.disabled_at = None;
        self.disabled_by = None;
        Ok(Change::Applied)
    }

    /// Stops the key for ever; the record stays. Refuses a legacy key, unless an undo has deleted it.
    pub fn delete(&mut self, now: Timestamp) -> Result<Change> {
        if self.deleted_at.is_some() {
            return Ok(Change::AlreadySo);
        }
        if self.kind == Kind::Legacy {
            let instead = match (self.disabled_at, self.usable_until) {
                (Some(_), _) => "it is disabled already, so verify rejects it; its record stays",
                (None, Some(_)) => "disable it instead",
                (None, None) => "rotate or disable it instead",
            };
            return Err(self.refusal("deleted", "it is a legacy key").hint(instead));
        }
        self.deleted_at = Some(now);
        Ok(Change::Applied)
    }

    /// Returns the end of a grace that begins at `now`, at most the key's own expiry.
    pub(super) fn end_of_grace(&self, now: Timestamp, grace: Span) -> Timestamp {
        let end = now.after(grace).unwrap_or(Timestamp::MAX);
        self.expires_at.map_or(end, |expires| min(end, expires))
    }

    /// Ends the grace at `at`. Its length becomes zero, so a clock set back does not revive it.
    pub(super) fn end_grace(&mut self, at: Timestamp) {
        self.grace_from = Some(at);
        self.usable_until = Some(at);
    }

    /// Error for a change of a deleted key. `action`, such as `rotated`, follows "cannot be".
    pub(super) fn deleted_error(&self, action: &str) -> Error {
        self.refusal(action, "it is deleted")
            .hint(Hint::from("it stays deleted; ").and(self.create_hint()))
    }

    /// Returns a hint with the command that makes a new key with the scopes of this one.
    pub fn create_hint(&self) -> Hint {
        let create = match self.kind {
            Kind::Api => {
                let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
                run!("create --scope {}", scopes.join(","))
            }
            Kind::Legacy => run!("create --kind legacy"),
        };
        Hint::from("to make a new key: ").and(create)
    }

    /// Error for a change that the key's state or kind forbids. `action` follows "cannot be".
    pub(super) fn refusal(&self, action: &str, why: &str) -> Error {
        Error::state(format!("{} cannot be {action}: {why}", self.label()))
    }
}
