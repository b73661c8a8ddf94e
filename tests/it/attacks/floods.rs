//! Floods of requests without a valid token, while a client with one asks.

use super::client::Client;
use super::target::{Target, get, unknown_token};
use crate::exe::harness::{run_with, until};
use crate::harness::id_of;
use crate::hostile::properties::checksum;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

/// Number of threads of a flood.
const THREADS: usize = 4;

/// Number of connections of each: with the hashes of all of them before it, a request would wait for too long.
const CONNECTIONS: usize = 60;

/// Number of requests with the token during a flood.
const GOOD: usize = 200;

/// Sends what `request` makes of a number, on many connections at once, until it is to stop. No answer may be 200.
fn flood(
    address: SocketAddr,
    request: impl Fn(usize) -> Vec<u8>,
    stop: &AtomicBool,
    sent: &AtomicUsize,
) {
    let connect = || Client::connect(address);
    let mut clients: Vec<Client> = (0..CONNECTIONS).map(|_| connect()).collect();
    while !stop.load(SeqCst) {
        for client in &mut clients {
            client.send(request(sent.fetch_add(1, SeqCst)));
        }
        for client in &mut clients {
            let answer = client.answer();
            if let Some(answer) = &answer {
                assert!(
                    [400, 401, 404, 431, 503].contains(&answer.status),
                    "{answer:?}"
                );
            }
            if answer.is_none_or(|answer| answer.closes) {
                *client = connect();
            }
        }
    }
}

/// Asks with the token while others send what `request` makes of a number. Each request with it must be answered 200.
#[track_caller]
fn withstands(target: &Target, request: impl Fn(usize) -> Vec<u8> + Sync) {
    // The first verdict may cost a hash, and that of another test may take the processor.
    until("the token is known", || target.status() == 200);
    let (stop, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| flood(target.address, &request, &stop, &sent));
        }
        let mut client = target.connect();
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut good = 0;
            // Until the flood has sent as much, too.
            while good < GOOD || sent.load(SeqCst) < GOOD {
                assert!(client.send(target.good("x-real-ip: 192.0.2.1")));
                assert_eq!(client.answer().map(|it| it.status), Some(200));
                good += 1;
            }
        }));
        stop.store(true, SeqCst);
        if let Err(panic) = asked {
            std::panic::resume_unwind(panic);
        }
    });
    target.check();
}

/// A request with a token, from one of many clients.
fn with(token: &str, number: usize) -> Vec<u8> {
    let client = format!("x-real-ip: 198.51.{}.{}", number / 250 % 250, number % 250);
    get(
        "/verify?scope=inference",
        &[&format!("x-api-key: {token}"), &client],
    )
    .into_bytes()
}

/// A token of the key `id` with a secret of this number. A token that differs from all others costs a hash.
fn forged(id: &str, number: usize) -> String {
    let body = format!("kc_{id}_{number:043}");
    let sum = String::from_utf8(checksum(body.as_bytes())).unwrap();
    body + &sum
}

#[test]
fn a_flood_of_unknown_tokens_lets_good_ones_in() {
    let token = unknown_token();
    withstands(&Target::start("--log all"), |number| with(&token, number));
}

#[test]
fn a_flood_of_unknown_tokens_with_a_slow_hash_lets_known_ones_in() {
    let target = Target::slow_hash("--client-header x-real-ip --hash-threads 1");
    withstands(&target, |number| {
        with(&forged("0123456789ab", number), number)
    });
}

#[test]
fn a_flood_of_foreign_tokens_that_all_differ_lets_good_ones_in() {
    let target = Target::slow_hash("--client-header x-real-ip --hash-threads 1 --cache 10");
    // Without one, they are all malformed.
    let import = "import - --scope inference --quiet";
    let imported = "name,token\nother,sk-Zq8mT3vXw1Lr7KpYb2N-000001\n";
    run_with(&mut target.site.cmd(import), imported).code(0);
    withstands(&target, |number| with(&format!("sk-{number:040}"), number));
}

#[test]
fn a_flood_of_wrong_secrets_with_a_slow_hash_lets_good_ones_in() {
    let target = Target::slow_hash("--client-header x-real-ip --hash-threads 1 --cache 10");
    let id = id_of(&target.token);
    withstands(&target, |number| with(&forged(&id, number), number));
}

#[test]
fn a_flood_of_malformed_and_missing_tokens_lets_good_ones_in() {
    let target = Target::start("");
    withstands(&target, |number| match number % 3 {
        0 => get("/verify", &[]).into_bytes(),
        1 => get("/verify", &["x-api-key: \u{e9}"]).into_bytes(),
        _ => get("/nothing", &[]).into_bytes(),
    });
}

#[test]
fn a_flood_of_huge_and_broken_requests_lets_good_ones_in() {
    let target = Target::start("");
    let huge = "x".repeat(100_000);
    withstands(&target, |number| match number % 4 {
        0 => get("/verify", &[&format!("x: {huge}")]).into_bytes(),
        1 => format!("POST /verify HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{huge}").into_bytes(),
        2 => vec![0xff; 100],
        _ => get(&format!("/verify?{huge}"), &[]).into_bytes(),
    });
}
