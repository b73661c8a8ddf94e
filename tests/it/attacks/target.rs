//! A server with a few keys, for clients that attack it.

use super::client::{Answer, Client};
use crate::exe::harness::Site;
use crate::gateways::process::Process;
use rustix::process::{Resource, Rlimit, prlimit};
use std::net::SocketAddr;
use std::process::Command;

/// A running server, its store, and the token of a key for the scope `inference`.
pub struct Target {
    pub site: Site,
    pub token: String,
    pub address: SocketAddr,
    process: Process,
}

impl Target {
    /// Starts a server with more flags, split at blanks, on a store whose hash is cheap.
    #[track_caller]
    pub fn start(flags: &str) -> Self {
        let site = store("sha256");
        let token = site.create();
        Target::run(site, token, |site| site.cmd(&line(flags)))
    }

    /// Starts a server on a store that hashes by argon2id.
    #[track_caller]
    pub fn slow_hash(flags: &str) -> Self {
        let site = store("argon2id");
        let token = site.create();
        Target::run(site, token, |site| site.cmd(&line(flags)))
    }

    #[track_caller]
    fn run(site: Site, token: String, command: impl FnOnce(&Site) -> Command) -> Self {
        let mut process = Process::start(&mut command(&site), &site.path(""), "serve");
        process.until("it prints its addresses", |it| it.stdout().ends_with('\n'));
        let stdout = process.stdout();
        let address = stdout.lines().next().unwrap().parse().unwrap();
        Target {
            site,
            token,
            address,
            process,
        }
    }

    /// Starts a server that can open as many `descriptors`.
    #[track_caller]
    pub fn limited(descriptors: u64, flags: &str) -> Self {
        let site = store("sha256");
        let token = site.create();
        Target::run(site, token, |site| {
            let serve = format!("ulimit -n {descriptors}; exec keyctl {}", line(flags));
            site.sh(&serve)
        })
    }

    /// Lets the running server open as many `descriptors`.
    pub fn limit_descriptors(&self, descriptors: u64) {
        let limit = Rlimit {
            current: Some(descriptors),
            maximum: Some(descriptors),
        };
        prlimit(Some(self.process.pid()), Resource::Nofile, limit).unwrap();
    }

    /// Address of the listener for metrics.
    pub fn metrics(&self) -> SocketAddr {
        let stdout = self.process.stdout();
        let address = stdout
            .lines()
            .find_map(|line| line.strip_prefix("metrics "));
        address.unwrap().parse().unwrap()
    }

    /// Lines that it has logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// Opens a connection.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends bytes on a connection of their own, and returns all answers.
    #[track_caller]
    pub fn exchange(&self, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
        self.connect().exchange(bytes)
    }

    /// A request with the token, as bytes, for one more header before its end.
    pub fn good(&self, header: &str) -> String {
        get(
            "/verify?scope=inference",
            &[&format!("x-api-key: {}", self.token), header],
        )
    }

    /// Asks for a verdict on the token, on a connection of its own, and returns the status; 0 without an answer.
    #[track_caller]
    pub fn status(&self) -> u16 {
        let answers = self.exchange(self.good("connection: close"));
        answers.first().map_or(0, |answer| answer.status)
    }

    /// Fails unless the server gives right verdicts, good and bad.
    #[track_caller]
    pub fn check(&self) {
        assert_eq!(self.status(), 200, "{}", self.log());
        let missing = self.exchange(get("/verify", &["connection: close"]));
        assert_eq!(statuses(&missing), [401], "{}", self.log());
    }
}

/// A GET request with these header lines; an empty one is left out.
pub fn get(target: &str, headers: &[&str]) -> String {
    let mut head = format!("GET {target} HTTP/1.1\r\nhost: keys.test\r\n");
    for header in headers.iter().filter(|header| !header.is_empty()) {
        head += &format!("{header}\r\n");
    }
    head + "\r\n"
}

/// Status of each answer.
pub fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

/// A token of a key that no other store has.
pub fn unknown_token() -> String {
    store("sha256").create()
}

fn line(flags: &str) -> String {
    format!("serve --listen 127.0.0.1:0 {flags}")
}

fn store(hash: &str) -> Site {
    let site = Site::new();
    site.run("init");
    site.run(&format!("policy set hash {hash}"));
    site
}
