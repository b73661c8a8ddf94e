//! Many more processes than a store has writers.

use super::harness::{
    GUARD, Site, content, finish, run, skipped, tells_waiting, until, until_it_waits,
};
use super::processes::all;
use super::strace;
use crate::harness::{Ran, id_of};
use keyctl::id::KeyId;
use keyctl::store::{self, Address, Mode};
use keyctl::when::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::process::{Child, Command};
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

/// How many processes a crowd has.
const CROWD: usize = 32;

impl Site {
    /// A site with a store in which a hash costs next to nothing.
    pub fn cheap() -> Self {
        let site = Site::new();
        site.run("init");
        site.make_cheap();
        site
    }

    fn make_cheap(&self) {
        self.sql()
            .execute_batch(
                "INSERT INTO policy VALUES ('argon2-memory', '8'), ('argon2-iterations', '1')",
            )
            .unwrap();
    }

    /// Creates keys with the rest of a `create` command line and returns their tokens.
    #[track_caller]
    fn tokens(&self, line: &str) -> Vec<String> {
        let ran = self.run(&format!("create --scope inference {line}"));
        ran.stdout.lines().map(str::to_owned).collect()
    }

    /// A verification of `token`.
    fn verification(&self, token: &str) -> Command {
        let mut command = self.cmd("verify --key-env TOKEN");
        command.env("TOKEN", token);
        command
    }

    /// Runs all of `commands` at once: the store is locked until every one has started.
    fn crowd(&self, commands: impl IntoIterator<Item = Command>) -> Vec<Ran> {
        let gate = self.locked();
        let started: Vec<Child> = commands
            .into_iter()
            .map(|mut command| command.spawn().unwrap())
            .collect();
        gate.execute_batch("ROLLBACK").unwrap();
        started.into_iter().map(finish).collect()
    }

    /// A connection that holds the write lock.
    fn locked(&self) -> Connection {
        let sql = self.sql();
        sql.busy_timeout(GUARD).unwrap();
        sql.execute_batch("BEGIN IMMEDIATE").unwrap();
        sql
    }

    /// The texts that a query gives.
    fn column(&self, query: &str) -> Vec<String> {
        let sql = self.sql();
        let mut statement = sql.prepare(query).unwrap();
        let texts = statement.query_map([], |row| row.get(0)).unwrap();
        texts.map(|text| text.unwrap()).collect()
    }

