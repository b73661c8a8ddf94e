//! `docs/gateways/apache`: Apache with an access check in mod_lua.

use super::client::{Request, send};
use super::matrix::{Gateway, matrix};
use super::process::{Process, free_address};
use super::rules::{failures, logs, rules};
use super::server::{Place, Socket};
use super::world::{Running, World};
use super::{configuration, recipe};
use crate::exe::harness::{is_root, set_mode, skipped};
use crate::recipes::is_here;
use std::fs;
use std::path::Path;

/// Debian's places.
const MODULES: &str = "/usr/lib/apache2/modules";
const LUA_SOCKET: &str = "/usr/share/lua/5.3/socket.lua";

const PAGE: &str = "apache/README.md";

struct Apache {
    socket: Socket,
    /// A part of the check's file, and what stands there instead.
    change: Option<(&'static str, &'static str)>,
}

/// Apache with the recipe as it is.
const fn apache(socket: Socket) -> Apache {
    let change = None;
    Apache { socket, change }
}

impl Gateway for Apache {
    fn is_here(&self) -> bool {
        for needed in [MODULES, LUA_SOCKET] {
            if !Path::new(needed).exists() {
                skipped(&format!("needs {needed}"));
                return false;
            }
        }
        is_here("apache2", &["-v"])
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        let address = free_address();
        let dir = world.site.path("apache");
        fs::create_dir_all(&dir).unwrap();
        // Its workers become a user without rights.
        set_mode(world.site.path(""), 0o755);
        let check = dir.join("keyctl.lua");
        let place = match server {
            Place::Tcp(address) => (
                "\"127.0.0.1\", 9091",
                format!("\"127.0.0.1\", {}", address.port()),
            ),
            Place::Unix(path) => (
                "local SOCKET = nil",
                format!("local SOCKET = \"{}\"", path.display()),
            ),
        };
        let mut places = vec![(place.0, &*place.1)];
        places.extend(self.change);
        fs::write(&check, configuration("apache/keyctl.lua", &places)).unwrap();

        let places = [
            ("Listen 8080", &*format!("Listen {address}")),
            ("*:8080", &address.to_string()),
            ("127.0.0.1:8000", &world.application.address().to_string()),
            ("/etc/apache2/keyctl.lua", check.to_str().unwrap()),
        ];
        let site = configuration("apache/keyctl.conf", &places);
        let file = dir.join("apache.conf");
        fs::write(&file, main_configuration(&dir) + &site).unwrap();
        let mut command = world.site.clean("apache2");
        command.arg("-DFOREGROUND").arg("-f").arg(file);
        let mut process = Process::start(&mut command, &dir, "apache");
        process.until_it_listens(address);
        Running { process, address }
    }

    fn socket(&self) -> Socket {
        self.socket
    }

    fn flags(&self) -> &'static str {
        match self.socket {
            Socket::Tcp => "--client-header x-real-ip",
            Socket::Unix => "--client-header x-real-ip --socket-mode 0666",
        }
    }

    fn preflight(&self) -> (u16, bool) {
        (200, true)
    }
}

/// The directives of a server that has the modules of Debian's, and those of the page.
fn main_configuration(dir: &Path) -> String {
    let modules: String = [
        "mpm_event",
        "authz_core",
        "env",
        "proxy",
        "proxy_http",
        "lua",
    ]
    .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
    .concat();
    let user = if is_root() {
        "User www-data\nGroup www-data\n"
    } else {
        ""
    };
    let dir = dir.display();
    format!(
        "ServerRoot {dir}\nDefaultRuntimeDir {dir}\nPidFile {dir}/pid\nServerName api.test\n\
         ErrorLog {dir}/error.log\nLogFormat \"%h %r %>s %{{X-Key-Id}}i\" keys\n\
         CustomLog {dir}/access.log keys\n{user}{modules}"
    )
}

#[test]
fn apache_over_tcp_lets_in_who_should() {
    matrix(&apache(Socket::Tcp));
}

#[test]
fn apache_over_a_unix_socket_lets_in_who_should() {
    matrix(&apache(Socket::Unix));
}

#[test]
fn apache_keeps_the_rules_of_its_recipe() {
    rules(&apache(Socket::Tcp));
}

#[test]
fn apache_says_why_there_was_no_answer() {
    failures(
        &apache(Socket::Tcp),
        PAGE,
        "no verdict from keyctl serve: connection refused",
        Some("no verdict from keyctl serve: timeout"),
    );
}

#[test]
fn apache_says_503_and_why_if_its_question_has_a_typo() {
    let gateway = Apache {
        socket: Socket::Tcp,
        change: Some(("/verify?scope=", "/verify?scop=")),
    };
    if !gateway.is_here() {
        return;
    }
    let world = World::new();
    let server = world.serve(Socket::Tcp, gateway.flags());
    let running = gateway.start(&world, server.place());
    let request = Request::new("GET", "/v1/models").key(&world.keys.good);
    assert_eq!(send(running.address, &request).status, 503);
    assert!(world.application.take().is_empty());
    let line = "no verdict from keyctl serve: 500";
    let page = fs::read_to_string(recipe(PAGE)).unwrap();
    assert!(logs(&world).contains(line) && page.contains(line));
}

#[test]
fn apache_refuses_everything_if_its_check_fails() {
    let page = fs::read_to_string(recipe(PAGE)).unwrap();
    for (change, status, line) in [
        (
            ("function check(r)", "function check(r) error(\"x\")"),
            500,
            "AH01471: Lua error",
        ),
        (("function check(r)", "function other(r)"), 500, "AH01478"),
        (
            ("function check(r)", "function check(r) ("),
            500,
            "AH01482: Error loading",
        ),
        (("return let_in(r)", "return"), 500, "AH03017"),
        (
            ("return let_in(r)", "return apache2.DECLINED"),
            403,
            "AH01630: client denied by server configuration",
        ),
    ] {
        let gateway = Apache {
            socket: Socket::Tcp,
            change: Some(change),
        };
        if !gateway.is_here() {
            return;
        }
        let world = World::new();
        let running = gateway.start(&world, &Socket::Tcp.down(&world.site));
        // The one that is let in without a question.
        let preflight = Request::new("OPTIONS", "/v1/models")
            .header("Origin", "https://app.test")
            .header("Access-Control-Request-Method", "POST");
        let answer = send(running.address, &preflight);
        assert_eq!(answer.status, status, "{change:?}");
        assert!(world.application.take().is_empty(), "{change:?}");
        let logs = logs(&world);
        assert!(logs.contains(line), "{line}: {logs}");
        assert!(page.contains(line), "{line}");
    }
}
