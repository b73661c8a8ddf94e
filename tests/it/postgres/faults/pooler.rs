//! PgBouncer in front of a server, in two of its modes, and its own errors.

use super::{check, fails};
use crate::exe::harness::{run, until};
use crate::gateways::process::free_address;
use crate::harness::id_of;
use crate::harness::postgres::{Database, Pooler, Stored, ask, cluster};
use ::postgres::config::SslMode;
use ::postgres::{Config, NoTls};
use std::thread;

/// A line of PgBouncer's `[databases]`.
fn line(name: &str, database: &Database) -> String {
    let server = database.cluster().server();
    let (directory, port) = (server.directory().display(), server.port());
    format!(
        "{name} = host={directory} port={port} dbname={}",
        database.name()
    )
}

/// Adds 2000 keys past the rules.
fn fill(database: &Database) {
    database.admin(
        "SET session_replication_role = replica;
         INSERT INTO keyctl.keys (id, name, owner, kind, hash, created_at, created_by, scopes, labels, allow_from, imported)
         SELECT lpad(n::text, 12, '0'), 'key-' || n, 'ann', 'api', 'x', 1, 'ann', '{inference}', '{}', '{}', false
         FROM generate_series(1, 2000) n;
         SET session_replication_role = origin",
    );
}

#[test]
fn every_command_works_through_a_pooler_in_session_and_transaction_mode() {
    let Some(cluster) = cluster() else { return };
    let (database, mut stored) = Stored::new(cluster);
    fill(&database);
    for mode in ["session", "transaction"] {
        // Fewer sessions than clients: a transaction gets the session that another one had.
        let size = if mode == "session" { 12 } else { 2 };
        let mode = format!("pool_mode = {mode}");
        let size = format!("default_pool_size = {size}");
        let name = database.name();
        let Some(pooler) = Pooler::start(&[line(name, &database)], &[&mode, &size]) else {
            return;
        };
        stored.url = pooler.url(name);
        let token = stored.create();
        stored.verify(&token).code(0);
        let listed = stored.run("list --format ids").code(0);
        assert!(listed.stdout.lines().count() > 2000, "{}", listed.stdout);
        let key = id_of(&token);
        let rotated = stored.run(&format!("rotate {key} --grace 1h")).code(0);
        let rotated = rotated.stdout.trim_end();
        let serve = stored.serve("");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for token in [&token, rotated].repeat(10) {
                        assert_eq!(ask(&serve, token), (200, String::new()), "{}", serve.log());
                    }
                });
            }
        });
        stored.run(&format!("disable {}", id_of(rotated))).code(0);
        assert_eq!(ask(&serve, rotated), (401, "disabled".to_owned()));
        stored.verify(rotated).code(1);
        stored.run("log --check").code(0);
        assert!(!pooler.log().contains("ERROR"), "{}", pooler.log());
    }
}

#[test]
fn what_a_pooler_refuses_is_said_in_its_words() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    let down = free_address();
    let (ip, port) = (down.ip(), down.port());
    let down = format!("down = host={ip} port={port} dbname=keys");
    let settings = [
        "pool_mode = transaction",
        "default_pool_size = 1",
        "query_wait_timeout = 1",
        "server_login_retry = 1",
    ];
    let name = database.name();
    let Some(pooler) = Pooler::start(&[line(name, &database), down], &settings) else {
        return;
    };
    fails(&pooler.url("nix"), "no such database", "PgBouncer");
    fails(&pooler.url("down"), "", "PgBouncer");
    let url = pooler.url(name);
    let mut config: Config = url.replace("?sslmode=disable", "").parse().unwrap();
    let mut holder = config.ssl_mode(SslMode::Disable).connect(NoTls).unwrap();
    holder.batch_execute("BEGIN").unwrap();
    fails(&url, "query_wait_timeout", "PgBouncer");
    drop(holder);
    until("it works again", || {
        run(&mut stored.by(&url, "list")).code == 0
    });
    stored.verify_at(&url, &token).code(0);
    check(
        &stored.verify_at(&pooler.url("nix"), &token),
        "no such database",
        "PgBouncer",
    );
}

#[test]
fn what_a_server_says_with_the_code_of_a_pooler_is_the_servers() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    database.admin(
        "CREATE OR REPLACE FUNCTION keyctl.lock_head() RETURNS TABLE (seq bigint, hash bytea) LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION USING ERRCODE = '08P01', MESSAGE = 'out of step'; END $$",
    );
    let ran = stored.run("create --scope inference");
    check(
        &ran,
        "failed (SQLSTATE 08P01): out of step",
        "look at the server's log",
    );
}
