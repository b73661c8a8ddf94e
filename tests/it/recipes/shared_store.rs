//! `docs/shared-store`: the page is followed from a file to a failover, with real servers, TLS and passwords. Stood in
//! for are `sudo`, which names no other user here, and systemd, of which its own tool reads the units.

mod messages;
mod servers;

use super::systemd::{finds_nothing_wrong, installed};
use super::{blocks, page};
use crate::exe::harness::{Site, mode, run, until};
use crate::gateways::process::Process;
use crate::harness::Ran;
use servers::Which::{self, Db1, Db2};
use servers::{HOST, Servers};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

const RECIPE: &str = "shared-store";

/// The languages of the page's blocks.
const LANGUAGES: [&str; 3] = ["sh", "text", "dosini"];

/// Runs a command as PostgreSQL's own user on the server of `DB_PORT`, or as root: another owner of a file cannot be
/// had here, and a password is typed twice.
const SUDO: &str = r#"#!/bin/sh
if [ "$1" = -u ]; then
    [ "$2" = postgres ] || exit 9
    shift 2
    export PGHOST="$DB_DIRECTORY" PGPORT="$DB_PORT" PGUSER=postgres
    unset KEYCTL_DB
fi
if [ "$1" = install ] && [ "$2" = -o ]; then
    shift 3
    set -- install "$@"
fi
if [ "$1" = createuser ]; then
    for user; do :; done
    printf 'pw-%s\npw-%s\n' "$user" "$user" | setsid -w "$@" >/dev/null
else
    exec "$@"
fi
"#;

/// The hosts of the page, and who works on them.
struct Place {
    site: Site,
    servers: Servers,
}

impl Place {
    fn new() -> Option<Self> {
        let servers = Servers::start()?;
        let site = Site::new();
        site.program("bin/sudo", SUDO);
        for directory in [
            "etc/keyctl",
            "etc/profile.d",
            "var/lib/keyctl",
            "var/lib/postgresql",
        ] {
            fs::create_dir_all(site.path(directory)).unwrap();
        }
        fs::copy(servers.authority(), site.path("etc/keyctl/ca.crt")).unwrap();
        Some(Place { site, servers })
    }

    /// Text of the page with the places of this machine in it.
    fn here(&self, text: &str) -> String {
        let [one, two] = [Db1, Db2].map(|which| format!("{HOST}:{}", self.servers.port(which)));
        let root = self.site.path("");
        let root = root.to_str().unwrap().trim_end_matches('/');
        text.replace("db1,db2/", &format!("{one},{two}/"))
            .replace("db1:5432", &one)
            .replace("db2:5432", &two)
            .replace("10.0.0.0/24", "127.0.0.1/32")
            .replace(" /etc/", &format!(" {root}/etc/"))
            .replace("=/etc/", &format!("={root}/etc/"))
            .replace(" /var/lib/", &format!(" {root}/var/lib/"))
    }

    /// Runs a block as somebody on a host with `sudo`, which leads to `which`.
    #[track_caller]
    fn on(&self, which: Which, block: &str) -> Ran {
        let mut command = self.site.sh(&format!(
            "set -e\nPATH=$PWD/bin:$PATH\n{}",
            self.here(block)
        ));
        command
            .env("DB_DIRECTORY", self.servers.directory())
            .env("DB_PORT", self.servers.port(which).to_string());
        run(&mut command).code(0)
    }

    /// Makes the store, its roles and its users with the first blocks of the page.
    fn found(&self, page: &mut Page) {
        self.on(Db1, &page.next("createdb"));
        self.on(Db1, &page.next("createuser"));
        self.on(Db1, &page.next("GRANT"));
        self.servers.let_in(Db1, &self.here(&page.next("hostssl")));
        self.on(Db1, &page.next("pg_reload_conf"));
    }

    /// Runs a block as alice, who has logged in.
    fn by_alice(&self, block: &str) -> Ran {
        let login = "PATH=$PWD/bin:$PATH\n. ./etc/profile.d/keyctl.sh\n";
        let mut command = self
            .site
            .sh(&format!("set -e\n{login}{}", self.here(block)));
        run(command.env("PGUSER", "alice"))
    }

