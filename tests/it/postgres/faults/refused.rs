//! What a server refuses: passwords, users, databases, and stores of other versions.

use super::{check, fails, token};
use crate::exe::harness::{Site, run, run_with, set_mode, until};
use crate::harness::postgres::{SECRET, Server, Stored, USER, cluster, make_user, programs};
use std::fs;
use std::sync::OnceLock;

/// Lines of `pg_hba.conf`: what each of these users must do to be let in.
const RULES: &str = "
local all postgres trust
local all all scram-sha-256
host all turned_away 127.0.0.1/32 reject
hostssl all only_tls 127.0.0.1/32 trust
host all cleartext 127.0.0.1/32 password
host all old_hash 127.0.0.1/32 md5
host all ann,wrong,pw 127.0.0.1/32 scram-sha-256
";

/// A server that asks for passwords. It is shared, and started on the first call.
fn strict() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let started = || {
        cluster()?;
        let server = Server::start(&programs()?, &["fsync=off", "log_min_messages=fatal"]);
        let mut admin = server.connect("postgres", "postgres").unwrap();
        let roles = ["turned_away", "only_tls", "cleartext", "wrong", "pw"];
        for role in roles {
            let sql = format!("CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'");
            admin.batch_execute(&sql).unwrap();
        }
        let old = "SET password_encryption = 'md5'; CREATE ROLE old_hash LOGIN PASSWORD";
        admin
            .batch_execute(&format!("{old} '{SECRET}'; {}", make_user()))
            .unwrap();
        fs::write(server.directory().join("data/pg_hba.conf"), RULES).unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        until("the rules hold", || {
            server.connect("wrong", "postgres").is_err()
        });
        Some(server)
    };
    SERVER.get_or_init(started).as_ref()
}

/// The URL of a user, who gives this password, over TCP in plain text.
fn url(server: &Server, user: &str, password: &str) -> String {
    let port = server.port();
    format!("postgres://{user}:{password}@127.0.0.1:{port}/postgres?sslmode=disable")
}

#[test]
fn a_wrong_password_is_tried_once_and_at_no_other_host() {
    let Some(server) = strict() else { return };
    let host = format!("127.0.0.1:{}", server.port());
    let url = format!("postgres://wrong:{SECRET}x@{host},{host},{host}/postgres?sslmode=disable");
    let failures = || server.log().matches("user \"wrong\"").count();
    let before = failures();
    let site = Site::new();
    let ran = run_with(site.bare("verify").env("KEYCTL_DB", &url), token());
    check(&ran, "refused the password of 'wrong'", "PGPASSWORD");
    assert_eq!(failures() - before, 1, "{}", server.log());
}

#[test]
fn a_right_password_is_taken_in_each_form_that_a_server_asks_for() {
    let Some(server) = strict() else { return };
    for user in ["pw", "cleartext", "old_hash"] {
        fails(
            &url(server, user, SECRET),
            "there is no store in",
            "'keyctl init' makes one",
        );
    }
}

#[test]
fn a_password_that_is_missing_is_asked_for() {
    let Some(server) = strict() else { return };
    for user in ["pw", "cleartext", "old_hash"] {
        let url = url(server, user, "").replace(":@", "@");
        fails(&url, "asks for a password, and none is given", "~/.pgpass");
    }
}

#[test]
fn a_refusal_by_pg_hba_conf_says_what_the_server_says() {
    let Some(server) = strict() else { return };
    let turned_away = url(server, "turned_away", SECRET);
    fails(
        &turned_away,
        "does not let 'turned_away' in: pg_hba.conf rejects",
        "a line in pg_hba.conf",
    );
    let only_tls = url(server, "only_tls", SECRET);
    fails(
        &only_tls,
        "does not let 'only_tls' in: no pg_hba.conf entry",
        "sslmode=disable switches off",
    );
}

#[test]
fn a_database_that_is_missing_is_named() {
    let Some(server) = strict() else { return };
    let url = url(server, "pw", SECRET).replace("/postgres?", "/nix?");
    fails(&url, "has no database 'nix'", "createdb");
}

#[test]
fn a_role_that_is_missing_is_named() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    fails(
        &database.url("no_such_role"),
        "does not let 'no_such_role' in: role",
        "a role of that name",
    );
}

#[test]
fn a_database_without_a_store_names_init() {
    let Some(cluster) = cluster() else { return };
    cluster.login(USER);
    let database = cluster.database();
    fails(
        &database.url(USER),
        "there is no store in postgres://",
        "'keyctl init' makes one",
    );
}

#[test]
fn a_user_without_a_role_of_the_store_is_given_the_sql_for_one() {
    let Some(cluster) = cluster() else { return };
    let (database, _stored) = Stored::new(cluster);
    cluster.login("stranger");
    let name = database.name();
    let hint = format!(
        "GRANT \"keyctl_{name}_operator\" TO \"stranger\"; \"keyctl_{name}_verifier\" is enough"
    );
    let url = database.url("stranger");
    fails(
        &url,
        &format!("'stranger' may not connect to the database '{name}'"),
        &hint,
    );
    database.admin(&format!("GRANT CONNECT ON DATABASE {name} TO PUBLIC"));
    fails(&url, "'stranger' has no role in the store", &hint);
}

#[test]
fn a_store_of_another_version_is_refused_and_not_changed() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    for (version, message, hint) in [
        (
            2,
            "a newer version of keyctl made the store",
            "update keyctl on this host",
        ),
        (
            0,
            "an older version of keyctl made the store",
            "init --upgrade",
        ),
    ] {
        database.admin(&format!("UPDATE keyctl.store SET version = {version}"));
        fails(&stored.url, message, hint);
        let rows = database.admin("SELECT count(*) FROM keyctl.keys");
        assert_eq!(rows, [[Some("1".to_owned())]]);
    }
    database.admin("UPDATE keyctl.store SET version = 1");
    stored.verify(&token).code(0);
}

#[test]
fn a_limit_of_connections_is_said_to_be_one() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    let name = database.name();
    database.admin(&format!("ALTER DATABASE {name} CONNECTION LIMIT 0"));
    fails(&stored.url, "has no free connection", "max_connections");
    database.admin(&format!("ALTER DATABASE {name} CONNECTION LIMIT -1"));
    stored.verify(&token).code(0);
    run(&mut stored.cmd("list")).code(0);
}

#[test]
fn a_passfile_in_a_home_that_the_user_may_not_enter_is_like_none() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let site = Site::at(database.url(&database.founder()));
    site.run("init");
    let home = site.path("home");
    fs::create_dir(&home).unwrap();
    set_mode(&home, 0);
    let mut list = site.without_rights(site.cmd("list"));
    let listed = run(list.env("HOME", &home));
    set_mode(&home, 0o700);
    listed.code(0);
}
