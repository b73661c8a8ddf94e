//! One server with its data directory.

use super::SUPERUSER;
use super::guard::Guard;
use crate::exe::harness::{GUARD, until};
use ::postgres::{Client, Config, NoTls};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Directory of the versions that Debian installs.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Settings of every server here.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1,127.0.0.2",
    "max_connections=200",
    "shared_buffers=32MB",
    "autovacuum=off",
    "jit=off",
    "timezone=UTC",
];

/// How often another port is tried.
const TRIES: u32 = 5;

/// How long to wait before a server that does not answer yet is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// A running server. It ends, and its directory goes, when this is dropped or the test process ends.
pub struct Server {
    guard: Guard,
    programs: PathBuf,
    settings: Vec<String>,
    port: u16,
}

impl Server {
    /// Starts a server with a new data directory and these settings, each `NAME=VALUE`.
    ///
    /// # Panics
    ///
    /// Panics if it does not answer.
    pub fn start(programs: &Path, settings: &[&str]) -> Self {
        let guard = Guard::new();
        let made = guard.run(&format!(
            "{} -U {SUPERUSER} -A trust -E UTF8 --locale=C --no-sync -D data >>log 2>&1",
            word(&programs.join("initdb"))
        ));
        let mut server = Server {
            guard,
            programs: programs.to_owned(),
            settings: SETTINGS
                .iter()
                .chain(settings)
                .map(|&setting| setting.to_owned())
                .collect(),
            port: 0,
        };
        assert_eq!(made, 0, "initdb: {}", server.log());
        for _ in 0..TRIES {
            server.port = free_port();
            if server.run_on_port() {
                return server;
            }
        }
        panic!("it does not start: {}", server.log());
    }

    /// Starts the server on its port, and returns whether it answers; it does not if somebody else
    /// has come to listen on that port.
    fn run_on_port(&self) -> bool {
        let options: String = self
            .settings
            .iter()
            .map(|setting| format!(" -c {setting}"))
            .collect();
        let log = self.guard.directory().join("log");
        fs::write(&log, "").unwrap();
        self.guard.run(&format!(
            "{} -D data -k \"$PWD\" -p {}{options} >>log 2>&1 &",
            word(&self.programs.join("postgres")),
            self.port
        ));
        let deadline = Instant::now() + GUARD;
        while Instant::now() < deadline {
            if self.connect(SUPERUSER, SUPERUSER).is_ok() {
                return true;
            }
            if self.log().contains("database system is shut down") {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
        false
    }

    /// Ends the server by this signal, and returns once it has gone: INT ends the sessions first, QUIT is a crash.
    pub fn stop(&self, signal: Signal) {
        let file = self.guard.directory().join("data/postmaster.pid");
        let text = fs::read_to_string(&file).unwrap();
        let pid = text.lines().next().and_then(|line| line.parse().ok());
        kill_process(Pid::from_raw(pid.unwrap()).unwrap(), signal).unwrap();
        until("the server has gone", || !file.exists());
    }

    /// Starts the server again, on the same port.
    pub fn start_again(&self) {
        assert!(self.run_on_port(), "it does not start: {}", self.log());
    }

    /// Starts the server again with these variables of its environment and with more settings.
    pub fn restart_with(&mut self, variables: &[(&str, &str)], settings: &[&str]) {
        self.stop(Signal::INT);
        for (name, value) in variables {
            self.guard.run(&format!("export {name}='{value}'"));
        }
        self.settings
            .extend(settings.iter().map(|&setting| setting.to_owned()));
        self.start_again();
    }

    /// The server's log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.guard.directory().join("log")).unwrap_or_default()
    }

    /// The directory that holds the socket, the data in `data`, and the log.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }

    /// The port, of the socket's name as well.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection over the socket.
    pub fn connect(&self, user: &str, database: &str) -> Result<Client, ::postgres::Error> {
        Config::new()
            .host_path(self.guard.directory())
            .port(self.port)
            .user(user)
            .dbname(database)
            .connect(NoTls)
    }
}

/// The directory of the newest version's programs, if there is one.
pub fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").exists())
        .max();
    newest.map(|(_, bin)| bin).or_else(configured)
}

/// The directory that `pg_config` names, where PostgreSQL comes from elsewhere than Debian.
fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let bin = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    bin.join("initdb").exists().then_some(bin)
}

/// A port of 127.0.0.1 on which nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A path as one word of a shell.
pub(super) fn word(path: &Path) -> String {
    format!("'{}'", path.to_str().unwrap().replace('\'', "'\\''"))
}
