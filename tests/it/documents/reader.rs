//! The readers of the documents: users with a shell at a terminal and a home each. Their machine is a
//! directory.
//!
//! libnss-wrapper gives them their names; the system knows nothing of them.

use crate::exe::harness::{is_root, path_with, set_mode, skipped};
use crate::exe::terminal::Terminal;
use crate::harness::exe;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The directories of the machine that a document's commands name.
const PLACES: [&str; 4] = ["/home", "/run", "/srv", "/var"];

/// The directory that `cargo install` puts the program into.
const BIN: &str = "home/alice/.cargo/bin";

/// The prompt of a shell that is ready for a command.
const READY: &str = "\u{2}";

/// The prompt of a shell that needs more of a command.
const MORE: &str = "\u{3}";

/// Wide enough for every table.
const COLUMNS: u16 = 200;

/// The end of a question that is answered with yes or no.
const QUESTION: &str = "[y/N] ";

/// The group of several users.
const KEYADMINS: u32 = 4001;

/// The group that all users are in.
const USERS: u32 = 100;

/// A user's name, uid and gid.
type User = (&'static str, u32, u32);

/// A machine with its users.
pub struct Machine {
    dir: TempDir,
    users: Vec<User>,
    variables: BTreeMap<String, OsString>,
    stand_ins: Vec<(String, String)>,
    shells: BTreeMap<String, Shell>,
}

impl Machine {
    /// A machine with alice alone: who runs the tests. `None`, which is said, if a tool is missing.
    pub fn of_alice() -> Option<Self> {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let machine = Machine::of(vec![("alice", uid, gid)], gid);
        symlink(exe(), machine.path(BIN).join("keyctl")).unwrap();
        machine.knows_its_users().then_some(machine)
    }

    /// A machine with alice, bob and carol, all of them in the group keyadmins, and a directory
    /// /srv/keyctl that is the group's. `None`, which is said, where that cannot be.
    pub fn of_three() -> Option<Self> {
        if !is_root() {
            skipped("only root can run commands of several users");
            return None;
        }
        let users = vec![
            ("alice", 4001, USERS),
            ("bob", 4002, USERS),
            ("carol", 4003, USERS),
        ];
        let machine = Machine::of(users, KEYADMINS);
        // Where the executable was built, they may not go. Copied by another process: while this
        // one writes to it, a child that another test has just started would keep it from being
        // run.
        let copied = Command::new("cp")
            .arg(exe())
            .arg(machine.path(BIN).join("keyctl"))
            .status()
            .unwrap();
        assert!(copied.success());
        for dir in ["", "home", "home/alice", "home/alice/.cargo", BIN] {
            set_mode(machine.path(dir), 0o755);
        }
        set_mode(machine.path(BIN).join("keyctl"), 0o755);
        for &(name, uid, gid) in &machine.users {
            chown(machine.path("home").join(name), Some(uid), Some(gid)).unwrap();
        }
        let shared = machine.path("srv/keyctl");
        fs::create_dir(&shared).unwrap();
        chown(&shared, None, Some(KEYADMINS)).unwrap();
        set_mode(&shared, 0o2770);
        let (_, alice, _) = machine.users[0];
        chown(machine.path("var/backups"), Some(alice), None).unwrap();
        machine.knows_its_users().then_some(machine)
    }

    fn of(users: Vec<User>, keyadmins: u32) -> Self {
        // By the name by which the program will call it.
        let place = fs::canonicalize(std::env::temp_dir()).unwrap();
        let dir = tempfile::tempdir_in(place).unwrap();
        let root = dir.path();
        for place in PLACES {
            fs::create_dir_all(root.join(&place[1..])).unwrap();
        }
        for dir in [BIN, "usr/bin", "var/backups"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        let mut passwd = String::new();
        let mut names = Vec::new();
        for (name, uid, gid) in &users {
            let home = root.join("home").join(name);
            fs::create_dir_all(&home).unwrap();
            passwd.push_str(&format!(
                "{name}:x:{uid}:{gid}::{}:/bin/sh\n",
                home.display()
            ));
            names.push(*name);
        }
        // Servers that root starts go on as nobody.
        passwd.push_str("nobody:x:65534:65534::/:/bin/sh\n");
        fs::write(root.join("passwd"), passwd).unwrap();
        let group = format!(
            "keyadmins:x:{keyadmins}:{}\nnogroup:x:65534:\n",
            names.join(",")
        );
        fs::write(root.join("group"), group).unwrap();
        let mut machine = Machine {
            dir,
            users,
            variables: BTreeMap::new(),
            stand_ins: Vec::new(),
            shells: BTreeMap::new(),
        };
        machine.set("NO_COLOR", "1");
        machine.set("LD_PRELOAD", "libnss_wrapper.so");
        machine.set("NSS_WRAPPER_PASSWD", machine.path("passwd"));
        machine.set("NSS_WRAPPER_GROUP", machine.path("group"));
        machine.set("PATH", path_with(&machine.path(BIN)));
        machine.set("PS1", READY);
        machine.set("PS2", MORE);
        machine
    }

    /// Whether the names of the users are known here; if not, that is said.
    fn knows_its_users(&self) -> bool {
        self.users.iter().all(|(name, ..)| {
            let Ok(id) = self.command(name, "id").arg("-un").output() else {
                skipped("setpriv is not installed");
                return false;
            };
            // A library that is not there is complained of.
            let known = id.stdout == format!("{name}\n").as_bytes() && id.stderr.is_empty();
            if !known {
                skipped("libnss-wrapper is not installed");
            }
            known
        })
    }

    /// A path on the machine, without the first slash.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Sets a variable for the shells that are started from here on.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// From here on, lets the second of each pair stand for the first in what is typed.
    pub fn stand_in(&mut self, pairs: Vec<(String, String)>) {
        self.stand_ins = pairs;
    }

    /// A program that the user `name` runs at home.
    fn command(&self, name: &str, program: &str) -> Command {
        let &(name, uid, gid) = self
            .users
            .iter()
            .find(|user| user.0 == name)
            .unwrap_or_else(|| panic!("there is no user {name}"));
        let mut command = if self.users.len() == 1 {
            Command::new(program)
        } else {
            let mut setpriv = Command::new("setpriv");
            setpriv
                .arg(format!("--reuid={uid}"))
                .arg(format!("--regid={gid}"))
                .arg(format!("--groups={KEYADMINS}"))
                .arg(program);
            setpriv
        };
        let home = self.path("home").join(name);
        command
            .env_clear()
            .env("HOME", &home)
            .envs(&self.variables)
            .current_dir(home);
        command
    }

    /// Types a line of a document to the `shell` of the user `name`, the same each time, and returns
    /// what their terminal shows. A question is answered with yes.
    pub fn types_to(&mut self, shell: &str, name: &str, line: &str) -> String {
        let line = self.inward(line);
        let key = format!("{shell} of {name}");
        if !self.shells.contains_key(&key) {
            let mut command = self.command(name, shell);
            if shell.ends_with("bash") {
                command.args(["--norc", "--noprofile", "--noediting"]);
            }
            self.shells.insert(key.clone(), Shell::start(command));
        }
        let shell = self.shells.get_mut(&key).unwrap();
        let shown = shell.types(&line);
        self.outward(&shown)
    }

    /// A line of a document as it has to be here.
    fn inward(&self, line: &str) -> String {
        let root = self.dir.path().to_str().unwrap();
        let mut text = line.to_owned();
        for (written, real) in &self.stand_ins {
            text = text.replace(written, real);
        }
        for place in PLACES {
            for before in [" ", "\"", "'", "=", ">", "<", "unix:"] {
                text = text.replace(
                    &format!("{before}{place}/"),
                    &format!("{before}{root}{place}/"),
                );
            }
        }
        text
    }

    /// What is shown here as it would be shown on a machine.
    fn outward(&self, shown: &str) -> String {
        shown.replace(self.dir.path().to_str().unwrap(), "")
    }

    /// Takes everything over that there is on another machine.
    pub fn take_over(&self, other: &Machine) {
        let mut copy = Command::new("cp");
        copy.arg("-a")
            .args(PLACES.map(|place| other.path(&place[1..])));
        assert!(copy.arg(self.dir.path()).status().unwrap().success());
    }
}

/// `shown` without its colours: not every program knows NO_COLOR.
fn colourless(shown: &str) -> String {
    let mut parts = shown.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (code, rest) = part.split_once('m').unwrap();
        assert!(
            code.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{shown:?}"
        );
        text + rest
    })
}

/// A shell at a terminal.
struct Shell(Terminal);

impl Shell {
    fn start(command: Command) -> Self {
        let mut terminal = Terminal::start(command.into(), COLUMNS);
        terminal.expect(READY);
        terminal.take();
        Shell(terminal)
    }

    /// What the terminal shows from the end of the line that was typed to the next prompt.
    fn types(&mut self, line: &str) -> String {
        let Shell(terminal) = self;
        terminal.type_in(&format!("{line}\n"));
        let mut answered = false;
        loop {
            terminal.until("the shell is ready", |screen| {
                screen.ends_with(READY) || (!answered && screen.ends_with(QUESTION))
            });
            if terminal.screen().ends_with(READY) {
                break;
            }
            terminal.type_in("y\n");
            answered = true;
        }
        let screen = colourless(&terminal.take().replace(MORE, ""));
        let shown = screen.strip_prefix(&format!("{line}\n"));
        let shown = shown.and_then(|shown| shown.strip_suffix(READY));
        shown
            .unwrap_or_else(|| panic!("not what was typed: {line:?} in {screen:?}"))
            .to_owned()
    }
}
