//! `docs/gateways/nginx`: nginx with `auth_request`.

use super::configuration;
use super::matrix::{Gateway, matrix};
use super::process::{Process, free_address};
use super::server::{Place, Socket};
use super::world::{Running, World};
use crate::exe::harness::{Site, is_root};
use crate::recipes::is_here;
use std::fs;

/// The application and the server as the recipes have them.
const APPLICATION: &str = "127.0.0.1:8000";
const SERVER: &str = "127.0.0.1:9091";
const SOCKET: &str = "/run/keyctl/keyctl.sock";

/// A file of the recipe.
struct Nginx(&'static str, Socket);

impl Gateway for Nginx {
    fn is_here(&self) -> bool {
        is_here("nginx", &["-v"])
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        start(&world.site, |address| {
            let application = world.application.address().to_string();
            let (from, to) = match server {
                Place::Tcp(address) => (SERVER, address.to_string()),
                Place::Unix(path) => (SOCKET, path.display().to_string()),
            };
            let places = [
                ("listen 8080;", &*format!("listen {address};")),
                (APPLICATION, &application),
                (from, &to),
            ];
            configuration(&format!("nginx/{}", self.0), &places)
        })
    }

    fn socket(&self) -> Socket {
        self.1
    }

    fn flags(&self) -> &'static str {
        "--client-header x-real-ip"
    }
}

/// Starts nginx with a configuration for `http`, made for the address at which it listens.
#[track_caller]
fn start(site: &Site, configuration: impl FnOnce(&str) -> String) -> Running {
    let address = free_address();
    let dir = site.path("nginx");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("keyctl.conf"), configuration(&address.to_string())).unwrap();
    // Its workers would become nobody, who cannot enter the directory.
    let user = if is_root() { "user root root;\n" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {name};\n"))
        .concat();
    let main = format!(
        "{user}pid nginx.pid;\nerror_log error.log info;\nevents {{}}\n\
         http {{\n    access_log access.log;\n{temporary}    include keyctl.conf;\n}}\n"
    );
    fs::write(dir.join("nginx.conf"), main).unwrap();
    let mut command = site.clean("nginx");
    command
        .args(["-e", "error.log", "-g", "daemon off;", "-c"])
        .arg(dir.join("nginx.conf"))
        .arg("-p")
        .arg(&dir);
    let mut process = Process::start(&mut command, &dir, "nginx");
    process.until_it_listens(address);
    Running { process, address }
}

#[test]
fn nginx_over_tcp_lets_in_who_should() {
    matrix(&Nginx("tcp.conf", Socket::Tcp));
}
