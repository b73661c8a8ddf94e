//! A crash leaves no memory on the disk, and nobody else's process looks into this one's.

#![cfg(target_os = "linux")]

use super::proc;
use crate::exe::harness::{Site, finish, run, skipped, until};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Where cores would go if they were written at all.
const SCRIPT: &str = "ulimit -c unlimited 2>/dev/null; exec ";

/// A process that has read the first half of what it is given, and waits for the rest.
struct Waiting {
    child: Child,
    /// Open, so that there is a rest to wait for.
    _stdin: ChildStdin,
}

impl Waiting {
    fn start(mut command: Command, text: &str) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let half = &text[..text.len() / 2];
        stdin.write_all(half.as_bytes()).unwrap();
        until("the first half is read", || {
            ioctl_fionread(&stdin).unwrap() == 0
        });
        Waiting {
            child,
            _stdin: stdin,
        }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the kernel's file `name` about the process is kept from other processes of its user:
    /// then it is the superuser's.
    fn keeps(&self, name: &str) -> bool {
        let owner = |path| fs::metadata(path).unwrap().uid();
        owner(proc(self.pid(), name)) != owner(proc(self.pid(), ""))
    }

    fn end_by(self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let ran = finish(self.child);
        assert_eq!(i32::from(ran.code), 128 + signal.as_raw(), "{ran:#?}");
    }
}

impl Site {
    /// A store of a user without rights, that user's token, and room for their cores.
    fn of_nobody() -> (Self, String) {
        let site = Site::new();
        run(&mut site.as_nobody("true")).code(0);
        site.give_away();
        let ran = run(&mut site.as_nobody("keyctl create --scope inference --quiet")).code(0);
        (site, ran.stdout.trim_end().to_owned())
    }

    fn as_nobody(&self, script: &str) -> Command {
        self.without_rights(self.sh(script))
    }

    /// Takes the cores away, and says how many there were.
    fn take_cores(&self) -> usize {
        let entries = fs::read_dir(self.path("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let cores: Vec<_> = names
            .filter(|name| name.to_string_lossy().contains("core"))
            .collect();
        for core in &cores {
            fs::remove_file(self.path(core)).unwrap();
        }
        cores.len()
    }
}

#[test]
fn a_process_that_holds_a_token_can_not_be_dumped_and_is_not_open_to_others_of_its_user() {
    let (site, token) = Site::of_nobody();
    // What the system would show of any other process.
    let other = Waiting::start(site.as_nobody(&format!("{SCRIPT}cat")), &token);
    assert!(!other.keeps("environ"));

    for line in ["verify", "verify --key-file -", "show -", "delete - --yes"] {
        let process = Waiting::start(site.as_nobody(&format!("{SCRIPT}keyctl {line}")), &token);
        let limits = fs::read_to_string(proc(process.pid(), "limits")).unwrap();
        let core = limits.lines().find(|limit| limit.contains("core")).unwrap();
        let core: Vec<&str> = core.split_whitespace().collect();
        // The soft limit; the hard one is the user's, for what the program runs.
        assert_eq!(core[..5], ["Max", "core", "file", "size", "0"]);
        for name in ["environ", "maps", "mem", "fd"] {
            assert!(process.keeps(name), "{line}: {name}");
        }
        let look = format!("cat /proc/{}/environ", process.pid());
        assert_ne!(run(&mut site.as_nobody(&look)).code, 0, "{line}");
        process.end_by(Signal::KILL);
    }
    let look = format!("cat /proc/{}/environ", other.pid());
    run(&mut site.as_nobody(&look)).code(0);
    other.end_by(Signal::KILL);
}

#[test]
fn a_crash_leaves_no_core() {
    let (site, token) = Site::of_nobody();
    Waiting::start(site.as_nobody(&format!("{SCRIPT}cat")), &token).end_by(Signal::ABORT);
    if site.take_cores() == 0 {
        // Then none that we were to blame for would be seen either.
        skipped("the system writes no cores, or elsewhere");
        return;
    }
    // Not SEGV or BUS, which the runtime takes for a stack overflow first, nor QUIT, which whoever
    // was started in the background may ignore.
    for signal in [Signal::ABORT, Signal::ILL, Signal::TRAP, Signal::SYS] {
        Waiting::start(site.as_nobody(&format!("{SCRIPT}keyctl verify")), &token).end_by(signal);
        assert_eq!(site.take_cores(), 0, "{signal:?}");
    }
}

#[test]
fn a_key_file_that_is_an_open_descriptor_is_still_read() {
    let (site, token) = Site::of_nobody();
    fs::write(site.path("token"), &token).unwrap();
    for script in [
        "cat token | keyctl verify --key-file /dev/stdin",
        "cat token | keyctl verify --key-file /dev/fd/3 3<&0",
        "keyctl verify --key-file /proc/self/fd/3 3<token",
    ] {
        run(&mut site.as_nobody(script)).code(0);
    }
}
