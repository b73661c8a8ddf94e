//! `keyctl restore --keep-revoked`: what was revoked since the copy was made stays revoked, and what was in use
//! works.

use crate::harness::{Cmd, Event, Ran, World, id_of};
use crate::restore::{back_up, check_sound, kept_aside, restore};
use keyctl::network::Network;
use keyctl::scope::Scope;
use keyctl::store::{Filter, LogFilter};
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// `restore COPY --keep-revoked` with the rest of a command line, by an administrator.
fn keep<'w>(world: &'w World, copy: &Path, line: &str) -> Cmd<'w> {
    restore(world, copy, &format!("--keep-revoked {line}"))
}

/// Runs a command line of an administrator, which must succeed.
#[track_caller]
fn admin(world: &World, line: &str) -> Ran {
    world.line(line).user("carol").run().code(0)
}

/// A copy of the store as it is now, taken an hour ago.
fn copied(world: &World) -> PathBuf {
    let copy = world.path("copy.db");
    back_up(world, &copy);
    world.advance("1h");
    copy
}

/// Rotates a key and returns the new token.
#[track_caller]
fn rotate(world: &World, line: &str) -> String {
    world
        .run(&format!("rotate {line}"))
        .stdout
        .trim()
        .to_owned()
}

/// Each token verifies with this exit code.
#[track_caller]
fn check(world: &World, verdicts: &[(&str, &str, u8)]) {
    for (what, token, code) in verdicts {
        assert_eq!(world.verify(token, "--no-touch"), *code, "{what}");
    }
}

#[test]
fn restore_with_keep_revoked_keeps_what_was_stopped_and_what_replaced_it() {
    let world = World::quick();
    let make = |name: &str| world.create(&format!("--scope inference --name {name}"));
    let [kept, disabled, deleted, purged] = ["kept", "disabled", "deleted", "purged"].map(make);
    let [rotated, twice, leaked] = ["rotated", "twice", "leaked"].map(make);
    let copy = copied(&world);
    world.run("delete purged --yes");
    world.run("purge --owner alice --yes");
    world.run("delete deleted --yes");
    admin(&world, "disable disabled");
    let rotated_to = rotate(&world, "rotated --grace 30d");
    let twice_to = rotate(&world, "twice --grace 0s");
    let twice_to_last = rotate(&world, "twice --grace 30d");
    let leaked_to = rotate(&world, "leaked --grace 30d");
    world.run(&format!("delete {} --yes", id_of(&leaked)));
    let new = make("new");
    let records = |world: &World| {
        let keys = world.keys().into_iter();
        keys.map(|key| (key.id.to_string(), key))
            .collect::<BTreeMap<_, _>>()
    };
    let before = records(&world);
    let hash = world.hash(&id_of(&twice_to_last));

    let dry = keep(&world, &copy, "--dry-run").run().code(0).stdout("");
    let ran = keep(&world, &copy, "--yes -m lost").run().code(0);
    let announced = dry
        .stderr
        .strip_suffix("nothing was changed: this was a dry run\n");
    assert!(ran.stderr.starts_with(announced.unwrap()), "{ran:#?}");
    ran.says("no stopped key will become valid again\n1 key will stop working:\n")
        .says("5 keys will stay disabled, deleted or phased-out:\n")
        .says(&format!(
            "  {}  deleted  of alice, deleted, no use recorded\n",
            id_of(&deleted)
        ))
        .says(&format!(
            "  {}  disabled  of alice, disabled, no use",
            id_of(&disabled)
        ))
        .says(&format!(
            "  {}  rotated  of alice, phased-out, no use",
            id_of(&rotated)
        ))
        .says(&format!(
            "1 key will stay removed:\n  {}  purged  of alice\n",
            id_of(&purged)
        ))
        .says("4 keys that replaced others will be kept:\n");
    check(
        &world,
        &[
            ("kept", &kept, 0),
            ("disabled", &disabled, 1),
            ("deleted", &deleted, 1),
            ("purged", &purged, 1),
            ("rotated, in its grace", &rotated, 0),
            ("its successor", &rotated_to, 0),
            ("rotated twice", &twice, 1),
            ("its successor, in its grace", &twice_to, 0),
            ("the last successor", &twice_to_last, 0),
            ("rotated and deleted", &leaked, 1),
            ("its successor", &leaked_to, 0),
            ("made since", &new, 1),
        ],
    );
    check_sound(&world);
    // Each record is as it was, but for the key that was made since.
    let mut expected = before;
    expected.remove(&id_of(&new)).unwrap();
    assert_eq!(records(&world), expected);
    assert_eq!(world.hash(&id_of(&deleted)), None);
    assert_eq!(world.hash(&id_of(&twice_to_last)), hash);
    let event = world.events().pop().unwrap();
    assert_eq!(
        event.detail()["keep_revoked"],
        json!({ "revoked": 5, "removed": 1, "narrowed": 0, "successors": 4 })
    );
    assert_eq!(
        (&event.detail()["revived"], &event.detail()["stopped"]),
        (&json!(0), &json!(1))
    );
    let by = world.key(&id_of(&disabled)).disabled_by;
    assert_eq!(by.as_deref(), Some("carol"));
    // What came along can be used as any other key.
    world.run(&format!("rotate {} --grace 1h", id_of(&twice_to_last)));
    world.run(&format!("edit {} --add-scope project", id_of(&rotated_to)));
    world.run("doctor");
}

