//! Settings of a role or a database that change what SQL means, or how long it may take.

use super::check;
use crate::exe::harness::{run, until};
use crate::harness::id_of;
use crate::harness::postgres::{Database, Stored, USER, ask, cluster, with_secret};

/// Settings that must change nothing.
const HARMLESS: &[&str] = &[
    "search_path = evil, pg_catalog",
    "default_transaction_read_only = on",
    "default_transaction_isolation = serializable",
    "default_transaction_deferrable = on",
    "session_replication_role = replica",
    "client_encoding = latin1",
    "standard_conforming_strings = off",
    "backslash_quote = off",
    "bytea_output = escape",
    "TimeZone = 'Asia/Kathmandu'",
    "DateStyle = 'German, DMY'",
    "IntervalStyle = sql_standard",
    "extra_float_digits = -15",
    "transform_null_equals = on",
    "array_nulls = off",
    "lock_timeout = 1",
    "enable_seqscan = off",
    "client_min_messages = debug5",
];

/// Tables and functions that would be taken for those of the system.
const EVIL: &str = "
CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT '\\x00'::bytea $$;
CREATE FUNCTION evil.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION evil.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS $$ SELECT 1/0 $$;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE TABLE evil.pg_roles (rolname text);
CREATE TABLE evil.keys (id text);";

/// Sets something for the user, or resets it.
fn set(database: &Database, setting: &str) {
    let name = database.name();
    database.admin(&format!(
        "ALTER ROLE {USER} IN DATABASE {name} SET {setting}"
    ));
}

/// Runs each kind of command, on a key with a name that is no ASCII.
#[track_caller]
fn all_works(stored: &Stored, name: &str) {
    let created = stored
        .run(&format!("create --name {name} --scope inference"))
        .code(0);
    let token = created.stdout.trim_end();
    stored.verify(token).code(0);
    let shown = stored.run(&format!("show {name} --format json")).code(0);
    let in_json = name.replace('\\', "\\\\");
    assert!(shown.stdout.contains(&in_json), "{shown:?}");
    let rotated = stored.run(&format!("rotate {name}")).code(0);
    stored.verify(token).code(1);
    stored.verify(rotated.stdout.trim_end()).code(0);
    stored.run(&format!("disable {name}")).code(0);
    stored.verify(rotated.stdout.trim_end()).code(1);
    stored.run("log --check").code(0);
    stored.run("doctor").code(0);
}

#[test]
fn settings_of_a_role_do_not_change_what_a_command_does() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    database.admin(EVIL);
    for (setting, number) in HARMLESS.iter().zip(1..) {
        set(&database, setting);
        let name = format!("Zoë\\{number}");
        all_works(&stored, &name);
        let name = database.name();
        database.admin(&format!("ALTER ROLE {USER} IN DATABASE {name} RESET ALL"));
    }
}

#[test]
fn settings_of_a_database_do_not_change_how_a_store_is_made() {
    let Some(cluster) = cluster() else { return };
    cluster.login(USER);
    let database = cluster.database();
    database.admin(EVIL);
    let name = database.name();
    for setting in HARMLESS {
        database.admin(&format!("ALTER DATABASE {name} SET {setting}"));
    }
    let stored = Stored::found(&database.url("postgres"), with_secret(&database.url(USER)));
    all_works(&stored, "Zoë");
}

#[test]
fn limits_of_time_end_a_command_with_the_reason_and_change_nothing() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    let name = database.name();
    let mut holder = database.connect("postgres").unwrap();
    let (message, hint) = ("stopped the statement", "statement_timeout");
    holder
        .batch_execute("BEGIN; LOCK TABLE keyctl.store, keyctl.keys")
        .unwrap();
    set(&database, "statement_timeout = 100");
    check(&stored.verify(&token), message, hint);
    check(&stored.run("list"), message, hint);
    holder.batch_execute("ROLLBACK").unwrap();
    database.admin(&format!("ALTER ROLE {USER} IN DATABASE {name} RESET ALL"));
    stored.verify(&token).code(0);
}

#[test]
fn sessions_that_the_server_ends_when_idle_are_made_anew_at_the_first_request() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    set(&database, "idle_session_timeout = 50");
    let serve = stored.serve("--no-touch");
    let sessions = format!(
        "SELECT pid FROM pg_stat_activity WHERE usename = '{USER}' AND datname = '{}'",
        database.name()
    );
    for _ in 0..3 {
        assert_eq!(ask(&serve, &token), (200, String::new()), "{}", serve.log());
        until("no session is left", || {
            database.admin(&sessions).is_empty()
        });
    }
    run(&mut stored.cmd(&format!("disable {}", id_of(&token)))).code(0);
    assert_eq!(ask(&serve, &token), (401, "disabled".to_owned()));
}
