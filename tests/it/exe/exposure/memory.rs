//! At its end, the process has no copy of a secret in its memory: stopped as it is about to exit,
//! and looked through from outside.

#![cfg(target_os = "linux")]

use super::{proc, secret};
use crate::exe::harness::{Site, content, until};
use crate::exe::strace;
use crate::exe::terminal::Terminal;
use crate::harness::{forged, id_of};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::process::{Child, Stdio};

/// Runs what follows, stopped in the place of its exit. It is not told that it may not be looked
/// into: else only the superuser could run this test.
const STOPPED: &str = "exec strace -f -o trace -e trace=exit_group,prctl \
    -e inject=prctl:retval=0 -e inject=exit_group:retval=0:signal=SIGSTOP keyctl ";

/// A process that has done all it had to do but exit.
struct Ended {
    tracer: Child,
    pid: Pid,
    code: i32,
}

impl Ended {
    fn run(site: &Site, line: &str, stdin: &str) -> Self {
        let mut command = site.sh(&format!("{STOPPED}{line}"));
        let mut tracer = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = tracer.stdin.take().unwrap();
        pipe.write_all(stdin.as_bytes()).unwrap();
        drop(pipe);
        let (pid, code) = stop(site, line);
        Ended { tracer, pid, code }
    }

    /// What it wrote to standard output.
    fn stdout(&mut self) -> String {
        let mut bytes = [0; 4096];
        let read = self.tracer.stdout.as_mut().unwrap().read(&mut bytes);
        String::from_utf8_lossy(&bytes[..read.unwrap()]).into_owned()
    }

    /// How much of the token's secret is in the memory.
    fn remains(&self, token: &str) -> Vec<String> {
        remains(self.pid, secret(token))
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        kill_process(self.pid, Signal::KILL).unwrap();
        self.tracer.wait().unwrap();
    }
}

/// Waits for the process that is run in the site to be stopped; its ID and exit code.
#[track_caller]
fn stop(site: &Site, line: &str) -> (Pid, i32) {
    let mut trace = String::new();
    until(&format!("stopped: {line}"), || {
        trace = String::from_utf8(content(site.path("trace"))).unwrap();
        trace.contains("--- stopped by SIGSTOP ---")
    });
    fs::remove_file(site.path("trace")).unwrap();
    // Not the first line: a thread that watched for signals has a number of its own.
    let exit = trace.lines().find(|call| call.contains("exit_group("));
    let (pid, call) = exit.unwrap().split_once(' ').unwrap();
    let (_, code) = call.split_once('(').unwrap();
    let (code, _) = code.split_once(')').unwrap();
    (
        Pid::from_raw(pid.parse().unwrap()).unwrap(),
        code.parse().unwrap(),
    )
}

/// Every piece of the secret, of eight characters, that stands at an address divisible by eight:
/// of every copy of 15 characters or more there is one. As it is, and in the order in which
/// SHA-256 takes its words.
fn remains(pid: Pid, secret: &str) -> Vec<String> {
    let mut pieces: Vec<u64> = Vec::new();
    for piece in secret.as_bytes().windows(8) {
        let mut piece: [u8; 8] = piece.try_into().unwrap();
        pieces.push(u64::from_ne_bytes(piece));
        piece[..4].reverse();
        piece[4..].reverse();
        pieces.push(u64::from_ne_bytes(piece));
    }
    let mut begins = [false; 256];
    for piece in &pieces {
        begins[usize::from(piece.to_ne_bytes()[0])] = true;
    }
    let pid = pid.as_raw_nonzero().get().unsigned_abs();
    let memory = File::open(proc(pid, "mem")).unwrap();
    let maps = fs::read_to_string(proc(pid, "maps")).unwrap();
    let (mut found, mut looked) = (Vec::new(), 0);
    for map in maps.lines().filter(|map| map.contains(" r")) {
        let (range, rest) = map.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (hex(from), hex(to));
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // Some pages are the kernel's own.
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        looked += bytes.len();
        // By hand: iterators are slow where nothing is optimised, and this is 13 MB.
        let mut at = 0;
        while at < bytes.len() {
            if begins[usize::from(bytes[at])] {
                let word = &bytes[at..at + 8];
                if pieces.contains(&u64::from_ne_bytes(word.try_into().unwrap())) {
                    found.push(format!("{} in {rest}", String::from_utf8_lossy(word)));
                }
            }
            at += 8;
        }
    }
    assert!(looked > 1 << 20, "no memory was looked at");
    found
}

