//! Killed at any moment, the program leaves a store that is whole.
//!
//! SIGKILL takes the process and leaves the kernel's caches: what is not yet on the disk is not
//! lost. So `synchronous = OFF` would pass all of this; that each commit waits for the disk is held
//! by its system calls.
//!
//! The long form: `KEYCTL_TEST_ROUNDS=500 cargo test --test it --release -- --ignored crash`

mod fate;
pub mod ledger;
mod order;
pub mod step;

use super::harness::{Site, code};
use super::strace::{self, Call, WRITES, calls_of, killed_at};
use ledger::{End, Ledger};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use step::{Step, What};

/// After so many kills a new store is begun, lest looking at one take longer and longer.
const KILLS_PER_STORE: u32 = 20;

/// What a long run has done.
#[derive(Debug, Default)]
struct Tally {
    stores: u32,
    commands: u32,
    kills: u32,
}

impl Tally {
    #[expect(clippy::print_stderr, reason = "a long run tells how long it was")]
    fn tell(&self, what: &str) {
        eprintln!("{what}: {self:?}");
    }
}

/// How many rounds a long run makes.
fn rounds() -> u32 {
    let asked = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    asked.map_or(100, |rounds| rounds.parse().unwrap())
}

/// Runs a step by `command` and holds the store to how it ended. Says whether it came to its end.
#[track_caller]
fn disturbed(ledger: &mut Ledger, step: &Step, output: &Output) -> bool {
    let code = code(output.status);
    let done = code == step.code;
    assert!(done || code == 137, "{step:?}: {output:?}");
    let end = if done { End::Done } else { End::Killed };
    ledger.check(step, end, &String::from_utf8_lossy(&output.stdout));
    done
}

/// A connection that keeps the log's index alive: what a killed process left in it is not
/// rebuilt, but used.
fn bystander(ledger: &Ledger) -> Connection {
    let sql = ledger.site.sql();
    sql.query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
        .unwrap();
    sql
}

/// Kills `what` at each of its calls of `names` in turn.
#[track_caller]
fn killed_at_each(what: What, names: &str, watched: bool, tally: &mut Tally) {
    let mut ledger = Ledger::new();
    tally.stores += 1;
    let (calls, before) = (calls_when_undisturbed(what, names, watched), tally.kills);
    for (n, call) in (1..).zip(&calls) {
        if n % KILLS_PER_STORE == 0 {
            ledger = Ledger::new();
            tally.stores += 1;
        }
        let step = what.step(&mut ledger);
        let other = watched.then(|| bystander(&ledger));
        let mut killed = killed_at(&step.command(&ledger), call);
        let output = killed.stdout(step.stdout(&ledger)).output().unwrap();
        tally.commands += 1;
        if !disturbed(&mut ledger, &step, &output) {
            tally.kills += 1;
        }
        drop(other);
    }
    // Another run may make a call or two less.
    let kills = tally.kills - before;
    assert!(
        kills > 5 && kills as usize + 20 > calls.len(),
        "{kills} kills at {calls:?}"
    );
}

fn calls_when_undisturbed(what: What, names: &str, watched: bool) -> Vec<Call> {
    let mut ledger = Ledger::new();
    let step = what.step(&mut ledger);
    let _other = watched.then(|| bystander(&ledger));
    let (ran, calls) = calls_of(&step.command(&ledger), names, step.stdout(&ledger));
    ran.code(step.code);
    without_repetition(calls)
}

/// `calls` but for those that make room, byte by byte, for the index of the log: one of them is as
/// good as another.
fn without_repetition(mut calls: Vec<Call>) -> Vec<Call> {
    calls.dedup_by(|call, before| {
        let is = |call: &Call| call.name == "pwrite64" && call.file.ends_with("-shm");
        is(call) && is(before)
    });
    calls
}

#[test]
fn a_create_killed_at_any_write_is_whole_or_absent() {
    if strace::is_here() {
        killed_at_each(What::Create, WRITES, false, &mut Tally::default());
    }
}

#[test]
fn a_rotate_killed_at_any_write_is_whole_or_absent() {
    if strace::is_here() {
        killed_at_each(What::RotateSecretFile, WRITES, false, &mut Tally::default());
    }
}

#[test]
fn a_delete_killed_at_any_write_while_others_look_on_is_whole_or_absent() {
    if strace::is_here() {
        killed_at_each(What::Delete, WRITES, true, &mut Tally::default());
    }
}

