//! A PostgreSQL server of a test, in a directory of its own.

use crate::exe::harness::{Site, is_root, skipped, until};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The user who runs the server, which refuses to be run by root.
const NOBODY: u32 = 65534;

/// Directory of the versions that Debian installs.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A server that listens on a socket in its directory alone. It ends when this is dropped.
pub struct Postgres {
    site: Site,
    server: Child,
}

impl Postgres {
    /// A new server with an empty database; `None`, with a message, if there is no PostgreSQL.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            skipped("PostgreSQL is not installed");
            return None;
        };
        let site = Site::new();
        site.give_away();
        let program = |name: &str| {
            let mut command = site.clean("sh");
            command
                .args(["-c", "exec \"$@\"", "sh"])
                .arg(programs.join(name));
            if is_root() {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.args(["-D", "data"]);
            command
        };
        let mut initdb = program("initdb");
        initdb.args([
            "-U",
            "alice",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut postgres = program("postgres");
        postgres.arg("-k").arg(site.path(""));
        postgres.args(["-c", "listen_addresses=", "-F"]);
        let server = postgres
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Postgres { site, server };
        until("PostgreSQL listens", || {
            server.psql("").output().unwrap().status.success()
        });
        Some(server)
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        let directory = self.site.path("");
        format!(
            "postgresql:///postgres?user=alice&host={}",
            directory.display()
        )
    }

    /// Runs SQL that must succeed.
    #[track_caller]
    pub fn run(&self, sql: &str) {
        let ran = self.psql(sql).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }

    fn psql(&self, sql: &str) -> Command {
        let mut command = self.site.clean("psql");
        command
            .args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(self.url());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The server ends all its processes when it is interrupted.
        kill_process(Pid::from_child(&self.server), Signal::INT).ok();
        self.server.wait().ok();
    }
}

/// The directory of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?;
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}
