//! A server that speaks another language.

use super::{check, fails};
use crate::exe::harness::skipped;
use crate::harness::postgres::{Server, Stored, USER, cluster, make_user, programs, with_secret};
use std::process::Command;

#[test]
fn a_server_in_another_language_is_understood_by_its_codes() {
    if cluster().is_none() {
        return;
    }
    let mut server = Server::start(&programs().unwrap(), &["fsync=off"]);
    let locales = server.directory().join("locales");
    std::fs::create_dir(&locales).unwrap();
    let mut make = Command::new("localedef");
    make.args(["-i", "de_DE", "-f", "UTF-8"])
        .arg(locales.join("de_DE.utf8"));
    if !make.output().is_ok_and(|output| output.status.success()) {
        skipped("the locales of glibc (package locales) are not installed");
        return;
    }
    server.restart_with(
        &[("LOCPATH", locales.to_str().unwrap())],
        &["lc_messages=de_DE.utf8"],
    );
    let mut admin = server.connect("postgres", "postgres").unwrap();
    admin.batch_execute(&make_user()).unwrap();
    let said = admin.batch_execute("SELECT 1/0").unwrap_err();
    let said = said.as_db_error().unwrap().message().to_owned();
    assert_eq!(said, "Division durch Null");
    let (directory, port) = (server.directory().display(), server.port());
    let url = |user: &str| format!("postgres://{user}@/postgres?host={directory}&port={port}");
    let at = with_secret(&url(USER));
    fails(&at, "there is no store in", "init");
    let stored = Stored::found(&url("postgres"), at);
    let token = stored.create();
    stored.verify(&token).code(0);
    stored.run("create --name twice --scope inference").code(0);
    let taken = stored.run("create --name twice --scope inference").code(4);
    assert!(taken.stderr.contains("'twice'"), "{taken:?}");
    fails(
        &url("nobody"),
        "does not let 'nobody' in: Rolle",
        "a role of that name",
    );
    fails(
        &stored.url.replace("/postgres?", "/nix?"),
        "has no database 'nix'",
        "createdb",
    );
    admin
        .batch_execute("ALTER DATABASE postgres CONNECTION LIMIT 0")
        .unwrap();
    check(
        &stored.verify(&token),
        "has no free connection",
        "max_connections",
    );
}
