//! `docs/gateways/caddy`: Caddy with `forward_auth`.

use super::configuration;
use super::matrix::{Gateway, answered, matrix};
use super::process::{Process, free_address};
use super::rules::{failures, rules};
use super::server::{Place, Server, Socket};
use super::world::{Running, World};
use crate::exe::harness::run;
use crate::recipes::is_here;
use std::fs;

struct Caddy(Socket);

impl Gateway for Caddy {
    fn is_here(&self) -> bool {
        is_here("caddy", &["version"])
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        let address = free_address();
        let server = match server {
            Place::Tcp(address) => address.to_string(),
            Place::Unix(path) => format!("unix/{}", path.display()),
        };
        let site = format!(":{} {{\n\tbind 127.0.0.1", address.port());
        let places = [
            // Its socket for administrators has a fixed port.
            ("{\n\t# Caddy hides", "{\n\tadmin off\n\t# Caddy hides"),
            (":8080 {", &site),
            ("127.0.0.1:8000", &world.application.address().to_string()),
            ("127.0.0.1:9091", &server),
        ];
        let file = world.site.path("Caddyfile");
        fs::write(&file, configuration("caddy/Caddyfile", &places)).unwrap();
        let mut command = world.site.clean("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.arg(file);
        let mut process = Process::start(&mut command, &world.site.path(""), "caddy");
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
fn caddy_over_tcp_lets_in_who_should() {
    matrix(&Caddy(Socket::Tcp));
}

#[test]
fn caddy_over_a_unix_socket_lets_in_who_should() {
    matrix(&Caddy(Socket::Unix));
}

#[test]
fn caddy_keeps_the_rules_of_its_recipe() {
    rules(&Caddy(Socket::Tcp));
}

#[test]
fn caddy_logs_a_line_if_there_was_no_answer() {
    let page = "caddy/README.md";
    failures(&Caddy(Socket::Tcp), page, "\"status\":503", None);
}

#[test]
fn caddy_finds_its_file_formatted_and_valid() {
    if Caddy(Socket::Tcp).is_here() {
        let world = World::new();
        let file = super::recipe("caddy/Caddyfile");
        let mut format = world.site.clean("caddy");
        let text = fs::read_to_string(&file).unwrap();
        run(format.arg("fmt").arg(&file)).code(0).stdout(&text);
    }
}
