//! `--exec` killed at any moment, with its command or without: the old token works, or the new one was handed
//! over; and `doctor` names what is left, and the command that mends it.
//!
//! The long form: `KEYCTL_TEST_ROUNDS=500 cargo test --test it -- --ignored handover`

use crate::exe::harness::{Site, code, run};
use crate::exe::strace::{self, WRITES, calls_of, killed_at};
use crate::harness::{World, id_of};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Script of a command that keeps the token, whole or not at all.
const KEEP: &str = "cat > part; mv part got";

/// Calls that change something, or that start and await a process.
const STEPS: &str =
    ",clone,clone3,vfork,execve,pipe2,setpgid,waitid,wait4,poll,ppoll,socketpair,prlimit64";

/// Command whose token is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Create,
    Rotate,
}

/// Numbers of a run.
#[derive(Debug, Default)]
struct Tally {
    commands: u32,
    kills: u32,
    unchanged: u32,
    done: u32,
    named_by_doctor: u32,
    undone: u32,
}

/// Site, and the token that works before the command.
struct Before {
    site: Site,
    what: What,
    old: Option<String>,
}

impl Before {
    fn new(what: What) -> Self {
        let site = Site::cheap();
        let old = (what == What::Rotate).then(|| {
            let created = site.run("create --scope inference --name ci");
            created.stdout.trim_end().to_owned()
        });
        Before { site, what, old }
    }

    fn command(&self) -> Command {
        let line = match self.what {
            What::Create => "create --scope inference --name ci",
            What::Rotate => "rotate ci --grace 1h",
        };
        self.site.exec(line, KEEP)
    }

    /// Checks what the store holds, whatever was killed, and lets the commands that `doctor` names mend it.
    #[track_caller]
    fn check(&self, output: &Output, tally: &mut Tally) {
        let site = &self.site;
        site.run("log --check");
        let got = fs::read_to_string(site.path("got")).ok();
        let works = |token: &String| run_verify(site, token);
        let old_works = self.old.as_ref().is_some_and(works);
        let new_works = got.as_ref().is_some_and(works);
        let ended = code(output.status);
        if self.what == What::Rotate {
            assert!(old_works || new_works, "neither token works: {output:?}");
        }
        if ended == 0 {
            assert!(new_works, "{output:?}");
            tally.done += 1;
        }
        let live = live_keys(site);
        let findings = doctor_later(site);
        let old = self.old.as_ref().map(|token| id_of(token));
        let new: Vec<&String> = live.iter().filter(|id| Some(*id) != old.as_ref()).collect();
        let Some(finding) = findings.first() else {
            // Nothing is left over: the change was done, or it was not.
            match new.first() {
                None => {
                    assert!(self.what == What::Create || old_works, "{output:?}");
                    match ended == 137 {
                        true => tally.unchanged += 1,
                        false => tally.undone += 1,
                    }
                }
                Some(new) => {
                    assert!(new_works, "{output:?}");
                    assert_eq!(got.as_deref().map(id_of).as_ref(), Some(*new));
                    assert!(is_settled(site), "{output:?}");
                }
            }
            return;
        };
        tally.named_by_doctor += 1;
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(finding["code"], "handover", "{findings:?}");
        let [new] = new.as_slice() else {
            panic!("{live:?} {findings:?}");
        };
        let hint = finding["hint"].as_str().unwrap();
        let mends = match (&old, got.is_some()) {
            (Some(_), false) => format!("rotate {new} --undo"),
            (Some(old), true) => format!("edit {old} --grace 1h"),
            (None, _) => format!("delete {new}"),
        };
        assert!(hint.contains(&mends), "{mends}: {hint}");
        let yes = match mends.starts_with("edit") {
            true => "",
            false => " --yes",
        };
        site.run(&format!("{mends}{yes}"));
        assert_eq!(doctor_later(site), Vec::<Value>::new(), "after {mends}");
        match (&self.old, got) {
            (Some(_), Some(new)) => assert!(run_verify(site, &new)),
            (Some(old), None) => assert!(run_verify(site, old)),
            (None, _) => assert_eq!(live_keys(site), Vec::<String>::new()),
        }
    }
}

/// Verifies `token` without a trace: a use would count.
fn run_verify(site: &Site, token: &String) -> bool {
    let mut verify = site.cmd("verify --no-touch");
    crate::exe::harness::run_with(&mut verify, token).code == 0
}

fn live_keys(site: &Site) -> Vec<String> {
    let listed = site.run("list --format ids --state active");
    listed.stdout.lines().map(str::to_owned).collect()
}

/// Tells whether the last change of the store is the end of a handover.
fn is_settled(site: &Site) -> bool {
    site.number("SELECT action = 'handover' FROM events ORDER BY seq DESC LIMIT 1") == 1
}

