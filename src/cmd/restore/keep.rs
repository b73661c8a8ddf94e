//! Rules of `restore --keep-revoked` for one key: the restored record allows no more than the present one.
//!
//! Pure functions: the caller reads both stores and writes the result.

use crate::event::{Action, Entry};
use crate::id::KeyId;
use crate::key::Key;
use crate::network::{Network, split};
use crate::scope::{Registry, Scope};
use crate::when::{Timestamp, When};
use serde_json::Value;
use std::cmp::min;
use std::collections::BTreeSet;

/// Registered scopes of both stores.
pub struct Registries {
    /// Those of the store that is replaced.
    pub present: Registry,
    /// Those of the copy.
    pub copy: Registry,
}

impl Registries {
    /// Returns the scopes that both register, as the present store does, where the two imply different ones.
    ///
    /// They go on implying what they imply now: a key that has one of them gains nothing.
    pub fn changed(&self) -> impl Iterator<Item = (&str, &Scope)> {
        self.present.all().filter(|(name, scope)| {
            let mut copied = self.copy.all();
            copied.any(|(known, copied)| known == *name && copied.implies != scope.implies)
        })
    }
}

/// Returns the record to restore for a key that is in the copy as `copied`, and in the store that is replaced
/// as `present`. `undone` if the store has undone the rotation that the copy has.
///
/// Name, owner and labels are the copy's, and so is a stop that only the copy has.
pub fn keep(copied: &Key, present: &Key, undone: bool, registries: &Registries) -> Key {
    let mut kept = copied.clone();
    kept.deleted_at = copied.deleted_at.or(present.deleted_at);
    if present.disabled_at.is_some() {
        kept.disabled_at = present.disabled_at;
        kept.disabled_by.clone_from(&present.disabled_by);
    }
    if undone || takes_grace(copied, present) {
        kept.grace_from = present.grace_from;
        kept.usable_until = present.usable_until;
        kept.replaced_by = present.replaced_by;
    }
    kept.expires_at = sooner(copied.expires_at, present.expires_at);
    kept.scopes = scopes(copied, present, registries);
    kept.allow_from = networks(&copied.allow_from, &present.allow_from);
    kept
}

/// Tells whether the present store has phased the key out where the copy has not, for another successor, or
/// with an end that is no later.
fn takes_grace(copied: &Key, present: &Key) -> bool {
    present.usable_until.is_some()
        && (copied.usable_until.is_none()
            || present.replaced_by != copied.replaced_by
            || present.usable_until <= copied.usable_until)
}

/// Returns the earlier of two times, of which `None` is never.
fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

/// Returns the scopes that the key grants in both stores, without those that others of them imply. If there is
/// none, the present ones: a key of kind api always keeps a scope.
fn scopes(copied: &Key, present: &Key, registries: &Registries) -> BTreeSet<String> {
    let has_now = |scope: &str| registries.present.grants(&present.scopes, scope);
    if copied.scopes.iter().all(|scope| has_now(scope)) {
        return copied.scopes.clone();
    }
    let had_then = |scope: &str| registries.copy.grants(&copied.scopes, scope);
    let all = registries.present.all().map(|(name, _)| name);
    let in_both = all.filter(|scope| has_now(scope) && had_then(scope));
    let in_both: BTreeSet<String> = in_both.map(str::to_owned).collect();
    if in_both.is_empty() {
        return present.scopes.clone();
    }
    let mut kept = in_both.clone();
    for scope in in_both {
        kept.remove(&scope);
        if !registries.present.grants(&kept, &scope) {
            kept.insert(scope);
        }
    }
    kept
}

/// Returns the networks in both sets, of which an empty one stands for every address. If they share no
/// address, the present ones: an empty result would admit everybody.
fn networks(copied: &BTreeSet<Network>, present: &BTreeSet<Network>) -> BTreeSet<Network> {
    if present.is_empty() {
        return copied.clone();
    }
    // Two networks are apart, or one covers the other.
    let within = |inner: &BTreeSet<Network>, outer: &BTreeSet<Network>| -> BTreeSet<Network> {
        let inner = inner.iter().copied();
        let is_within = |network: &Network| outer.iter().any(|outer| outer.covers(*network));
        inner.filter(is_within).collect()
    };
    let mut both = within(copied, present);
    both.extend(within(present, copied));
    match both.is_empty() {
        true => present.clone(),
        false => both,
    }
}

/// Returns `copied` after the changes in `log`, the events of this key in the store that is replaced: the
/// present record, where the row cannot be read.
///
/// Events before the copy was made change nothing that the later ones would not.
pub fn replay(copied: &Key, log: &[Entry]) -> Key {
    let mut key = copied.clone();
    for entry in log {
        if let (Ok(action), Some(at)) = (entry.action.parse(), Timestamp::from_millis(entry.at)) {
            let detail = serde_json::from_str(&entry.detail).unwrap_or_default();
            apply(&mut key, action, at, entry, &detail);
        }
    }
    key
}

fn apply(key: &mut Key, action: Action, at: Timestamp, entry: &Entry, detail: &Value) {
    match action {
        Action::Delete => key.deleted_at = Some(at),
        Action::Disable => {
            key.disabled_at = Some(at);
            key.disabled_by = Some(entry.actor.clone());
            if let Some(until) = key.usable_until {
                (key.grace_from, key.usable_until) = (Some(min(at, until)), Some(min(at, until)));
            }
        }
        Action::Enable => (key.disabled_at, key.disabled_by) = (None, None),
        Action::Rotate => {
            key.grace_from = Some(at);
            key.usable_until = Some(time(&detail["usable_until"]).unwrap_or(at));
            key.replaced_by = id(&detail["replaced_by"]);
        }
        Action::Edit => edit(key, at, detail),
        _ => {}
    }
}

/// Applies what an edit has changed, as [`Key::changes`] wrote it.
fn edit(key: &mut Key, at: Timestamp, detail: &Value) {
    let new = |field: &str| detail.get(field).map(|change| &change["new"]);
    if let Some(scopes) = new("scopes").and_then(Value::as_array) {
        key.scopes = texts(scopes).map(str::to_owned).collect();
    }
    if let Some(networks) = new("allow_from").and_then(Value::as_array) {
        let networks: Vec<&str> = texts(networks).collect();
        key.allow_from = split(&networks.join(" ")).unwrap_or_default();
    }
    if let Some(expiry) = new("expires_at") {
        key.expires_at = time(expiry);
    }
    if let Some(until) = new("usable_until").and_then(time) {
        // A grace that was ended by hand has the length zero.
        key.grace_from = key.grace_from.map(|from| match until <= at {
            true => until,
            false => from,
        });
        key.usable_until = Some(until);
    }
}

fn texts(values: &[Value]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(Value::as_str)
}

fn time(value: &Value) -> Option<Timestamp> {
    match value.as_str()?.parse() {
        Ok(When::At(at)) => Some(at),
        _ => None,
    }
}

/// Returns the predecessor of a key from the event of its creation.
pub fn replaces(created: &Entry) -> Option<KeyId> {
    let detail: Value = serde_json::from_str(&created.detail).ok()?;
    id(&detail["replaces"])
}

fn id(value: &Value) -> Option<KeyId> {
    value
        .as_str()
        .and_then(|text| KeyId::parse(text.as_bytes()))
}
