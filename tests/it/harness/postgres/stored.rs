//! A store on a server, and the executable that uses it.

use super::{Cluster, Database, SUPERUSER, quoted};
use crate::exe::harness::{Site, run, run_with};
use crate::gateways::client::{Answer, Request, send};
use crate::gateways::server::Server as Gateway;
use crate::harness::Ran;
use crate::serving::server::reason;
use std::process::Command;

/// The user of commands, an administrator of every store here.
pub const USER: &str = "ann";

/// A password that stands in every URL here, and that no message may show.
pub const SECRET: &str = "n0t-to-be-seen";

/// A store on a server, a directory for what commands need, and the URL that they get in `KEYCTL_DB`.
pub struct Stored {
    pub site: Site,
    pub url: String,
}

impl Stored {
    /// A store in a new database of the cluster, which is made by its superuser.
    pub fn new(cluster: &'static Cluster) -> (Database, Self) {
        cluster.login(USER);
        let database = cluster.database();
        let stored = Stored::found(&database.url(SUPERUSER), with_secret(&database.url(USER)));
        (database, stored)
    }

    /// A store that hashes by SHA-256, which `founder`, the URL of a superuser, makes. Its administrator is [`USER`],
    /// whose URL is `url`.
    pub fn found(founder: &str, url: String) -> Self {
        let site = Site::new();
        let stored = Stored { site, url };
        for line in [
            "init",
            "policy set hash sha256",
            &format!("admin add {USER}"),
        ] {
            run(&mut stored.by(founder, line)).code(0);
        }
        stored
    }

    /// A command line, split at blanks, on the store at another URL.
    pub fn by(&self, url: &str, line: &str) -> Command {
        let mut command = self.site.bare(line);
        command.env("KEYCTL_DB", url);
        command
    }

    /// A command line, split at blanks.
    pub fn cmd(&self, line: &str) -> Command {
        self.by(&self.url, line)
    }

    /// Runs a command line, split at blanks.
    #[track_caller]
    pub fn run(&self, line: &str) -> Ran {
        run(&mut self.cmd(line))
    }

    /// Creates a key for inference and returns its token.
    #[track_caller]
    pub fn create(&self) -> String {
        let ran = self.run("create --scope inference").code(0);
        ran.stdout.trim_end().to_owned()
    }

    /// Verifies a token.
    #[track_caller]
    pub fn verify(&self, token: &str) -> Ran {
        run_with(&mut self.cmd("verify"), token)
    }

    /// Verifies a token at another URL.
    #[track_caller]
    pub fn verify_at(&self, url: &str, token: &str) -> Ran {
        run_with(&mut self.by(url, "verify"), token)
    }

    /// Starts a server of the store, with more flags, split at blanks.
    #[track_caller]
    pub fn serve(&self, flags: &str) -> Gateway {
        let line = format!("serve --listen 127.0.0.1:0 {flags}");
        let addresses = 1 + usize::from(flags.contains("--metrics"));
        Gateway::by(&mut self.cmd(&line), &self.site, addresses)
    }
}

/// The answer of a server to a token: its status and its reason.
#[track_caller]
pub fn ask(server: &Gateway, token: &str) -> (u16, String) {
    let answer: Answer = send(server.place(), &Request::new("GET", "/verify").key(token));
    (answer.status, reason(&answer))
}

/// The URL with [`SECRET`] as the password.
pub fn with_secret(url: &str) -> String {
    url.replacen('@', &format!(":{SECRET}@"), 1)
}

/// SQL that makes [`USER`] on a server.
pub fn make_user() -> String {
    format!("CREATE ROLE {} LOGIN PASSWORD '{SECRET}'", quoted(USER))
}