/// The findings of `doctor` once every deadline has passed.
fn doctor_later(site: &Site) -> Vec<Value> {
    let world = World::of(&site.db());
    world.advance("1h");
    let ran = world.line("doctor --format json").run();
    ran.json()["findings"].as_array().unwrap().clone()
}

/// Kills `what` at each of its calls of `names` in turn or, where `briefly`, at the first of those in a row that do
/// the same to the same file.
#[track_caller]
fn killed_at_each(what: What, names: &str, briefly: bool, tally: &mut Tally) {
    let undisturbed = Before::new(what);
    let (ran, mut calls) = calls_of(&undisturbed.command(), names, Stdio::piped());
    ran.code(0);
    if briefly {
        calls.dedup_by(|call, before| (&call.name, &call.file) == (&before.name, &before.file));
    }
    let before = tally.kills;
    for call in &calls {
        let before = Before::new(what);
        let output = killed_at(&before.command(), call).output().unwrap();
        tally.commands += 1;
        tally.kills += u32::from(code(output.status) != 0);
        before.check(&output, tally);
    }
    let kills = tally.kills - before;
    assert!(
        kills > 5 && kills as usize * 2 > calls.len(),
        "{tally:?} {}",
        calls.len()
    );
}

#[test]
fn a_rotate_killed_at_any_write_leaves_a_token_that_works() {
    if strace::is_here() {
        killed_at_each(
            What::Rotate,
            &format!("{WRITES}{STEPS}"),
            true,
            &mut Tally::default(),
        );
    }
}

#[test]
fn a_create_killed_at_any_write_leaves_no_key_that_doctor_does_not_name() {
    if strace::is_here() {
        killed_at_each(
            What::Create,
            &format!("{WRITES}{STEPS}"),
            true,
            &mut Tally::default(),
        );
    }
}

#[test]
#[ignore = "long: both commands are killed at each of their calls"]
#[expect(clippy::print_stderr, reason = "a long run tells how long it was")]
fn handover_killed_at_any_call_leaves_a_token_that_works() {
    if !strace::is_here() {
        return;
    }
    for what in [What::Rotate, What::Create] {
        let mut tally = Tally::default();
        killed_at_each(what, "all", false, &mut tally);
        eprintln!("{what:?} killed at each call: {tally:?}");
    }
}

/// Process groups that are killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Program,
    Command,
    Both,
}

/// Kills a command at a random moment, and what it runs or not.
#[track_caller]
fn killed_at_random(seed: u64, kills: u32, tally: &mut Tally) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let enough = tally.kills + kills;
    let begun = Instant::now();
    run(&mut Before::new(What::Rotate).command()).code(0);
    // More than a command takes: its site took a while too.
    let usual = begun.elapsed();
    while tally.kills < enough {
        let what = [What::Rotate, What::Create][random.random_range(0..2)];
        let victim = [Victim::Program, Victim::Command, Victim::Both][random.random_range(0..3)];
        let before = Before::new(what);
        let child = before.command().spawn().unwrap();
        // Not to wait for anything: the moment is what is random.
        thread::sleep(random.random_range(Duration::ZERO..usual));
        let was_killed = kill(&child, victim);
        // Returns once the command has ended too: it has the same standard error.
        let output = child.wait_with_output().unwrap();
        tally.commands += 1;
        tally.kills += u32::from(was_killed && code(output.status) != 0);
        before.check(&output, tally);
    }
}

/// Kills `victim`, and tells whether there was somebody to kill.
fn kill(child: &Child, victim: Victim) -> bool {
    let pid = Pid::from_child(child);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let children = fs::read_to_string(children).unwrap_or_default();
    let groups: Vec<Pid> = children
        .split_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect();
    let mut killed = false;
    if let Victim::Program | Victim::Both = victim {
        killed |= kill_process(pid, Signal::KILL).is_ok();
    }
    if let Victim::Command | Victim::Both = victim {
        for group in groups {
            killed |= kill_process_group(group, Signal::KILL).is_ok();
        }
    }
    killed
}

#[test]
fn a_handover_killed_at_a_random_moment_leaves_a_token_that_works() {
    killed_at_random(1, 15, &mut Tally::default());
}

#[test]
#[ignore = "long: as many kills as KEYCTL_TEST_ROUNDS says"]
#[expect(clippy::print_stderr, reason = "a long run tells how long it was")]
fn handover_killed_at_many_random_moments_leaves_a_token_that_works() {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    let rounds = rounds.map_or(100, |rounds| rounds.parse().unwrap());
    let mut tally = Tally::default();
    killed_at_random(2, rounds, &mut tally);
    eprintln!("killed at random: {tally:?}");
}
