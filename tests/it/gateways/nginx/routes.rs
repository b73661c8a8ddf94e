//! What a route lets in: scopes, addresses, sizes, browsers.

use super::super::application::Application;
use super::super::client::{Request, send};
use super::super::matrix::LARGE;
use super::super::server::Socket;
use super::super::world::World;
use super::{FLAGS, nginx_is_here, recipe, stack, start, start_with};
use crate::exe::harness::until;

#[test]
fn each_route_wants_its_scope_however_its_path_is_written() {
    let Some((world, _server, nginx)) = stack("scopes.conf") else {
        return;
    };
    for scope in ["admin", "files:read", "files:write"] {
        world
            .site
            .run(&format!("scope add {scope} --description {scope}"));
    }
    let of = |scopes: &str| world.site.run(&format!("create --scope {scopes}")).stdout;
    let admin = of("admin");
    let reader = of("files:read");
    let writer = of("files:write");
    let both = of("inference,admin");
    for (method, path, token, status) in [
        ("GET", "/v1/models", &world.keys.good, 200),
        ("GET", "/v1/models", &admin, 403),
        ("GET", "/admin/users", &admin, 200),
        ("GET", "/admin/users", &both, 200),
        ("GET", "/admin/users", &world.keys.good, 403),
        ("GET", "//admin/users", &world.keys.good, 403),
        ("GET", "/%61dmin/users", &world.keys.good, 403),
        ("GET", "/v1/../admin/users", &world.keys.good, 403),
        ("GET", "/v1/..%2fadmin/users", &world.keys.good, 403),
        ("GET", "/v1/%2e%2e/admin/users", &world.keys.good, 403),
        ("GET", "/admin/?scope=inference", &world.keys.good, 403),
        ("GET", "/files/a", &reader, 200),
        ("HEAD", "/files/a", &reader, 200),
        ("PUT", "/files/a", &reader, 403),
        ("DELETE", "/files/a", &reader, 403),
        ("PUT", "/files/a", &writer, 200),
        ("GET", "/files/a", &writer, 403),
        ("OPTIONS", "/files/a", &reader, 204),
        // Only nginx itself asks there.
        ("GET", "/_keyctl/inference", &world.keys.good, 404),
        ("GET", "/_keyctl/by-method", &writer, 404),
    ] {
        let body = if method == "PUT" { 2_000_000 } else { 0 };
        let request = Request::new(method, path).key(token.trim_end()).body(body);
        let answer = send(nginx.address, &request);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        let received = world.application.take();
        assert_eq!(
            received.len(),
            usize::from(status == 200),
            "{method} {path}"
        );
    }
}

#[test]
fn a_route_without_a_key_drops_a_forged_identity() {
    let Some((world, _server, nginx)) = stack("scopes.conf") else {
        return;
    };
    let request = Request::new("GET", "/health").header("X-Key-Owner", "mallory");
    let answer = send(nginx.address, &request.key(&world.keys.good));
    assert_eq!(answer.status, 200, "{answer:?}");
    let received = world.application.take().remove(0);
    assert!(received.values("x-key-owner").is_empty(), "{received:?}");
    assert!(received.values("x-api-key").is_empty(), "{received:?}");
}

#[test]
fn a_scope_that_is_not_registered_is_503_and_no_open_route() {
    let Some((world, server, nginx)) = stack("scopes.conf") else {
        return;
    };
    let request = Request::new("GET", "/admin/users").key(&world.keys.good);
    let answer = send(nginx.address, &request);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(world.application.take().is_empty());
    until("the server has written its line", || {
        server.log().contains("usage")
    });
}

#[test]
fn a_key_for_some_networks_is_judged_by_the_clients_own_address() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let of = |network: &str| {
        let line = format!("create --scope inference --allow-from {network}");
        world.site.run(&line).stdout
    };
    for (token, status) in [(of("127.0.0.1"), 200), (of("192.0.2.0/24"), 403)] {
        for forged in [None, Some("192.0.2.7"), Some("127.0.0.1")] {
            let mut request = Request::new("GET", "/v1/models").key(token.trim_end());
            if let Some(address) = forged {
                request = request
                    .header("X-Real-IP", address)
                    .header("X-Forwarded-For", address);
            }
            let answer = send(nginx.address, &request);
            assert_eq!(answer.status, status, "{forged:?}: {answer:?}");
        }
    }
}

