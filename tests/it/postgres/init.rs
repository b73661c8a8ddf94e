//! `init` on a server where somebody has prepared something, and settings that lead names elsewhere.

use crate::exe::harness::{Site, finish, run, until};
use crate::harness::id_of;
use crate::harness::postgres::{Database, cluster, quoted};
use std::process::Stdio;

/// A database whose owner has made no store yet.
fn empty() -> Option<(Database, Site)> {
    let cluster = cluster()?;
    let database = cluster.database();
    let founder = database.founder();
    let site = Site::at(database.url(&founder));
    Some((database, site))
}

#[test]
fn init_refuses_a_role_that_can_do_more_than_hold_rights() {
    let Some((database, site)) = empty() else {
        return;
    };
    let name = database.name();
    database.admin(&format!("CREATE ROLE keyctl_{name}_admin LOGIN"));
    run(&mut site.cmd("init")).fails(
        4,
        &format!("the role keyctl_{name}_admin exists already, and can log in"),
    );
    database.admin(&format!("ALTER ROLE keyctl_{name}_admin NOLOGIN"));
    site.run("init");
}

#[test]
fn init_refuses_an_owner_role_that_has_other_members() {
    let Some((database, site)) = empty() else {
        return;
    };
    let name = database.name();
    database.admin(&format!(
        "CREATE ROLE mallory_{name} LOGIN; CREATE ROLE keyctl_{name}_owner; GRANT keyctl_{name}_owner TO mallory_{name}"
    ));
    let refused = run(&mut site.cmd("init"));
    refused.fails(
        4,
        &format!("the role keyctl_{name}_owner exists already, and has other members"),
    );
    database.admin(&format!("REVOKE keyctl_{name}_owner FROM mallory_{name}"));
    site.run("init");
}

#[test]
fn init_says_that_a_schema_of_this_name_is_no_store() {
    let Some((database, site)) = empty() else {
        return;
    };
    database.admin("CREATE SCHEMA keyctl");
    let refused = run(&mut site.cmd("init")).code(4);
    refused.says("has a schema 'keyctl' that is no store");
}

#[test]
fn init_of_a_group_is_for_a_file() {
    let Some((database, site)) = empty() else {
        return;
    };
    run(&mut site.cmd("init --group root")).fails(2, "--group is for a store in a file");
    assert_eq!(database.admin("SELECT to_regnamespace('keyctl')"), [[None]]);
}

#[test]
fn init_binds_no_function_of_another_schema() {
    let Some((database, site)) = empty() else {
        return;
    };
    let name = database.name();
    database.admin(&format!(
        "CREATE ROLE mallory_{name} LOGIN;
         CREATE FUNCTION public.pg_has_role(name, text, text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
         CREATE FUNCTION public.pg_has_role(text, text, text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'"
    ));
    site.run("init");
    database.admin(&format!("GRANT keyctl_{name}_operator TO mallory_{name}"));
    let is_admin = database.sql(&format!("mallory_{name}"), "SELECT keyctl.is_admin()");
    assert_eq!(is_admin.unwrap(), [[Some("f".to_owned())]]);
}

#[test]
fn a_commands_operators_are_not_looked_for_in_a_schema_of_the_database_owner() {
    let Some((database, site)) = empty() else {
        return;
    };
    site.run("init");
    let id = id_of(&site.create());
    database.admin(&format!(
        "CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
         CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'called in the name of %', session_user; END $$;
         CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
         ALTER DATABASE {} SET search_path = evil, pg_catalog",
        quoted(database.name())
    ));
    for line in [
        "show {}",
        "edit {} --name other",
        "disable {}",
        "enable {}",
        "doctor",
        "log",
        "policy show",
    ] {
        site.run(&line.replace("{}", &id));
    }
}

/// A change that waited behind a restore holds the lock of the schema that was put aside.
#[test]
fn a_change_that_waits_for_a_restore_is_made_in_the_restored_store_or_not_at_all() {
    let Some((database, site)) = empty() else {
        return;
    };
    site.run("init");
    site.run("policy set hash sha256");
    let token = site.create();
    let copy = site.path("copy.db");
    site.run(&format!("backup {}", copy.display()));
    let mut gate = database.connect("postgres").unwrap();
    gate.batch_execute("BEGIN; SELECT FROM keyctl.event_head FOR UPDATE")
        .unwrap();
    let waiting = |count: &str| {
        until("a session waits for the lock", || {
            let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            database.admin(query) == [[Some(count.to_owned())]]
        });
    };
    let mut restore = site.cmd(&format!("restore {} --yes", copy.display()));
    let restore = restore.stdin(Stdio::null()).spawn().unwrap();
    waiting("1");
    let mut rotate = site.cmd(&format!("rotate {} --yes", id_of(&token)));
    let rotate = rotate.stdin(Stdio::null()).spawn().unwrap();
    waiting("2");
    gate.batch_execute("ROLLBACK").unwrap();
    finish(restore).code(0);
    let rotated = finish(rotate);
    match rotated.code {
        0 => assert_eq!(site.verify(rotated.stdout.trim_end()), 0),
        _ => {
            assert_eq!((rotated.code, &*rotated.stdout), (5, ""), "{rotated:?}");
            assert!(
                rotated.stderr.contains("was replaced meanwhile"),
                "{rotated:?}"
            );
            assert_eq!(site.verify(&token), 0);
        }
    }
    site.run("log --check");
}
