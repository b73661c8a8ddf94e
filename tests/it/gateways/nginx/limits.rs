//! `limits.conf`: requests counted by key in a second server.

use super::super::client::{Request, send};
use super::super::configuration;
use super::super::process::free_address;
use super::super::server::Socket;
use super::super::world::World;
use super::{APPLICATION, FLAGS, error_log, nginx_is_here, recipe, start};
use crate::harness::id_of;

/// Requests that no limit of the recipe lets in, however slow this machine is: one a second goes on.
const MANY: usize = 2_000;

#[test]
fn requests_are_limited_by_key_and_only_those_that_were_let_in_count() {
    if !nginx_is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(Socket::Tcp, FLAGS);
    let limited = free_address().to_string();
    let application = world.application.address().to_string();
    let nginx = start(&world.site, |listen| {
        let second = [(APPLICATION, &*limited), ("127.0.0.1:8001", &application)];
        let first = recipe("tcp.conf", listen, &limited, server.place());
        first + &configuration("nginx/limits.conf", &second)
    });
    let status = |token: &str| {
        let request = Request::new("GET", "/v1/models").key(token);
        send(nginx.address, &request).status
    };
    let (good, other) = (&world.keys.good, &world.keys.phased_out);
    for _ in 0..50 {
        assert_eq!(status(&world.keys.unknown), 401);
    }
    let statuses: Vec<u16> = (0..MANY)
        .map(|_| status(good))
        .take_while(|&it| it == 200)
        .collect();
    assert!(statuses.len() > 20, "the burst: {statuses:?}");
    assert!(statuses.len() < MANY, "never 429");
    assert_eq!(status(good), 429);
    assert!(error_log(&world).contains("limiting requests"));
    let seen = world.application.take();
    assert_eq!(seen.len(), statuses.len());
    for received in seen {
        assert_eq!(received.values("x-key-id"), [id_of(good)]);
        assert!(received.values("x-api-key").is_empty(), "{received:?}");
    }
    // Another key has its own count.
    assert_eq!(status(other), 200);
}