#[test]
fn restore_with_keep_revoked_keeps_scopes_expiries_and_networks_narrow() {
    let world = World::quick();
    let narrow = world.create("--scope project --name narrow");
    let wide = world.create("--scope inference --name wide --expires 10d");
    let other = world.create("--scope project --name other");
    for (id, networks) in [(&narrow, "10.0.0.0/8 192.0.2.0/24"), (&wide, "10.1.0.0/16")] {
        world.alter(&id_of(id), |key| key.allow_from = networks_of(networks));
    }
    let copy = copied(&world);
    admin(&world, "scope add data:read");
    world.run("edit narrow --scope inference --expires 5d");
    world.run("edit wide --scope project --expires 20d");
    world.run("edit other --scope data:read");
    for (id, networks) in [
        (&narrow, "10.2.0.0/16 2001:db8::/32"),
        (&wide, "10.0.0.0/8"),
        (&other, "::1/128"),
    ] {
        world.alter(&id_of(id), |key| key.allow_from = networks_of(networks));
    }
    let (ends, ended) = (
        world.key(&id_of(&narrow)).expires_at,
        world.key(&id_of(&wide)).created_at,
    );
    let ran = keep(&world, &copy, "--yes").run().code(0);
    ran.says("2 keys will stay as narrow as now:\n");
    let key = |token: &str| world.key(&id_of(token));
    assert_eq!(scopes_of(&key(&narrow).scopes), "inference");
    assert_eq!(key(&narrow).expires_at, ends);
    assert_eq!(key(&narrow).allow_from, networks_of("10.2.0.0/16"));
    // Wider since: as the copy has it.
    assert_eq!(scopes_of(&key(&wide).scopes), "inference");
    assert_eq!(key(&wide).expires_at, ended.after("10d".parse().unwrap()));
    assert_eq!(key(&wide).allow_from, networks_of("10.1.0.0/16"));
    // Nothing in both: as it is now, and the scope is registered.
    assert_eq!(scopes_of(&key(&other).scopes), "data:read");
    assert_eq!(key(&other).allow_from, networks_of("::1/128"));
    assert!(world.read(|read| read.scopes()).has("data:read"));
    check_sound(&world);
}

fn networks_of(text: &str) -> BTreeSet<Network> {
    text.split(' ')
        .map(|network| network.parse().unwrap())
        .collect()
}

fn scopes_of(scopes: &BTreeSet<String>) -> String {
    scopes.iter().cloned().collect::<Vec<_>>().join(" ")
}

