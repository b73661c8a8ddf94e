//! PgBouncer in front of a server.

use super::USER;
use super::guard::Guard;
use super::server::{free_port, word};
use crate::exe::harness::{skipped, until};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// A running PgBouncer. It ends when this is dropped.
pub struct Pooler {
    guard: Guard,
    port: u16,
}

impl Pooler {
    /// Starts one with these lines of `[databases]` and of `[pgbouncer]`. Everybody may log in.
    ///
    /// Returns `None`, after a message, where PgBouncer is not installed.
    #[track_caller]
    pub fn start(databases: &[String], settings: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            skipped("PgBouncer is not installed");
            return None;
        };
        let (guard, port) = (Guard::new(), free_port());
        let config = format!(
            "[databases]\n{}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = trust\nauth_file = users\n{}\n",
            databases.join("\n"),
            settings.join("\n")
        );
        fs::write(guard.directory().join("config"), config).unwrap();
        fs::write(
            guard.directory().join("users"),
            format!("\"{USER}\" \"\"\n"),
        )
        .unwrap();
        let started = guard.run(&format!("{} config >>log 2>&1 &", word(&program)));
        assert_eq!(started, 0);
        let pooler = Pooler { guard, port };
        until("the pooler listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(pooler)
    }

    /// The URL of a database of its own, for [`USER`].
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://{USER}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// Its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.guard.directory().join("log")).unwrap_or_default()
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|directory| directory.join("pgbouncer"))
        .find(|program| program.exists())
}

/// Makes a file that only the user who runs servers may read.
pub fn private_file(guarded: &Path, name: &str, content: &[u8]) {
    let path = guarded.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    if crate::exe::harness::is_root() {
        chown(
            &path,
            Some(super::guard::NOBODY),
            Some(super::guard::NOBODY),
        )
        .unwrap();
    }
}
