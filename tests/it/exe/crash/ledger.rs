//! What the users of a store know of it, and whether the store keeps to that.

use super::fate::{Fate, fates};
use super::step::Step;
use crate::exe::harness::{Site, content};
use crate::harness::id_of;
use keyctl::event::Entry;
use keyctl::key::{Key, State};
use keyctl::store::{self, Address, Filter, LogFilter, Mode, Store};
use keyctl::token::{AnyToken, Token};
use keyctl::verify::{Request, Required, Verdict, Verifier};
use keyctl::when::Timestamp;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It said that it was done.
    Done,
    /// It said nothing any more.
    Killed,
    /// It said that nothing was made or changed.
    Failed,
    /// It said that it does not know.
    Unknown,
}

/// A store where a hash costs next to nothing, and what is known of it.
pub struct Ledger {
    pub site: Site,
    /// The tokens that somebody holds whole, by key ID.
    held: BTreeMap<String, String>,
    /// The log when it was last looked at.
    log: Vec<Entry>,
    /// The keys and their hashes then, by key ID.
    keys: BTreeMap<String, (Key, Option<String>)>,
    /// Keys that nobody has touched.
    spare: Vec<String>,
    looked: u32,
}

impl Ledger {
    /// Of a new store.
    #[track_caller]
    pub fn new() -> Self {
        let site = Site::new();
        let token = site.create();
        let mut ledger = Ledger::of(site);
        ledger.hold(&token);
        ledger.set_iterations(1);
        ledger.look();
        ledger
    }

    /// Of a store of which nothing is known yet.
    pub fn of(site: Site) -> Self {
        Ledger {
            site,
            held: BTreeMap::new(),
            log: Vec::new(),
            keys: BTreeMap::new(),
            spare: Vec::new(),
            looked: 0,
        }
    }

    /// Sets how dear a hash is: 1 is the cheapest.
    pub fn set_iterations(&self, iterations: u32) {
        let sql = self.site.sql();
        let set = |name: &str, value: String| {
            sql.execute(
                "INSERT OR REPLACE INTO policy VALUES (?1, ?2)",
                (name, value),
            )
            .unwrap();
        };
        set("argon2-memory", "8".to_owned());
        set("argon2-iterations", iterations.to_string());
    }

    /// How dear a hash is.
    pub fn iterations(&self) -> u32 {
        let query = "SELECT CAST(value AS INTEGER) FROM policy WHERE name = 'argon2-iterations'";
        self.site.number(query).try_into().unwrap()
    }

    /// Takes note of every token that is whole in what somebody has read.
    pub fn hold(&mut self, read: &str) {
        for word in read.split_whitespace() {
            if Token::parse(word.as_bytes()).is_some() {
                self.held.insert(id_of(word), word.to_owned());
            }
        }
    }

    /// The token of the key with this ID.
    pub fn token(&self, id: &str) -> &str {
        &self.held[id]
    }

    /// Whether there is the secret of a known token in `text`.
    pub fn tells_a_secret(&self, text: &str) -> bool {
        let secret = |token: &str| token.rsplit_once('_').unwrap().1[..43].to_owned();
        self.held
            .values()
            .any(|token| text.contains(&secret(token)))
    }

    /// A new active key.
    #[track_caller]
    pub fn fresh(&mut self) -> String {
        let id = self.next_command();
        self.look();
        id
    }

    /// An active key, never used.
    #[track_caller]
    pub fn spare(&mut self) -> String {
        match self.spare.pop() {
            Some(id) => id,
            None => self.fresh(),
        }
    }

