//! Random sequences of commands, also with the clock set back, against a small model of the states
//! a key can be in. The model says the same as the program in other words: it keeps what was done
//! to a key and works out the rest.

use super::World;
use crate::harness::id_of;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MINUTE: i64 = 60_000;
const NAMES: [&str; 3] = ["a", "b", "c"];

/// A command, with times in minutes. A key is the n-th that was made, purged ones too.
#[derive(Clone, Debug)]
enum Step {
    Create {
        name: usize,
        expires: i64,
    },
    Rotate {
        key: usize,
        grace: i64,
        expires: Option<i64>,
    },
    Undo {
        key: usize,
    },
    Disable {
        key: usize,
        by_admin: bool,
    },
    Enable {
        key: usize,
        by_admin: bool,
    },
    Delete {
        key: usize,
    },
    Expires {
        key: usize,
        expires: i64,
    },
    Grace {
        key: usize,
        grace: i64,
    },
    Rename {
        key: usize,
        name: usize,
    },
    Purge {
        older_than: Option<i64>,
    },
    Advance {
        minutes: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..8_usize;
    let name = || 0..NAMES.len();
    let expires = || prop::sample::select(vec![20_i64, 60, 240]);
    let grace = || prop::sample::select(vec![0_i64, 20, 60, 240]);
    prop_oneof![
        3 => (name(), expires()).prop_map(|(name, expires)| Step::Create { name, expires }),
        4 => (key(), grace(), prop::option::of(expires()))
            .prop_map(|(key, grace, expires)| Step::Rotate { key, grace, expires }),
        4 => key().prop_map(|key| Step::Undo { key }),
        2 => (key(), any::<bool>()).prop_map(|(key, by_admin)| Step::Disable { key, by_admin }),
        2 => (key(), any::<bool>()).prop_map(|(key, by_admin)| Step::Enable { key, by_admin }),
        1 => key().prop_map(|key| Step::Delete { key }),
        2 => (key(), expires()).prop_map(|(key, expires)| Step::Expires { key, expires }),
        2 => (key(), grace()).prop_map(|(key, grace)| Step::Grace { key, grace }),
        1 => (key(), name()).prop_map(|(key, name)| Step::Rename { key, name }),
        1 => prop::option::of(0..90_i64).prop_map(|older_than| Step::Purge { older_than }),
        // On and off the minutes at which something ends; at times back.
        4 => prop::sample::select(vec![-60_i64, -20, -5, 5, 15, 20, 40, 60])
            .prop_map(|minutes| Step::Advance { minutes }),
    ]
}

/// How the grace of a phased-out key stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Grace {
    /// It runs between these two.
    Runs(i64, i64),
    /// It was ended at this time, or had no length: no clock brings it back.
    Over(i64),
}

impl Grace {
    fn end(self) -> i64 {
        match self {
            Grace::Runs(_, end) | Grace::Over(end) => end,
        }
    }
}

#[derive(Clone, Debug)]
struct Key {
    token: String,
    name: usize,
    created: i64,
    expires: i64,
    grace: Option<Grace>,
    disabled_by_admin: Option<bool>,
    deleted: Option<i64>,
    replaces: Option<usize>,
    replaced_by: Option<usize>,
    purged: bool,
}

impl Key {
    fn live(&self) -> bool {
        self.deleted.is_none() && self.grace.is_none() && !self.purged
    }

    fn state(&self, now: i64) -> &'static str {
        match self {
            key if key.deleted.is_some() => "deleted",
            key if key.grace.is_some() => "phased-out",
            key if key.expires <= now => "expired",
            key if key.disabled_by_admin.is_some() => "disabled",
            _ => "active",
        }
    }

    fn in_grace(&self, now: i64) -> bool {
        match self.grace {
            Some(Grace::Runs(from, end)) => from < end && now < end && now < self.expires,
            _ => false,
        }
    }

    fn usable(&self, now: i64) -> bool {
        match self.state(now) {
            "active" => true,
            "phased-out" => self.in_grace(now) && self.disabled_by_admin.is_none(),
            _ => false,
        }
    }

    /// When it stops on its own.
    fn stops(&self) -> i64 {
        self.grace
            .map_or(self.expires, |grace| grace.end().min(self.expires))
    }

    /// When it died, if it has.
    fn died(&self, now: i64) -> Option<i64> {
        match (self.deleted, self.grace) {
            (Some(at), _) => Some(at.min(now)),
            (None, Some(grace)) => Some(grace.end()).filter(|&end| end <= now),
            (None, None) => Some(self.expires).filter(|&end| end <= now),
        }
    }

    /// What verification says to its token.
    fn verdict(&self, now: i64) -> &'static str {
        match self.state(now) {
            _ if self.purged => "unknown",
            _ if self.usable(now) => "valid",
            "deleted" => "unknown",
            state => state,
        }
    }
}

