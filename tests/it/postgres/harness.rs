//! The server of these tests, tried with plain SQL.

use crate::exe::harness::until;
use crate::harness::postgres::cluster;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

fn text(value: &str) -> Vec<Vec<Option<String>>> {
    vec![vec![Some(value.to_owned())]]
}

#[test]
fn a_new_database_is_empty_and_takes_the_users_of_the_test() {
    let Some(cluster) = cluster() else { return };
    cluster.login("alice");
    let database = cluster.database();
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(database.sql("alice", tables), Ok(text("0")));
    let who = database.sql("alice", "SELECT session_user; SELECT NULL");
    assert_eq!(who.unwrap(), [text("alice"), vec![vec![None]]].concat());
    assert_eq!(database.admin("SELECT session_user"), text("postgres"));
    let (state, message) = database.sql("alice", "CREATE ROLE eve").unwrap_err();
    assert_eq!(state, "42501", "{message}");
}

#[test]
fn a_dropped_database_takes_its_roles_and_sessions_with_it() {
    let Some(cluster) = cluster() else { return };
    let other = cluster.database();
    let database = cluster.database();
    let name = database.name().to_owned();
    let role = format!("keyctl_{name}_admin");
    cluster.login("alice");
    database.admin(&format!("CREATE ROLE {role}; GRANT {role} TO alice"));
    let find = format!(
        "SELECT count(*) FROM pg_database WHERE datname = '{name}';
         SELECT count(*) FROM pg_roles WHERE rolname = '{role}'"
    );
    assert_eq!(other.admin(&find), [text("1"), text("1")].concat());
    let mut session = database.connect("alice").unwrap();
    drop(database);
    assert_eq!(other.admin(&find), [text("0"), text("0")].concat());
    assert!(session.simple_query("SELECT 1").is_err());
}

#[test]
fn users_of_several_tests_at_once_are_made_once() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let names = ["two words", "Zoë \"the\" 'first'", "uid:4000001", "dave"];
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| names.map(|name| cluster.login(name)));
        }
    });
    for name in names {
        assert_eq!(database.sql(name, "SELECT session_user"), Ok(text(name)));
    }
}

#[test]
fn the_urls_of_a_database_lead_psql_to_it() {
    let Some(cluster) = cluster() else { return };
    cluster.login("two words");
    cluster.login("carol");
    let database = cluster.database();
    let psql = |url: String| {
        let mut command = Command::new("psql");
        command.env("PGUSER", "carol").args(["-X", "-At"]).arg(url);
        command.args([
            "-c",
            "SELECT session_user, current_database(), inet_client_addr()",
        ]);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let name = database.name();
    let of = |user: &str, from: &str| format!("{user}|{name}|{from}\n");
    assert_eq!(psql(database.url("two words")), of("two words", ""));
    assert_eq!(psql(database.url_of_actor()), of("carol", ""));
    assert_eq!(
        psql(database.tcp_url("two words")),
        of("two words", "127.0.0.1")
    );
}

#[test]
fn killing_the_tests_ends_their_server_and_removes_its_directory() {
    if cluster().is_none() {
        return;
    }
    let mut tests = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("postgres::harness::print_the_server_and_wait_to_be_killed")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tests.stdout.take().unwrap()).lines();
    let socket = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some((_, socket)) = line.split_once("socket: ") {
            break socket.to_owned();
        }
    };
    let socket = Path::new(&socket);
    let mut session = UnixStream::connect(socket).unwrap();
    tests.kill().unwrap();
    tests.wait().unwrap();
    until("the directory is gone", || {
        !socket.parent().unwrap().exists()
    });
    // The server's end has closed it.
    assert_eq!(std::io::Read::read(&mut session, &mut [0]).unwrap(), 0);
}

#[test]
#[ignore = "for the test above, which kills it"]
#[expect(clippy::print_stdout, reason = "the test above reads it")]
fn print_the_server_and_wait_to_be_killed() {
    let server = cluster().unwrap().server();
    let name = format!(".s.PGSQL.{}", server.port());
    println!("socket: {}", server.directory().join(name).display());
    loop {
        thread::park();
    }
}
