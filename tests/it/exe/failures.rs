//! Failures of the store as a script reads them: the exit code, the word, and advice.

use super::harness::{Site, content, run, set_mode};
use super::strace::{self, Fault, failing, without_sleep};
use crate::harness::Ran;
use std::fs;
use std::process::Command;

/// A command that changes the store.
const CHANGE: &str = "create --scope inference --format json";

/// Checks that `command` failed at the store, said `message`, and advised what has `advice` in it.
#[track_caller]
fn fails(command: &mut Command, message: &str, advice: &str) -> Ran {
    let ran = run(command).code(5);
    let last = ran.stderr.lines().last().unwrap_or_default();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    let error = &error["error"];
    assert_eq!(error["code"], "store", "{ran:#?}");
    let has = |field: &str, part: &str| {
        assert!(
            error[field]
                .as_str()
                .is_some_and(|text| text.contains(part)),
            "no {part:?} in {ran:#?}"
        );
    };
    has("message", message);
    has("hint", advice);
    ran
}

#[test]
fn commands_without_a_store_name_its_path_and_the_way_to_make_one() {
    let site = Site::new();
    let missing = format!("there is no store at {}", site.db().display());
    fails(&mut site.cmd("list --format json"), &missing, "init");
}

#[test]
fn commands_in_a_directory_that_is_gone_ask_for_another() {
    let site = Site::new();
    site.create();
    let whole = format!("--db {}", site.db().display());
    for line in ["--db k.db list", &format!("{whole} backup copy.db")] {
        let script = format!("mkdir gone; cd gone; rmdir ../gone; exec keyctl {line}");
        run(&mut site.sh(&script))
            .fails(
                5,
                "cannot determine the current directory: No such file or directory\n",
            )
            .says("hint: change to a directory that exists, or ");
    }
}

#[test]
fn commands_at_a_store_that_they_may_not_read_point_to_its_permissions() {
    let site = Site::new();
    site.create();
    set_mode(site.db(), 0);
    for line in ["list --format json", CHANGE] {
        let mut command = site.without_rights(site.cmd(line));
        fails(&mut command, "cannot be opened: ", "check the permissions");
    }
}

#[test]
fn commands_at_a_damaged_store_point_to_a_backup() {
    let site = Site::new();
    site.create();
    let mut bytes = content(site.db());
    bytes[4096..].fill(0xa5);
    fs::write(site.db(), bytes).unwrap();
    for line in ["list --format json", CHANGE] {
        fails(&mut site.cmd(line), " is damaged: ", "restore PATH");
    }
}

#[test]
fn changes_that_never_get_the_lock_name_who_has_it() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    site.create();
    let writer = site.sql();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    // All the waiting for it, in no time.
    let mut command = without_sleep(&site.cmd(CHANGE));
    let ran = fails(&mut command, " is in use by another process", "fuser -v ");
    assert_eq!(ran.stdout, "");
    drop(writer);
    run(&mut site.cmd(CHANGE)).code(0);
}

/// Makes a change whose calls of `names` on the store's log fail with `error`, from the call `when` on.
fn change_failing(site: &Site, names: &str, error: &'static str, when: &str) -> Command {
    let fault = Fault {
        names: names.to_owned(),
        error,
        when: when.to_owned(),
    };
    let log = site.path("keyctl.db-wal");
    failing(&site.cmd(CHANGE), &[fault], &[&log])
}

#[test]
fn changes_on_a_disk_that_is_full_or_fails_point_to_the_disk() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    site.create();
    let mut full = change_failing(&site, "pwrite64", "ENOSPC", "1+");
    fails(&mut full, "no space is left for the store ", "free some");
    let mut failing = change_failing(&site, "pwrite64", "EIO", "1+");
    fails(&mut failing, " failed: ", "check the disk");
}

#[test]
fn changes_that_may_have_been_made_point_to_the_log() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    site.create();
    let outcome = "; the change may or may not have been made; ";
    let mut command = change_failing(&site, "fsync", "EIO", "2+");
    fails(&mut command, outcome, "list");
}

#[test]
fn a_second_delete_by_name_says_when_the_key_was_deleted() {
    let site = Site::new();
    let id = site
        .run("create --scope inference --name ci --secret-file ci.token")
        .stdout;
    site.run("delete ci --yes");
    run(&mut site.cmd("delete ci --yes"))
        .fails(3, "the key 'ci' was deleted at ")
        .says(&format!(": {id}hint: there is nothing left to stop; "));
}
