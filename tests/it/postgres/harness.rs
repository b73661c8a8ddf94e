//! The server of these tests, tried with plain SQL.

use crate::exe::harness::until;
use crate::harness::place::Place;
use crate::harness::postgres::{Database, Pooled, Tenant, cluster};
use crate::harness::{START, found};
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
    // Other tests let alice make roles.
    cluster.login("newcomer");
    let database = cluster.database();
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(database.sql("newcomer", tables), Ok(text("0")));
    let who = database.sql("newcomer", "SELECT session_user; SELECT NULL");
    assert_eq!(who.unwrap(), [text("newcomer"), vec![vec![None]]].concat());
    assert_eq!(database.admin("SELECT session_user"), text("postgres"));
    let (state, message) = database.sql("newcomer", "CREATE ROLE eve").unwrap_err();
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

/// A place with a store that carol has made, in a database of this kind.
fn tenant_of(kind: &'static str) -> Option<Tenant> {
    let make = |database: Pooled| {
        let tenant = Tenant::new(database);
        found(&tenant, "carol", 1);
        tenant.into_database()
    };
    Some(Tenant::new(cluster()?.pooled(kind, make)))
}

fn tenant() -> Option<Tenant> {
    tenant_of("plain SQL")
}

#[test]
fn the_clock_of_a_store_tells_the_time_of_the_world() {
    let Some(tenant) = tenant() else { return };
    tenant.set_clock(START + 1);
    tenant.admit("alice", 1);
    let database = tenant.into_database();
    let append = |at: i64| format!("SELECT keyctl.append({at}, 'refuse', NULL, '{{}}')");
    let clock = database.sql("alice", "SELECT keyctl.clock()").unwrap();
    assert_eq!(clock, text(&(START + 1).to_string()));
    assert_eq!(
        database.sql("alice", &append(START + 60_001)),
        Ok(text("2"))
    );
    let (state, _) = database.sql("alice", &append(START + 60_002)).unwrap_err();
    assert_eq!(state, "KC005");
}

#[test]
fn who_is_admitted_as_root_is_an_administrator_until_the_command_ends() {
    let Some(tenant) = tenant() else { return };
    let root = tenant.admit("bob", 0);
    let database = tenant.into_database();
    let is_admin = || database.sql("bob", "SELECT keyctl.is_admin()").unwrap();
    assert_eq!(is_admin(), text("t"));
    drop(root);
    assert_eq!(is_admin(), text("f"));
}

#[test]
fn a_database_that_is_used_again_has_the_rows_and_members_of_a_new_one() {
    let again = || Some(tenant_of("used again")?.into_database());
    let Some(database) = again() else { return };
    let name = database.name().to_owned();
    let state = |database: &Database| {
        database.admin(&format!(
            "SELECT name FROM keyctl.scopes ORDER BY 1; SELECT seq::text FROM keyctl.event_head;
             SELECT id FROM keyctl.keys; SELECT name FROM keyctl.policy;
             SELECT last_value::text FROM keyctl.keys_seq_seq;
             SELECT replace(m.roleid::regrole::text, '{name}', ''), m.member::regrole FROM pg_auth_members m
             WHERE starts_with(m.roleid::regrole::text, 'keyctl_{name}_') ORDER BY 1, 2"
        ))
    };
    let before = state(&database);
    let tenant = Tenant::new(database);
    tenant.set_clock(START);
    drop(tenant.admit("alice", 1));
    let database = tenant.into_database();
    let key = format!("INSERT INTO keyctl.keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels, allow_from, imported)
               VALUES ('000000000001', 'ci', 'alice', 'api',
               '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', {START}, 'alice', {START} + 1000, '{{inference}}', '{{}}', '{{}}', false)");
    let create = format!("SELECT keyctl.append({START}, 'create', '000000000001', '{{}}')");
    let done = database.sql("alice", &format!("BEGIN; {key}; {create}; COMMIT"));
    assert_eq!(done, Ok(text("2")));
    let policy = "INSERT INTO keyctl.policy VALUES ('hash', 'sha256')";
    let event = format!("SELECT keyctl.append({START}, 'policy', NULL, '{{}}')");
    let done = database.sql("carol", &format!("BEGIN; {policy}; {event}; COMMIT"));
    assert_eq!(done, Ok(text("3")));
    assert_ne!(state(&database), before);
    let mut session = database.connect("alice").unwrap();
    session
        .batch_execute("BEGIN; SELECT keyctl.lock_head()")
        .unwrap();
    drop(database);
    let database = again().unwrap();
    assert_eq!(database.name(), name);
    assert_eq!(state(&database), before);
    assert!(session.simple_query("SELECT 1").is_err());
}
