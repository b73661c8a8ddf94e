//! Servers that cannot be reached, and what is no server.

use super::{check, fails, token};
use crate::exe::harness::{Site, run_with};
use crate::gateways::process::free_address;
use crate::harness::postgres::SECRET;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A URL in plain text, with a time in which the host must answer.
fn url(address: SocketAddr) -> String {
    format!("postgres://ann:{SECRET}@{address}/keys?sslmode=disable&connect_timeout=1")
}

#[test]
fn a_port_on_which_nobody_listens_is_named_with_the_cause() {
    let address = free_address();
    let message =
        format!("the connection to postgres://ann@{address}/keys failed: Connection refused");
    fails(&url(address), &message, "check that the server runs");
}

#[test]
fn a_socket_that_is_missing_is_named_with_the_cause() {
    let site = Site::new();
    let directory = site.path("");
    let url = format!("postgres://ann:{SECRET}@/keys?host={}", directory.display());
    fails(
        &url,
        "failed: No such file or directory",
        "check that the server runs",
    );
}

#[test]
fn a_host_that_swallows_everything_ends_within_connect_timeout() {
    // Once its queue is full, the kernel answers no more.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queued.push(stream);
    }
    let site = Site::new();
    let ran = run_with(site.bare("verify").env("KEYCTL_DB", url(address)), token());
    check(&ran, "did not answer within 1 s", "connect_timeout=SECONDS");
}

#[test]
fn a_server_that_accepts_and_never_answers_ends_within_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    fails(&url(address), "did not answer within 1 s", "firewall");
    let url = format!("postgres://ann:{SECRET}@{address}/keys?connect_timeout=1");
    fails(&url, "did not answer within 1 s", "firewall");
}

/// A program that reads what is sent and answers with `bytes`, then closes.
fn answering(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if stream.read(&mut [0; 1024]).is_ok() {
                drop(stream.write_all(bytes));
            }
        }
    });
    address
}

#[test]
fn a_program_that_is_no_postgresql_is_said_to_be_one() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\x00\x00\x00\x00\x00\x00\x00\x00",
        b"R\x00\x00\x00\x04",
        b"R\xff\xff\xff\xff\xff\xff\xff\xff",
        b"E\x00\x00\x00\x06\xff\x00",
        b"",
    ] {
        let address = answering(bytes);
        fails(
            &url(address),
            "failed: ",
            "another program may listen there",
        );
    }
}

#[test]
fn a_program_without_tls_gets_no_password_and_is_said_to_have_none() {
    for bytes in [&b"N"[..], b"HTTP/1.1 400\r\n\r\n", b"E\x00\x00\x00\x04"] {
        let address = answering(bytes);
        let url = format!("postgres://ann:{SECRET}@{address}/keys?connect_timeout=1");
        fails(&url, "does not speak TLS", "ssl = on");
    }
}

#[test]
fn each_of_several_hosts_is_named_with_its_cause() {
    let (down, other) = (free_address(), answering(b"SSH-2.0-OpenSSH_9.2\r\n"));
    let url = format!("postgres://ann:{SECRET}@{down},{other}/keys?sslmode=disable");
    let message = format!(
        "cannot use postgres://ann@{down},{other}/keys: the connection to {down} failed: Connection refused; the connection to {other} failed: "
    );
    fails(&url, &message, "check that one of these servers is up");
}
