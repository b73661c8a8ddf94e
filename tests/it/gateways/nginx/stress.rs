//! Revocation and rotation while requests go through nginx.
//!
//! The long form: `KEYCTL_TEST_ROUNDS=1000 cargo test --release --test it gateways::nginx::stress`

use super::super::client::{Request, send};
use super::stack;
use crate::exe::harness::until;
use crate::harness::id_of;
use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The number of rounds: that of `KEYCTL_TEST_ROUNDS`, or `usual`.
fn rounds(usual: usize) -> usize {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    rounds.map_or(usual, |rounds| rounds.parse().unwrap())
}

/// The status for a token.
fn status(nginx: SocketAddr, token: &str) -> u16 {
    send(nginx, &Request::new("GET", "/v1/models").key(token)).status
}

#[test]
fn a_disabled_key_is_refused_by_the_very_next_request_each_time() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let token = &world.keys.good;
    let id = id_of(token);
    for round in 0..rounds(50) {
        world.site.run(&format!("disable {id}"));
        assert_eq!(status(nginx.address, token), 401, "late: round {round}");
        world.site.run(&format!("enable {id}"));
        assert_eq!(status(nginx.address, token), 200, "late: round {round}");
    }
}

#[test]
fn a_key_is_rotated_under_load_without_one_failed_request() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let site = &world.site;
    let current = Mutex::new(world.keys.good.clone());
    let older = Mutex::new(world.keys.good.clone());
    let (ended, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    // Clients that read the token anew for each request, and clients that still have the one before.
    let client = |token: &Mutex<String>| {
        while !ended.load(Ordering::SeqCst) {
            let token = token.lock().unwrap().clone();
            let status = status(nginx.address, &token);
            if status != 200 {
                failed.lock().unwrap().push((status, id_of(&token)));
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let more = || {
        let since = count.load(Ordering::SeqCst);
        until("ten more requests", || {
            count.load(Ordering::SeqCst) >= since + 10
        });
    };
    thread::scope(|scope| {
        let clients =
            [&current, &older, &current, &older].map(|token| scope.spawn(|| client(token)));
        for round in 0..rounds(10) {
            more();
            let id = id_of(&current.lock().unwrap());
            let file = format!("{round}.token");
            site.run(&format!("rotate {id} --grace 1h --secret-file {file}"));
            more();
            let old = current.lock().unwrap().clone();
            *current.lock().unwrap() = fs::read_to_string(site.path(&file)).unwrap();
            *older.lock().unwrap() = old;
        }
        more();
        ended.store(true, Ordering::SeqCst);
        for client in clients {
            client.join().unwrap();
        }
    });
    assert_eq!(failed.into_inner().unwrap(), []);
    assert_eq!(world.application.take().len(), count.into_inner());
}
