//! The executable in a directory of its own, with nothing of the environment that the tests run in.

use crate::harness::{Ran, exe};
use rusqlite::{Connection, ErrorCode};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before it counts as hung: longer than a writer waits for its turn.
pub const GUARD: Duration = Duration::from_secs(90);

/// A user and a group without rights: `nobody` nearly everywhere.
const NOBODY: u32 = 65534;

/// A directory for one test: its home, its store, and what else it needs.
pub struct Site {
    dir: TempDir,
    /// URL of the store, if it is not a file of this directory.
    url: Option<PathBuf>,
}

impl Site {
    /// A new directory, without a store.
    pub fn new() -> Self {
        Site {
            dir: tempfile::tempdir().unwrap(),
            url: None,
        }
    }

    /// A new directory, from which commands use the store at `url`.
    pub fn at(url: impl Into<PathBuf>) -> Self {
        Site {
            url: Some(url.into()),
            ..Site::new()
        }
    }

    /// A path in the directory.
    pub fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.dir.path().join(name.as_ref())
    }

    /// The store's file, or its URL.
    pub fn db(&self) -> PathBuf {
        let file = || self.path("keyctl.db");
        self.url.clone().unwrap_or_else(file)
    }

    /// A command line, split at blanks, on the store of this directory. Standard input is empty,
    /// and the other streams are caught.
    pub fn cmd(&self, line: &str) -> Command {
        let mut command = self.clean("keyctl");
        command
            .arg("--db")
            .arg(self.db())
            .args(line.split_whitespace());
        command
    }

    /// A command line, split at blanks, that is not told where the store is.
    pub fn bare(&self, line: &str) -> Command {
        let mut command = self.clean("keyctl");
        command.args(line.split_whitespace());
        command
    }

    /// A shell script, in which `keyctl` is the executable, on the store of this directory.
    pub fn sh(&self, script: &str) -> Command {
        let mut command = self.clean("sh");
        command.args(["-c", script]).env("KEYCTL_DB", self.db());
        command
    }

    /// A program in this directory, with `keyctl` on its `PATH`, and nothing of the environment that
    /// the tests run in.
    pub fn clean(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", path_with(exe().parent().unwrap()))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same command by a user whom file modes hold back: root becomes nobody, and everybody
    /// else is held back already.
    pub fn without_rights(&self, mut command: Command) -> Command {
        if is_root() {
            // Where the executable was built, nobody may not go.
            let copy = self.path("keyctl");
            if !copy.exists() {
                // By another process: while this one writes to it, a child that another test has
                // just started would keep it from being run.
                let copied = Command::new("cp").arg(exe()).arg(&copy).status().unwrap();
                assert!(copied.success());
                set_mode(&copy, 0o755);
                set_mode(self.dir.path(), 0o755);
            }
            command
                .env("PATH", path_with(self.dir.path()))
                .uid(NOBODY)
                .gid(NOBODY);
        }
        command
    }

    /// Gives the directory to the user of [`Site::without_rights`], who can make a store in it then.
    pub fn give_away(&self) {
        self.give_to(NOBODY);
    }

    /// Gives the directory to the user `uid`, and to the group of that number.
    pub fn give_to(&self, uid: u32) {
        if is_root() {
            chown(self.dir.path(), Some(uid), Some(uid)).unwrap();
        }
    }

    /// Runs a command line that must succeed.
    #[track_caller]
    pub fn run(&self, line: &str) -> Ran {
        run(&mut self.cmd(line)).code(0)
    }

    /// Creates a key for inference and returns its token.
    #[track_caller]
    pub fn create(&self) -> String {
        let ran = self.run("create --scope inference");
        ran.stdout.trim_end().to_owned()
    }

    /// The exit code of verifying what is presented.
    pub fn verify(&self, presented: impl AsRef<[u8]>) -> u8 {
        run_with(&mut self.cmd("verify"), presented).code
    }

    /// The IDs of all keys, deleted ones too, in the order in which they were made.
    #[track_caller]
    pub fn ids(&self) -> Vec<String> {
        let listed = self.run("list --state all --format ids");
        listed.stdout.lines().map(str::to_owned).collect()
    }

    /// A key's record, as JSON.
    #[track_caller]
    pub fn record(&self, key: &str) -> String {
        self.run(&format!("show {key} --format json")).stdout
    }

    /// A connection of one's own to the store, that waits for nobody.
    pub fn sql(&self) -> Connection {
        let sql = Connection::open(self.db()).unwrap();
        sql.busy_timeout(Duration::ZERO).unwrap();
        sql
    }

    /// A connection that looks at the store as it is now for as long as it is kept: meanwhile what is
    /// written stays in the log.
    pub fn reader(&self) -> Connection {
        let reader = self.sql();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM keys")
            .unwrap();
        reader
    }

    /// The number that a query gives.
    pub fn number(&self, query: &str) -> i64 {
        let sql = self.sql();
        // Whoever comes first after a crash, or a close, reads the log anew.
        sql.busy_timeout(GUARD).unwrap();
        sql.query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The stored hash of a key.
    pub fn hash(&self, id: &str) -> String {
        self.sql()
            .query_row("SELECT hash FROM keys WHERE id = ?1", [id], |row| {
                row.get(0)
            })
            .unwrap()
    }

    /// Returns as soon as somebody else holds the store's write lock.
    pub fn wait_for_writer(&self) {
        let sql = self.sql();
        until("somebody holds the write lock", || {
            match sql.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
                Ok(()) => false,
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => true,
                Err(error) => panic!("{error}"),
            }
        });
    }

    /// Whether these bytes are in the store's file or in its write-ahead log.
    pub fn holds(&self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        ["keyctl.db", "keyctl.db-wal"].iter().any(|name| {
            let file = content(self.path(name));
            file.windows(bytes.len()).any(|window| window == bytes)
        })
    }
}

