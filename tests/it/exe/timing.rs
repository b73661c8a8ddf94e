//! Equal time for what must not be told apart: a key that is not there, a wrong secret, and a key
//! that was deleted.
//!
//! What can be counted is counted: system calls and instructions, which are the same in every run.
//! What is measured is processor time, which others on the machine disturb little, against bounds
//! that noise does not reach and a hash that was left out does by far.

#![cfg(target_os = "linux")]

mod statistics;

use super::harness::{Site, content, run_with, skipped};
use crate::harness::{Ran, exe, id_of};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use statistics::{median, rank_z, ratio_interval};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// What is presented, by what it is.
pub type Presented = [(&'static str, String); 3];

/// A store with some keys, whose hashes are made by `scheme`, and three tokens that are unknown to
/// it, each in another way.
pub fn store(scheme: &str) -> (Site, Presented) {
    let site = Site::new();
    site.run("init");
    site.run(&format!("policy set hash {scheme}"));
    site.run("create --scope inference --count 3");
    let (wrong, other, deleted) = (site.create(), site.create(), site.create());
    site.run(&format!("delete {} --yes", id_of(&deleted)));
    swap_hash(&site, &wrong, &other);
    let unknown = Site::new().create();
    let presented = [("unknown", unknown), ("wrong", wrong), ("deleted", deleted)];
    for (_, token) in &presented {
        run_with(&mut site.cmd("verify"), token)
            .code(1)
            .says("unknown");
    }
    (site, presented)
}

/// Gives the key of one token the hash of another: its own secret is wrong from now on.
pub fn swap_hash(site: &Site, token: &str, other: &str) {
    let swap = "UPDATE keys SET hash = (SELECT hash FROM keys WHERE id = ?2) WHERE id = ?1";
    let ids = [id_of(token), id_of(other)];
    assert_eq!(site.sql().execute(swap, ids).unwrap(), 1);
}

/// Whether a tool is here and can look into a process.
fn works(tool: &str) -> bool {
    let works = Command::new(tool)
        .arg("true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        skipped(&format!("needs {tool}, and leave to trace"));
    }
    works
}

/// Verifies what is unknown under a tool that counts.
fn counted(site: &Site, tool: &str, args: &[&str], token: &str) -> Ran {
    let mut command = Command::new(tool);
    command
        .args(args)
        .arg(exe())
        .args(site.cmd("verify").get_args())
        .env_clear()
        .current_dir(site.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    run_with(&mut command, token).code(1)
}

/// A system call without what differs in every run: its name, the path it names, and how many
/// bytes it read.
fn outline(call: &str) -> String {
    let (name, rest) = call.split_once('(').unwrap_or((call, ""));
    let path = rest.split('"').nth(1).filter(|path| path.starts_with('/'));
    let read = rest.rsplit_once(" = ").map(|(_, result)| result);
    let read = read.filter(|_| ["read", "pread64", "write"].contains(&name));
    format!("{name} {} {}", path.unwrap_or(""), read.unwrap_or(""))
}

#[test]
fn what_is_unknown_makes_the_same_system_calls_whatever_it_is() {
    if !works("strace") {
        return;
    }
    for scheme in ["sha256", "argon2id"] {
        let (site, presented) = store(scheme);
        let mut calls: Vec<(&str, Vec<String>)> = Vec::new();
        for (name, token) in &presented {
            counted(&site, "strace", &["-o", "trace"], token);
            let trace = String::from_utf8(content(site.path("trace"))).unwrap();
            calls.push((name, trace.lines().map(outline).collect()));
        }
        let (first, expected) = &calls[0];
        assert!(expected.iter().any(|call| call.starts_with("pread64")));
        for (name, calls) in &calls {
            let at = calls.iter().zip(expected).position(|(one, two)| one != two);
            let at = at.unwrap_or(calls.len().min(expected.len()));
            assert_eq!(
                calls.get(at),
                expected.get(at),
                "{scheme}: {name} and {first} differ from call {at} on, of {} and {}",
                calls.len(),
                expected.len()
            );
        }
    }
}

/// How many instructions may lie between the fewest and the most: more than it takes to read a
/// longer row, and less than a hash takes that costs next to nothing.
const SPREAD: u64 = 20_000;

#[test]
fn what_is_unknown_takes_as_many_instructions_whatever_it_is() {
    if !works("valgrind") {
        return;
    }
    let (site, presented) = store("argon2id");
    // Cheap, for counting is slow; and so that one key was made as policy says.
    let cheap = "INSERT INTO policy VALUES ('argon2-memory', '64'), ('argon2-iterations', '1')";
    site.sql().execute_batch(cheap).unwrap();
    swap_hash(&site, &presented[1].1, &site.create());
    let mut counts = Vec::new();
    for (name, token) in &presented {
        let args = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let told = counted(&site, "valgrind", &args, token).stderr;
        let (_, count) = told.split_once("Collected : ").unwrap();
        let (count, _) = count.split_once('\n').unwrap();
        counts.push((count.trim().parse::<u64>().unwrap(), *name));
    }
    counts.sort_unstable();
    assert!(counts[2].0 - counts[0].0 < SPREAD, "{counts:?}");
}

/// The processor time that verifying takes, in nanoseconds; `None` where the kernel does not say.
fn cpu_time(site: &Site, token: &str) -> Option<f64> {
    let mut command = site.cmd("verify");
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(token.as_bytes()).unwrap();
    drop(stdin);
    // It stays to be looked at, as what has ended and was not waited for.
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(Pid::from_child(&child)), ended).unwrap();
    let told = fs::read_to_string(format!("/proc/{}/schedstat", child.id()));
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let nanos: f64 = told.ok()?.split(' ').next()?.parse().ok()?;
    (nanos > 0.0).then_some(nanos)
}

/// The times of `rounds` verifications of each, in turns, so that what else the machine does falls
/// on all alike.
fn times(site: &Site, presented: &Presented, rounds: usize) -> Option<[Vec<f64>; 3]> {
    let mut times = [const { Vec::new() }; 3];
    for round in 0..rounds {
        for turn in 0..3 {
            let index = (round + turn) % 3;
            times[index].push(cpu_time(site, &presented[index].1)?);
        }
    }
    Some(times)
}

#[test]
fn what_is_unknown_takes_as_long_whatever_it_is() {
    let (site, presented) = store("argon2id");
    let Some(times) = times(&site, &presented, 9) else {
        skipped("the kernel does not tell what time a process took");
        return;
    };
    let [unknown, wrong, deleted] = times.map(|times| median(&times));
    for (name, time) in [("unknown", unknown), ("deleted", deleted)] {
        let ratio = time / wrong;
        assert!((0.67..1.5).contains(&ratio), "{name}: {ratio}");
    }
}

#[test]
#[ignore = "long: hundreds of verifications of each kind, for each scheme"]
#[expect(clippy::print_stderr, reason = "the figures are what it is run for")]
fn of_hundreds_no_difference_of_a_hundredth_shows() {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS");
    let rounds = rounds.map_or(300, |rounds| rounds.parse().unwrap());
    for scheme in ["argon2id", "sha256"] {
        let (site, presented) = store(scheme);
        let Some(times) = times(&site, &presented, rounds) else {
            skipped("the kernel does not tell what time a process took");
            return;
        };
        let [unknown, wrong, deleted] = &times;
        for (name, times) in [("unknown", unknown), ("deleted", deleted)] {
            let (low, high) = ratio_interval(times, wrong);
            eprintln!(
                "{scheme}: {name} to wrong, medians of {rounds}: {:.3} and {:.3} ms of processor time, ratio {:.4} (99%: {low:.4} to {high:.4}), ranks z = {:.2}",
                median(times) / 1e6,
                median(wrong) / 1e6,
                median(times) / median(wrong),
                rank_z(times, wrong),
            );
            // Not shown to differ, or by less than one in a hundred.
            assert!(low < 1.01 && high > 0.99, "{scheme}: {name}");
        }
    }
}