#[test]
fn restore_with_keep_revoked_keeps_what_a_scope_implies_now() {
    let world = World::quick();
    let imply = |implied: &[&str]| {
        let scope = Scope {
            implies: implied.iter().map(|name| (*name).to_owned()).collect(),
            ..Scope::default()
        };
        world.write(|tx| tx.add_scope("tools", &scope));
    };
    imply(&["project"]);
    let tools = world.create("--scope tools --name tools");
    world.create("--scope inference --name old");
    let copy = copied(&world);
    imply(&[]);
    admin(&world, "scope add new:one");
    admin(&world, "scope add new:all --implies new:one");
    let next = rotate(&world, "old --grace 30d");
    world.run(&format!("edit {} --add-scope new:all", id_of(&next)));
    keep(&world, &copy, "--yes").run().code(0);
    assert_eq!(world.verify(&tools, "--scope tools"), 0);
    assert_eq!(world.verify(&tools, "--scope project"), 6);
    assert_eq!(world.verify(&next, "--scope new:one"), 0);
    check_sound(&world);
}

#[test]
fn restore_with_keep_revoked_keeps_an_undone_rotation_undone() {
    let world = World::quick();
    let old = world.create("--scope inference --name ci");
    let new = rotate(&world, "ci --grace 1d");
    let copy = copied(&world);
    world.run("rotate ci --undo --yes");
    keep(&world, &copy, "--yes").run().code(0);
    world.advance("2d");
    check(&world, &[("old", &old, 0), ("new", &new, 1)]);
    assert_eq!(world.record("ci")["id"], id_of(&old));
    check_sound(&world);
}

#[test]
fn restore_with_keep_revoked_renames_a_successor_whose_name_is_taken() {
    let world = World::quick();
    let first = world.create("--scope inference --name first");
    let second = world.create("--scope inference --name second");
    let copy = copied(&world);
    world.run("edit first --name third");
    world.run("edit second --name first");
    let next = rotate(&world, "first --grace 1d");
    let ran = keep(&world, &copy, "--yes").run().code(0);
    ran.says(&format!(
        "renamed {} to first-2: another key of alice has the name first\n",
        id_of(&next)
    ));
    check(
        &world,
        &[
            ("first", &first, 0),
            ("second", &second, 0),
            ("next", &next, 0),
        ],
    );
    assert_eq!(world.record("first")["id"], id_of(&first));
    check_sound(&world);
}

#[test]
fn restore_with_keep_revoked_again_keeps_purged_keys_away() {
    let world = World::quick();
    let purged = world.create("--scope inference --name purged");
    let copy = copied(&world);
    world.run("delete purged --yes");
    world.run("purge --owner alice --yes");
    for _ in 0..2 {
        keep(&world, &copy, "--yes")
            .run()
            .code(0)
            .says("1 key will stay removed:\n");
        assert_eq!(world.verify(&purged, ""), 1);
        check_sound(&world);
    }
}

#[test]
fn restore_with_keep_revoked_brings_back_a_key_that_the_store_never_had() {
    let world = World::quick();
    let empty = world.path("empty.db");
    back_up(&world, &empty);
    let token = world.create("--scope inference --name ci");
    let copy = copied(&world);
    restore(&world, &empty, "--yes").run().code(0);
    assert_eq!(world.verify(&token, ""), 1);
    let ran = keep(&world, &copy, "--yes").run().code(0);
    ran.says("1 key will become valid again:\n");
    assert_eq!(world.verify(&token, ""), 0);
}

