//! More connections than the server takes, or than the system lets it open.

use super::client::Client;
use super::target::{Target, get};
use crate::exe::harness::until;
use crate::harness::id_of;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The value of a metric.
fn metric(target: &Target, name: &str) -> f64 {
    let mut stream = TcpStream::connect(target.metrics()).unwrap();
    let request = get("/metrics", &["connection: close"]);
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap().parse().unwrap()
}

/// Asks for a verdict on an open connection; the status.
#[track_caller]
fn ask(client: &mut Client, target: &Target) -> Option<u16> {
    client.send(target.good(""));
    client.answer().map(|answer| answer.status)
}

#[test]
fn connections_above_the_maximum_are_closed_and_counted() {
    let target = Target::start("--connections 3 --metrics 127.0.0.1:0");
    let mut open: Vec<Client> = (0..3).map(|_| target.connect()).collect();
    for client in &mut open {
        assert_eq!(ask(client, &target), Some(200));
    }
    for _ in 0..5 {
        let mut client = target.connect();
        assert_eq!(client.answer(), None);
    }
    assert_eq!(metric(&target, "keyctl_connections_refused_total"), 5.0);
    for client in &mut open {
        assert_eq!(ask(client, &target), Some(200));
    }
    open.pop();
    until("another client is answered", || target.status() == 200);
}

#[test]
fn a_server_without_descriptors_keeps_answering_and_recovers() {
    let target = Target::start("--log all");
    let key = id_of(&target.token);
    let mut before = target.connect();
    assert_eq!(ask(&mut before, &target), Some(200));
    // Fewer than it saw at the start, by which it chose how many connections it takes.
    target.limit_descriptors(48);
    let mut flood: Vec<Client> = (0..100).map(|_| target.connect()).collect();
    let full = "cannot accept a connection";
    until("the descriptors run out", || target.log().contains(full));
    assert_eq!(ask(&mut before, &target), Some(200));
    // The store may not be readable then, but a stopped key is never let in.
    target.site.run(&format!("disable {key}"));
    let stopped = ask(&mut before, &target);
    assert!(matches!(stopped, Some(401 | 503)), "{stopped:?}");
    target.site.run(&format!("enable {key}"));
    flood.clear();
    until("a new client is answered", || target.status() == 200);
    assert_eq!(ask(&mut before, &target), Some(200));
    // And again.
    flood.extend((0..100).map(|_| target.connect()));
    assert_eq!(ask(&mut before, &target), Some(200));
    flood.clear();
    until("a new client is answered", || target.status() == 200);
}

#[test]
fn a_server_takes_no_more_connections_than_it_can_open_beside_the_store() {
    let target = Target::limited(100, "--metrics 127.0.0.1:0");
    let mut before = target.connect();
    assert_eq!(ask(&mut before, &target), Some(200));
    let _flood: Vec<Client> = (0..100).map(|_| target.connect()).collect();
    until("connections are refused", || {
        metric(&target, "keyctl_connections_refused_total") > 60.0
    });
    for _ in 0..20 {
        before.send(get("/readyz", &[]));
        assert_eq!(before.answer().map(|answer| answer.status), Some(200));
        assert_eq!(ask(&mut before, &target), Some(200));
    }
}
