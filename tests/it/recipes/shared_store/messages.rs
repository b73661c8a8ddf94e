//! The table of messages: each is one that the program prints, or is in its source.

use super::servers::HOST;
use super::servers::Which::{Db1, Db2};
use super::{Page, Place, copy_of_primary};
use crate::exe::harness::{run, set_mode, until};
use crate::harness::postgres::{cluster, free_port};
use std::fs;
use std::net::TcpListener;
use std::path::Path;

/// Messages that are looked up in the source, and why they are not printed here.
const IN_SOURCE: [(&str, &str); 8] = [
    ("… has no address", "it asks a name server"),
    (
        "another session holds the lock of …",
        "it takes half a minute",
    ),
    (
        "a commit waits for a standby, and none …",
        "the page's own test has it",
    ),
    ("the store … was retired by …", "the page's own test has it"),
    (
        "… did not answer within 30 s; the change may or may not have been made",
        "it takes more than half a minute",
    ),
    (
        "… has no space left on its disk",
        "it needs a disk of its own",
    ),
    (
        "the log of … went back from line 90 to 88",
        "a server that goes on has to see it",
    ),
    (
        "the clock of this host is … that of the store's server",
        "it needs a host with another clock",
    ),
];

/// The sources of those.
const SOURCES: [&str; 6] = [
    "src/store/postgres/error.rs",
    "src/store/postgres/examine.rs",
    "src/store/postgres/holder.rs",
    "src/store/retired.rs",
    "src/store/postgres/facts.rs",
    "src/cmd/clock.rs",
];

/// Messages in the table of the page.
fn messages() -> Vec<String> {
    let page = crate::recipes::page(super::RECIPE);
    let (_, table) = page.split_once("\n## 9. ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split_once('`').unwrap().0.to_owned())
        .collect()
}

/// Tells whether `text` has the parts of a message in their order; `…` stands for anything.
fn has(text: &str, message: &str) -> bool {
    let mut rest = Some(text);
    for part in message.split('…') {
        rest = rest
            .and_then(|rest| rest.split_once(part))
            .map(|(_, rest)| rest);
    }
    rest.is_some()
}

/// Output of `list` in each of the situations that the table is about.
fn outputs(place: &Place) -> String {
    let servers = &place.servers;
    let authority = servers.authority();
    let keys = format!("keys?sslrootcert={}", authority.display());
    let [one, two] = [Db1, Db2].map(|which| servers.port(which));
    let closed = free_port();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hole = silent.local_addr().unwrap().port();
    let socket = servers.directory().display();
    let other = cluster().unwrap().server();
    let (other_port, other_socket) = (other.port(), other.directory().display());
    let passfile = place.site.path("wide");
    fs::write(&passfile, "").unwrap();
    set_mode(&passfile, 0o644);
    let wide = passfile.display();

    let list = |url: String, password: &str| {
        let mut command = place.site.bare("list");
        command.env("KEYCTL_DB", url).env("PGPASSWORD", password);
        run(&mut command).stderr
    };
    let by = |url: String| list(format!("postgres://gateway@{url}"), "pw-gateway");
    let mut printed = vec![
        by(format!("{HOST}:{closed}/keys")),
        by(format!("{HOST}:{closed},{HOST}:{two}/{keys}")),
        by(format!("{HOST}:{two}/{keys}")),
        by(format!("{HOST}:{hole}/keys?connect_timeout=2")),
        by(format!("{HOST}:{one}/{keys}")),
        by(format!("{HOST}:{one}/keys?sslmode=disable")),
        by(format!("{HOST}:{one}/keys")),
        by(format!("127.0.0.1:{one}/{keys}")),
        by(format!("127.0.0.1:{other_port}/keys")),
        list(format!("postgres://gateway@{HOST}:{one}/{keys}"), "wrong"),
        list(format!("postgres://gateway@{HOST}:{one}/{keys}"), ""),
        list(
            format!("postgres://gateway@{HOST}:{one}/{keys}&passfile={wide}"),
            "",
        ),
        list(
            format!("postgres://postgres@/postgres?host={socket}&port={one}"),
            "",
        ),
        list(
            format!("postgres://postgres@/keys?host={other_socket}&port={other_port}"),
            "",
        ),
    ];
    for (before, after) in [
        (
            "ALTER ROLE gateway CONNECTION LIMIT 0",
            "ALTER ROLE gateway CONNECTION LIMIT -1",
        ),
        (
            "UPDATE keyctl.store SET version = 99",
            "UPDATE keyctl.store SET version = 1",
        ),
    ] {
        servers.sql(Db1, before);
        printed.push(by(format!("{HOST}:{one}/{keys}")));
        servers.sql(Db1, after);
    }
    let mut argument = place
        .site
        .bare("list --db postgres://gateway:secret@db1/keys");
    printed.push(run(&mut argument).stderr);
    servers.sql(Db1, "CREATE ROLE dave LOGIN");
    servers.let_in(Db1, "local keys dave trust\n");
    servers.sql(Db1, "SELECT pg_reload_conf()");
    until("dave is known", || {
        printed.push(list(
            format!("postgres://dave@/keys?host={socket}&port={one}"),
            "",
        ));
        printed
            .last()
            .is_some_and(|text| !text.contains("pg_hba.conf"))
    });

    printed
        .concat()
        // The usual port is not named.
        .replace(&format!("{HOST}:{closed}"), "db1")
        .replace(&format!("{HOST}:{two}"), "db2")
        .replace("within 2 s", "within 5 s")
}

#[test]
fn every_message_of_the_table_is_one_that_the_program_prints() {
    let Some(place) = Place::new() else { return };
    place.found(&mut Page::new());
    place.servers.add_standby(&copy_of_primary());
    let printed = outputs(&place);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: String = SOURCES
        .map(|path| fs::read_to_string(root.join(path)).unwrap())
        .concat();
    let messages = messages();
    for message in &messages {
        match IN_SOURCE.iter().find(|(other, _)| *other == *message) {
            Some(_) => {
                for part in message.split(['…', ';']) {
                    let words = part
                        .trim()
                        .trim_end_matches(" 90 to 88")
                        .trim_end_matches(" 30 s");
                    assert!(sources.contains(words), "{message}: {words}");
                }
            }
            None => assert!(has(&printed, message), "{message}:\n{printed}"),
        }
    }
    for (message, _) in IN_SOURCE {
        assert!(messages.iter().any(|other| other == message), "{message}");
    }
}
