//! `docs/gateways/five-minutes`: the page is typed as it is printed, with other ports.

use super::matrix::{Gateway, matrix};
use super::process::free_address;
use super::server::Place;
use super::world::{Running, World};
use super::{configuration, nginx};
use crate::exe::harness::{Site, run, set_mode};
use crate::recipes::{blocks, is_here, page};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

const RECIPE: &str = "gateways/five-minutes";

/// Ends what the page has started, whatever has become of it.
const AT_THE_END: &str = r#"trap 'kill $(jobs -p) 2>/dev/null
    nginx -p "$PWD" -c nginx.conf -e error.log -s stop 2>/dev/null' EXIT"#;

/// Waits for what was started in the background, as a person does.
pub const WAIT: &str = "for url in http://127.0.0.1:9091/readyz http://127.0.0.1:8000/; do \
    curl --silent --output /dev/null --retry 60 --retry-delay 1 --retry-connrefused $url; done\n";

/// Places in the recipe's file, with those that stand for them.
fn places<'p>(model: &'p str, server: &'p str, gateway: &'p str) -> [(&'static str, &'p str); 3] {
    [
        ("127.0.0.1:8000", model),
        ("127.0.0.1:9091", server),
        ("127.0.0.1:8080", gateway),
    ]
}

/// Free addresses that stand for those of the recipe.
pub struct Addresses {
    model: String,
    server: String,
    gateway: String,
}

impl Addresses {
    pub fn free() -> Self {
        let [model, server, gateway] = [(); 3].map(|()| free_address().to_string());
        Addresses {
            model,
            server,
            gateway,
        }
    }

    /// Writes the recipe's files to `dir`.
    pub fn write_files(&self, dir: &Path) {
        let places = places(&self.model, &self.server, &self.gateway);
        let conf = configuration("five-minutes/nginx.conf", &places);
        fs::write(dir.join("nginx.conf"), conf).unwrap();
        let model = super::recipe("five-minutes/model.py");
        symlink(model, dir.join("model.py")).unwrap();
    }

    /// What is typed, and what stands for it here.
    pub fn stand_ins(&self) -> Vec<(String, String)> {
        let port = self.model.rsplit_once(':').unwrap().1;
        let places = places(&self.model, &self.server, &self.gateway);
        let places = places.map(|(from, to)| (from.to_owned(), to.to_owned()));
        let others = [
            ("model.py 8000", format!("model.py {port}")),
            (
                "keyctl serve",
                format!("keyctl serve --listen {}", self.server),
            ),
            ("curl -s ", "curl -s --noproxy '*' ".to_owned()),
            ("curl --silent", "curl --silent --noproxy '*'".to_owned()),
        ];
        let others = others.map(|(from, to)| (from.to_owned(), to));
        places.into_iter().chain(others).collect()
    }
}

/// Tells whether the programs that the recipe calls are here; says so of one that is not.
pub fn tools_are_here() -> bool {
    let tools = [
        ("nginx", "-v"),
        ("curl", "--version"),
        ("python3", "--version"),
    ];
    let found = tools.map(|(program, arg)| is_here(program, &[arg]));
    !found.contains(&false)
}

#[test]
fn the_page_leads_from_nothing_to_a_key_that_is_rotated_and_revoked() {
    if !is_here("bash", &["--version"]) || !tools_are_here() {
        return;
    }
    let site = Site::new();
    let addresses = Addresses::free();
    addresses.write_files(&site.path(""));

    let page = page(RECIPE);
    let mut typed = blocks(&page, "sh");
    typed.insert(3, WAIT.to_owned());
    let stand_ins = addresses.stand_ins();
    let script = stand_ins.iter().fold(typed.concat(), |script, (from, to)| {
        script.replace(from, to)
    });
    let mut bash = site.clean("bash");
    bash.args(["-c", &format!("{AT_THE_END}\n{script}wait")]);
    let ran = run(bash.env("KEYCTL_DB", site.db())).code(0);

    // The rest are IDs, and the address of the server.
    let printed = ran
        .stdout
        .lines()
        .filter(|line| line.len() == 3 || line.starts_with('{'));
    let printed: String = printed.map(|line| format!("{line}\n")).collect();
    assert_eq!(printed, blocks(&page, "text").concat(), "{ran:?}");
}

/// nginx with the file of the page.
struct FiveMinutes;

impl Gateway for FiveMinutes {
    fn is_here(&self) -> bool {
        nginx::nginx_is_here()
    }

    fn start(&self, world: &World, server: &Place) -> Running {
        let Place::Tcp(server) = server else {
            panic!("{server:?}");
        };
        let address = free_address();
        let application = world.application.address().to_string();
        let (server, listen) = (server.to_string(), address.to_string());
        let places = places(&application, &server, &listen);
        let conf = configuration("five-minutes/nginx.conf", &places);
        let dir = world.site.path("nginx");
        fs::create_dir_all(&dir).unwrap();
        // A directory such as root's own, which the workers of a master that is root may not enter.
        set_mode(&dir, 0o700);
        nginx::run(&world.site, &dir, &conf, address)
    }

    fn flags(&self) -> &'static str {
        nginx::FLAGS
    }
}

#[test]
fn its_file_lets_in_who_should() {
    matrix(&FiveMinutes);
}

#[test]
fn its_file_has_every_line_of_the_one_for_nginx() {
    let lines = |path: &str| -> Vec<String> {
        let text = configuration(path, &[]);
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines
            .filter(|line| !line.starts_with('#') && !line.starts_with("listen"))
            .collect()
    };
    let there = lines("five-minutes/nginx.conf");
    for line in lines("nginx/tcp.conf") {
        assert!(there.contains(&line), "{line}");
    }
}
