//! `docs/gateways/traefik`: Traefik with ForwardAuth.

use super::client::{Request, send};
use super::configuration;
use super::matrix::{Gateway, answered, matrix};
use super::process::{Process, free_address};
use super::rules::{failures, limit, rules};
use super::server::{Place, Server};
use super::world::{Running, World};
use crate::recipes::is_here;
use std::fs;

struct Traefik;

impl Gateway for Traefik {
    fn is_here(&self) -> bool {
        is_here("traefik", &["version"])
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        let address = free_address();
        let Place::Tcp(server) = server else {
            panic!("it asks over TCP only: {server:?}");
        };
        let rules = world.site.path("keyctl.yaml");
        let places = [
            ("127.0.0.1:9091", &*server.to_string()),
            ("127.0.0.1:8000", &world.application.address().to_string()),
        ];
        fs::write(&rules, configuration("traefik/keyctl.yaml", &places)).unwrap();
        let file = world.site.path("traefik.yaml");
        let places = [
            (":8080", &*address.to_string()),
            ("/etc/traefik/keyctl.yaml", rules.to_str().unwrap()),
        ];
        fs::write(&file, configuration("traefik/traefik.yaml", &places)).unwrap();
        let mut command = world.site.clean("traefik");
        command.arg(format!("--configFile={}", file.display()));
        let mut process = Process::start(&mut command, &world.site.path(""), "traefik");
        process.until_it_listens(address);
        // It listens before it has its routes.
        let request = Request::new("OPTIONS", "/");
        process.until("it has routes", |_| send(address, &request).status != 404);
        Running { process, address }
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

    fn status_if_down(&self) -> u16 {
        500
    }

    fn status_if_hung(&self) -> u16 {
        500
    }

    fn says_when_to_retry(&self) -> bool {
        false
    }
}

#[test]
fn traefik_lets_in_who_should() {
    matrix(&Traefik);
}

#[test]
fn traefik_keeps_the_rules_of_its_recipe() {
    rules(&Traefik);
}

#[test]
fn traefik_limits_the_rate_of_one_key_and_of_no_other() {
    limit(&Traefik, 100);
}

#[test]
fn traefik_says_why_there_was_no_answer() {
    failures(
        &Traefik,
        "traefik/README.md",
        "connect: connection refused",
        None,
    );
}
