//! `keyctl serve` as a process of a test, and what stands in its place when it fails.

use super::process::{Process, free_address};
use crate::exe::harness::Site;
use rustix::process::Pid;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;

/// Where a gateway finds the server.
#[derive(Clone, Debug)]
pub enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl From<SocketAddr> for Place {
    fn from(address: SocketAddr) -> Self {
        Place::Tcp(address)
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

/// The sockets that a server can listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    Tcp,
    Unix,
}

impl Socket {
    /// A place of this kind at which nobody listens.
    pub fn down(self, site: &Site) -> Place {
        match self {
            Socket::Tcp => Place::Tcp(free_address()),
            Socket::Unix => Place::Unix(site.path("down.sock")),
        }
    }
}

/// A running `keyctl serve`.
pub struct Server {
    process: Process,
    place: Place,
}

impl Server {
    /// A server of the site's store, with more flags, split at blanks.
    #[track_caller]
    pub fn start(site: &Site, socket: Socket, flags: &str) -> Self {
        match socket {
            Socket::Tcp => {
                let mut command = site.cmd(&format!("serve --listen 127.0.0.1:0 {flags}"));
                let lines = 1 + usize::from(flags.contains("--metrics"));
                Server::by(&mut command, site, lines)
            }
            Socket::Unix => {
                let path = site.path("keyctl.sock");
                let listen = format!("serve --listen unix:{} {flags}", path.display());
                let mut process = begin(&mut site.cmd(&listen), site);
                process.until("it listens", |_| UnixStream::connect(&path).is_ok());
                let place = Place::Unix(path);
                Server { process, place }
            }
        }
    }

    /// A server that `command` starts, and that prints so many addresses.
    #[track_caller]
    pub fn by(command: &mut Command, site: &Site, addresses: usize) -> Self {
        let mut process = begin(command, site);
        process.until("it prints its addresses", |it| {
            it.stdout().matches('\n').count() == addresses
        });
        let place = Place::Tcp(printed(&process.stdout()));
        Server { process, place }
    }

    /// Where it listens.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Address of the metrics, if its flags ask for them.
    pub fn metrics(&self) -> Option<SocketAddr> {
        let stdout = self.process.stdout();
        let mut lines = stdout.lines();
        lines.find_map(|line| line.strip_prefix("metrics ")?.parse().ok())
    }

    /// The lines of its log so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Ends it with SIGTERM, and returns its exit code.
    pub fn terminate(&mut self) -> u8 {
        self.process.terminate()
    }

    /// Ends it with SIGTERM.
    pub fn end(&mut self) {
        self.process.end();
    }
}

/// The process of a server.
#[track_caller]
fn begin(command: &mut Command, site: &Site) -> Process {
    Process::start(command, &site.path(""), "serve")
}

/// The address in the line that the server prints.
#[track_caller]
fn printed(stdout: &str) -> SocketAddr {
    let line = stdout.lines().next().unwrap_or_default();
    let address = line.trim_start_matches("http://").trim_end_matches('/');
    address
        .parse()
        .unwrap_or_else(|_| panic!("no address: {stdout:?}"))
}

/// A listener whose connections are made, by the kernel, and never answered.
pub struct Hung {
    place: Place,
    _tcp: Option<TcpListener>,
    _unix: Option<UnixListener>,
}

impl Hung {
    pub fn start(site: &Site, socket: Socket) -> Self {
        match socket {
            Socket::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let place = Place::Tcp(listener.local_addr().unwrap());
                Hung {
                    place,
                    _tcp: Some(listener),
                    _unix: None,
                }
            }
            Socket::Unix => {
                let path = site.path("hung.sock");
                Hung {
                    _unix: Some(UnixListener::bind(&path).unwrap()),
                    _tcp: None,
                    place: Place::Unix(path),
                }
            }
        }
    }

    /// Where it listens.
    pub fn place(&self) -> &Place {
        &self.place
    }
}