fn hex(digits: &str) -> u64 {
    u64::from_str_radix(digits, 16).unwrap()
}

#[test]
fn no_command_that_reads_a_token_ends_with_its_secret_in_memory() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let token = site.create();
    let short = &token[..token.len() - 1];
    fs::write(site.path("token"), &token).unwrap();
    for (line, stdin, code) in [
        ("verify", token.as_str(), 0),
        ("verify --format json --scope project", &token, 6),
        ("verify --key-file token", "", 0),
        ("verify", short, 1),
        ("show -", &token, 0),
        ("show -", short, 2),
        ("show - --format json", &token, 0),
        ("disable -", &forged(&token), 3),
        (
            "disable -",
            &format!("export KEY=\"{token}\"\nKEY: {token}"),
            0,
        ),
        ("enable -", &format!("\u{feff}{token}"), 0),
        ("policy set hash sha256", "", 0),
        // A new hash is made.
        ("verify", &token, 0),
        ("verify", &token, 0),
        ("delete - --yes", &token, 0),
        ("verify", &token, 1),
    ] {
        let process = Ended::run(&site, line, stdin);
        assert_eq!(process.code, code, "{line}");
        assert_eq!(process.remains(&token), [""; 0], "{line}");
    }
}

#[test]
fn no_command_that_makes_a_token_ends_with_its_secret_in_memory() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let id = id_of(&site.create());
    for line in [
        "create --scope inference",
        "create --scope inference --format json",
        "create --scope inference --secret-file secret",
        "create --scope inference --count 3",
        &format!("rotate {id}"),
    ] {
        let mut process = Ended::run(&site, line, "");
        assert_eq!(process.code, 0, "{line}");
        let stdout = process.stdout();
        let text = if line.contains("secret-file") {
            String::from_utf8(content(site.path("secret"))).unwrap()
        } else {
            stdout
        };
        let tokens: Vec<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("kc_"))
            .collect();
        assert!(!tokens.is_empty(), "{line}: {text}");
        for token in tokens {
            assert_eq!(process.remains(token), [""; 0], "{line}");
        }
    }
}

#[test]
fn a_secret_that_was_typed_is_not_in_memory_at_the_end() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let token = site.create();
    let mut terminal = Terminal::start(site.sh(&format!("{STOPPED}verify")).into(), 80);
    terminal.expect("Token: ");
    terminal.type_in(&format!("{token}\r"));
    let (pid, code) = stop(&site, "verify");
    let remains = remains(pid, secret(&token));
    kill_process(pid, Signal::KILL).unwrap();
    terminal.finish();
    assert_eq!(code, 0);
    assert_eq!(remains, [""; 0]);
}

/// A variable is in the memory of the process that was given it, and of the shell: that is the
/// nature of it, and why it is not the way that is recommended. There is one copy, and not more.
#[test]
fn a_variable_stays_where_the_system_put_it_and_is_copied_nowhere_else() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let token = site.create();
    let mut command = site.sh(&format!("{STOPPED}verify --key-env TOKEN"));
    command.env("TOKEN", &token);
    let tracer = command.spawn().unwrap();
    let (pid, code) = stop(&site, "verify --key-env");
    let process = Ended { tracer, pid, code };
    assert_eq!(process.code, 0);
    let remains = process.remains(&token);
    assert!((1..=5).contains(&remains.len()), "{remains:#?}");
    assert!(
        remains.iter().all(|remains| remains.ends_with("[stack]")),
        "{remains:#?}"
    );
}