    /// How many events of each kind there are.
    fn tally(&self) -> BTreeMap<String, i64> {
        let sql = self.sql();
        let mut statement = sql
            .prepare("SELECT action, count(*) FROM events GROUP BY action")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    /// The log is whole by the program's own account.
    #[track_caller]
    fn log_checks(&self) {
        self.run("log --check");
    }
}

/// Those that did what they were to do, and those that were refused.
fn won_and_lost(ran: Vec<Ran>) -> (Vec<Ran>, Vec<Ran>) {
    ran.into_iter().partition(|ran| ran.code == 0)
}

#[test]
fn a_first_start_makes_one_store_and_who_only_reads_sees_none_or_all_of_it() {
    const LINES: [&str; 4] = [
        "list --format ids",
        "create --scope inference",
        "verify --key-env TOKEN",
        "create --scope inference",
    ];
    let stranger = Site::new().create();
    let site = Site::new();
    let commands = (0..CROWD).map(|i| {
        let mut command = site.cmd(LINES[i % LINES.len()]);
        command.env("TOKEN", &stranger);
        command
    });
    let (mut made, mut ids, mut listed) = (0, BTreeSet::new(), BTreeSet::new());
    for (ran, line) in all(commands).into_iter().zip(LINES.into_iter().cycle()) {
        match (line.split(' ').next().unwrap(), ran.code) {
            ("create", _) => {
                let ran = ran.code(0);
                made += ran.stderr.matches("made a new store").count();
                ids.insert(id_of(ran.stdout.trim_end()));
            }
            ("list", 0) => listed.extend(ran.stdout.lines().map(str::to_owned)),
            ("verify", 1) => drop(ran.stdout("").says("rejected: unknown")),
            _ => {
                let shown = site.db().display().to_string();
                let none = [
                    format!("keyctl: there is no store at {shown}\n"),
                    format!("keyctl: the store {shown} is empty\n"),
                ];
                assert!(
                    ran.code == 5 && none.iter().any(|none| ran.stderr.starts_with(none)),
                    "{line}: {ran:#?}"
                );
            }
        }
    }
    assert_eq!(made, 1);
    assert_eq!(ids.len(), CROWD / 2);
    assert!(listed.is_subset(&ids), "{listed:?} {ids:?}");
    assert_eq!(site.ids().into_iter().collect::<BTreeSet<_>>(), ids);
    assert_eq!(site.tally()["init"], 1);
    site.log_is_whole(17);
    site.log_checks();
}

#[test]
fn what_each_reports_is_there_afterwards_however_long_a_reader_looks_on() {
    let site = Site::cheap();
    let doomed = site.tokens("--name doomed --count 8");
    let shared = site.tokens("--name shared").remove(0);
    let steady = site.tokens("--name steady").remove(0);
    let reader = site.sql();
    let seen = || -> i64 {
        reader
            .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
            .unwrap()
    };
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(seen(), 11);

    let lines = doomed.iter().flat_map(|token| {
        [
            "create --scope inference".to_owned(),
            format!("rotate {}", id_of(&shared)),
            format!("delete {} --yes", id_of(token)),
            "verify --key-env TOKEN".to_owned(),
        ]
    });
    let ran = site.crowd(lines.map(|line| {
        let mut command = site.cmd(&line);
        command.env("TOKEN", &steady);
        command
    }));

    assert_eq!(seen(), 11);
    // Eight created, one rotated, which makes one more, eight deleted.
    site.log_is_whole(11 + 8 + 2 + 8);
    let mut made = Vec::new();
    let mut rotated = Vec::new();
    for (i, ran) in ran.into_iter().enumerate() {
        match i % 4 {
            0 => made.push(ran.code(0).stdout),
            1 if ran.code == 0 => rotated.push(ran.stdout),
            1 => drop(ran.fails(4, &id_of(&shared))),
            _ => drop(ran.code(0)),
        }
    }
    assert_eq!(rotated.len(), 1);
    for token in made.iter().chain(&rotated) {
        assert_eq!(site.verify(token), 0);
    }
    for token in doomed.iter().chain([&shared]) {
        assert_eq!(site.verify(token), 1);
    }
    assert_eq!(site.verify(steady), 0);
    site.log_checks();
}

#[test]
fn no_edit_is_lost() {
    let site = Site::cheap();
    site.tokens("--name ci");
    let edits = (0..CROWD).map(|i| site.cmd(&format!("edit ci --label k{i}={i}")));
    for ran in site.crowd(edits) {
        ran.code(0);
    }
    let wanted: BTreeSet<String> = (0..CROWD).map(|i| format!("k{i}={i}")).collect();
    let labels = site.column("SELECT key || '=' || value FROM keys, json_each(labels)");
    assert_eq!(labels.into_iter().collect::<BTreeSet<_>>(), wanted);
    site.log_is_whole(2 + CROWD as i64);
    site.log_checks();
}

#[test]
fn a_name_that_a_crowd_rotates_round_after_round_leaves_one_unbroken_line_of_keys() {
    let site = Site::cheap();
    let first = site.tokens("--name ci").remove(0);
    let mut tokens = BTreeMap::from([(id_of(&first), first.clone())]);
    for _ in 0..3 {
        let rotations = (0..CROWD).map(|_| site.cmd("rotate ci"));
        let (won, lost) = won_and_lost(site.crowd(rotations));
        assert!(!won.is_empty(), "{lost:#?}");
        for ran in won {
            let token = ran.stdout.trim_end().to_owned();
            assert_eq!(tokens.insert(id_of(&token), token), None);
        }
        for ran in lost {
            // It had found the key by its name, and lost it to another.
            assert!(
                ran.code == 4 && ran.stderr.contains("its live successor is"),
                "{ran:#?}"
            );
        }
    }

    let mut line = vec![id_of(&first)];
    let mut replaced_by: BTreeMap<String, String> = BTreeMap::new();
    for pair in site.column("SELECT replaces || ' ' || id FROM keys WHERE replaces IS NOT NULL") {
        let (old, new) = pair.split_once(' ').unwrap();
        assert_eq!(replaced_by.insert(old.to_owned(), new.to_owned()), None);
    }
    while let Some(next) = replaced_by.get(line.last().unwrap()) {
        line.push(next.clone());
    }
    assert_eq!(line.len(), tokens.len());
    let forward =
        "SELECT count(*) FROM keys a JOIN keys b ON a.replaced_by = b.id AND b.replaces = a.id";
    assert_eq!(site.number(forward) as usize, tokens.len() - 1);
    site.log_is_whole(2 * tokens.len() as i64);
    let live = line.pop().unwrap();
    assert_eq!(site.verify(&tokens[&live]), 0);
    for id in line {
        assert_eq!(site.verify(&tokens[&id]), 1, "{id}");
    }
    site.log_checks();
}

#[test]
fn of_an_undo_and_another_rotation_at_once_exactly_one_wins() {
    for undo_first in [true, false] {
        let site = Site::cheap();
        let old = site.tokens("--name ci").remove(0);
        let new = site.run("rotate ci --grace 1h").stdout;
        let lines = [
            format!("rotate {} --undo --yes", id_of(&old)),
            format!("rotate {}", id_of(new.trim_end())),
        ];
        let gate = site.locked();
        let order = if undo_first { [0, 1] } else { [1, 0] };
        let mut ran = [None, None];
        let mut started = Vec::new();
        for at in order {
            let Some(child) = waiting(site.cmd(&lines[at])) else {
                return;
            };
            started.push((at, child));
        }
        // Both have found the two keys in the grace period.
        gate.execute_batch("ROLLBACK").unwrap();
        for (at, child) in started {
            ran[at] = Some(finish(child));
        }
        let [undo, rotation] = ran.map(Option::unwrap);
        site.log_is_whole(6);
        assert_eq!(site.verify(&old), 0);
        assert_eq!(site.verify(&new), 1);
        if undo.code == 0 {
            rotation
                .fails(4, "")
                .says("cannot be rotated: it is deleted");
        } else {
            undo.fails(4, "").says("was rotated again");
            assert_eq!(site.verify(rotation.code(0).stdout), 0);
        }
        site.log_checks();
    }
}

#[test]
fn a_crowd_that_undoes_a_rotation_undoes_it_once() {
    let site = Site::cheap();
    let old = site.tokens("--name ci").remove(0);
    let new = site.run("rotate ci --grace 1h").stdout;
    let undo = format!("rotate {} --undo --yes", id_of(&old));
    let (won, lost) = won_and_lost(site.crowd((0..CROWD).map(|_| site.cmd(&undo))));
    assert_eq!((won.len(), lost.len()), (1, CROWD - 1));
    for ran in lost {
        ran.fails(4, "");
    }
    assert_eq!(site.verify(&old), 0);
    assert_eq!(site.verify(&new), 1);
    site.log_is_whole(6);
}

#[test]
fn policy_holds_for_each_key_as_it_stands_when_the_key_is_made() {
    let site = Site::cheap();
    let lines = (0..CROWD).map(|i| match i % 4 {
        0 => "policy set max-expiry 30d".to_owned(),
        2 => "policy set max-expiry 60d".to_owned(),
        _ => format!("create --scope inference --expires 45d --name k{i}"),
    });
    let ran = site.crowd(lines.map(|line| site.cmd(&line)));
    let (mut set, mut made) = (0, BTreeSet::new());
    for (i, ran) in ran.into_iter().enumerate() {
        match (i % 4, ran.code) {
            (0 | 2, _) => set += i64::from(ran.code(0).stderr.contains("is now")),
            (_, 0) => drop(made.insert(id_of(ran.stdout.trim_end()))),
            _ => drop(ran.fails(4, "expiry ").says("later than policy allows")),
        }
    }

    // As the log tells it: what was refused is not of the order in which it was done.
    let mut max = "365d".to_owned();
    let mut logged = BTreeSet::new();
    for event in site.column(
        "SELECT json_object('action', action, 'id', key_id, 'detail', json(detail)) FROM events \
         WHERE action IN ('create', 'policy') ORDER BY seq",
    ) {
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        if event["action"] == "create" {
            assert_ne!(max, "30d", "{event}");
            logged.insert(event["id"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(event["detail"]["old"], max, "{event}");
            max = event["detail"]["new"].as_str().unwrap().to_owned();
            set -= 1;
        }
    }
    assert_eq!(set, 0);
    assert_eq!(logged, made);
    site.log_checks();
}

#[test]
fn a_crowd_that_verifies_notes_one_use_one_new_hash_and_one_reuse() {
    let site = Site::cheap();
    let token = site.tokens("--name used").remove(0);
    let off = site.tokens("--name off").remove(0);
    site.run("disable off");
    // Back to a hash that takes its time: while one makes it, others make it too.
    site.sql()
        .execute_batch(
            "DELETE FROM policy; \
             UPDATE keys SET last_used_at = created_at - 60001 WHERE name = 'used'",
        )
        .unwrap();
    let mut running: Vec<Child> = (0..CROWD)
        .map(|i| site.verification(if i % 2 == 0 { &token } else { &off }))
        .map(|mut command| command.spawn().unwrap())
        .collect();

    let mut uses = Vec::new();
    until("all have verified", || {
        uses.push(site.number("SELECT last_used_at FROM keys WHERE name = 'used'"));
        let ended = |child: &mut Child| child.try_wait().unwrap().is_some();
        running.iter_mut().all(ended)
    });
    for (i, ran) in running.into_iter().map(finish).enumerate() {
        ran.code((i % 2).try_into().unwrap());
    }
    assert!(uses.is_sorted(), "{uses:?}");
    uses.dedup();
    assert!(uses.len() <= 2, "{uses:?}");
    let tally = site.tally();
    assert_eq!((tally["rehash"], tally["reuse"]), (1, 1));
    site.log_is_whole(6);
    site.log_checks();
}

#[test]
fn the_last_use_never_runs_backwards_among_verifiers_whose_clocks_differ() {
    let site = Site::cheap();
    let token = site.tokens("--name ci").remove(0);
    let id: KeyId = id_of(&token).parse().unwrap();
    let address = Address::of_file(&site.db()).unwrap();
    let minutes = |i: usize| Timestamp::from_millis(60_000 * i as i64).unwrap();
    let uses = thread::scope(|scope| {
        let verifiers: Vec<_> = (1..=CROWD)
            .map(|i| {
                let address = &address;
                // Neither the first nor the last to start has the latest clock.
                let at = minutes(i * 7 % (CROWD + 1));
                scope.spawn(move || {
                    let mut store = store::open(address, Mode::Write).unwrap();
                    store.write(Box::new(|tx| tx.touch(id, at))).unwrap();
                })
            })
            .collect();
        let mut uses = Vec::new();
        until("all have noted their use", || {
            uses.push(site.number("SELECT coalesce(last_used_at, 0) FROM keys"));
            verifiers.iter().all(ScopedJoinHandle::is_finished)
        });
        uses
    });
    assert!(uses.is_sorted(), "{uses:?}");
    assert_eq!(
        site.number("SELECT last_used_at FROM keys"),
        minutes(CROWD).millis()
    );
}

/// A process that records in the file `trace` whether it ever slept.
fn traced(site: &Site, line: &str) -> Command {
    site.sh(&format!(
        "exec strace -f -e trace=/nanosleep -e signal=none -o trace keyctl {line}"
    ))
}

fn slept(site: &Site) -> bool {
    String::from_utf8_lossy(&content(site.path("trace"))).contains("nanosleep(")
}

#[test]
fn a_verify_never_sleeps_while_somebody_writes() {
    if !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    let token = site.tokens("--name ci").remove(0);
    let off = site.tokens("--name off").remove(0);
    site.run("disable off");
    // A use, a new hash and a reuse are due.
    site.sql()
        .execute_batch("UPDATE policy SET value = '2' WHERE name = 'argon2-iterations'")
        .unwrap();
    let writer = site.locked();
    for (token, code) in [(&token, 0), (&off, 1)] {
        let verify = &mut traced(&site, "verify --key-env TOKEN");
        run(verify.env("TOKEN", token)).code(code);
        assert!(!slept(&site));
    }

    // One that has to wait is seen to.
    let waiting = traced(&site, "edit ci --name other").spawn().unwrap();
    until("it sleeps", || slept(&site));
    writer.execute_batch("ROLLBACK").unwrap();
    finish(waiting).code(0);
    assert_eq!(site.tally().get("reuse"), None);
    assert_eq!(site.number("SELECT count(last_used_at) FROM keys"), 0);
}

/// What waits for the store while another process has its lock. `None` where that cannot be seen.
fn waiting(mut command: Command) -> Option<Child> {
    if !tells_waiting() {
        skipped("needs a kernel that tells what a process waits for");
        return None;
    }
    let child = command.spawn().unwrap();
    until_it_waits(&child);
    Some(child)
}

#[test]
fn a_change_that_waited_for_its_turn_goes_to_no_files_that_were_replaced() {
    for removed in ["keyctl.db-shm", "keyctl.db-wal"] {
        let site = Site::cheap();
        let token = site.create();
        let other = site.locked();
        let Some(disable) = waiting(site.cmd(&format!("disable {}", id_of(&token)))) else {
            return;
        };
        fs::remove_file(site.path(removed)).unwrap();
        other.execute_batch("ROLLBACK").unwrap();
        finish(disable).fails(5, "").says("was removed or replaced");
        drop(other);
        assert_eq!(site.verify(&token), 0, "{removed}");
    }
}

#[test]
fn a_scope_that_is_removed_while_an_edit_waits_is_not_given() {
    let site = Site::cheap();
    site.tokens("--name ci");
    site.run("scope add extra");
    let other = site.locked();
    let Some(edit) = waiting(site.cmd("edit ci --add-scope extra --label a=b")) else {
        return;
    };
    other
        .execute_batch("DELETE FROM scopes WHERE name = 'extra'; COMMIT")
        .unwrap();
    finish(edit).fails(2, "there is no scope 'extra'");
    assert_eq!(site.column("SELECT scope FROM key_scopes"), ["inference"]);
    assert_eq!(
        site.column("SELECT scopes || labels FROM keys"),
        ["inference{}"]
    );
    site.log_is_whole(3);
}

#[test]
fn a_purge_of_all_keys_of_a_user_takes_the_one_that_is_made_while_it_waits() {
    let site = Site::cheap();
    site.tokens("--name one --owner bob");
    site.tokens("--name theirs --owner carol");
    let other = site.locked();
    let Some(purge) = waiting(site.cmd("purge --owner bob --all --yes")) else {
        return;
    };
    other
        .execute_batch(
            "INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, scopes, labels) \
             SELECT 'bbbbbbbbbbbb', 'two', owner, kind, hash, created_at, created_by, scopes, labels \
             FROM keys WHERE name = 'one'; COMMIT",
        )
        .unwrap();
    finish(purge).code(0).stderr("purged 2 keys\n");
    assert_eq!(site.column("SELECT name FROM keys"), ["theirs"]);
    assert_eq!(site.tally()["purge"], 2);
    site.log_checks();
}

/// Fills an empty file as keyctl does for carol, and commits it.
fn found(other: &Connection) {
    other
        .execute_batch(&format!(
            "{} {} {} INSERT INTO event_head VALUES (1, 0, zeroblob(32)); \
             INSERT INTO administrators VALUES ('carol'); \
             PRAGMA application_id = 0x6b63746c; PRAGMA user_version = 3; COMMIT",
            include_str!("../../../src/store/sqlite/0001_main.sql"),
            include_str!("../../../src/store/sqlite/0002_projects.sql"),
            include_str!("../../../src/store/sqlite/0003_states.sql"),
        ))
        .unwrap();
}

#[test]
fn a_first_create_that_meets_a_store_half_made_finishes_it_or_waits_for_its_maker() {
    for mode in ["delete", "wal"] {
        let site = Site::new();
        File::create(site.db()).unwrap();
        site.sql()
            .execute_batch(&format!("PRAGMA journal_mode = {mode}"))
            .unwrap();
        let other = site.locked();
        let Some(create) = waiting(site.cmd("create --scope inference")) else {
            return;
        };
        found(&other);
        let ran = finish(create).code(0);
        assert!(!ran.stderr.contains("made a new store"), "{mode}: {ran:#?}");
        assert_eq!(site.verify(ran.stdout), 0);
        assert_eq!(site.column("SELECT name FROM administrators"), ["carol"]);
        site.log_is_whole(1);

        // Its maker gave up.
        let site = Site::new();
        File::create(site.db()).unwrap();
        site.sql()
            .execute_batch(&format!("PRAGMA journal_mode = {mode}"))
            .unwrap();
        let other = site.locked();
        let Some(create) = waiting(site.cmd("create --scope inference")) else {
            return;
        };
        other.execute_batch("ROLLBACK").unwrap();
        finish(create).code(0).says("made a new store");
        site.log_is_whole(2);
    }
}

/// What a crowd has reported, from the first round on.
#[derive(Default)]
struct Reported {
    /// Each key that was made, and its token.
    tokens: BTreeMap<String, String>,
    /// The order in which they were.
    ids: Vec<String>,
    /// The successor of each that was rotated.
    rotated: BTreeMap<String, String>,
    deleted: BTreeSet<String>,
    /// The keys and labels that were set.
    labels: BTreeSet<(String, String)>,
    /// How many changes of each kind.
    changes: BTreeMap<&'static str, i64>,
    commands: usize,
    refused: usize,
}

impl Reported {
    /// A command of process `i` in a round, on one of the latest keys.
    fn command(&self, random: &mut ChaCha8Rng, round: usize, i: usize) -> (String, String) {
        let latest = &self.ids[self.ids.len().saturating_sub(12)..];
        let id = latest[random.random_range(0..latest.len())].clone();
        let line = match random.random_range(0..40) {
            0..8 => format!("create --scope inference --name r{round}-{i}"),
            8..12 => format!("rotate {id} --grace 1h"),
            12..16 => format!("rotate {id}"),
            16..21 => format!("edit {id} --label r{round}-{i}=1"),
            21..23 => format!("disable {id}"),
            23..25 => format!("enable {id}"),
            25..28 => format!("delete {id} --yes"),
            28..35 => "verify --key-env TOKEN".to_owned(),
            35 => "list --format json".to_owned(),
            36 => format!("show {id}"),
            37 => "log --check".to_owned(),
            38 => "purge --yes".to_owned(),
            _ => format!("policy set max-expiry {}d", random.random_range(366..400)),
        };
        (line, id)
    }

    fn count(&mut self, action: &'static str, times: i64) {
        *self.changes.entry(action).or_default() += times;
    }

    /// Takes down what a command has said of itself.
    #[track_caller]
    fn take(&mut self, line: &str, id: &str, ran: &Ran) {
        self.commands += 1;
        let command = line.split(' ').next().unwrap();
        let fair = match command {
            "create" | "list" | "log" | "purge" | "policy" => ran.code == 0,
            "verify" => ran.code <= 1,
            "show" => ran.code == 0 || ran.code == 3,
            _ => [0, 3, 4].contains(&ran.code),
        };
        assert!(fair, "{line}: {ran:#?}");
        if ran.code != 0 {
            self.refused += 1;
            return;
        }
        match command {
            "create" | "rotate" => {
                let token = ran.stdout.trim_end().to_owned();
                let new = id_of(&token);
                self.count("create", 1);
                if command == "rotate" {
                    self.count("rotate", 1);
                    let won = self.rotated.insert(id.to_owned(), new.clone());
                    assert_eq!(won, None, "{id} was rotated twice");
                }
                self.ids.push(new.clone());
                assert_eq!(self.tokens.insert(new, token), None);
            }
            "edit" => {
                self.count("edit", 1);
                let label = line.rsplit(' ').next().unwrap();
                self.labels.insert((id.to_owned(), label.to_owned()));
            }
            "delete" => {
                self.deleted.insert(id.to_owned());
                self.count("delete", i64::from(!ran.stderr.contains("already")));
            }
            "disable" => self.count("disable", i64::from(!ran.stderr.contains("already"))),
            // A key that does not work, but is not disabled, "is not disabled" and changes nothing.
            "enable" => self.count("enable", i64::from(ran.stderr.starts_with("enabled "))),
            "policy" => self.count("policy", i64::from(ran.stderr.contains("is now"))),
            "purge" => {
                let count = ran.stderr.split(' ').nth(1).unwrap();
                self.count("purge", count.parse().unwrap_or(0));
            }
            _ => {}
        }
    }

    /// Holds all of it against the store.
    #[track_caller]
    fn check(&self, site: &Site) {
        let mut tally = site.tally();
        for (action, count) in &self.changes {
            assert_eq!(tally.remove(*action).unwrap_or(0), *count, "{action}");
        }
        assert!(
            tally
                .keys()
                .all(|rest| ["init", "reuse"].contains(&rest.as_str())),
            "{tally:?}"
        );
        site.log_is_whole(tally.values().chain(self.changes.values()).sum());

        let mut stored: BTreeMap<String, (Option<String>, bool, bool)> = BTreeMap::new();
        let sql = site.sql();
        let mut statement = sql
            .prepare(
                "SELECT id, replaced_by, deleted_at IS NOT NULL, deleted_at IS NULL AND disabled_at IS NULL \
                 AND (usable_until IS NULL OR usable_until > grace_from) FROM keys",
            )
            .unwrap();
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
        });
        stored.extend(rows.unwrap().map(|row| row.unwrap()));
        let purged = self.changes.get("purge").copied().unwrap_or(0) as usize;
        assert_eq!(stored.len() + purged, self.tokens.len());
        for (id, (replaced_by, deleted, _)) in &stored {
            assert_eq!(replaced_by.as_ref(), self.rotated.get(id), "{id}");
            assert_eq!(*deleted, self.deleted.contains(id), "{id}");
        }
        let labels: BTreeSet<(String, String)> = site
            .column("SELECT keys.id || ' ' || key || '=' || value FROM keys, json_each(labels)")
            .iter()
            .map(|row| row.split_once(' ').unwrap())
            .map(|(id, label)| (id.to_owned(), label.to_owned()))
            .collect();
        for (id, label) in &self.labels {
            let kept = !stored.contains_key(id) || labels.contains(&(id.clone(), label.clone()));
            assert!(kept, "the label {label} of {id} is lost");
        }
        for id in &self.ids[self.ids.len().saturating_sub(12)..] {
            let works = stored.get(id).is_some_and(|&(_, _, works)| works);
            let code = u8::from(!works);
            run(&mut site.verification(&self.tokens[id])).code(code);
        }
    }
}

/// One round, or as many as `KEYCTL_TEST_ROUNDS` says.
#[test]
fn whatever_a_crowd_does_at_once_what_was_reported_is_what_holds() {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS");
    let rounds = rounds.map_or(1, |rounds| rounds.parse().unwrap());
    let site = Site::cheap();
    let mut reported = Reported::default();
    for token in site.tokens("--name first --count 6") {
        reported.ids.push(id_of(&token));
        reported.tokens.insert(id_of(&token), token);
        reported.count("create", 1);
    }
    let begun = Instant::now();
    for round in 0..rounds {
        let mut random = ChaCha8Rng::seed_from_u64(round as u64);
        let lines: Vec<(String, String)> = (0..CROWD)
            .map(|i| reported.command(&mut random, round, i))
            .collect();
        let commands = lines.iter().map(|(line, id)| {
            let mut command = site.cmd(line);
            command.env("TOKEN", &reported.tokens[id]);
            command
        });
        // In every other round nobody waits for the last to start.
        let ran = if round % 2 == 0 {
            site.crowd(commands)
        } else {
            all(commands)
        };
        for ((line, id), ran) in lines.iter().zip(&ran) {
            reported.take(line, id, ran);
        }
        reported.check(&site);
    }
    site.log_checks();
    if rounds > 1 {
        tell(&format!(
            "{rounds} rounds in {:?}: {} commands, {} of them refused; {} keys; changes {:?}",
            begun.elapsed(),
            reported.commands,
            reported.refused,
            reported.tokens.len(),
            reported.changes
        ));
    }
}

#[expect(
    clippy::print_stderr,
    reason = "who asked for many rounds wants to know what they were"
)]
fn tell(text: &str) {
    eprintln!("{text}");
}