    /// How many records a purge would remove now.
    pub fn dead(&self) -> usize {
        let now = now();
        let dead = |key: &&Key| {
            key.deleted_at.is_some() || key.usable_until.is_some_and(|until| until <= now)
        };
        self.keys.values().map(|(key, _)| key).filter(dead).count()
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub fn run(&mut self, line: &str) {
        self.site.run(line);
        self.look();
    }

    /// Holds the store to what is known of it, once `step` has come to its `end` and its reader has
    /// `read` so much: the store opens, without help, and nothing in it is broken; all of the step
    /// was done or nothing; no live key is without its token; what was done before stays done.
    #[track_caller]
    pub fn check(&mut self, step: &Step, end: End, read: &str) {
        self.hold(read);
        self.take(step);
        // Who comes first has to clean up: a reader, a writer, or another SQLite.
        self.looked += 1;
        let turn = self.looked % 3;
        if turn == 0 {
            self.site.run("log --check");
        }
        let next = (turn == 1).then(|| self.next_command());
        let events = self.events();
        let mut new = actions(&events[self.log.len()..]);
        if next.is_some() {
            assert_eq!(new.pop(), Some("create"));
        }
        step.all_or_nothing(&new, end);
        let next = next.unwrap_or_else(|| self.next_command());
        self.look();
        self.spare.push(next);
        if turn != 0 {
            self.site.run("log --check");
        }
    }

    /// Takes note of the tokens in the files that `step` has written, and removes the files.
    pub fn take(&mut self, step: &Step) {
        for name in [&step.secret_file, &step.out_file].into_iter().flatten() {
            let path = self.site.path(name);
            self.hold(&String::from_utf8(content(&path)).unwrap());
            if path.exists() {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// Makes a key by a command that is not disturbed, and returns its ID.
    #[track_caller]
    fn next_command(&mut self) -> String {
        let token = self.site.run("create --scope inference -q").stdout;
        self.hold(&token);
        id_of(token.trim_end())
    }

    fn opened(&self) -> Box<dyn Store> {
        store::open(&Address::of_file(&self.site.db()).unwrap(), Mode::Read).unwrap()
    }

    /// Every event.
    #[track_caller]
    pub fn events(&self) -> Vec<Entry> {
        let find = |read: &dyn store::Read| read.find_events(&LogFilter::default());
        store::read(&*self.opened(), find).unwrap()
    }

    /// Looks at the whole store, and takes what is there for known.
    #[track_caller]
    pub fn look(&mut self) {
        let sql = self.site.sql();
        assert_eq!(text(&sql, "PRAGMA integrity_check"), "ok");
        let astray = "SELECT count(*) FROM pragma_foreign_key_check";
        assert_eq!(self.site.number(astray), 0);
        let founders = "SELECT count(*) FROM administrators";
        assert_eq!(self.site.number(founders), 1);
        drop(sql);

        let log = self.events();
        let kept = log.get(..self.log.len());
        assert_eq!(kept, Some(&self.log[..]), "what was in the log is gone");
        let keys = self.read_keys();
        self.only_what_the_log_says(&log[self.log.len()..], &keys);
        whole_by(&fates(&log), &keys);
        self.verdicts_are_right(&keys);
        for (id, (key, _)) in &keys {
            let live = key.deleted_at.is_none() && key.usable_until.is_none();
            assert!(!live || self.held.contains_key(id), "nobody has {id}");
        }
        self.spare.retain(|id| {
            keys.get(id)
                .is_some_and(|(key, _)| key.state(now()) == State::Active)
        });
        (self.log, self.keys) = (log, keys);
    }

    fn read_keys(&self) -> BTreeMap<String, (Key, Option<String>)> {
        let read_all = |read: &dyn store::Read| {
            let keys = read.find(&Filter::all(now()))?.into_iter();
            keys.map(|key| {
                let found = read.to_verify(&[key.id.into()])?.remove(0);
                let hash = found.and_then(|known| known.hash);
                Ok((key.id.to_string(), (key, hash)))
            })
            .collect()
        };
        store::read(&*self.opened(), read_all).unwrap()
    }

    /// Since the last look nothing was changed but what `new` tells of, bar the time of last use.
    #[track_caller]
    fn only_what_the_log_says(
        &self,
        new: &[Entry],
        keys: &BTreeMap<String, (Key, Option<String>)>,
    ) {
        let told: BTreeSet<&String> = new.iter().filter_map(|e| e.key_id.as_ref()).collect();
        let others = |keys: &BTreeMap<String, (Key, Option<String>)>| {
            let others = keys.iter().filter(|(id, _)| !told.contains(id));
            others
                .map(|(id, (key, hash))| {
                    let mut key = key.clone();
                    key.first_used_at = None;
                    key.last_used_at = None;
                    (id.clone(), (key, hash.clone()))
                })
                .collect::<BTreeMap<_, _>>()
        };
        assert_eq!(others(&self.keys), others(keys), "changed without an event");
        for (id, (_, hash)) in keys {
            let Some((_, before)) = self.keys.get(id) else {
                continue;
            };
            let rehashed = new
                .iter()
                .any(|e| e.action == "rehash" && e.key_id.as_ref() == Some(id));
            if hash.is_some() {
                assert_eq!(before != hash, rehashed, "the hash of {id}");
            }
        }
    }

    /// Each token that somebody holds verifies, or is rejected for the state of its key.
    #[track_caller]
    fn verdicts_are_right(&self, keys: &BTreeMap<String, (Key, Option<String>)>) {
        let store = self.opened();
        for (id, token) in &self.held {
            let key = keys.get(id).map(|(key, _)| key);
            let expected = match key {
                None => "unknown",
                Some(key) if key.deleted_at.is_some() => "unknown",
                Some(key) if key.usable_until.is_some_and(|until| until <= now()) => "phased-out",
                Some(key) if key.disabled_at.is_some() => "disabled",
                Some(_) => "valid",
            };
            let token = AnyToken::parse(token.as_bytes()).unwrap();
            let request = Request {
                token: &token,
                required: &Required::default(),
            };
            let mut verifier = Verifier::default();
            let verified = verifier.verify_one(&*store, request, &now).unwrap();
            let verdict = match verified.verdict {
                Verdict::Valid(_) => "valid",
                Verdict::Rejected(reason, _) => reason.word(),
            };
            assert_eq!(verdict, expected, "{id}");
        }
    }
}

/// The rows are what the log tells, and each rotation has both its ends.
#[track_caller]
fn whole_by(fates: &BTreeMap<String, Fate>, keys: &BTreeMap<String, (Key, Option<String>)>) {
    let found: BTreeMap<String, Fate> = keys
        .iter()
        .map(|(id, (key, hash))| {
            assert_eq!(hash.is_none(), key.deleted_at.is_some(), "{key:?}");
            assert_eq!(key.usable_until.is_some(), key.replaced_by.is_some());
            (id.clone(), Fate::of(key))
        })
        .collect();
    assert_eq!(&found, fates, "the rows (left) are not what the log tells");
    for (id, fate) in &found {
        for (other, back) in [
            (&fate.replaces, |fate: &Fate| fate.replaced_by.clone()),
            (&fate.replaced_by, |fate: &Fate| fate.replaces.clone()),
        ] as [(&Option<String>, fn(&Fate) -> Option<String>); 2]
        {
            // After a purge, lineage may name a key that is gone.
            if let Some(other) = other.as_ref().and_then(|other| found.get(other)) {
                assert_eq!(back(other).as_ref(), Some(id), "half a rotation");
            }
        }
    }
}

fn actions(events: &[Entry]) -> Vec<&str> {
    events.iter().map(|event| event.action.as_str()).collect()
}

fn text(sql: &Connection, query: &str) -> String {
    sql.query_row(query, [], |row| row.get(0)).unwrap()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since.as_millis().try_into().unwrap()).unwrap()
}
