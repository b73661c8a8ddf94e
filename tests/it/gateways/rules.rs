//! Promises of the recipes that choose a scope by the path, besides the matrix.

use super::client::{Request, send};
use super::matrix::Gateway;
use super::world::{Running, World};
use crate::harness::id_of;

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

/// Starts a gateway, and asks it what its recipe says of scopes, of the client's address and of keys that
/// are disabled. Skipped, by name, where the gateway is missing.
#[track_caller]
pub fn rules(gateway: &dyn Gateway) {
    if !gateway.is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(gateway.socket(), gateway.flags());
    let running = gateway.start(&world, server.place());
    let ask = |path: &str, headers: &[(&str, &str)]| {
        let request = headers
            .iter()
            .fold(Request::new("GET", path), |request, (name, value)| {
                request.header(name, value)
            });
        let answer = send(running.address, &request);
        (answer.status, world.application.take().len())
    };

    let good = world.keys.good.as_str();
    let wide = world.create("--scope project");
    for path in OTHERS {
        // To some gateways, such a path is none.
        let (status, reached) = ask(path, &[("X-Api-Key", good)]);
        assert!(matches!(status, 400 | 403 | 404), "{path}: {status}");
        assert_eq!(reached, 0, "{path}");
    }
    for path in ["/admin", "/v1/models", "/v1/chat/completions"] {
        assert_eq!(ask(path, &[("X-Api-Key", &wide)]), (200, 1), "{path}");
    }
    assert_eq!(
        ask("/v1/chat/completions", &[("X-Api-Key", good)]),
        (200, 1)
    );

    let here = world.create("--scope inference --allow-from 127.0.0.0/8");
    let there = world.create("--scope inference --allow-from 203.0.113.0/24");
    for lie in ["203.0.113.9", "127.0.0.1"] {
        let from = |token| ask("/v1/models", &[("X-Real-IP", lie), ("X-Api-Key", token)]);
        assert_eq!(from(&here), (200, 1), "{lie}");
        assert_eq!(from(&there), (403, 0), "{lie}");
    }

    for _ in 0..5 {
        for (change, expected) in [("disable", (401, 0)), ("enable", (200, 1))] {
            world.site.run(&format!("{change} {}", id_of(good)));
            assert_eq!(ask("/v1/models", &[("X-Api-Key", good)]), expected);
        }
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
    let others = [
        (world.create("--scope inference"), 200),
        (world.keys.unknown.clone(), 401),
    ];
    for (token, status) in others {
        let request = Request::new("GET", "/v1/models").key(&token);
        assert_eq!(send(running.address, &request).status, status);
    }
}
