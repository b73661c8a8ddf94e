//! A store with keys of every state, and an application that they are for.

use super::application::Application;
use super::process::Process;
use super::server::{Server, Socket};
use crate::exe::harness::{Site, until};
use crate::harness::id_of;
use std::net::SocketAddr;

/// Tokens by the state of their keys.
pub struct Keys {
    /// Active, for `inference`.
    pub good: String,
    /// Rotated, and in its grace.
    pub phased_out: String,
    pub expired: String,
    pub disabled: String,
    /// Active, for `other` only.
    pub other: String,
    /// Well formed, of a key that the store does not have.
    pub unknown: String,
}

/// A gateway that runs.
pub struct Running {
    pub process: Process,
    /// Where clients find it.
    pub address: SocketAddr,
}

/// A store in a directory of its own, its keys, and the application.
pub struct World {
    pub site: Site,
    pub keys: Keys,
    pub application: Application,
}

impl World {
    pub fn new() -> Self {
        let site = store();
        let unknown = store().create();
        site.run("scope add other --description other");
        let one = |line: &str| site.run(line).stdout.trim_end().to_owned();
        let disabled = site.create();
        site.run(&format!("disable {}", id_of(&disabled)));
        let phased_out = site.create();
        site.run(&format!("rotate {} --grace 1h", id_of(&phased_out)));
        let expired = one("create --scope inference --expires 1s");
        until("a key expires", || site.verify(&expired) != 0);
        let keys = Keys {
            good: one("create --scope inference --name chat --owner zoë --label team=search"),
            other: one("create --scope other"),
            phased_out,
            expired,
            disabled,
            unknown,
        };
        World {
            site,
            keys,
            application: Application::start(),
        }
    }

    /// The token of a new key, made with more flags, split at blanks.
    #[track_caller]
    pub fn create(&self, flags: &str) -> String {
        let ran = self.site.run(&format!("create {flags}"));
        ran.stdout.trim_end().to_owned()
    }

    /// A server of the store, with more flags, split at blanks.
    #[track_caller]
    pub fn serve(&self, socket: Socket, flags: &str) -> Server {
        Server::start(&self.site, socket, flags)
    }
}

/// A store whose policy has the hash that costs least.
fn store() -> Site {
    let site = Site::new();
    site.run("init");
    site.run("policy set hash sha256");
    site
}
