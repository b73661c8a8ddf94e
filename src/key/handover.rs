//! End of a handover: the rotation of a key is committed, and a command has got the new token.

use super::Key;
use crate::error::quote;
use crate::when::{Span, Timestamp};
use std::cmp::min;

impl Key {
    /// Sets the grace that was asked for, counted from `now`. Never lengthens the grace.
    pub fn settle_grace(&mut self, now: Timestamp, grace: Span) {
        if !self.is_in_grace(now) {
            return;
        }
        if grace == Span::ZERO {
            self.end_grace(now);
            return;
        }
        let end = self.end_of_grace(now, grace);
        self.usable_until = self.usable_until.map(|until| min(until, end));
    }

    /// Returns a grace for `edit --grace` that ends before the present one: `grace`, or what is left of the present
    /// one, in whole days or hours.
    pub fn shorter_grace(&self, now: Timestamp, grace: Span) -> Span {
        let end = self.stops_at().unwrap_or(Timestamp::MAX);
        match now.after(grace) {
            Some(until) if until < end => grace,
            _ => end.since(now).rounded_down(),
        }
    }

    /// Returns what has happened to this key or its `successor` since a handover began, if that forbids to end or
    /// undo the rotation. `owner` is the owner of both then.
    pub fn handover_obstacle(&self, successor: &Key, owner: &str) -> Option<String> {
        let (old, new) = (self.id, successor.id);
        if self.deleted_at.is_some() {
            return Some(format!("{old} was deleted"));
        }
        if successor.deleted_at.is_some() {
            return Some(format!("{new} was deleted"));
        }
        if self.replaced_by != Some(new) {
            return Some(format!("{old} was rotated into another key"));
        }
        if successor.usable_until.is_some() {
            return Some(format!("{new} was rotated"));
        }
        let change = |key: &Key| {
            let disabled = key.disabled_by.as_deref().map(|by| ("disabled by", by));
            let given = (key.owner != owner).then_some(("given to", &*key.owner));
            let (change, user) = disabled.or(given)?;
            Some(format!("{} was {change} {}", key.id, quote(user)))
        };
        change(self).or_else(|| change(successor))
    }

    /// Deletes a key, of kind legacy too, whose token nobody has.
    pub fn discard(&mut self, now: Timestamp) {
        self.deleted_at = Some(now);
    }
}
