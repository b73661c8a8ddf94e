//! The price of a cache of verdicts in nginx.

use super::super::client::{Request, send};
use super::super::server::{Place, Server, Socket};
use super::super::world::{Running, World};
use super::{FLAGS, nginx_is_here, recipe, start};
use crate::exe::harness::run;
use crate::harness::id_of;

/// What people write to cache verdicts for a minute.
const CACHED: &str = "proxy_cache verdicts;
        proxy_cache_key $http_x_api_key;
        proxy_cache_valid 200 1m;";

/// The line of the recipe that the cache is put behind.
const BEHIND: &str = "proxy_pass http://keyctl/verify?scope=inference;";

/// nginx with a cache in the location that asks.
fn cached(world: &World, server: &Place, more: &str) -> Running {
    let application = world.application.address().to_string();
    start(&world.site, |listen| {
        let text = recipe("tcp.conf", listen, &application, server);
        assert!(text.contains(BEHIND), "{text}");
        let text = text.replace(BEHIND, &format!("{BEHIND}\n{CACHED}\n{more}"));
        format!("proxy_cache_path cache keys_zone=verdicts:1m;\n{text}")
    })
}

/// A world and its server; `None`, which is said, without nginx.
fn world() -> Option<(World, Server)> {
    nginx_is_here().then(|| {
        let world = World::new();
        let server = world.serve(Socket::Tcp, FLAGS);
        (world, server)
    })
}

/// The statuses before and after the good key is disabled.
fn before_and_after(world: &World, nginx: &Running) -> [u16; 2] {
    let request = Request::new("GET", "/v1/models").key(&world.keys.good);
    let before = send(nginx.address, &request).status;
    let id = id_of(&world.keys.good);
    world.site.run(&format!("disable {id}"));
    [before, send(nginx.address, &request).status]
}

/// Whether nginx has the good token in a file.
fn is_in_a_file(world: &World) -> bool {
    let mut grep = world.site.clean("grep");
    grep.args(["-rqaF", "-D", "skip", "--", &world.keys.good, "nginx"]);
    run(&mut grep).code == 0
}

#[test]
fn nginx_caches_no_verdict_of_its_own_accord() {
    let Some((world, server)) = world() else {
        return;
    };
    let nginx = cached(&world, server.place(), "");
    assert_eq!(before_and_after(&world, &nginx), [200, 401]);
    assert!(!is_in_a_file(&world));
}

#[test]
fn a_cache_that_is_forced_lets_a_disabled_key_in_and_writes_its_token_down() {
    let Some((world, server)) = world() else {
        return;
    };
    let nginx = cached(
        &world,
        server.place(),
        "proxy_ignore_headers Cache-Control;",
    );
    assert_eq!(before_and_after(&world, &nginx), [200, 200]);
    assert!(is_in_a_file(&world));
}