    /// Starts the server of a gateway's host, as its unit and the page's lines over it do.
    fn serve(&self, host: &str, unit: &str) -> Process {
        let line = |name: &str| -> &str {
            let mut values = unit
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            values.next_back().unwrap()
        };
        let variables =
            fs::read_to_string(self.here(&format!(" {}", line("EnvironmentFile"))).trim()).unwrap();
        let command = line("ExecStart").replace("/usr/local/bin/keyctl", "exec keyctl");
        let socket = self.socket(host);
        let mut shell = self
            .site
            .sh(&format!("{command} --listen unix:{}", socket.display()));
        shell.env_remove("HOME").env_remove("KEYCTL_DB");
        shell.envs(variables.lines().map(|line| line.split_once('=').unwrap()));
        let mut process = Process::start(&mut shell, &self.site.path(""), host);
        process.until("it listens", |_| UnixStream::connect(&socket).is_ok());
        process
    }

    fn socket(&self, host: &str) -> PathBuf {
        self.site.path(format!("{host}.sock"))
    }

    /// Runs the page's question on a gateway's host, which says that the token is valid.
    #[track_caller]
    fn accepts(&self, host: &str, block: &str) {
        let ran = self.ask(host, block).code(0);
        assert!(ran.stdout.starts_with("valid: "), "{ran:?}");
    }

    /// Runs the page's question on a gateway's host.
    fn ask(&self, host: &str, block: &str) -> Ran {
        let block = block.replace(
            "/run/keyctl/keyctl.sock",
            self.socket(host).to_str().unwrap(),
        );
        run(&mut self.site.sh(&format!("PATH=$PWD/bin:$PATH\n{block}")))
    }
}

/// The block that makes the standby.
fn copy_of_primary() -> String {
    let mut all = blocks(&page(RECIPE), "sh").into_iter();
    all.find(|block| block.contains("pg_basebackup")).unwrap()
}

/// The page's blocks in their order, taken one after the other by their first lines.
struct Page(std::vec::IntoIter<(String, String)>);

impl Page {
    fn new() -> Self {
        let page = page(RECIPE);
        let mut all: Vec<(usize, &str, String)> = Vec::new();
        for language in LANGUAGES {
            let mut from = 0;
            for block in blocks(&page, language) {
                let text = format!("```{language}\n{block}```");
                let at = from + page[from..].find(&text).unwrap();
                from = at + text.len();
                all.push((at, language, block));
            }
        }
        assert_eq!(
            page.matches("\n```").count(),
            2 * all.len(),
            "a block of another language"
        );
        all.sort();
        let blocks: Vec<_> = all
            .into_iter()
            .map(|(_, language, block)| (language.to_owned(), block))
            .collect();
        Page(blocks.into_iter())
    }

    /// The next block, in which there is `part`.
    #[track_caller]
    fn next(&mut self, part: &str) -> String {
        let (_, block) = self.0.next().unwrap();
        assert!(block.contains(part), "{part}: {block}");
        block
    }
}