#[test]
fn restore_with_keep_revoked_takes_the_state_of_a_damaged_record_from_the_log() {
    let world = World::quick();
    let make = |name: &str| world.create(&format!("--scope project --name {name}"));
    let [alive, disabled, deleted, rotated, narrow] =
        ["alive", "disabled", "deleted", "rotated", "narrow"].map(make);
    world.run("disable alive");
    let copy = copied(&world);
    world.run("enable alive");
    world.run("disable disabled");
    world.run("delete deleted --yes");
    let next = rotate(&world, "rotated --grace 1d");
    world.run("edit narrow --scope inference --expires 5d");
    let spoil = "UPDATE keys SET created_by = x'ff' WHERE replaces IS NULL";
    crate::migrations::spoil(&world.sql(), "keys", spoil);
    assert_eq!(world.verify(&alive, ""), 5);
    let dry = keep(&world, &copy, "--dry-run").run().code(0);
    dry.says("2 keys will become valid again:\n");
    keep(&world, &copy, "--yes").run().code(0);
    check(
        &world,
        &[
            // Disabled in the copy.
            ("alive", &alive, 1),
            ("disabled", &disabled, 1),
            ("deleted", &deleted, 1),
            ("rotated", &rotated, 0),
            ("its successor", &next, 0),
            ("narrow", &narrow, 0),
        ],
    );
    assert_eq!(world.verify(&narrow, "--scope project"), 6);
    assert_eq!(world.hash(&id_of(&deleted)), None);
    world.advance("2d");
    check(
        &world,
        &[("rotated", &rotated, 1), ("its successor", &next, 0)],
    );
    world.advance("4d");
    check(&world, &[("narrow", &narrow, 1)]);
    check_sound(&world);
}

#[test]
fn restore_with_keep_revoked_again_keeps_what_a_damaged_record_no_longer_has() {
    let world = World::quick();
    let make = |name: &str| world.create(&format!("--scope project --name {name}"));
    let [disabled, deleted, rotated, narrow] =
        ["disabled", "deleted", "rotated", "narrow"].map(make);
    let copy = copied(&world);
    admin(&world, "disable disabled -m leaked");
    world.run("delete deleted --yes");
    let next = rotate(&world, "rotated --grace 1d");
    world.run("edit narrow --scope inference --expires 5d --allow-from 10.0.0.0/8");
    world.run(&format!("edit {} --scope inference", id_of(&next)));
    let later = world.path("later.db");
    back_up(&world, &later);
    world.run(&format!("disable {}", id_of(&next)));
    let at = world.now();
    world.advance("1h");
    keep(&world, &copy, "--yes -m lost").run().code(0);
    for (key, reason) in [(&disabled, "leaked"), (&deleted, "lost")] {
        let event = last_event(&world, &id_of(key));
        assert_eq!(event.detail()["reason"], reason);
    }
    let event = last_event(&world, &id_of(&disabled));
    assert_eq!(event.action, "disable");
    let original = json!({ "actor": "carol", "at": at.to_string() });
    assert_eq!(event.detail()["original"], original);
    let shown = world.run("show disabled").stdout;
    assert!(shown.contains(": leaked\n"), "{shown}");
    let log = world.run(&format!("log --key {} --only", id_of(&next)));
    assert!(log.stdout.contains("  create  "), "{log:#?}");
    // The restored store's rows break, and the log is all that knows.
    for copy in [&copy, &copy, &later] {
        let spoil = "UPDATE keys SET created_by = x'ff' WHERE replaces IS NULL";
        crate::migrations::spoil(&world.sql(), "keys", spoil);
        keep(&world, copy, "--yes").run().code(0);
        check(
            &world,
            &[
                ("disabled", &disabled, 1),
                ("deleted", &deleted, 1),
                ("rotated", &rotated, 0),
                ("its disabled successor", &next, 1),
                ("narrow, from anywhere", &narrow, 6),
            ],
        );
        assert_eq!(world.verify(&narrow, "--ip 10.0.0.1 --no-touch"), 0);
        assert_eq!(world.verify(&narrow, "--ip 10.0.0.1 --scope project"), 6);
        check_sound(&world);
    }
    let record = world.key(&id_of(&disabled));
    assert_eq!(record.disabled_by.as_deref(), Some("carol"));
    world.advance("2d");
    check(&world, &[("rotated", &rotated, 1)]);
    world.advance("4d");
    assert_eq!(world.verify(&narrow, "--ip 10.0.0.1"), 1);
}

