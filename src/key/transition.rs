//! The transitions between states: what each needs, and what it leaves. Pure: the caller reads the
//! clock and keeps the result.

use super::{Key, Kind, State};
use crate::access::Access;
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::when::{Span, Timestamp};
use std::cmp::min;

/// Result of a transition: it may have had nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key was changed.
    Made,
    /// The key was so already.
    None,
}

/// Terms of a rotation.
pub struct Rotation {
    /// The new key's ID.
    pub successor: KeyId,
    /// The user who rotates.
    pub actor: String,
    /// The time that the old key goes on working.
    pub grace: Span,
    /// When the new key expires.
    pub expires_at: Option<Timestamp>,
}

impl Key {
    /// Refuses a rotation that the state at `now` forbids.
    ///
    /// A phased-out key is refused too; the caller, who can look its successor up, says more.
    pub fn check_rotatable(&self, now: Timestamp) -> Result<()> {
        match self.state(now) {
            State::Deleted => Err(self.is_gone("rotated")),
            State::PhasedOut => Err(self.refuses("rotated", "it is phased-out")),
            _ if self.disabled_at.is_some() => Err(self
                .refuses("rotated", "it is disabled")
                .hint(Hint::from("enable it first: ").and(run!("enable {}", self.id)))),
            State::Active | State::Expired | State::Disabled => Ok(()),
        }
    }

    /// Phases this key out and returns its successor: the same name, owner, kind, scopes and
    /// labels, each naming the other. The old key works on until its grace or its expiry ends.
    pub fn rotate(&mut self, now: Timestamp, rotation: Rotation) -> Result<Key> {
        self.check_rotatable(now)?;
        // What can be rotated is neither phased-out nor disabled nor deleted, and so is its copy.
        let successor = Key {
            id: rotation.successor,
            created_at: now,
            created_by: rotation.actor,
            expires_at: rotation.expires_at,
            last_used_at: None,
            replaces: Some(self.id),
            ..self.clone()
        };
        self.grace_from = Some(now);
        self.usable_until = Some(self.end_of_grace(now, rotation.grace));
        self.replaced_by = Some(successor.id);
        Ok(successor)
    }

    /// Switches the key off. On a phased-out key this also ends its grace, for good. An
    /// administrator takes over what the owner has disabled, so that the owner cannot lift it.
    pub fn disable(&mut self, now: Timestamp, access: &Access) -> Result<Change> {
        if self.deleted_at.is_some() {
            return Err(self
                .refuses("disabled", "it is deleted")
                .hint("it lets nobody in any more: there is nothing left to stop"));
        }
        let by_owner = self.disabled_by.as_ref() == Some(&self.owner);
        let takes_over = by_owner && access.admin && access.actor != self.owner;
        if self.disabled_at.is_some() && !takes_over {
            return Ok(Change::None);
        }
        self.disabled_at = Some(now);
        self.disabled_by = Some(access.actor.clone());
        if let Some(until) = self.usable_until {
            // One that ran out too: a clock set back must not find it running.
            self.end_grace(min(now, until));
        }
        Ok(Change::Made)
    }

    /// Switches the key on again. Only an administrator lifts what somebody else has done: on a
    /// key of one's own, only an administrator can have done it.
    pub fn enable(&mut self, access: &Access) -> Result<Change> {
        if self.deleted_at.is_some() {
            return Err(self.is_gone("enabled"));
        }
        if self.disabled_at.is_none() {
            return Ok(Change::None);
        }
        if !access.admin && self.disabled_by.as_deref() != Some(&access.actor) {
            let by = self.disabled_by.as_deref().unwrap_or("an administrator");
            return Err(
                Error::access(format!("{} was disabled by {}", self.label(), quote(by))).hint(
                    Hint::from("only an administrator can enable it again: ")
                        .and(run!("admin list").in_quotes())
                        .and(" names them"),
                ),
            );
        }
        self.disabled_at = None;
        self.disabled_by = None;
        Ok(Change::Made)
    }

    /// Stops the key for ever. The record stays.
    pub fn delete(&mut self, now: Timestamp) -> Result<Change> {
        if self.kind == Kind::Legacy {
            let instead = match (self.disabled_at, self.usable_until) {
                (Some(_), _) => "it is disabled: it lets nobody in, and its record stays",
                (None, Some(_)) => "disable it instead",
                (None, None) => "rotate or disable it instead",
            };
            return Err(self.refuses("deleted", "it is a legacy key").hint(instead));
        }
        if self.deleted_at.is_some() {
            return Ok(Change::None);
        }
        self.deleted_at = Some(now);
        Ok(Change::Made)
    }

    /// When a grace of `grace` that begins at `now` ends: never after the key's own expiry.
    pub(super) fn end_of_grace(&self, now: Timestamp, grace: Span) -> Timestamp {
        let end = now.after(grace).unwrap_or(Timestamp::MAX);
        self.expires_at.map_or(end, |expires| min(end, expires))
    }

    /// Ends the grace at `at`, so that no clock set back revives it.
    pub(super) fn end_grace(&mut self, at: Timestamp) {
        self.grace_from = Some(at);
        self.usable_until = Some(at);
    }

    /// The error where a deleted key would have to come alive.
    pub(super) fn is_gone(&self, what: &str) -> Error {
        self.refuses(what, "it is deleted")
            .hint(Hint::from("it stays deleted; ").and(self.anew()))
    }

    /// Command that makes a new key with the permissions of this one, for a hint.
    pub fn anew(&self) -> Hint {
        let create = match self.kind {
            Kind::Api => {
                let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
                run!("create --scope {}", scopes.join(","))
            }
            Kind::Legacy => run!("create --kind legacy"),
        };
        Hint::from("to make a new key: ").and(create)
    }

    pub(super) fn refuses(&self, what: &str, why: &str) -> Error {
        Error::state(format!("{} cannot be {what}: {why}", self.label()))
    }
}