/// What a command comes to: its exit code and how many events it leaves.
#[derive(Debug, PartialEq)]
struct Outcome(u8, usize);

const REFUSED: Outcome = Outcome(4, 0);
const NOT_FOUND: Outcome = Outcome(3, 0);
const ALREADY: Outcome = Outcome(0, 0);
const CHANGED: Outcome = Outcome(0, 1);

#[derive(Default)]
struct Model {
    keys: Vec<Key>,
    now: i64,
}

impl Model {
    fn taken(&self, name: usize, but: Option<usize>) -> bool {
        let mut keys = self.keys.iter().enumerate();
        keys.any(|(i, key)| key.live() && key.name == name && Some(i) != but)
    }

    /// Does `step`; a new key's token is not known before the program has made it.
    fn apply(&mut self, step: &Step) -> Outcome {
        let now = self.now;
        let at = |minutes: i64| now + minutes * MINUTE;
        match *step {
            Step::Create { name, expires } => {
                if self.taken(name, None) {
                    return REFUSED;
                }
                self.add(name, at(expires), None);
                CHANGED
            }
            Step::Rotate {
                key,
                grace,
                expires,
            } => {
                let Some(old) = self.known(key) else {
                    return NOT_FOUND;
                };
                if !old.live() || old.disabled_by_admin.is_some() {
                    return REFUSED;
                }
                let lifetime = old.expires - old.created;
                let expires = match expires {
                    Some(minutes) => at(minutes),
                    // Its clock was set back: it was to live for less than nothing.
                    None if lifetime <= 0 => at(365 * 24 * 60),
                    None => now + lifetime,
                };
                let end = at(grace).min(old.expires);
                let grace = if end > now {
                    Grace::Runs(now, end)
                } else {
                    Grace::Over(end)
                };
                let name = old.name;
                self.keys[key].grace = Some(grace);
                self.keys[key].replaced_by = Some(self.keys.len());
                self.add(name, expires, Some(key));
                Outcome(0, 2)
            }
            Step::Undo { key } => self.undo(key),
            Step::Disable { key, by_admin } => match self.known(key) {
                None => NOT_FOUND,
                Some(key) if key.deleted.is_some() => REFUSED,
                // An administrator takes over what the owner has disabled.
                Some(key)
                    if key
                        .disabled_by_admin
                        .is_some_and(|admins| admins || !by_admin) =>
                {
                    ALREADY
                }
                Some(key) => {
                    key.disabled_by_admin = Some(by_admin);
                    key.grace = key.grace.map(|grace| Grace::Over(grace.end().min(now)));
                    CHANGED
                }
            },
            Step::Enable { key, by_admin } => match self.known(key) {
                None => NOT_FOUND,
                Some(key) if key.deleted.is_some() => REFUSED,
                Some(key) if key.disabled_by_admin.is_none() => ALREADY,
                Some(key) if key.disabled_by_admin == Some(true) && !by_admin => REFUSED,
                Some(key) => {
                    key.disabled_by_admin = None;
                    CHANGED
                }
            },
            Step::Delete { key } => match self.known(key) {
                None => NOT_FOUND,
                Some(key) if key.deleted.is_some() => ALREADY,
                Some(key) => {
                    key.deleted = Some(now);
                    CHANGED
                }
            },
            Step::Expires { key, expires } => match self.known(key) {
                None => NOT_FOUND,
                Some(key) if !key.live() => REFUSED,
                Some(key) if key.expires == at(expires) => ALREADY,
                Some(key) => {
                    key.expires = at(expires);
                    CHANGED
                }
            },
            Step::Grace { key, grace } => match self.known(key) {
                None => NOT_FOUND,
                Some(key) if key.deleted.is_some() || !key.in_grace(now) => REFUSED,
                Some(key) => {
                    let Some(Grace::Runs(from, end)) = key.grace else {
                        return REFUSED;
                    };
                    let new = at(grace).min(key.expires);
                    key.grace = Some(match grace {
                        0 => Grace::Over(now),
                        // Edited on a clock that was set back, it began no later than then.
                        _ => Grace::Runs(from.min(now), new),
                    });
                    if new == end { ALREADY } else { CHANGED }
                }
            },
            Step::Rename { key, name } => {
                let taken = self.taken(name, Some(key));
                match self.known(key) {
                    None => NOT_FOUND,
                    Some(key) if !key.live() => REFUSED,
                    Some(key) if key.name == name => ALREADY,
                    Some(_) if taken => REFUSED,
                    Some(key) => {
                        key.name = name;
                        CHANGED
                    }
                }
            }
            Step::Purge { older_than } => {
                let latest = at(-older_than.unwrap_or(0));
                let mut purged = 0;
                for key in self.keys.iter_mut().filter(|key| !key.purged) {
                    if key.died(now).is_some_and(|died| died <= latest) {
                        key.purged = true;
                        purged += 1;
                    }
                }
                Outcome(0, purged)
            }
            Step::Advance { minutes } => {
                self.now = at(minutes);
                ALREADY
            }
        }
    }