#[test]
fn restore_with_keep_revoked_is_refused_with_a_broken_log() {
    let breaks = [
        (
            "DELETE FROM events WHERE action = 'purge'",
            "line 6 is missing",
        ),
        (
            "UPDATE events SET detail = '{x' WHERE action = 'edit'",
            "line 4 was changed",
        ),
        ("UPDATE event_head SET seq = 9", "line 7 is missing"),
    ];
    for (sql, flaw) in breaks {
        let world = World::quick();
        let narrow = world.create("--scope project --name narrow");
        let purged = world.create("--scope project --name purged");
        let copy = copied(&world);
        world.run("edit narrow --scope inference --allow-from 10.0.0.0/8");
        world.run("delete purged --yes");
        world.run("purge --owner alice --yes");
        world.sql().execute_batch(sql).unwrap();
        for line in ["--yes", "--dry-run"] {
            let ran = keep(&world, &copy, line).run().code(5);
            ran.says(&format!("the log of the store is broken: {flaw}; "))
                .says("hint: nothing was changed: --keep-revoked needs a store that can be read, with its whole log; ");
        }
        check(
            &world,
            &[
                ("narrow, from anywhere", &narrow, 6),
                ("purged", &purged, 1),
            ],
        );
        assert_eq!(kept_aside(&world), Vec::<PathBuf>::new());
    }
}

/// The last event of a key.
fn last_event(world: &World, id: &str) -> Event {
    let mut events = world.events().into_iter().rev();
    events
        .find(|event| event.key_id.as_deref() == Some(id))
        .unwrap()
}

#[test]
fn restore_with_keep_revoked_again_brings_the_token_in_use_past_a_purged_predecessor() {
    for purge_first in [false, true] {
        let world = World::quick();
        world.create("--scope inference --name ci");
        let copy = copied(&world);
        rotate(&world, "ci --grace 0s");
        let last = rotate(&world, "ci --grace 0s");
        for round in 0..3 {
            if purge_first || round > 0 {
                world.run("purge --owner alice --yes");
            }
            keep(&world, &copy, "--yes").run().code(0);
            check(&world, &[("the last successor", &last, 0)]);
            check_sound(&world);
        }
        let log = world.run(&format!("log --key {} --format jsonl", id_of(&last)));
        assert_eq!(log.stdout.matches(r#""action":"create""#).count(), 2);
    }
}

#[test]
fn restore_with_keep_revoked_takes_a_record_that_is_damaged_in_the_copy_from_the_store() {
    let world = World::quick();
    let make = |name: &str| world.create(&format!("--scope inference --name {name}"));
    let [alive, deleted, rotated] = ["alive", "deleted", "rotated"].map(make);
    let copy = copied(&world);
    world.run("delete deleted --yes");
    let next = rotate(&world, "rotated --grace 1d");
    let spoil = "UPDATE keys SET replaces = 'no ID'";
    crate::migrations::spoil(&Connection::open(&copy).unwrap(), "keys", spoil);
    keep(&world, &copy, "--yes").run().code(0);
    check(
        &world,
        &[
            ("alive", &alive, 0),
            ("deleted", &deleted, 1),
            ("rotated", &rotated, 0),
            ("its successor", &next, 0),
        ],
    );
    check_sound(&world);
}

#[test]
fn restore_with_keep_revoked_is_refused_without_a_store_that_can_be_read() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    let copy = copied(&world);
    const HINT: &str = "hint: nothing was changed: --keep-revoked needs a store that can be read, with its whole log; \
                        without --keep-revoked, keys that were stopped since the copy was made work again\n";
    let us = rustix::process::geteuid().as_raw();
    let mut bytes = fs::read(world.db()).unwrap();
    bytes[3 * 4096..9 * 4096].fill(0x5a);
    fs::write(world.db(), &bytes).unwrap();
    for line in ["--yes", "--dry-run"] {
        let ran = keep(&world, &copy, line).uid(us).run().code(5);
        ran.says(" is damaged: ").says(HINT);
        assert!(fs::read(world.db()).unwrap() == bytes);
        assert_eq!(kept_aside(&world), Vec::<PathBuf>::new());
    }
    let elsewhere = world.path("made/keyctl.db");
    let args = [
        "--db".into(),
        elsewhere.clone().into(),
        "restore".into(),
        copy.into(),
    ];
    let args: Vec<OsString> = args.into_iter().collect();
    for line in ["--yes", "--dry-run"] {
        let rest = ["--keep-revoked", line].map(OsString::from);
        let ran = world
            .cmd(args.iter().cloned().chain(rest))
            .without_db()
            .run();
        ran.fails(
            5,
            &format!("there is no store at {}\n", elsewhere.display()),
        )
        .says(HINT);
    }
    assert!(!world.path("made").exists());
}

#[test]
fn restore_with_keep_revoked_asks_again_if_a_key_is_stopped_meanwhile() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let copy = copied(&world);
    let mut other = world.real("delete ci --yes");
    let meanwhile = move || assert!(other.output().unwrap().status.success());
    let ran = keep(&world, &copy, "")
        .terminal(80)
        .answer_after(meanwhile, "y")
        .run()
        .code(4);
    assert_eq!(ran.asked, "Restore the copy? [y/N] \n");
    ran.says("the store was changed while you were asked\n")
        .says("hint: nothing was changed; run the command again\n");
    assert_eq!(kept_aside(&world), Vec::<PathBuf>::new());
    keep(&world, &copy, "--yes").run().code(0);
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(
        world.events().pop().unwrap().detail()["keep_revoked"]["revoked"],
        1
    );
}

