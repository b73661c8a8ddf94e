//! Edits of a key, and the states that allow each.
//!
//! Only the fields that an edit names are checked and changed.

use super::{Key, Kind, Networks, State};
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::policy::{self, Policy};
use crate::when::{Span, Timestamp, When};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of labels of one key: every read of the key reads them all.
const LABELS_MAX: usize = 64;

/// Changes of a key's scopes. The caller has checked that the store knows each name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Scopes that replace all present ones.
    pub replace: Option<BTreeSet<String>>,
    /// Scopes to add.
    pub add: BTreeSet<String>,
    /// Scopes to remove.
    pub remove: BTreeSet<String>,
}

/// Changes of a key's labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Labels to set, value by key.
    pub set: BTreeMap<String, String>,
    /// Keys of the labels to remove.
    pub remove: BTreeSet<String>,
}

/// Requested changes of a key; the default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// New name.
    pub name: Option<String>,
    /// New owner. The caller has checked that the actor may give the key away.
    pub owner: Option<String>,
    /// Changes of the scopes.
    pub scopes: Scopes,
    /// New expiry.
    pub expires: Option<When>,
    /// New length of the grace, from now.
    pub grace: Option<Span>,
    /// Changes of the labels.
    pub labels: Labels,
    /// Changes of the networks.
    pub networks: Networks,
}

impl Edit {
    /// Tells whether the edit changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Edit::default()
    }

    /// Tells whether the edit changes at most what a rotated key allows: its owner and its grace.
    fn suits_phased_out(&self) -> bool {
        let others = Edit {
            owner: None,
            grace: None,
            ..self.clone()
        };
        others.is_empty()
    }
}

impl Key {
    /// Applies `edit` under `policy` at `now`; on an error the key is unchanged.
    pub fn edit(&mut self, now: Timestamp, edit: &Edit, policy: &Policy) -> Result<()> {
        self.check_editable(now, edit)?;
        let mut edited = self.clone();
        if let Some(name) = &edit.name {
            edited.name.clone_from(name);
        }
        if let Some(owner) = &edit.owner {
            edited.owner.clone_from(owner);
        }
        edited.edit_scopes(&edit.scopes)?;
        if let Some(when) = edit.expires {
            let expires = when.resolve(now)?;
            self.check_expiry(expires, now, policy)?;
            edited.expires_at = expires;
        }
        if let Some(grace) = edit.grace {
            edited.edit_grace(now, grace)?;
        }
        edited.edit_labels(&edit.labels)?;
        edited.edit_networks(&edit.networks)?;
        *self = edited;
        Ok(())
    }

    /// Returns the fields in which `after` differs, as `{"field":{"old":…,"new":…}}`.
    pub fn changes(&self, after: &Key) -> Map<String, Value> {
        let mut changes = Map::new();
        let mut compare = |field: &str, old: Value, new: Value| {
            if old != new {
                changes.insert(field.to_owned(), json!({ "old": old, "new": new }));
            }
        };
        compare("name", json!(self.name), json!(after.name));
        compare("owner", json!(self.owner), json!(after.owner));
        compare("scopes", json!(self.scopes), json!(after.scopes));
        compare("labels", json!(self.labels), json!(after.labels));
        compare(
            "allow_from",
            json!(self.allow_from),
            json!(after.allow_from),
        );
        let (old, new) = (self.expires_at, after.expires_at);
        compare("expires_at", json!(old), json!(new));
        let (old, new) = (self.usable_until, after.usable_until);
        compare("usable_until", json!(old), json!(new));
        changes
    }

    fn check_editable(&self, now: Timestamp, edit: &Edit) -> Result<()> {
        match self.state(now) {
            State::Deleted => return Err(self.deleted_error("changed")),
            State::PhasedOut => self.check_phased_out(now, edit)?,
            _ if edit.grace.is_some() => {
                return Err(self
                    .refusal("given a grace period", "it was not rotated")
                    .hint("--grace moves the end of a grace that still runs"));
            }
            State::Expired | State::Disabled | State::Active => {}
        }
        let asked = match (edit.scopes != Scopes::default(), edit.expires.is_some()) {
            (false, false) => return Ok(()),
            (true, false) => "given scopes",
            (false, true) => "given an expiry",
            (true, true) => "given scopes or an expiry",
        };
        match self.kind {
            Kind::Api => Ok(()),
            Kind::Legacy => Err(self
                .refusal(asked, "it is a legacy key")
                .hint("only its name, owner, labels and networks can be changed")),
        }
    }