    fn undo(&mut self, key: usize) -> Outcome {
        let now = self.now;
        let Some(given) = self.known(key).cloned() else {
            return NOT_FOUND;
        };
        // A key that was rotated stands for that rotation, any other for the one that made it.
        let pair = match (given.replaces, given.replaced_by) {
            (_, Some(new)) => (key, new),
            (Some(old), None) => (old, key),
            (None, None) => return REFUSED,
        };
        let (old, new) = (&self.keys[pair.0], &self.keys[pair.1]);
        let old_comes_back = !old.purged
            && old.deleted.is_none()
            && old.replaced_by == Some(pair.1)
            && old.in_grace(now)
            && old.disabled_by_admin.is_none()
            && !self.taken(old.name, Some(pair.1));
        if !old_comes_back || !new.live() || new.disabled_by_admin.is_some() {
            return REFUSED;
        }
        self.keys[pair.1].deleted = Some(now);
        self.keys[pair.0].grace = None;
        self.keys[pair.0].replaced_by = None;
        Outcome(0, 2)
    }

    fn add(&mut self, name: usize, expires: i64, replaces: Option<usize>) {
        self.keys.push(Key {
            token: String::new(),
            name,
            created: self.now,
            expires,
            grace: None,
            disabled_by_admin: None,
            deleted: None,
            replaces,
            replaced_by: None,
            purged: false,
        });
    }

    fn known(&mut self, key: usize) -> Option<&mut Key> {
        self.keys.get_mut(key).filter(|key| !key.purged)
    }

    fn id(&self, key: usize) -> String {
        // One that no store has.
        self.keys
            .get(key)
            .map_or_else(|| "000000000000".to_owned(), |key| id_of(&key.token))
    }
}

