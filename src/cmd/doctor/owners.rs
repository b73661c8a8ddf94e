//! Keys whose owner is no user of this machine. Pure, but for the look-up that the caller passes.

use crate::cmd::owner::is_nameless;
use crate::error::quote;
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::store::Remarks;
use crate::when::Timestamp;
use std::collections::BTreeMap;

/// Most owners to look up: each look-up may ask a server.
const LOOKED_UP: usize = 1000;

/// Most owners that are shown.
const SHOWN: usize = 10;

/// Numbers of usable keys by owner.
#[derive(Default)]
pub struct Owners(BTreeMap<String, u64>);

impl Owners {
    /// Counts `key` if it is usable at `now`: a key that was stopped needs no owner. An owner whose name is made
    /// of a uid is no user by that name on any machine, and is left out.
    pub fn take(&mut self, key: &Key, now: Timestamp) {
        if !key.is_usable(now) || is_nameless(&key.owner) {
            return;
        }
        if let Some(count) = self.0.get_mut(&key.owner) {
            *count += 1;
        } else if self.0.len() < LOOKED_UP {
            self.0.insert(key.owner.clone(), 1);
        }
    }

    /// Notes the owners of whom `user` says that there is no such user: each is `none` ("not a user of …").
    pub fn judge(&self, user: impl Fn(&str) -> Option<bool>, none: &str, remarks: &mut Remarks) {
        let unknown: Vec<(&String, &u64)> = self
            .0
            .iter()
            .filter(|(owner, _)| user(owner) == Some(false))
            .collect();
        let Some((first, _)) = unknown.first() else {
            return;
        };
        let mut shown: Vec<String> = unknown
            .iter()
            .take(SHOWN)
            .map(|(owner, count)| format!("{} ({count})", quote(owner)))
            .collect();
        if unknown.len() > SHOWN {
            shown.push("…".to_owned());
        }
        let count: u64 = unknown.iter().map(|(_, count)| *count).sum();
        let keys = if count == 1 { "key" } else { "keys" };
        remarks.note(
            "owners",
            format!(
                "usable, but the owner is {none}: {count} {keys} of {}",
                shown.join(", ")
            ),
            Hint::from("if a user has left: ")
                .and(run!("disable --owner {}", first))
                .and(", or give a key to another one: ")
                .and(run!("edit KEY --owner USER")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000).unwrap()
    }

    fn key(owner: &str) -> Key {
        let id = "7h2m9qxw4d1e".parse().unwrap();
        Key::new(id, "web".to_owned(), owner.to_owned(), now())
    }

    fn judged(keys: &[Key], user: impl Fn(&str) -> Option<bool>) -> Vec<String> {
        let mut owners = Owners::default();
        keys.iter().for_each(|key| owners.take(key, now()));
        let mut remarks = Remarks::default();
        owners.judge(user, "not a user of this machine", &mut remarks);
        assert_eq!(remarks.findings, []);
        let notes = remarks.notes.into_iter();
        notes.map(|note| note.message).collect()
    }

    #[test]
    fn judge_counts_usable_keys_of_each_unknown_owner() {
        let disabled = Key {
            disabled_at: Some(now()),
            ..key("zoe")
        };
        let keys = [
            "bob",
            "alice",
            "zoe",
            "bob",
            "uid:1000",
            "userns:7",
            "userns:unknown",
        ];
        let mut keys: Vec<Key> = keys.map(key).into();
        keys.push(disabled);
        let said = judged(&keys, |name| Some(name == "alice"));
        let usable = "usable, but the owner is not a user of this machine";
        assert_eq!(said, [format!("{usable}: 3 keys of 'bob' (2), 'zoe' (1)")]);
        let said = judged(&keys[2..3], |_| Some(false));
        assert_eq!(said, [format!("{usable}: 1 key of 'zoe' (1)")]);
        assert!(judged(&keys, |_| None).is_empty());
        assert!(judged(&keys, |_| Some(true)).is_empty());
    }

    #[test]
    fn judge_looks_up_a_thousand_owners_and_shows_ten() {
        let keys: Vec<Key> = (0..1200).map(|i| key(&format!("u{i:04}"))).collect();
        let asked = std::cell::Cell::new(0);
        let said = judged(&keys, |_| {
            asked.set(asked.get() + 1);
            Some(false)
        });
        assert_eq!(asked.get(), 1000);
        assert!(said[0].ends_with(", 'u0009' (1), …"), "{}", said[0]);
    }
}
