//! The server under systemd: sockets that are passed to it, and what it says to the manager. No systemd runs
//! here; `systemd-socket-activate` and the test pass the sockets.

use super::server::quick;
use crate::exe::harness::{GUARD, Site, skipped, until};
use crate::gateways::client::{Request, send};
use crate::gateways::process::{Process, free_address};
use crate::gateways::server::Place;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

/// The server of a site under systemd's own tool, which passes it a socket at the first connection; `None`,
/// which is said, without the tool.
fn activated(site: &Site, address: &str) -> Option<Process> {
    let tool = "systemd-socket-activate";
    let is_here = Command::new(tool)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if is_here.is_err() {
        skipped(&format!("needs {tool}"));
        return None;
    }
    let mut command = site.clean(tool);
    command
        .args(["-l", address, "keyctl", "--db"])
        .arg(site.db());
    command.args(["serve", "--log", "all"]);
    let mut process = Process::start(&mut command, &site.path(""), "serve");
    process.until("it listens", |it| it.stderr().contains("Listening on"));
    Some(process)
}

/// The status for a token.
#[track_caller]
fn status(place: &Place, token: &str) -> u16 {
    send(place, &Request::new("GET", "/verify").key(token)).status
}

#[test]
fn a_tcp_socket_of_systemd_is_answered_and_no_other_is_opened() {
    let site = quick();
    let token = site.create();
    let address = free_address();
    let Some(mut server) = activated(&site, &address.to_string()) else {
        return;
    };
    assert_eq!(status(&Place::Tcp(address), &token), 200);
    // The only address that it prints, though none is given.
    assert_eq!(server.stdout(), format!("{address}\n"));
    assert_eq!(server.terminate(), 0, "{}", server.stderr());
}

#[test]
fn a_unix_socket_of_systemd_is_answered_and_stays_when_the_server_ends() {
    let site = quick();
    let token = site.create();
    let path = site.path("passed.sock");
    let Some(mut server) = activated(&site, path.to_str().unwrap()) else {
        return;
    };
    assert_eq!(status(&Place::Unix(path.clone()), &token), 200);
    assert_eq!(server.terminate(), 0, "{}", server.stderr());
    assert!(path.exists());
}

/// A server that a manager has started, and the socket on which it reports to the manager.
struct Managed {
    process: Process,
    reports: UnixDatagram,
}

impl Managed {
    fn start(site: &Site, line: &str, variables: &[(&str, &str)]) -> Self {
        let path = site.path("notify.sock");
        let reports = UnixDatagram::bind(&path).unwrap();
        reports.set_read_timeout(Some(GUARD)).unwrap();
        let mut command = site.cmd(line);
        command
            .env("NOTIFY_SOCKET", path)
            .envs(variables.iter().copied());
        let process = Process::start(&mut command, &site.path(""), "serve");
        Managed { process, reports }
    }

    /// The next report.
    #[track_caller]
    fn report(&self) -> String {
        let mut bytes = [0; 512];
        let length = self.reports.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }
}

#[test]
fn a_server_reports_ready_once_it_answers_and_stopping_on_sigterm() {
    let site = quick();
    let token = site.create();
    let address = free_address();
    let mut managed = Managed::start(&site, &format!("serve --listen {address}"), &[]);
    assert_eq!(managed.report().trim_end(), "READY=1");
    assert_eq!(status(&Place::Tcp(address), &token), 200);
    assert_eq!(managed.process.terminate(), 0);
    assert_eq!(managed.report().trim_end(), "STOPPING=1");
    // It has not asked for a watchdog, so nothing else is reported.
    managed.reports.set_nonblocking(true).unwrap();
    assert!(managed.reports.recv(&mut [0; 64]).is_err());
}

#[test]
fn a_server_reports_that_it_lives_while_a_watchdog_waits_for_it() {
    let site = quick();
    let token = site.create();
    let address = free_address();
    let line = format!("serve --listen {address}");
    let managed = Managed::start(&site, &line, &[("WATCHDOG_USEC", "200000")]);
    assert_eq!(managed.report().trim_end(), "READY=1");
    for _ in 0..3 {
        assert_eq!(managed.report().trim_end(), "WATCHDOG=1");
    }
    // A store that is lost is no reason to be restarted.
    std::fs::rename(site.db(), site.path("away.db")).unwrap();
    until("its store is lost", || {
        status(&Place::Tcp(address), &token) == 503
    });
    for _ in 0..3 {
        assert_eq!(managed.report().trim_end(), "WATCHDOG=1");
    }
}

#[test]
fn a_server_that_cannot_start_never_reports_ready() {
    let site = Site::new();
    let mut managed = Managed::start(&site, "serve --listen 127.0.0.1:0", &[]);
    let mut code = None;
    until("it ends", || {
        code = managed.process.ended();
        code.is_some()
    });
    assert_eq!(code, Some(5), "{}", managed.process.stderr());
    managed.reports.set_nonblocking(true).unwrap();
    assert!(managed.reports.recv(&mut [0; 64]).is_err());
}

/// A server that gets this socket as systemd passes it.
fn with_socket(site: &Site, socket: &TcpListener, name: &str) -> Process {
    let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec keyctl serve";
    let mut command = site.sh(script);
    let copy: OwnedFd = socket.try_clone().unwrap().into();
    Process::start_with_input(&mut command, &site.path(""), name, copy)
}

#[test]
fn a_restart_behind_a_socket_of_systemd_fails_no_request() {
    let site = quick();
    let token = site.create();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::Tcp(socket.local_addr().unwrap());
    let mut server = with_socket(&site, &socket, "first");
    assert_eq!(status(&place, &token), 200);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while !is_over.load(Relaxed) {
                        assert_eq!(status(&place, &token), 200);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        for name in ["second", "third", "fourth"] {
            assert_eq!(server.terminate(), 0, "{}", server.stderr());
            server = with_socket(&site, &socket, name);
            server.until("it listens", |it| !it.stdout().is_empty());
        }
        is_over.store(true, Relaxed);
        let counts: Vec<u32> = clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect();
        assert!(counts.iter().all(|count| *count > 1), "{counts:?}");
    });
}