/// Does `step` with the program: its exit code, and the token it printed, if any.
fn act(world: &World, model: &Model, step: &Step) -> (u8, String) {
    let mut admin = false;
    let line = match *step {
        Step::Create { name, expires } => {
            format!(
                "create --scope inference --name {} --expires {expires}m",
                NAMES[name]
            )
        }
        Step::Rotate {
            key,
            grace,
            expires,
        } => {
            let expires = expires.map_or_else(String::new, |m| format!("--expires {m}m"));
            format!("rotate {} --grace {grace}m {expires}", model.id(key))
        }
        Step::Undo { key } => format!("rotate {} --undo --yes", model.id(key)),
        Step::Disable { key, by_admin } => {
            admin = by_admin;
            format!("disable {}", model.id(key))
        }
        Step::Enable { key, by_admin } => {
            admin = by_admin;
            format!("enable {}", model.id(key))
        }
        Step::Delete { key } => format!("delete {} --yes", model.id(key)),
        Step::Expires { key, expires } => format!("edit {} --expires {expires}m", model.id(key)),
        Step::Grace { key, grace } => format!("edit {} --grace {grace}m", model.id(key)),
        Step::Rename { key, name } => format!("edit {} --name {}", model.id(key), NAMES[name]),
        Step::Purge { older_than } => {
            let older = older_than.map_or_else(String::new, |m| format!("--older-than {m}m"));
            format!("purge --owner alice --yes {older}")
        }
        Step::Advance { minutes } => {
            world.advance_millis(minutes * MINUTE);
            return (0, String::new());
        }
    };
    let mut command = world.line(&line);
    if admin {
        command = command.user("carol");
    }
    let ran = command.run();
    assert_ne!(ran.code, 5, "the store fails in no model: {ran:?}");
    (ran.code, ran.stdout.trim_end().to_owned())
}

/// Every record of the store is as the model has it.
fn compare(world: &World, model: &Model) {
    let now = model.now;
    let time = |at: i64| {
        let at = keyctl::when::Timestamp::from_millis(at).unwrap();
        json!(at.to_string())
    };
    let lineage = |key: Option<usize>| key.map_or(Value::Null, |key| json!(model.id(key)));
    let list = world.run("list --state all --format json").json();
    let expected: Vec<Value> = model
        .keys
        .iter()
        .filter(|key| !key.purged)
        .map(|key| {
            json!({
                "id": id_of(&key.token),
                "name": NAMES[key.name],
                "state": key.state(now),
                "usable": key.usable(now),
                "created_at": time(key.created),
                "expires_at": time(key.expires),
                "usable_until": key.grace.map_or(Value::Null, |grace| time(grace.end())),
                "deleted_at": key.deleted.map_or(Value::Null, time),
                "disabled": key.disabled_by_admin.is_some(),
                "replaces": lineage(key.replaces),
                "replaced_by": lineage(key.replaced_by),
            })
        })
        .collect();
    let mut found: Vec<Value> = list.as_array().unwrap().clone();
    for record in &mut found {
        let record = record.as_object_mut().unwrap();
        let disabled = record["disabled_at"] != Value::Null;
        record.insert("disabled".to_owned(), json!(disabled));
        for other in [
            "owner",
            "kind",
            "scopes",
            "labels",
            "allow_from",
            "imported",
            "created_by",
            "first_used_at",
            "last_used_at",
            "disabled_at",
        ] {
            record.remove(other).unwrap();
        }
    }
    // A clock that goes back makes another order than that of creation.
    let by_id = |records: Vec<Value>| {
        let mut records = records;
        records.sort_by_key(|record| record["id"].to_string());
        records
    };
    assert_eq!(by_id(found), by_id(expected));
}

/// What SQL lets through is what the model says.
fn compare_filters(world: &World, model: &Model) {
    let now = model.now;
    let listed = |flags: &str| -> BTreeSet<String> {
        let ran = world.run(&format!("list {flags} --format ids"));
        ran.stdout.lines().map(str::to_owned).collect()
    };
    let expected = |wanted: &dyn Fn(&Key) -> bool| -> BTreeSet<String> {
        let keys = model.keys.iter().filter(|key| !key.purged && wanted(key));
        keys.map(|key| id_of(&key.token)).collect()
    };
    for state in ["active", "disabled", "expired", "phased-out", "deleted"] {
        assert_eq!(
            listed(&format!("--state {state}")),
            expected(&|key| key.state(now) == state),
            "{state}"
        );
    }
    assert_eq!(listed(""), expected(&|key| key.state(now) != "deleted"));
    for minutes in [0, 20, 100_000] {
        assert_eq!(
            listed(&format!("--expiring-within {minutes}m")),
            expected(&|key| key.usable(now) && key.stops() <= now + minutes * MINUTE),
            "within {minutes}m"
        );
    }
    let dry = world
        .run("purge --owner alice --dry-run --format ids")
        .stdout;
    let dry: BTreeSet<String> = dry.lines().map(str::to_owned).collect();
    assert_eq!(dry, expected(&|key| key.died(now).is_some()), "purge");
}

