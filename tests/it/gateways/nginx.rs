//! `docs/gateways/nginx`: nginx with `auth_request`.

mod caches;
mod failures;
mod limits;
mod pages;
mod routes;
mod stress;

use super::configuration;
use super::matrix::{Gateway, matrix};
use super::process::{Process, free_address};
use super::server::{Place, Server, Socket};
use super::world::{Running, World};
use crate::exe::harness::{Site, is_root};
use crate::recipes::is_here;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// The flags of the server in the recipe.
pub const FLAGS: &str = "--client-header x-real-ip";

/// The places in the recipe's files.
const LISTEN: &str = "listen 8080;";
const APPLICATION: &str = "127.0.0.1:8000";
const SERVER: &str = "127.0.0.1:9091";
const SOCKET: &str = "/run/keyctl/keyctl.sock";

pub fn nginx_is_here() -> bool {
    is_here("nginx", &["-v"])
}

/// A file of the recipe with a test's places.
#[track_caller]
fn recipe(file: &str, listen: &str, application: &str, server: &Place) -> String {
    let (from, to) = match server {
        Place::Tcp(address) => (SERVER, address.to_string()),
        Place::Unix(path) => (SOCKET, path.display().to_string()),
    };
    let places = [
        (LISTEN, &*format!("listen {listen};")),
        (APPLICATION, application),
        (from, &to),
    ];
    configuration(&format!("nginx/{file}"), &places)
}

/// Starts nginx with a configuration for `http`, made for the address at which it listens.
#[track_caller]
fn start(site: &Site, configuration: impl FnOnce(&str) -> String) -> Running {
    // Its workers would become nobody, who cannot enter the directory.
    let user = if is_root() { "user root root;" } else { "" };
    start_as(user, site, configuration)
}

/// The same with the directive for the user of its workers.
#[track_caller]
fn start_as(user: &str, site: &Site, configuration: impl FnOnce(&str) -> String) -> Running {
    let address = free_address();
    let dir = site.path("nginx");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("keyctl.conf"), configuration(&address.to_string())).unwrap();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {name};\n"))
        .concat();
    let main = format!(
        "{user}\npid nginx.pid;\nerror_log error.log info;\nevents {{}}\n\
         http {{\n    access_log access.log;\n{temporary}    include keyctl.conf;\n}}\n"
    );
    run(site, &dir, &main, address)
}

/// Starts nginx in the directory `dir` with the text of its main configuration file.
#[track_caller]
pub fn run(site: &Site, dir: &Path, main: &str, address: SocketAddr) -> Running {
    fs::write(dir.join("nginx.conf"), main).unwrap();
    let mut command = site.clean("nginx");
    command
        .args(["-e", "error.log", "-g", "daemon off;", "-c"])
        .arg(dir.join("nginx.conf"))
        .arg("-p")
        .arg(dir);
    let mut process = Process::start(&mut command, dir, "nginx");
    process.until_it_listens(address);
    Running { process, address }
}

/// Starts nginx with a file of the recipe in front of the world's application.
#[track_caller]
fn start_with(file: &str, world: &World, server: &Place) -> Running {
    let application = world.application.address().to_string();
    start(&world.site, |listen| {
        recipe(file, listen, &application, server)
    })
}

/// A world, its server, and nginx with a file of the recipe; `None`, which is said, without nginx.
#[track_caller]
pub fn stack(file: &str) -> Option<(World, Server, Running)> {
    if !nginx_is_here() {
        return None;
    }
    let world = World::new();
    let server = world.serve(Socket::Tcp, FLAGS);
    let nginx = start_with(file, &world, server.place());
    Some((world, server, nginx))
}

/// The lines of nginx's error log so far.
fn error_log(world: &World) -> String {
    fs::read_to_string(world.site.path("nginx/error.log")).unwrap()
}

/// A file of the recipe, and where it has the server.
struct Nginx(&'static str, Socket);

impl Gateway for Nginx {
    fn is_here(&self) -> bool {
        nginx_is_here()
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        start_with(self.0, world, server)
    }

    fn socket(&self) -> Socket {
        self.1
    }

    fn flags(&self) -> &'static str {
        FLAGS
    }
}

#[test]
fn nginx_over_tcp_lets_in_who_should() {
    matrix(&Nginx("tcp.conf", Socket::Tcp));
}

#[test]
fn nginx_over_a_unix_socket_lets_in_who_should() {
    matrix(&Nginx("socket.conf", Socket::Unix));
}

#[test]
fn nginx_for_browsers_lets_in_who_should() {
    matrix(&Nginx("browsers.conf", Socket::Tcp));
}

#[test]
fn nginx_with_scopes_by_route_lets_in_who_should() {
    matrix(&Nginx("scopes.conf", Socket::Tcp));
}
