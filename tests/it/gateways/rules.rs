//! Promises of the recipes that choose a scope by the path, besides the matrix.

use super::client::{Request, send};
use super::matrix::Gateway;
use super::recipe;
use super::server::Hung;
use super::world::{Running, World};
use crate::exe::harness::{run, until};
use crate::harness::id_of;
use std::fs;

/// Paths that need `project`, although a part of each looks like one that needs `inference` only.
const OTHERS: [&str; 9] = [
    "/",
    "/admin",
    "/v1/models/",
    "/v1/models/../../admin",
    "/v1/models/%2e%2e/%2e%2e/admin",
    "/v1/models%2f..%2f..%2fadmin",
    "/v1/models;/../../admin",
    "/v1/models%0a",
    "/admin?/v1/models",
];

/// Starts a gateway, and asks it what its recipe says of scopes, of the client's address, of heads that are
/// large and of keys that are disabled. Skipped, by name, where the gateway is missing.
#[track_caller]
pub fn rules(gateway: &dyn Gateway) {
    if !gateway.is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(gateway.socket(), gateway.flags());
    let running = gateway.start(&world, server.place());
    let send = |request: &Request| {
        let status = send(running.address, request).status;
        (status, world.application.take().len())
    };
    let ask = |path: &str, token: &str| send(&Request::new("GET", path).key(token));

    let good = world.keys.good.as_str();
    let wide = world.create("--scope project");
    for path in OTHERS {
        // To some gateways, such a path is none.
        let (status, reached) = ask(path, good);
        assert!(matches!(status, 400 | 403 | 404), "{path}: {status}");
        assert_eq!(reached, 0, "{path}");
    }
    for path in ["/admin", "/v1/models", "/v1/chat/completions"] {
        assert_eq!(ask(path, &wide), (200, 1), "{path}");
    }
    assert_eq!(ask("/v1/chat/completions", good), (200, 1));
    let no_preflight = Request::new("OPTIONS", "/v1/models");
    assert_eq!(send(&no_preflight), (401, 0));

    let here = world.create("--scope inference --allow-from 127.0.0.0/8");
    let there = world.create("--scope inference --allow-from 203.0.113.0/24");
    for lie in ["203.0.113.9", "127.0.0.1"] {
        let from = |token| {
            let request = Request::new("GET", "/v1/models").header("X-Real-IP", lie);
            send(&request.key(token))
        };
        assert_eq!(from(&here), (200, 1), "{lie}");
        assert_eq!(from(&there), (403, 0), "{lie}");
    }

    for _ in 0..5 {
        for (change, expected) in [("disable", (401, 0)), ("enable", (200, 1))] {
            world.site.run(&format!("{change} {}", id_of(good)));
            assert_eq!(ask("/v1/models", good), expected);
        }
    }

    // Some gateways refuse a head that large; it must not be the server that does.
    let cookie = "x".repeat(20_000);
    let request = Request::new("GET", "/v1/models").header("Cookie", &cookie);
    let (status, _) = send(&request.key(good));
    assert!(matches!(status, 200 | 400), "{status}");
}

/// Everything that a gateway of this world has written to its logs.
pub fn logs(world: &World) -> String {
    let mut grep = world.site.clean("grep");
    grep.args([
        "-rah",
        "--include=*.log",
        "--include=*.out",
        "--include=*.err",
        "",
        ".",
    ]);
    run(&mut grep).stdout
}

/// Each failure leaves a line in the gateway's log, and the page has its words.
#[track_caller]
pub fn failures(gateway: &dyn Gateway, page: &str, down: &str, hung: Option<&str>) {
    if !gateway.is_here() {
        return;
    }
    let page = fs::read_to_string(recipe(page)).unwrap();
    for words in [Some(down), hung].into_iter().flatten() {
        assert!(page.contains(words), "{words}");
        let world = World::new();
        let silent = Hung::start(&world.site, gateway.socket());
        let place = match words == down {
            true => gateway.socket().down(&world.site),
            false => silent.place().clone(),
        };
        let running = gateway.start(&world, &place);
        let request = Request::new("GET", "/v1/models").key(&world.keys.good);
        send(running.address, &request);
        until(words, || logs(&world).contains(words));
    }
}

/// The number of requests with a token that pass before one is 429.
#[track_caller]
fn passed_before_the_limit(running: &Running, token: &str) -> usize {
    let request = Request::new("GET", "/v1/models").key(token);
    for count in 0..5000 {
        match send(running.address, &request).status {
            200 => {}
            429 => return count,
            other => panic!("{other} after {count}"),
        }
    }
    panic!("no limit");
}

/// One key has reached its limit, of `expected` requests at least, and no other one has.
#[track_caller]
pub fn limit(gateway: &dyn Gateway, expected: usize) {
    if !gateway.is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(gateway.socket(), gateway.flags());
    let running = gateway.start(&world, server.place());
    let passed = passed_before_the_limit(&running, &world.keys.good);
    assert!(passed >= expected, "{passed}");
    let other = world.create("--scope inference");
    for (token, status) in [(&other, 200), (&world.keys.unknown, 401)] {
        let request = Request::new("GET", "/v1/models").key(token);
        for _ in 0..50 {
            assert_eq!(send(running.address, &request).status, status);
        }
    }
}
