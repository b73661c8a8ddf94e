//! The end of a server.

use super::server::{Served, valid};
use crate::exe::harness::{GUARD, Site, run, until};
use crate::exe::strace;
use crate::gateways::server::Place;
use std::io::{Read, Write};
use std::net::TcpStream;

fn connect(served: &Served) -> TcpStream {
    let Place::Tcp(address) = served.server.place() else {
        unreachable!()
    };
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(GUARD)).unwrap();
    stream
}

#[test]
fn sigterm_answers_the_open_request_and_ends_with_0() {
    // Slow enough to be open when the signal comes.
    let site = Site::new();
    site.run("init");
    site.run("policy set argon2-iterations 60");
    let token = site.create();
    let mut served = Served::of(
        site,
        "--hash-wait 60s --drain 60s --client-header x-real-ip",
    );
    let mut stream = connect(&served);
    let mut idle = connect(&served);
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    write!(
        stream,
        "GET /verify HTTP/1.1\r\nhost: x\r\nx-api-key: {token}\r\n\r\n"
    )
    .unwrap();
    until("it is being hashed", || hashing(&served));
    let code = served.server.terminate();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );
    drop(idle.read_to_end(&mut Vec::new()));
    assert_eq!(code, 0, "{}", served.server.log());
}

/// Tells whether a thread of the pool is running.
fn hashing(served: &Served) -> bool {
    let tasks = format!("/proc/{}/task", served.server.pid().as_raw_nonzero());
    std::fs::read_dir(tasks).unwrap().any(|task| {
        let path = task.unwrap().path().join("stat");
        let stat = std::fs::read_to_string(path).unwrap_or_default();
        stat.contains("(hashing) R")
    })
}

#[test]
fn a_unix_socket_has_its_mode_and_is_removed_at_the_end() {
    use crate::exe::harness::mode;
    use crate::gateways::client::{Request, send};
    use crate::gateways::server::{Server, Socket};
    let site = super::server::quick();
    let token = site.create();
    let mut server = Server::start(&site, Socket::Unix, "--socket-mode 0600");
    assert_eq!(mode(site.path("keyctl.sock")), 0o600);
    let answer = send(server.place(), &Request::new("GET", "/verify").key(&token));
    assert_eq!(answer.status, valid().0);
    server.end();
    assert!(!site.path("keyctl.sock").exists());
}

/// Serves, holds the threads for verdicts back after each of their system calls, verifies, and ends the server as soon as
/// the answer is there.
const ENDED_BEHIND_AN_ANSWER: &str = r#"
keyctl serve --listen unix:$PWD/serve.sock >served & server=$!
until [ -s served ]; do :; done
for task in /proc/$server/task/*; do
    [ "$(cat $task/comm)" = verdicts ] || continue
    strace -qq -o /dev/null -e trace=write,futex -e inject=write,futex:delay_exit=500000 -p ${task##*/} 2>said &
    until ! grep -q '^TracerPid:.0$' $task/status; do :; done
done
keyctl verify --server unix:$PWD/serve.sock --key-file token || exit 1
kill $server; wait $server
"#;

#[test]
fn the_note_on_a_last_answer_is_written_before_the_end() {
    if !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    let created = site.run("create --scope inference --secret-file token");
    let id = created.stdout.trim_end();
    run(&mut site.sh(ENDED_BEHIND_AN_ANSWER)).code(0);
    assert!(!site.record(id).contains("\"last_used_at\":null"));
}