fn compare_verdicts(world: &World, model: &Model) {
    for key in &model.keys {
        let ran = world
            .line("verify --scope inference --no-touch --format json")
            .stdin(&key.token)
            .run();
        let expected = key.verdict(model.now);
        let verdict = ran.json();
        if expected == "valid" {
            assert_eq!((ran.code, &verdict["valid"]), (0, &json!(true)), "{key:?}");
        } else {
            assert_eq!(
                (ran.code, &verdict["reason"]),
                (1, &json!(expected)),
                "{key:?}"
            );
        }
    }
}

/// The number of sequences, unless `KEYCTL_TEST_ROUNDS` says another.
fn cases() -> u32 {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    rounds.map_or(20, |rounds| rounds.parse().unwrap())
}

/// The program and the model do the same.
fn check(steps: &[Step]) -> Result<(), TestCaseError> {
    let world = World::quick();
    let mut model = Model {
        now: world.now().millis(),
        ..Model::default()
    };
    let mut events = world.log().len();
    for step in steps {
        let (code, printed) = act(&world, &model, step);
        let keys = model.keys.len();
        let Outcome(expected, new_events) = model.apply(step);
        prop_assert_eq!(code, expected, "{:?}", step);
        if model.keys.len() > keys {
            model.keys[keys].token = printed;
        } else {
            prop_assert_eq!(printed, "", "{:?}", step);
        }
        events += new_events;
        compare(&world, &model);
    }
    compare_filters(&world, &model);
    compare_verdicts(&world, &model);
    prop_assert_eq!(world.log().len(), events);
    world.check_chain();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_sequence_of_commands_does_what_the_model_does(
        steps in prop::collection::vec(step(), 1..24),
    ) {
        check(&steps)?;
    }
}

/// Every step that may lie between a rotation of key 0 into key 1 and its undo.
fn between() -> Vec<Vec<Step>> {
    let mut steps = vec![
        vec![],
        vec![Step::Purge { older_than: None }],
        vec![Step::Delete { key: 1 }, Step::Purge { older_than: None }],
        vec![Step::Rename { key: 1, name: 1 }],
        vec![
            Step::Rename { key: 1, name: 1 },
            Step::Create {
                name: 0,
                expires: 60,
            },
        ],
        vec![Step::Undo { key: 1 }],
    ];
    // The grace lasts 20 minutes, and the old key 60.
    for minutes in [-5, 15, 20, 60] {
        steps.push(vec![Step::Advance { minutes }]);
    }
    steps.push(vec![
        Step::Advance { minutes: 20 },
        Step::Purge { older_than: None },
    ]);
    for key in [0, 1] {
        steps.push(vec![Step::Delete { key }]);
        for by_admin in [true, false] {
            steps.push(vec![Step::Disable { key, by_admin }]);
            steps.push(vec![
                Step::Disable { key, by_admin },
                Step::Enable {
                    key,
                    by_admin: true,
                },
            ]);
        }
        for grace in [0, 60] {
            let rotate = Step::Rotate {
                key,
                grace,
                expires: None,
            };
            steps.push(vec![rotate.clone()]);
            steps.push(vec![
                rotate,
                // Only its successor's state keeps the name from being free.
                Step::Rename { key: 2, name: 1 },
            ]);
        }
        steps.push(vec![Step::Grace { key, grace: 0 }]);
    }
    steps
}

#[test]
fn an_undo_after_a_rotation_and_another_step_does_what_the_model_does() {
    for between in between() {
        for key in [0, 1] {
            let mut steps = vec![
                Step::Create {
                    name: 0,
                    expires: 60,
                },
                Step::Rotate {
                    key: 0,
                    grace: 20,
                    expires: Some(240),
                },
            ];
            steps.extend(between.clone());
            steps.push(Step::Undo { key });
            check(&steps).unwrap_or_else(|error| panic!("{error}: {steps:#?}"));
        }
    }
}
