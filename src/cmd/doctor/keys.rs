//! Keys that do not conform to policy. Pure: one pass over them, in constant memory.

use crate::cmd::conformity::{self, UNUSED};
use crate::hash::{Scheme, Stored};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::policy::{self, Policy};
use crate::store::Remarks;
use crate::when::{Span, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// Most keys whose IDs are shown.
const NAMED: usize = 10;

/// Keys that do not conform to policy, by the code of the remark on them.
pub struct Tally<'a> {
    policy: &'a Policy,
    now: Timestamp,
    found: BTreeMap<&'static str, Keys>,
}

impl<'a> Tally<'a> {
    /// Begins a tally at `now` of the keys that do not conform to `policy`.
    pub fn new(policy: &'a Policy, now: Timestamp) -> Self {
        Tally {
            policy,
            now,
            found: BTreeMap::new(),
        }
    }

    /// Counts `key`, whose stored hash is `hash`, if it can be read.
    pub fn take(&mut self, key: &Key, hash: Option<&Stored>) {
        for code in conformity::codes(key, self.policy, self.now) {
            self.found.entry(code).or_default().add(key.id);
        }
        let scheme = Some(self.policy.scheme());
        let is_live = key.state(self.now) != State::Deleted && !key.imported;
        if is_live && hash.is_some_and(|hash| hash.scheme() != scheme) {
            self.found.entry("hash").or_default().add(key.id);
        }
    }

    /// Adds a remark on each kind of key that was counted, and on the policy.
    pub fn report(&self, remarks: &mut Remarks) {
        let max = self.policy.max_expiry.unwrap_or(Span::ZERO);
        let findings = [
            (
                "expiry",
                format!("living longer than policy allows (max-expiry {max})"),
                Hint::from("end it earlier (")
                    .and(run!("edit KEY --expires WHEN"))
                    .and("), or rotate it"),
            ),
            (
                "grace",
                format!("a grace longer than {} that still runs", policy::MAX_GRACE),
                Hint::from("end it earlier: ").and(run!("edit KEY --grace D")),
            ),
            (
                "legacy",
                "of kind legacy, but with scopes or an expiry".to_owned(),
                see_log().and(", and rotate or disable it"),
            ),
            (
                "scopes",
                "of kind api, but without a scope".to_owned(),
                see_log().and(", and give it one, or delete it"),
            ),
        ];
        for (code, message, hint) in findings {
            if let Some(keys) = self.found.get(code) {
                remarks.finding(code, format!("{message}: {keys}"), hint);
            }
        }
        self.note(remarks);
    }

    fn note(&self, remarks: &mut Remarks) {
        let scheme = match self.policy.scheme() {
            Scheme::Sha256 => "sha256".to_owned(),
            Scheme::Argon2id(cost) => format!(
                "argon2id with {} KiB and {} iterations",
                cost.memory_kib, cost.iterations
            ),
        };
        let notes = [
            (
                "unused",
                format!("usable, but neither made nor used within {UNUSED}"),
                run!("list --unused-for {}", UNUSED)
                    .in_quotes()
                    .and(" shows them; a verifier that may not write records no use"),
            ),
            (
                "hash",
                format!("not hashed as policy says ({scheme})"),
                Hint::from("the next successful verification renews the hash; until then, verifying such a key takes longer or shorter than others"),
            ),
            (
                "names",
                "a name, owner or label that may look like another (Unicode that does not show, or another form than NFC)".to_owned(),
                Hint::from("their IDs tell them apart: ")
                    .and(run!("edit ID --name OTHER")),
            ),
        ];
        for (code, message, hint) in notes {
            if let Some(keys) = self.found.get(code) {
                remarks.note(code, format!("{message}: {keys}"), hint);
            }
        }
        if let Scheme::Argon2id(cost) = self.policy.scheme()
            && let Err(error) = cost.check()
        {
            let message = format!("policy makes hashes too cheap: {error}");
            remarks.note("weak-hash", message, error.hint);
        }
    }
}

fn see_log() -> Hint {
    Hint::from("no command makes such a key: see ").and(run!("log --key KEY").in_quotes())
}

/// Number of keys, and the first of them.
#[derive(Default)]
struct Keys {
    count: u64,
    first: Vec<KeyId>,
}

impl Keys {
    fn add(&mut self, id: KeyId) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(id);
        }
    }
}