#[test]
#[ignore = "long: every command is killed at each of its writes, some at every call"]
fn crash_every_command_killed_at_any_call_is_whole_or_absent() {
    if !strace::is_here() {
        return;
    }
    let mut tally = Tally::default();
    for what in What::ALL {
        for watched in [false, true] {
            killed_at_each(what, WRITES, watched, &mut tally);
        }
        tally.tell("killed at each write");
    }
    for what in [What::RotateWithGrace, What::Rehash] {
        killed_at_each(what, "all", false, &mut tally);
        tally.tell("killed at each call");
    }
}

/// Kills commands of every kind at random moments, `kills` times.
#[track_caller]
fn killed_at_random(seed: u64, kills: u32, tally: &mut Tally) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut ledger = Ledger::new();
    tally.stores += 1;
    let begun = Instant::now();
    ledger.site.run("log --check");
    // Most commands take somewhat longer.
    let usual = begun.elapsed();
    let enough = tally.kills + kills;
    while tally.kills < enough {
        let what = What::ALL[random.random_range(0..What::ALL.len())];
        let step = what.step(&mut ledger);
        let other = random.random_bool(0.3).then(|| bystander(&ledger));
        let mut command = step.command(&ledger);
        command.stdout(step.stdout(&ledger));
        let child = command.spawn().unwrap();
        // Not to wait for anything: the moment is what is random.
        thread::sleep(random.random_range(Duration::ZERO..usual));
        // It may have come to its end by itself.
        let _ended = kill_process(Pid::from_child(&child), Signal::KILL);
        let output = child.wait_with_output().unwrap();
        tally.commands += 1;
        if !disturbed(&mut ledger, &step, &output) {
            tally.kills += 1;
        }
        drop(other);
    }
}

#[test]
fn a_command_killed_at_a_random_moment_is_whole_or_absent() {
    killed_at_random(1, 30, &mut Tally::default());
}

#[test]
#[ignore = "long: as many kills as KEYCTL_TEST_ROUNDS says"]
fn crash_many_commands_killed_at_random_moments_are_whole_or_absent() {
    let mut tally = Tally::default();
    let rounds = rounds();
    let stores = rounds.div_ceil(KILLS_PER_STORE);
    for seed in 0..stores {
        let left = rounds - seed * KILLS_PER_STORE;
        killed_at_random(seed.into(), left.min(KILLS_PER_STORE), &mut tally);
    }
    tally.tell("killed at random");
}

/// Kills the first create of a store at each of its calls of `names`, or, where `briefly`, at the
/// first of those in a row that do the same to the same file; the next one works, and nobody has
/// founded the store but once.
#[track_caller]
fn founding_killed(names: &str, briefly: bool, tally: &mut Tally) {
    const CREATE: &str = "create --scope inference -q";
    let site = Site::new();
    let (_, mut calls) = calls_of(&site.cmd(CREATE), names, Stdio::piped());
    if briefly {
        calls.dedup_by(|call, before| (&call.name, &call.file) == (&before.name, &before.file));
    }
    for call in &calls {
        let site = Site::new();
        tally.stores += 1;
        let output = killed_at(&site.cmd(CREATE), call).output().unwrap();
        tally.commands += 1;
        let code = code(output.status);
        assert!(code == 0 || code == 137, "{output:?}");
        tally.kills += u32::from(code == 137);

        let mut ledger = Ledger::of(site);
        ledger.hold(&String::from_utf8_lossy(&output.stdout));
        let next = ledger.site.create();
        ledger.hold(&next);
        ledger.look();
    }
    assert!(tally.kills > 10, "strace kills nothing");
}

#[test]
fn after_a_first_create_killed_at_any_write_the_next_one_works_and_one_founder_is() {
    if strace::is_here() {
        founding_killed(WRITES, true, &mut Tally::default());
    }
}

#[test]
#[ignore = "long: the first create of a store is killed at each of its writes"]
fn crash_after_a_first_create_killed_at_any_call_the_next_one_works_and_one_founder_is() {
    if !strace::is_here() {
        return;
    }
    let mut tally = Tally::default();
    founding_killed(WRITES, false, &mut tally);
    founding_killed("all", true, &mut tally);
    tally.tell("first creates killed");
}
