//! strace, which ends a process at a system call of choice or lets the call fail.
//!
//! Its signal comes before the call is made: killed at the one after, a process has made this one.
//! With `--seccomp-bpf`, which is faster, the signal does not come at all; errors do.

use super::harness::{Site, code, run, skipped};
use crate::harness::Ran;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::NamedTempFile;

/// What changes a file, or tells somebody something; and the end of the process, which comes after
/// the last of them.
pub const WRITES: &str = "write,writev,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,\
                          unlink,unlinkat,fchmod,exit_group";

/// Whether strace is here and may trace; says so if not.
pub fn is_here() -> bool {
    let traced = Command::new("strace")
        .args([
            "-qq",
            "-f",
            "--seccomp-bpf",
            "-e",
            "trace=exit_group",
            "true",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !traced {
        skipped("needs strace, and leave to trace");
    }
    traced
}

/// `command` under strace with more arguments for it; what is traced goes to `log`.
fn traced(command: &Command, log: &Path, more: &[&OsStr]) -> Command {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-o"])
        .arg(log)
        .args(more)
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            strace.env(name, value);
        }
    }
    if let Some(directory) = command.get_current_dir() {
        strace.current_dir(directory);
    }
    strace
}

/// A system call that was made.
#[derive(Debug)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Which one of this name it was, from 1.
    pub nth: usize,
    /// The file that it was about, if it was about an open one.
    pub file: String,
    /// What it was given and what it gave, as strace shows them.
    pub text: String,
}

/// Runs `command`, its standard output to `stdout`, and returns its calls of those in `names`, a
/// list as strace has them.
#[track_caller]
pub fn calls_of(command: &Command, names: &str, stdout: Stdio) -> (Ran, Vec<Call>) {
    let log = NamedTempFile::new().unwrap();
    let trace = format!("trace={names}");
    let more = ["--seccomp-bpf", "-y", "-e", &trace].map(OsStr::new);
    let ran = run(traced(command, log.path(), &more).stdout(stdout));
    let mut counts = BTreeMap::<String, usize>::new();
    let text = fs::read_to_string(log.path()).unwrap();
    let calls = text.lines().filter_map(|line| {
        let (_, line) = line.split_once(char::is_whitespace).unwrap();
        let line = line.trim_start();
        // The end of a call that was told of before, and a signal.
        if line.starts_with("<... ") || line.starts_with("---") {
            return None;
        }
        let (name, rest) = line.split_once('(').unwrap();
        let first = rest.split_once([',', ')']).map_or(rest, |(first, _)| first);
        let file = first
            .split_once('<')
            .and_then(|(_, file)| file.strip_suffix('>'));
        let nth = counts.entry(name.to_owned()).or_default();
        *nth += 1;
        Some(Call {
            name: name.to_owned(),
            nth: *nth,
            file: file.unwrap_or_default().to_owned(),
            text: rest.to_owned(),
        })
    });
    let calls = calls.collect();
    (ran, calls)
}

/// The path of the file that a call names, as strace shows the call with `-y`: a name may be relative
/// to the directory that is shown before it.
pub fn named_path(call: &str) -> Option<PathBuf> {
    let (before, rest) = call.split_once('"')?;
    let name = rest.split('"').next()?;
    let directory = before
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.split('>').next());
    Some(Path::new(directory.unwrap_or_default()).join(name))
}

/// Runs `command`, and returns the arguments of every process that it started, itself too: a line for
/// each, as strace shows them.
#[track_caller]
pub fn arguments_of(command: &Command) -> (Ran, String) {
    let log = NamedTempFile::new().unwrap();
    let more = ["--seccomp-bpf", "-s", "4096", "-e", "trace=execve"].map(OsStr::new);
    let ran = run(&mut traced(command, log.path(), &more));
    (ran, fs::read_to_string(log.path()).unwrap())
}

/// `command`, killed before it makes `call`; it runs to its end if it does not.
pub fn killed_at(command: &Command, call: &Call) -> Command {
    signalled_at(command, call, "KILL")
}

/// `command`, which gets `signal` as it makes `call`.
pub fn signalled_at(command: &Command, call: &Call, signal: &str) -> Command {
    let trace = format!("trace={}", call.name);
    let inject = format!("inject={}:signal={signal}:when={}", call.name, call.nth);
    let more = ["-e", &trace, "-e", &inject].map(OsStr::new);
    traced(command, Path::new("/dev/null"), &more)
}

/// `command`, whose every sleep ends at once: what it waits for by trying again, it waits for in no time.
pub fn without_sleep(command: &Command) -> Command {
    let more = ["-e", "trace=/nanosleep", "-e", "inject=/nanosleep:retval=0"].map(OsStr::new);
    traced(command, Path::new("/dev/null"), &more)
}

/// Which calls fail, and how.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The calls' names, a list as strace has them; each is counted for itself.
    pub names: String,
    /// The name of the error.
    pub error: &'static str,
    /// The number of the call that fails, or `n+` for it and all after it.
    pub when: String,
}

/// `command`, whose calls fail as `faults` say where they are about one of `files`, or whatever
/// they are about if there are none.
pub fn failing(command: &Command, faults: &[Fault], files: &[&Path]) -> Command {
    let mut more = vec![OsString::from("--seccomp-bpf")];
    let names: Vec<&str> = faults.iter().map(|fault| fault.names.as_str()).collect();
    more.extend(["-e".into(), format!("trace={}", names.join(",")).into()]);
    for Fault { names, error, when } in faults {
        let inject = format!("inject={names}:error={error}:when={when}");
        more.extend(["-e".into(), inject.into()]);
    }
    for file in files {
        more.extend(["-P".into(), file.as_os_str().to_owned()]);
    }
    let more: Vec<&OsStr> = more.iter().map(OsString::as_os_str).collect();
    traced(command, Path::new("/dev/null"), &more)
}

#[test]
fn a_process_is_killed_before_the_call_that_kills_it() {
    if !is_here() {
        return;
    }
    let site = Site::new();
    let two_writes = site.sh("echo one; echo two");
    for (nth, written) in [(1, ""), (2, "one\n"), (3, "one\ntwo\n")] {
        let call = Call {
            name: "write".to_owned(),
            nth,
            file: String::new(),
            text: String::new(),
        };
        let output = killed_at(&two_writes, &call).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), written);
        assert_eq!(code(output.status), if nth < 3 { 137 } else { 0 });
    }
}