#[test]
fn bodies_and_heads_of_any_size_that_nginx_takes_do_not_hinder_the_question() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let good = || Request::new("POST", "/v1/files").key(&world.keys.good);
    let cookie = "x".repeat(7_000);
    let heads = good()
        .header("Cookie", &cookie)
        .header("Cookie", &cookie)
        .header("Cookie", &cookie);
    for request in [
        good().body(3_000_000),
        good().body(3_000_000).chunked(),
        heads,
    ] {
        let answer = send(nginx.address, &request);
        assert_eq!(answer.status, 200, "{answer:?}");
        let received = world.application.take().remove(0);
        assert_eq!(received.body, request.body.len());
    }
}

#[test]
fn a_location_may_take_larger_bodies_than_its_server() {
    if !nginx_is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(Socket::Tcp, FLAGS);
    let application = world.application.address().to_string();
    let nginx = start(&world.site, |listen| {
        let text = recipe("tcp.conf", listen, &application, server.place());
        let size = "client_max_body_size 100m;";
        assert!(text.contains(size), "{text}");
        let text = text.replace(size, "");
        text.replace("location / {", &format!("location / {{ {size}"))
    });
    let request = Request::new("POST", "/v1/files")
        .key(&world.keys.good)
        .body(3_000_000);
    let answer = send(nginx.address, &request);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_browser_may_call_from_the_origin_that_is_named_and_from_no_other() {
    let Some((world, _server, nginx)) = stack("browsers.conf") else {
        return;
    };
    for (origin, allowed) in [
        ("https://app.example.com", Some("https://app.example.com")),
        ("https://app.example.com.mallory.test", None),
        ("https://appxexample.com", None),
        ("null", None),
    ] {
        let preflight = Request::new("OPTIONS", "/v1/models")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST");
        let with_key = Request::new("GET", "/v1/models").key(&world.keys.good);
        for (request, status) in [
            (preflight, 204),
            (with_key.header("Origin", origin), 200),
            (
                Request::new("GET", "/v1/models").header("Origin", origin),
                401,
            ),
        ] {
            let answer = send(nginx.address, &request);
            assert_eq!(answer.status, status, "{answer:?}");
            let header = answer.header("access-control-allow-origin");
            assert_eq!(header, allowed, "{answer:?}");
        }
    }
    assert_eq!(world.application.take().len(), 4);
}

#[test]
fn only_nginx_itself_asks() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let answer = send(
        nginx.address,
        &Request::new("GET", "/_keyctl").key(&world.keys.good),
    );
    assert_eq!(answer.status, 404, "{answer:?}");
    assert!(world.application.take().is_empty());
}

#[test]
fn the_application_gets_the_host_and_the_clients_address_from_nginx() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let request = Request::new("GET", "/v1/models").key(&world.keys.good);
    let answer = send(nginx.address, &request.header("X-Real-IP", "192.0.2.7"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let received = world.application.take().remove(0);
    assert_eq!(received.values("host"), ["api.test"]);
    assert_eq!(received.values("x-real-ip"), ["127.0.0.1"]);
}

#[test]
fn nginx_asks_with_the_head_alone_and_keeps_its_connections() {
    if !nginx_is_here() {
        return;
    }
    let world = World::new();
    // Stands in for the server, to see what that would get: it says 200 to all. With a body in an answer,
    // nginx keeps no connection.
    let server = Application::with_body("");
    let nginx = start_with("tcp.conf", &world, &server.address().into());
    let before = [&server, &world.application].map(Application::connections);
    let request = Request::new("POST", "/v1/models").key(&world.keys.good);
    let request = request
        .header("Cookie", "a=b")
        .header("X-Real-IP", "192.0.2.7");
    for body in [0, 100, LARGE].into_iter().cycle().take(30) {
        let request = request.clone().body(body);
        for request in [request.clone(), request.chunked()] {
            assert_eq!(send(nginx.address, &request).status, 200);
        }
    }
    let after = [&server, &world.application].map(Application::connections);
    assert_eq!(after, before.map(|count| count + 1));
    let asked = server.take();
    assert_eq!(asked.len(), 60);
    for asked in asked {
        assert_eq!((&*asked.method, asked.body), ("GET", 0));
        assert_eq!(asked.path, "/verify?scope=inference");
        assert_eq!(asked.values("x-api-key"), [&world.keys.good]);
        assert_eq!(asked.values("x-real-ip"), ["127.0.0.1"]);
        for absent in [
            "content-length",
            "transfer-encoding",
            "cookie",
            "connection",
        ] {
            assert!(asked.values(absent).is_empty(), "{asked:?}");
        }
    }
}
