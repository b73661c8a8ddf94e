//! Statuses and log lines that an operator finds when something fails.

use super::super::client::{Request, send};
use super::super::matrix::LARGE;
use super::super::server::{Hung, Place, Socket};
use super::super::world::World;
use super::{error_log, nginx_is_here, stack, start_with};
use crate::exe::harness::{is_root, set_mode, skipped, until};
use crate::recipes::page;
use std::fs;

/// The page's table says that this line means `meaning`, and nginx's log has it.
#[track_caller]
fn is_explained(world: &World, line: &str) {
    let page = page("gateways/nginx");
    assert!(page.contains(line), "not on the page: {line}");
    let log = error_log(world);
    assert!(log.contains(line), "not in the log: {line}: {log}");
}

#[test]
fn each_failure_has_the_status_and_the_line_of_the_page() {
    let Some((world, mut server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let request = Request::new("GET", "/v1/models").key(&world.keys.good);
    let status = |address| send(address, &request).status;

    let long = "x".repeat(7_000);
    let large = (0..3).fold(request.clone(), |it, _| it.header("X-Large", &long));
    assert_eq!(send(nginx.address, &large).status, 503);
    is_explained(&world, "auth request unexpected status: 431");

    fs::rename(world.site.db(), world.site.path("away")).unwrap();
    assert_eq!(status(nginx.address), 503);
    is_explained(&world, "auth request unexpected status: 503");
    fs::rename(world.site.path("away"), world.site.db()).unwrap();
    assert_eq!(status(nginx.address), 200);

    server.end();
    assert_eq!(status(nginx.address), 503);
    is_explained(&world, "auth request unexpected status: 502");
    is_explained(&world, "connect() failed (111: Connection refused)");
    drop(nginx);

    let hung = Hung::start(&world.site, Socket::Tcp);
    let nginx = start_with("tcp.conf", &world, hung.place());
    assert_eq!(status(nginx.address), 503);
    is_explained(&world, "auth request unexpected status: 504");
    is_explained(&world, "upstream timed out (110: ");
    drop(nginx);

    let nginx = start_with("socket.conf", &world, &Socket::Unix.down(&world.site));
    assert_eq!(status(nginx.address), 503);
    is_explained(&world, "connect() to unix:");
    is_explained(&world, "failed (2: No such file or directory)");
    drop(nginx);
}

#[test]
fn a_rejection_is_no_line_of_the_error_log_and_one_of_the_servers() {
    let Some((world, server, nginx)) = stack("tcp.conf") else {
        return;
    };
    for (token, status) in [(&world.keys.disabled, 401), (&world.keys.other, 403)] {
        let request = Request::new("GET", "/v1/models").key(token);
        assert_eq!(send(nginx.address, &request).status, status);
        let part = format!("\"status\":{status}");
        until("the server has written its line", || {
            server.log().contains(&part)
        });
        assert!(page("gateways/nginx").contains(&part), "{part}");
    }
    let log = error_log(&world);
    assert!(!log.contains("[error]"), "{log}");
}

#[test]
fn a_socket_that_nginx_may_not_open_is_503_and_named() {
    if !nginx_is_here() {
        return;
    }
    if !is_root() {
        return skipped("only root can start nginx as another user");
    }
    let world = World::new();
    let server = world.serve(Socket::Unix, super::FLAGS);
    let application = world.application.address().to_string();
    let Place::Unix(socket) = server.place() else {
        panic!("{:?}", server.place());
    };
    // As for a user who is not in the group.
    set_mode(socket, 0o600);
    let nginx = super::start_as("user nobody root;", &world.site, |listen| {
        super::recipe("socket.conf", listen, &application, server.place())
    });
    let request = Request::new("GET", "/v1/models").key(&world.keys.good);
    assert_eq!(send(nginx.address, &request).status, 503);
    is_explained(&world, "failed (13: Permission denied)");
}

#[test]
fn a_body_that_nginx_cannot_keep_is_503_and_named() {
    if !nginx_is_here() {
        return;
    }
    if !is_root() {
        return skipped("only root can start nginx as another user");
    }
    let world = World::new();
    let server = world.serve(Socket::Tcp, super::FLAGS);
    let application = world.application.address().to_string();
    let nginx = super::start_as("user nobody root;", &world.site, |listen| {
        super::recipe("tcp.conf", listen, &application, server.place())
    });
    set_mode(world.site.path("nginx"), 0o700);
    let request = Request::new("POST", "/v1/models")
        .key(&world.keys.good)
        .body(LARGE);
    assert_eq!(send(nginx.address, &request).status, 503);
    is_explained(&world, "[crit]");
    is_explained(&world, "failed (13: Permission denied)");
}

#[test]
fn a_typo_in_the_question_closes_the_route_and_is_named() {
    if !nginx_is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(Socket::Tcp, super::FLAGS);
    let application = world.application.address().to_string();
    let request = Request::new("GET", "/v1/models").key(&world.keys.good);
    for (right, wrong, logged) in [
        (
            "?scope=inference",
            "?scopes=inference",
            "auth request unexpected status: 500",
        ),
        (
            "?scope=inference",
            "?scope=",
            "auth request unexpected status: 500",
        ),
        (
            "/verify?",
            "/verfiy?",
            "auth request unexpected status: 404",
        ),
    ] {
        let nginx = super::start(&world.site, |listen| {
            let text = super::recipe("tcp.conf", listen, &application, server.place());
            assert!(text.contains(right), "{text}");
            text.replace(right, wrong)
        });
        let answer = send(nginx.address, &request);
        assert_eq!(answer.status, 503, "{wrong}: {answer:?}");
        is_explained(&world, logged);
    }
    assert!(world.application.take().is_empty());
}

#[test]
fn what_the_application_answers_reaches_the_client_as_it_is() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    for status in [201, 401, 403, 429, 500, 503] {
        let request = Request::new("GET", &format!("/status/{status}")).key(&world.keys.good);
        let answer = send(nginx.address, &request);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("retry-after"), None, "{answer:?}");
    }
}