#[test]
fn restore_with_keep_revoked_asks_before_a_key_comes_back_meanwhile() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let copy = copied(&world);
    world.run("create --scope inference --name other");
    // Another restore, of a store that never had the key.
    let empty = world.path("empty.db");
    let args = ["--db".into(), empty.clone().into_os_string(), "init".into()];
    let init = world.cmd(args).user("carol").without_db();
    init.run().code(0);
    let mut other = world.real("restore --yes");
    other.arg(&empty);
    let meanwhile = move || assert!(other.output().unwrap().status.success());
    keep(&world, &copy, "")
        .terminal(80)
        .answer_after(meanwhile, "y")
        .run()
        .code(4)
        .says(&format!(
            "{} ('ci') would become valid again too",
            id_of(&token)
        ));
    assert_eq!(world.verify(&token, ""), 1);
}

/// A change of a key, which is chosen by its number.
#[derive(Clone, Debug)]
enum Change {
    Create(&'static str),
    Rotate(usize, &'static str),
    Line(&'static str, usize, &'static str),
    Purge,
    Wait,
}

fn change() -> impl Strategy<Value = Change> {
    let key = || 0..12_usize;
    let line = |verb: &'static str, rest: &'static str| {
        key().prop_map(move |key| Change::Line(verb, key, rest))
    };
    prop_oneof![
        3 => prop::sample::select(&["inference", "project", "data", "data:read"][..]).prop_map(Change::Create),
        4 => (key(), prop::sample::select(&["0s", "2h", "30d"][..])).prop_map(|(key, grace)| Change::Rotate(key, grace)),
        2 => line("rotate", "--undo --yes"),
        2 => line("disable", ""),
        1 => line("enable", ""),
        2 => line("delete", "--yes"),
        1 => line("edit", "--scope inference"),
        1 => line("edit", "--scope project,data"),
        1 => line("edit", "--scope data:read"),
        1 => line("edit", "--expires 3h"),
        1 => line("edit", "--expires 20d"),
        1 => line("edit", "--grace 1h"),
        2 => line("edit", "--name one"),
        2 => line("edit", "--name two"),
        1 => Just(Change::Purge),
        1 => Just(Change::Wait),
    ]
}

/// A world in which keys were made and changed.
struct Model {
    world: World,
    tokens: Vec<String>,
}

impl Model {
    fn make(&mut self, line: &str) {
        let ran = self.world.line(line).user("carol").run();
        if ran.code == 0 {
            self.tokens.extend(ran.stdout.lines().map(str::to_owned));
        }
    }

    fn apply(&mut self, change: &Change) {
        let id = |key: usize| {
            let known = key.checked_rem(self.tokens.len())?;
            self.tokens.get(known).map(|token| id_of(token))
        };
        match *change {
            Change::Create(scope) => self.make(&format!("create --scope {scope} --owner alice")),
            Change::Rotate(key, grace) => {
                if let Some(id) = id(key) {
                    self.make(&format!("rotate {id} --grace {grace}"));
                }
            }
            Change::Line(verb, key, rest) => {
                if let Some(id) = id(key) {
                    let line = format!("{verb} {id} {rest}");
                    self.world.line(&line).user("carol").run();
                }
            }
            Change::Purge => drop(admin(&self.world, "purge --yes")),
            Change::Wait => self.world.advance("1h"),
        }
    }

    /// The exit code of each token for each scope, by the store at `db`.
    fn verdicts(&self, db: &Path) -> BTreeMap<(String, &'static str), u8> {
        let mut verdicts = BTreeMap::new();
        for token in &self.tokens {
            for scope in ["inference", "project", "data", "data:read"] {
                let args = ["--db".into(), db.as_os_str().to_owned(), "verify".into()];
                let rest = ["--scope", scope, "--no-touch"].map(OsString::from);
                let cmd = self.world.cmd(args.into_iter().chain(rest));
                let ran = cmd.without_db().stdin(token).run();
                verdicts.insert((id_of(token), scope), ran.code);
            }
        }
        verdicts
    }
}

/// The IDs of the keys that replaced one of `copied`, or one that did so, by the log of the world.
fn descendants(world: &World, copied: &BTreeSet<String>) -> BTreeSet<String> {
    let mut lineage = copied.clone();
    for entry in world.read(|read| read.find_events(&LogFilter::default())) {
        let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
        let is_new = entry.action == "create";
        if is_new
            && detail["replaces"]
                .as_str()
                .is_some_and(|id| lineage.contains(id))
        {
            lineage.extend(entry.key_id);
        }
    }
    lineage.difference(copied).cloned().collect()
}

/// Number of random stories, unless `KEYCTL_TEST_ROUNDS` says.
fn cases() -> u32 {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    rounds.map_or(8, |rounds| rounds.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn restore_with_keep_revoked_lets_in_no_more_than_before_and_all_that_both_let_in(
        before in prop::collection::vec(change(), 1..12),
        after in prop::collection::vec(change(), 1..14),
    ) {
        let world = World::quick();
        world.hash_fast();
        admin(&world, "scope add data:read");
        admin(&world, "scope add data --implies data:read");
        let mut model = Model { world, tokens: Vec::new() };
        for change in &before {
            model.apply(change);
        }
        let copy = model.world.path("copy.db");
        back_up(&model.world, &copy);
        let now = model.world.now();
        let known = model.world.read(|read| read.find(&Filter::all(now)));
        let known: BTreeSet<String> = known.iter().map(|key| key.id.to_string()).collect();
        for change in &after {
            model.apply(change);
        }
        let descendants = descendants(&model.world, &known);
        let plain = model.world.path("plain.db");
        let args = ["--db".into(), plain.clone().into_os_string(), "restore".into(), copy.clone().into(), "--yes".into()];
        model.world.cmd::<[OsString; 5]>(args).without_db().run().code(0);
        let dry = keep(&model.world, &copy, "--dry-run").run().code(0);
        let ran = keep(&model.world, &copy, "--yes").run().code(0);
        prop_assert!(dry.stderr.starts_with("no stopped key will become valid again\n"), "{:#?}", dry);
        prop_assert!(ran.stderr.starts_with(dry.stderr.strip_suffix("nothing was changed: this was a dry run\n").unwrap()));
        check_sound(&model.world);
        let replaced = kept_aside(&model.world).remove(0);
        // Again, from what the first one left.
        admin(&model.world, "purge --yes");
        model.world.advance("1s");
        keep(&model.world, &copy, "--yes").run().code(0);
        check_sound(&model.world);
        for _ in 0..3 {
            let was = model.verdicts(&replaced);
            let copied = model.verdicts(&plain);
            let is = model.verdicts(&model.world.db());
            for (what, code) in &is {
                prop_assert!(*code != 0 || was[what] == 0, "{what:?} works: {ran:#?}");
                let worked = was[what] == 0 && (copied[what] == 0 || descendants.contains(&what.0));
                prop_assert!(*code == 0 || !worked, "{what:?} does not work: {ran:#?}");
            }
            model.world.advance("25h");
        }
    }
}
