//! `docs/gateways/haproxy`: HAProxy with an action in Lua.

use super::client::{Request, send};
use super::configuration;
use super::matrix::{Gateway, matrix};
use super::process::{Process, free_address};
use super::rules::{failures, limit, rules};
use super::server::{Place, Socket};
use super::world::{Running, World};
use crate::recipes::is_here;
use std::fs;

const PAGE: &str = "haproxy/README.md";

struct Haproxy {
    socket: Socket,
    /// A part of the action's file, and what stands there instead.
    change: Option<(&'static str, &'static str)>,
}

/// HAProxy with the recipe as it is.
const fn haproxy(socket: Socket) -> Haproxy {
    let change = None;
    Haproxy { socket, change }
}

impl Gateway for Haproxy {
    fn is_here(&self) -> bool {
        is_here("haproxy", &["-v"])
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        let address = free_address();
        let action = world.site.path("keyctl.lua");
        let place = match server {
            Place::Tcp(address) => ("127.0.0.1:9091", address.to_string()),
            Place::Unix(path) => (
                "local SOCKET = nil",
                format!("local SOCKET = \"unix@{}\"", path.display()),
            ),
        };
        let mut places = vec![(place.0, &*place.1)];
        places.extend(self.change);
        fs::write(&action, configuration("haproxy/keyctl.lua", &places)).unwrap();

        let file = world.site.path("haproxy.cfg");
        let places = [
            ("bind :8080", &*format!("bind {address}")),
            ("127.0.0.1:8000", &world.application.address().to_string()),
            ("/etc/haproxy/keyctl.lua", action.to_str().unwrap()),
        ];
        fs::write(&file, configuration("haproxy/haproxy.cfg", &places)).unwrap();
        let mut command = world.site.clean("haproxy");
        command.args(["-db", "-f"]).arg(file);
        let mut process = Process::start(&mut command, &world.site.path(""), "haproxy");
        process.until_it_listens(address);
        Running { process, address }
    }

    fn socket(&self) -> Socket {
        self.socket
    }

    fn flags(&self) -> &'static str {
        "--client-header x-real-ip"
    }

    fn preflight(&self) -> (u16, bool) {
        (200, true)
    }
}

#[test]
fn haproxy_over_tcp_lets_in_who_should() {
    matrix(&haproxy(Socket::Tcp));
}

#[test]
fn haproxy_over_a_unix_socket_lets_in_who_should() {
    matrix(&haproxy(Socket::Unix));
}

#[test]
fn haproxy_keeps_the_rules_of_its_recipe() {
    rules(&haproxy(Socket::Tcp));
}

#[test]
fn haproxy_limits_the_rate_of_one_key_and_of_no_other() {
    limit(&haproxy(Socket::Tcp), 600);
}

#[test]
fn haproxy_says_why_there_was_no_answer() {
    failures(&haproxy(Socket::Tcp), PAGE, "SC--", Some("sH--"));
}

#[test]
fn haproxy_refuses_everything_if_its_action_fails_or_asks_wrongly() {
    for change in [
        ("txn:get_var(\"txn.scope\")", "nil"),
        (
            "txn:set_var(\"txn.keyctl_status\"",
            "txn:set_var(\"txn.other\"",
        ),
        ("answer.headers, name", "nothing.headers, name"),
        ("/verify?scope=", "/verify?scop="),
    ] {
        let change = Some(change);
        let gateway = Haproxy {
            socket: Socket::Tcp,
            change,
        };
        if !gateway.is_here() {
            return;
        }
        let world = World::new();
        let server = world.serve(Socket::Tcp, gateway.flags());
        let running = gateway.start(&world, server.place());
        let request = Request::new("GET", "/v1/models").key(&world.keys.good);
        let status = send(running.address, &request).status;
        assert_eq!(status, 503, "{change:?}");
        assert!(world.application.take().is_empty(), "{change:?}");
    }
}