/// `5 keys (7h2m9qxw4d1e, …)`.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids: Vec<&str> = self.first.iter().map(KeyId::as_str).collect();
        if self.count > self.first.len() as u64 {
            ids.push("…");
        }
        let keys = if self.count == 1 { "key" } else { "keys" };
        write!(f, "{} {keys} ({})", self.count, ids.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Kind;
    use std::collections::BTreeSet;

    const DIGEST: &str = "$sha256$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0";

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000).unwrap()
    }

    fn after(days: u32) -> Option<Timestamp> {
        now().after(Span::days(days))
    }

    /// A key that conforms to the default policy.
    fn key() -> Key {
        let id = "7h2m9qxw4d1e".parse().unwrap();
        Key {
            scopes: BTreeSet::from(["inference".to_owned()]),
            expires_at: after(365),
            ..Key::new(id, "web".to_owned(), "alice".to_owned(), now())
        }
    }

    fn report(policy: &Policy, key: &Key) -> Remarks {
        let hash = Stored::parse(DIGEST).unwrap();
        let mut tally = Tally::new(policy, now());
        tally.take(key, Some(&hash));
        let mut report = Remarks::default();
        tally.report(&mut report);
        report
    }

    /// The codes of the remarks with one change to the key: findings, then notes behind a `|`.
    fn codes(change: impl FnOnce(&mut Key)) -> String {
        let mut policy = Policy::default();
        policy.set("hash", "sha256").unwrap();
        let mut key = key();
        change(&mut key);
        let remarks = report(&policy, &key);
        let findings = remarks.findings.iter().map(|remark| remark.code);
        let notes = remarks
            .notes
            .iter()
            .map(|remark| format!("|{}", remark.code));
        findings.map(str::to_owned).chain(notes).collect()
    }

    #[test]
    fn a_life_above_the_maximum_counts_while_the_key_may_work() {
        assert_eq!(codes(|_| {}), "");
        for expires_at in [None, after(366)] {
            let outlives = |key: &mut Key| key.expires_at = expires_at;
            assert_eq!(codes(outlives), "expiry");
            let disabled = |key: &mut Key| {
                outlives(key);
                key.disabled_at = Some(now());
            };
            assert_eq!(codes(disabled), "expiry");
            let deleted = |key: &mut Key| {
                outlives(key);
                key.deleted_at = Some(now());
            };
            assert_eq!(codes(deleted), "");
            let phased_out = |key: &mut Key| {
                outlives(key);
                key.grace_from = Some(now());
                key.usable_until = after(90);
            };
            assert_eq!(codes(phased_out), "");
        }
        let expired = |key: &mut Key| {
            key.created_at = now().before(Span::days(400));
            key.expires_at = Some(now());
        };
        assert_eq!(codes(expired), "");
    }

    #[test]
    fn without_a_maximum_any_life_will_do() {
        let mut policy = Policy::default();
        policy.set("hash", "sha256").unwrap();
        policy.set("max-expiry", "never").unwrap();
        let key = Key {
            expires_at: None,
            ..key()
        };
        assert_eq!(report(&policy, &key), Remarks::default());
    }

    #[test]
    fn a_grace_counts_from_its_beginning_while_it_runs() {
        let grace = |from: u32, days: u32| {
            codes(|key| {
                key.grace_from = Some(now().before(Span::days(from)));
                key.usable_until = now().before(Span::days(from)).after(Span::days(days));
            })
        };
        assert_eq!(grace(0, 90), "");
        assert_eq!(grace(0, 91), "grace");
        assert_eq!(grace(90, 91), "grace");
        assert_eq!(grace(91, 91), "");
    }

    #[test]
    fn each_kind_has_scopes_and_an_expiry_or_has_neither() {
        assert_eq!(codes(|key| key.scopes.clear()), "scopes");
        let legacy = |key: &mut Key| {
            key.kind = Kind::Legacy;
            key.scopes.clear();
            key.expires_at = None;
        };
        assert_eq!(codes(legacy), "");
        let expiring = |key: &mut Key| {
            legacy(key);
            key.expires_at = after(1);
        };
        assert_eq!(codes(expiring), "legacy");
        assert_eq!(codes(|key| key.kind = Kind::Legacy), "legacy");
        let deleted = |key: &mut Key| {
            key.scopes.clear();
            key.deleted_at = Some(now());
        };
        assert_eq!(codes(deleted), "");
    }

    #[test]
    fn what_was_made_or_used_within_90_days_is_in_use() {
        let age = |created: u32, used: Option<u32>| {
            codes(|key| {
                key.created_at = now().before(Span::days(created));
                key.expires_at = after(1);
                key.last_used_at = used.map(|days| now().before(Span::days(days)));
            })
        };
        assert_eq!(age(89, None), "");
        assert_eq!(age(90, None), "|unused");
        assert_eq!(age(300, Some(89)), "");
        assert_eq!(age(300, Some(90)), "|unused");
        let disabled = |key: &mut Key| {
            key.created_at = now().before(Span::days(90));
            key.expires_at = after(1);
            key.disabled_at = Some(now());
        };
        assert_eq!(codes(disabled), "");
    }

    #[test]
    fn another_hash_than_policys_is_noted_and_so_is_a_cheap_policy() {
        let mut policy = Policy::default();
        let notes = |policy: &Policy| -> Vec<&str> {
            let report = report(policy, &key());
            report.notes.iter().map(|note| note.code).collect()
        };
        assert_eq!(notes(&policy), ["hash"]);
        policy.set("argon2-memory", "8").unwrap();
        assert_eq!(notes(&policy), ["hash", "weak-hash"]);
        policy.set("hash", "sha256").unwrap();
        assert_eq!(notes(&policy), [""; 0]);
    }

    #[test]
    fn a_name_that_may_look_like_another_is_noted() {
        assert_eq!(codes(|key| key.name = "größe".to_owned()), "");
        let odd = |text: &str| text.to_owned();
        assert_eq!(codes(|key| key.name = odd("gro\u{308}ße")), "|names");
        assert_eq!(codes(|key| key.owner = odd("al\u{200b}ice")), "|names");
        let labelled = |key: &mut Key| {
            key.labels.insert(odd("team"), odd("\u{2800}"));
        };
        assert_eq!(codes(labelled), "|names");
        let deleted = |key: &mut Key| {
            labelled(key);
            key.deleted_at = Some(now());
        };
        assert_eq!(codes(deleted), "");
    }

    #[test]
    fn the_first_keys_are_named() {
        let mut keys = Keys::default();
        keys.add(key().id);
        assert_eq!(keys.to_string(), "1 key (7h2m9qxw4d1e)");
        for _ in 0..10 {
            keys.add(key().id);
        }
        let ten = ["7h2m9qxw4d1e"; 10].join(", ");
        assert_eq!(keys.to_string(), format!("11 keys ({ten}, …)"));
    }
}
