//! `docs/gateways/envoy`: Envoy with `ext_authz` over HTTP.

use super::configuration;
use super::matrix::{Gateway, answered, matrix};
use super::process::{Process, free_address};
use super::rules::rules;
use super::server::{Place, Server, Socket};
use super::world::{Running, World};
use crate::recipes::is_here;
use std::fs;

struct Envoy(Socket);

impl Gateway for Envoy {
    fn is_here(&self) -> bool {
        is_here("envoy", &["--version"])
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        let address = free_address();
        let at = |port: u16| format!("address: 127.0.0.1, port_value: {port} }}");
        let server = match server {
            Place::Tcp(address) => format!("socket_address: {{ {}", at(address.port())),
            Place::Unix(path) => format!("pipe: {{ path: {} }}", path.display()),
        };
        let places = [
            ("address: 0.0.0.0, port_value: 8080 }", &*at(address.port())),
            (
                "address: 127.0.0.1, port_value: 8000 }",
                &at(world.application.address().port()),
            ),
            (
                "socket_address: { address: 127.0.0.1, port_value: 9091 }",
                &server,
            ),
        ];
        let file = world.site.path("envoy.yaml");
        fs::write(&file, configuration("envoy/envoy.yaml", &places)).unwrap();
        let mut command = world.site.clean("envoy");
        command.args([
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "-l",
            "warning",
        ]);
        command.arg("-c").arg(file);
        let mut process = Process::start(&mut command, &world.site.path(""), "envoy");
        process.until_it_listens(address);
        Running { process, address }
    }

    fn socket(&self) -> Socket {
        self.0
    }

    fn flags(&self) -> &'static str {
        "--client-header x-real-ip"
    }

    fn identity(&self, server: Option<&Server>, token: &str) -> Vec<(String, String)> {
        answered(server.unwrap(), token)
    }

    fn preflight(&self) -> (u16, bool) {
        (200, true)
    }
}

#[test]
fn envoy_over_tcp_lets_in_who_should() {
    matrix(&Envoy(Socket::Tcp));
}

#[test]
fn envoy_over_a_unix_socket_lets_in_who_should() {
    matrix(&Envoy(Socket::Unix));
}

#[test]
fn envoy_keeps_the_rules_of_its_recipe() {
    rules(&Envoy(Socket::Tcp));
}
