//! Rules of `restore --keep-revoked` for one key: the restored record allows no more than the present one.
//!
//! Pure functions: the caller reads both stores and writes the result.

use crate::event::{Action, Entry};
use crate::id::KeyId;
use crate::key::Key;
use crate::network::Network;
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

/// Tells whether the present store has phased the key out where the copy has not, for another successor, by
/// hand, or with an end that is no later.
fn takes_grace(copied: &Key, present: &Key) -> bool {
    present.usable_until.is_some()
        && (copied.usable_until.is_none()
            || present.replaced_by != copied.replaced_by
            || present.usable_until <= copied.usable_until
            || present.usable_until <= present.grace_from)
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
/// Events before the copy was made change nothing that the later ones would not. Where an event cannot be read,
/// the key is disabled: the event may have stopped or narrowed it.
pub fn replay(copied: &Key, log: &[Entry]) -> Key {
    let mut key = copied.clone();
    let mut is_read = true;
    for entry in log {
        is_read &= apply(&mut key, entry).is_some();
    }
    if !is_read && key.disabled_at.is_none() {
        let last = log.last().and_then(|last| Timestamp::from_millis(last.at));
        key.disabled_at = Some(last.unwrap_or(key.created_at));
        // Only an administrator may enable it.
        key.disabled_by = Some("root".to_owned());
    }
    key
}

/// Applies what can be read of an event; `None` if that is not all of it.
fn apply(key: &mut Key, entry: &Entry) -> Option<()> {
    let action: Action = entry.action.parse().ok()?;
    let at = Timestamp::from_millis(entry.at)?;
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    match action {
        Action::Delete => key.deleted_at = Some(at),
        Action::Disable => {
            let by = detail["original"]["actor"].as_str();
            key.disabled_at = Some(at);
            key.disabled_by = Some(by.unwrap_or(&entry.actor).to_owned());
            if let Some(until) = key.usable_until {
                (key.grace_from, key.usable_until) = (Some(min(at, until)), Some(min(at, until)));
            }
        }
        Action::Enable => (key.disabled_at, key.disabled_by) = (None, None),
        Action::Rotate => {
            let until = time(&detail["usable_until"]).flatten();
            // Stopped at once, if the end of the grace cannot be read.
            key.usable_until = Some(until.unwrap_or(at));
            key.grace_from = key.usable_until.min(Some(at));
            key.replaced_by = id(&detail["replaced_by"]);
            until?;
        }
        Action::Undo => {
            (key.grace_from, key.usable_until, key.replaced_by) = (None, None, None);
        }
        Action::Create | Action::Import | Action::Edit | Action::Handover => {
            edit(key, at, &detail)?;
        }
        _ => {}
    }
    detail.is_object().then_some(())
}

/// Applies what an edit has changed, as [`Key::changes`] wrote it, or what a key was created with. `None` if a
/// field cannot be read.
fn edit(key: &mut Key, at: Timestamp, detail: &Value) -> Option<()> {
    let new = |field: &str| {
        let change = detail.get(field)?;
        Some(change.get("new").unwrap_or(change))
    };
    if let Some(scopes) = new("scopes") {
        key.scopes = texts(scopes)?.into_iter().map(str::to_owned).collect();
    }
    if let Some(networks) = new("allow_from") {
        let networks = texts(networks)?.into_iter();
        let networks: Option<_> = networks.map(|text| text.parse().ok()).collect();
        key.allow_from = networks?;
    }
    if let Some(expiry) = new("expires_at") {
        key.expires_at = time(expiry)?;
    }
    if let Some(until) = new("usable_until") {
        let until = time(until)??;
        // A grace that was ended by hand has the length zero.
        key.grace_from = key.grace_from.map(|from| match until <= at {
            true => until,
            false => from,
        });
        key.usable_until = Some(until);
    }
    Some(())
}

/// Returns the texts in a list; `None` if it is no list, or if one of them is no text.
fn texts(list: &Value) -> Option<Vec<&str>> {
    list.as_array()?.iter().map(Value::as_str).collect()
}

/// Returns a time, or the `None` that null stands for; `None` if it is neither.
fn time(value: &Value) -> Option<Option<Timestamp>> {
    match value.as_str() {
        None => value.is_null().then_some(None),
        Some(text) => match text.parse() {
            Ok(When::At(at)) => Some(Some(at)),
            _ => None,
        },
    }
}

/// Returns the predecessor of a key from the event of its creation or its purge.
pub fn replaces(event: &Entry) -> Option<KeyId> {
    let detail: Value = serde_json::from_str(&event.detail).ok()?;
    id(&detail["replaces"])
}

fn id(value: &Value) -> Option<KeyId> {
    value
        .as_str()
        .and_then(|text| KeyId::parse(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::split;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::net::IpAddr;

    fn time_of(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour * 3_600_000).unwrap()
    }

    fn any_time() -> impl Strategy<Value = Option<Timestamp>> {
        prop::option::of((1..9_i64).prop_map(time_of))
    }

    fn any_id() -> impl Strategy<Value = KeyId> {
        prop::sample::select(vec!["000000000001", "000000000002"])
            .prop_map(|text| KeyId::parse(text.as_bytes()).unwrap())
    }

    fn some_of<T: Ord + Debug + 'static>(
        all: &'static [&'static str],
        parse: fn(&str) -> T,
    ) -> impl Strategy<Value = BTreeSet<T>> {
        let some = prop::sample::subsequence(all, 0..=all.len());
        some.prop_map(move |some| some.into_iter().map(parse).collect())
    }

    const SCOPES: [&str; 5] = ["admin", "data", "inference", "log", "project"];
    const NETWORKS: [&str; 5] = [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.1.0/24",
        "192.0.2.0/24",
        "::1/128",
    ];
    const ADDRESSES: [&str; 5] = ["10.9.9.9", "10.1.9.9", "10.1.1.9", "192.0.2.9", "::1"];

    prop_compose! {
        fn any_key()(
            scopes in some_of(&SCOPES, str::to_owned),
            networks in some_of(&NETWORKS, |text| text.parse().unwrap()),
            expires_at in any_time(),
            grace in prop::option::of((1..5_i64, 0..5_i64, any_id())),
            disabled_at in prop::option::weighted(0.2, 1..9_i64),
            deleted_at in prop::option::weighted(0.2, 1..9_i64),
        ) -> Key {
            let id = KeyId::parse(b"000000000000").unwrap();
            let mut key = Key::new(id, "ci".to_owned(), "alice".to_owned(), time_of(0));
            key.scopes = scopes;
            key.scopes.insert("inference".to_owned());
            key.allow_from = networks;
            key.expires_at = expires_at;
            if let Some((from, length, successor)) = grace {
                key.grace_from = Some(time_of(from));
                key.usable_until = Some(time_of(from + length));
                key.replaced_by = Some(successor);
            }
            key.disabled_at = disabled_at.map(time_of);
            key.disabled_by = disabled_at.map(|_| "carol".to_owned());
            key.deleted_at = deleted_at.map(time_of);
            key
        }
    }

    /// Scopes of which some imply others.
    fn registry(implied: &[(&str, &str)]) -> Registry {
        let mut registry = Registry::default();
        for name in SCOPES {
            registry.add(name.to_owned(), Scope::default());
        }
        for (name, implied) in implied {
            registry.imply(name, (*implied).to_owned());
        }
        registry
    }

    fn registries() -> Registries {
        let implied = [
            ("admin", "log"),
            ("admin", "project"),
            ("project", "inference"),
        ];
        Registries {
            present: registry(&implied),
            copy: registry(&implied),
        }
    }

    proptest! {
        #[test]
        fn keep_allows_no_more_than_the_present_record_at_any_time(
            copied in any_key(), present in any_key(), undone: bool,
        ) {
            let registries = registries();
            let undone = undone && present.is_live();
            let kept = keep(&copied, &present, undone, &registries);
            for hour in 0..12 {
                let now = time_of(hour);
                prop_assert!(!kept.is_usable(now) || present.is_usable(now), "{kept:?}");
            }
            for scope in SCOPES {
                let now = registries.present.grants(&kept.scopes, scope);
                prop_assert!(!now || registries.present.grants(&present.scopes, scope), "{kept:?}");
            }
            for address in ADDRESSES.map(|text| Some(text.parse::<IpAddr>().unwrap())) {
                prop_assert!(!kept.admits(address) || present.admits(address), "{kept:?}");
            }
        }

        #[test]
        fn keep_allows_what_both_records_allow(copied in any_key(), present in any_key()) {
            let registries = registries();
            let kept = keep(&copied, &present, false, &registries);
            for hour in 0..12 {
                let now = time_of(hour);
                let both = copied.is_usable(now) && present.is_usable(now);
                prop_assert!(kept.is_usable(now) || !both, "{kept:?}");
            }
            let grants = |key: &Key, scope| registries.present.grants(&key.scopes, scope);
            for scope in SCOPES {
                let both = grants(&copied, scope) && grants(&present, scope);
                prop_assert!(grants(&kept, scope) || !both, "{kept:?}");
            }
            for address in ADDRESSES.map(|text| Some(text.parse::<IpAddr>().unwrap())) {
                let both = copied.admits(address) && present.admits(address);
                prop_assert!(kept.admits(address) || !both, "{kept:?}");
            }
        }

        #[test]
        fn keep_changes_nothing_where_the_store_has_changed_nothing(key in any_key()) {
            prop_assert_eq!(&keep(&key, &key, false, &registries()), &key);
        }
    }

    /// An event of the key at an hour.
    fn event(hour: i64, action: Action, detail: &str) -> Entry {
        Entry {
            seq: hour,
            at: time_of(hour).millis(),
            actor: "carol".to_owned(),
            action: action.word().to_owned(),
            key_id: None,
            detail: detail.to_owned(),
            hash: [0; 32],
        }
    }

    #[test]
    fn replay_makes_the_changes_of_the_log() {
        let id = KeyId::parse(b"000000000000").unwrap();
        let key = Key::new(id, "ci".to_owned(), "alice".to_owned(), time_of(0));
        let edit = r#"{"scopes":{"old":[],"new":["log"]},"expires_at":{"old":null,"new":"1970-01-01T09:00:00Z"},
            "allow_from":{"old":[],"new":["10.0.0.0/8","::1/128"]}}"#;
        let rotate = r#"{"replaced_by":"000000000001","usable_until":"1970-01-01T08:00:00Z"}"#;
        let log = [
            event(1, Action::Disable, "{}"),
            event(2, Action::Enable, "{}"),
            event(3, Action::Edit, edit),
            event(4, Action::Rotate, rotate),
            event(
                5,
                Action::Edit,
                r#"{"usable_until":{"old":null,"new":"1970-01-01T07:00:00Z"}}"#,
            ),
        ];
        let replayed = replay(&key, &log);
        let expected = Key {
            scopes: BTreeSet::from(["log".to_owned()]),
            labels: BTreeMap::new(),
            allow_from: split("10.0.0.0/8 ::1/128").unwrap(),
            expires_at: Some(time_of(9)),
            grace_from: Some(time_of(4)),
            usable_until: Some(time_of(7)),
            replaced_by: KeyId::parse(b"000000000001"),
            ..key.clone()
        };
        assert_eq!(replayed, expected);
        let undone = replay(&replayed, &[event(6, Action::Undo, "{}")]);
        assert_eq!((undone.usable_until, undone.replaced_by), (None, None));
        let disabled = replay(&replayed, &[event(6, Action::Disable, "{}")]);
        assert_eq!(disabled.disabled_by.as_deref(), Some("carol"));
        assert_eq!(
            (disabled.grace_from, disabled.usable_until),
            (Some(time_of(6)), Some(time_of(6)))
        );
        let deleted = replay(&replayed, &[event(6, Action::Delete, "not JSON")]);
        assert_eq!(deleted.deleted_at, Some(time_of(6)));
    }

    #[test]
    fn replay_disables_a_key_with_an_event_that_cannot_be_read() {
        let id = KeyId::parse(b"000000000000").unwrap();
        let key = Key::new(id, "ci".to_owned(), "alice".to_owned(), time_of(0));
        for (action, detail) in [
            (Action::Edit, "{x"),
            (Action::Edit, "[]"),
            (Action::Edit, r#"{"scopes":{"old":[],"new":["log",7]}}"#),
            (
                Action::Edit,
                r#"{"allow_from":{"old":[],"new":["anywhere"]}}"#,
            ),
            (Action::Edit, r#"{"allow_from":{"old":[],"new":null}}"#),
            (
                Action::Edit,
                r#"{"expires_at":{"old":null,"new":"tomorrow"}}"#,
            ),
            (Action::Edit, r#"{"expires_at":{"old":null,"new":7}}"#),
            (
                Action::Edit,
                r#"{"usable_until":{"old":null,"new":"later"}}"#,
            ),
            (Action::Rotate, r#"{"replaced_by":"000000000001"}"#),
            (Action::Create, r#"{"expires_at":"tomorrow"}"#),
            (Action::Undo, "?"),
        ] {
            let log = [
                event(1, action, detail),
                event(2, Action::Disable, "{}"),
                event(3, Action::Enable, "{}"),
            ];
            let replayed = replay(&key, &log);
            assert!(replayed.disabled_at.is_some(), "{detail}: {replayed:?}");
            assert_eq!(replayed.allow_from, key.allow_from);
        }
        let mut unknown = event(1, Action::Edit, "{}");
        unknown.action = "narrow".to_owned();
        assert!(replay(&key, &[unknown]).disabled_at.is_some());
    }
}