#[test]
fn the_page_leads_from_a_file_to_two_gateways_that_outlive_their_primary() {
    let Some(place) = Place::new() else { return };
    let mut page = Page::new();

    // 1. The database and its roles
    place.found(&mut page);
    let passwords = page.next(".pgpass").replace("PASSWORD", "pw-alice");
    run(&mut place.site.sh(&place.here(&passwords))).code(0);
    assert_eq!(mode(place.site.path(".pgpass")), 0o600);

    // 2. The URL
    place.on(Db1, &page.next("/etc/profile.d"));
    let seen = place.by_alice(&page.next("keyctl doctor")).code(0);
    seen.says("keys: nothing found");

    // 3. Move the keys
    let old = place.site.path("var/lib/keyctl/keyctl.db");
    let prepare = format!(
        "export KEYCTL_DB={}
         keyctl init
         keyctl policy set hash sha256
         keyctl create --scope inference --name ci --owner bob --secret-file ci.token
         keyctl admin add alice",
        old.display()
    );
    run(&mut place.site.sh(&prepare)).code(0);
    place.on(Db1, &page.next("--retire"));
    let closed = |line: &str| {
        run(&mut place
            .site
            .sh(&format!("keyctl --db {} {line}", old.display())))
    };
    closed("disable ci").code(4);
    closed("verify --key-file ci.token").code(5);
    place.on(Db1, &page.next("restore")).says("restored ");
    let moved = place.by_alice(&page.next("log --check --head")).code(0);
    assert!(moved.stdout.contains("  ci  "), "{moved:?}");
    place.on(Db1, &page.next("sudo rm"));
    assert!(!place.site.path("var/lib/postgresql/keys.db").exists());

    // 4. Verify on two hosts
    let variables = page.next("serve.env").replace("=PASSWORD", "=pw-gateway");
    place.on(Db1, &variables);
    assert_eq!(mode(place.site.path("etc/keyctl/serve.env")), 0o600);
    let unit = page.next("EnvironmentFile");
    page.next("systemctl");
    let hosts = ["gw1", "gw2"];
    let _running = hosts.map(|host| place.serve(host, &unit));
    place.by_alice(&page.next("keyctl create")).code(0);
    let ask = page.next("verify --server");
    for host in hosts {
        place.accepts(host, &ask);
        place.accepts(host, &ask.replace("trial", "ci"));
    }
    place.by_alice(&page.next("keyctl disable")).code(0);
    for host in hosts {
        place.ask(host, &ask).code(1).says("rejected: ");
    }

    // 5. The standby
    place.servers.add_standby(&page.next("pg_basebackup"));
    let doctor = || place.by_alice("keyctl doctor");
    let found = doctor().code(1).stdout;
    assert!(
        found.contains("a commit does not wait for a standby"),
        "{found}"
    );
    let wait = page.next("synchronous_standby_names");
    for which in [Db1, Db2] {
        place.on(which, &wait);
    }
    let look = page.next("pg_stat_replication");
    until("the standby is waited for", || {
        place.on(Db1, &look).stdout.contains("| quorum")
    });
    doctor().code(0);

    // 6. A failover
    place.by_alice("keyctl enable trial").code(0);
    place.accepts("gw1", &ask);
    place.by_alice("keyctl disable ci").code(0);
    place.servers.kill(Db1);
    for host in hosts {
        place.ask(host, &ask).code(5);
    }
    place
        .by_alice("keyctl verify --key-file trial.token")
        .code(5)
        .says("is a standby");
    place.on(Db2, &page.next("pg_promote"));
    for host in hosts {
        until("verdicts are given again", || {
            place.ask(host, &ask).code == 0
        });
        place.ask(host, &ask.replace("trial", "ci")).code(1);
    }
    let found = doctor().code(1).stdout;
    assert!(
        found.contains("a commit waits for a standby, and none"),
        "{found}"
    );
    place.on(Db2, &page.next("synchronous_standby_names"));
    doctor().code(0);
    place.by_alice("keyctl disable trial").code(0);
    let log = place.by_alice(&page.next("log --since")).code(0);
    assert!(log.stdout.contains("  disable  "), "{log:?}");

    // 7. Backup, monitoring, upgrades
    let backup = place.by_alice(&page.next("keyctl backup")).code(0);
    assert!(backup.stdout.contains("  trial  "), "{backup:?}");
    place.on(Db2, &page.next("--upgrade"));

    // 8. Back to a file
    place.by_alice("keyctl enable trial").code(0);
    let back = place.by_alice(&page.next("--retire back.db")).code(0);
    assert!(back.stdout.contains("the log is intact"), "{back:?}");
    let file = |line: &str| closed(line).code;
    assert_eq!(file("verify --key-file trial.token"), 0);
    assert_eq!(file("verify --key-file ci.token"), 1);
    place
        .by_alice("keyctl verify --key-file trial.token")
        .code(5)
        .says(" was retired by alice on ");
    for host in hosts {
        place.ask(host, &ask).code(5);
    }
    assert_eq!(page.0.next(), None);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit_that_reaches_a_database() {
    let site = Site::new();
    let install = blocks(&super::page("systemd-serve"), "sh").swap_remove(0);
    if !installed(&site, "systemd-serve", &install, &["local/bin/keyctl"]) {
        return;
    }
    let directory = site.path("root/etc/systemd/system/keyctl-serve.service.d");
    fs::create_dir_all(&directory).unwrap();
    fs::write(
        directory.join("override.conf"),
        super::block(RECIPE, "dosini"),
    )
    .unwrap();
    finds_nothing_wrong(&site, &["keyctl-serve.socket", "keyctl-serve.service"]);
}