    /// Refuses every edit of a phased-out key but a new owner, and a new end of a grace that still runs.
    ///
    /// The caller adds the hint: it can look up the successor.
    fn check_phased_out(&self, now: Timestamp, edit: &Edit) -> Result<()> {
        if !edit.suits_phased_out() {
            return Err(self.refusal("changed", "it is phased-out"));
        }
        if edit.grace.is_some() && !self.is_in_grace(now) {
            let end = self
                .stops_at()
                .map_or_else(String::new, |end| format!(" at {end}"));
            return Err(self.refusal("given more grace", &format!("its grace ended{end}")));
        }
        Ok(())
    }

    /// Refuses an expiry that policy forbids; an old key may already be past its latest legal one.
    fn check_expiry(
        &self,
        expires: Option<Timestamp>,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<()> {
        let is_over = policy.check_expiry(Some(now), self.created_at).is_err();
        policy
            .check_expiry(expires, self.created_at)
            .map_err(|error| match is_over {
                true => error.hint(
                    Hint::from(
                        "it has lived as long as policy allows (max-expiry): to replace it: ",
                    )
                    .and(run!("rotate {}", self.id)),
                ),
                false => error,
            })
    }

    fn edit_grace(&mut self, now: Timestamp, grace: Span) -> Result<()> {
        policy::check_grace(grace)?;
        if grace == Span::ZERO {
            self.end_grace(now);
            return Ok(());
        }
        let end = self.end_of_grace(now, grace);
        // The clock may have been set back to before the rotation: the grace must not start after now.
        let rotated = self.grace_from.map_or(now, |from| from.min(now));
        policy::check_grace(end.since(rotated)).map_err(|_| {
            let latest = self.end_of_grace(rotated, policy::MAX_GRACE);
            Error::policy(format!(
                "a grace until {end} is too long: the latest is {latest}"
            ))
            .hint(format!(
                "a rotated key works for at most {} from its rotation",
                policy::MAX_GRACE
            ))
        })?;
        self.grace_from = Some(rotated);
        self.usable_until = Some(end);
        Ok(())
    }

    fn edit_scopes(&mut self, scopes: &Scopes) -> Result<()> {
        if let Some(replace) = &scopes.replace {
            self.scopes.clone_from(replace);
        }
        self.scopes.extend(scopes.add.iter().cloned());
        for scope in &scopes.remove {
            if !self.scopes.remove(scope) {
                return Err(Error::not_found(format!(
                    "{} does not have the scope {}",
                    self.label(),
                    quote(scope)
                ))
                .hint(format!("it has: {}", join(self.scopes.iter()))));
            }
        }
        if self.kind == Kind::Api && self.scopes.is_empty() {
            return Err(self
                .refusal("left without a scope", "it could do nothing")
                .hint("disable or delete it instead"));
        }
        Ok(())
    }

    fn edit_labels(&mut self, labels: &Labels) -> Result<()> {
        let before = self.labels.len();
        for label in &labels.remove {
            if self.labels.remove(label).is_none() {
                return Err(Error::not_found(format!(
                    "{} has no label {}",
                    self.label(),
                    quote(label)
                ))
                .hint(match self.labels.is_empty() {
                    true => "it has no labels".to_owned(),
                    false => format!("it has: {}", join(self.labels.keys())),
                }));
            }
        }
        self.labels.extend(labels.set.clone());
        // An older version may have stored more than the maximum; such a key can still be edited.
        match self.labels.len() > before {
            true => check_label_count(self.labels.len()),
            false => Ok(()),
        }
    }
}

/// Refuses a count of labels above the maximum for one key.
pub fn check_label_count(count: usize) -> Result<()> {
    if count <= LABELS_MAX {
        return Ok(());
    }
    Err(
        Error::usage(format!("{count} labels are too many for one key")).hint(format!(
            "a key has at most {LABELS_MAX}: leave some out, or say more in one"
        )),
    )
}

fn join<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}