/// Where programs are looked for: in `first`, then where the tests look for them.
pub fn path_with(first: &Path) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = [first.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&rest));
    std::env::join_paths(all).unwrap()
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    finish(command.spawn().unwrap())
}

/// Runs a command with `stdin` piped into it.
#[track_caller]
pub fn run_with(command: &mut Command, stdin: impl AsRef<[u8]>) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // One that refuses its arguments reads nothing.
    drop(child.stdin.take().unwrap().write_all(stdin.as_ref()));
    finish(child)
}

/// Waits for the end of a process that was started with caught streams.
#[track_caller]
pub fn finish(child: Child) -> Ran {
    let output = guarded(Pid::from_child(&child), || child.wait_with_output()).unwrap();
    Ran {
        code: code(output.status),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        asked: String::new(),
        progress: String::new(),
    }
}

/// Waits for the end of a process, whatever its streams are.
#[track_caller]
pub fn wait(mut child: Child) -> u8 {
    code(guarded(Pid::from_child(&child), move || child.wait()).unwrap())
}

#[track_caller]
fn guarded<T: Send + 'static>(pid: Pid, wait: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(wait()));
    match is_done.recv_timeout(GUARD) {
        Ok(result) => result,
        Err(_) => {
            kill_process(pid, Signal::KILL).unwrap();
            panic!("it hangs");
        }
    }
}

/// The exit code as a shell has it.
pub fn code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap());
    code.try_into().unwrap()
}

/// Returns as soon as `condition` holds.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + GUARD;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
}

/// The content of a file, none if it is not there. Read by another process: closing a file drops
/// every lock that this one's connections hold on it.
pub fn content(path: impl AsRef<Path>) -> Vec<u8> {
    let cat = Command::new("cat").arg(path.as_ref()).output().unwrap();
    cat.stdout
}

/// The permission bits of what is at `path`.
pub fn mode(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Sets the permission bits of what is at `path`.
pub fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether the tests run as root, whom file modes do not hold back.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What is in the reasons for which a test may be skipped where every tool is installed: what a
/// container does not allow, or a user who is not root.
const MAY_BE_SKIPPED: [&str; 7] = [
    "needs root, ",
    "only root can ",
    "and leave to trace",
    "needs unshare",
    "needs a kernel that tells ",
    "the kernel does not tell ",
    "the system writes no cores",
];

/// Says that a test could not be run here: one that did nothing must not look like one that passed.
/// Where `KEYCTL_TEST_ALL` says that every tool is installed, as `.ci/run` does, it has failed.
#[track_caller]
pub fn skipped(why: &str) {
    let all = std::env::var_os("KEYCTL_TEST_ALL").is_some();
    let may_be = MAY_BE_SKIPPED.iter().any(|part| why.contains(part));
    assert!(!all || may_be, "skipped, and may not be: {why}");
    note(&format!("skipped: {why}"));
}

/// Prints a line even if the test passes.
pub fn note(line: &str) {
    // Straight to the stream: what is printed, a test that passes keeps to itself.
    let line = format!("{line}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Whether the kernel says in which of its functions a process waits.
pub fn tells_waiting() -> bool {
    Path::new("/proc/self/wchan").exists()
}

/// Returns as soon as a process sleeps until it tries again, as one does that waits for the store.
#[track_caller]
pub fn until_it_waits(child: &Child) {
    let place = format!("/proc/{}/wchan", child.id());
    until("it waits for the store", || {
        fs::read_to_string(&place).is_ok_and(|function| function.contains("nanosleep"))
    });
}
