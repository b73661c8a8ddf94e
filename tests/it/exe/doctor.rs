//! `keyctl doctor` among real modes, users and directories of programs.

use super::harness::{Site, content, is_root, run, run_with, set_mode, skipped};
use crate::harness::{Ran, exe, id_of};
use crate::migrations::DOWNGRADE_TO_THIRD;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

/// The group of a user without rights.
const NOGROUP: u32 = 65534;

/// A uid that owns nothing and has no name.
const STRANGER: u32 = 4_000_001;

/// How much address space an examination may take, in KiB: what the program and SQLite need, and
/// far less than what is planted.
const SPACE: &str = "250000";

/// Runs a statement on a store, without a journal.
const PLANT: &str = "\
import sqlite3, sys
store = sqlite3.connect(sys.argv[2], isolation_level=None)
store.execute('PRAGMA journal_mode = OFF')
store.executescript(sys.argv[1])
";

/// The codes of the findings and of the notes, and the exit code that goes with them.
#[track_caller]
fn codes(command: &mut Command) -> (Vec<String>, Vec<String>) {
    let ran = run(command.args(["--format", "json"]));
    assert!(!ran.stdout.is_empty(), "{ran:#?}");
    let report = ran.json();
    let of = |what: &str| -> Vec<String> {
        let remarks = report[what].as_array().unwrap().iter();
        remarks
            .map(|remark: &Value| remark["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let (findings, notes) = (of("findings"), of("notes"));
    ran.code(u8::from(!findings.is_empty()));
    (findings, notes)
}

/// The last line of a report without a remark.
fn nothing_found(site: &Site) -> String {
    format!("store {}: nothing found\n", site.db().display())
}

/// The store's files, those that are there.
fn files(site: &Site) -> Vec<PathBuf> {
    ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"]
        .into_iter()
        .map(|name| site.path(name))
        .filter(|path| path.exists())
        .collect()
}

#[test]
fn nothing_is_said_of_a_new_store() {
    let site = Site::new();
    site.create();
    site.run("doctor").stdout("").stderr(&nothing_found(&site));
}

#[test]
fn a_store_that_everybody_may_read_is_examined_by_anybody_and_left_as_it_is() {
    let site = Site::new();
    site.create();
    // The user's own copy of the executable is made before anything is looked at.
    site.without_rights(site.cmd("list"));
    for path in files(&site) {
        set_mode(path, 0o444);
    }
    set_mode(site.path(""), 0o555);
    let state = || -> Vec<_> {
        let left = |path: PathBuf| {
            let metadata = fs::metadata(&path).unwrap();
            (metadata.mtime_nsec(), metadata.ctime_nsec(), content(path))
        };
        files(&site).into_iter().map(left).collect()
    };
    let before = state();
    let (findings, notes) = codes(&mut site.without_rights(site.cmd("doctor")));
    assert_eq!(findings, ["open-file"; 3]);
    assert_eq!(notes, [""; 0]);
    assert!(state() == before);

    for path in ["keyctl.db-wal", "keyctl.db-shm"] {
        fs::remove_file(site.path(path)).unwrap();
    }
    let (findings, _) = codes(&mut site.without_rights(site.cmd("doctor")));
    assert_eq!(findings, ["open-file"]);
    assert_eq!(files(&site).len(), 1);
    // Without which it could not be removed.
    set_mode(site.path(""), 0o755);
}

#[test]
fn a_store_that_a_group_may_read_is_verified_by_the_group_and_noted() {
    if !is_root() {
        return skipped("needs root, to give files to another group");
    }
    let site = Site::new();
    let token = site.create();
    for path in files(&site) {
        chown(&path, None, Some(NOGROUP)).unwrap();
        set_mode(path, 0o640);
    }
    let reader = |line: &str| site.without_rights(site.cmd(line));
    run_with(&mut reader("verify --scope inference"), &token).code(0);
    let (findings, notes) = codes(&mut reader("doctor"));
    assert_eq!((findings.len(), notes), (0, vec!["group".to_owned()]));
    let told: Ran = run(&mut reader("doctor")).code(0);
    let shown = site.db().display().to_string();
    assert!(
        told.stdout
            .contains(&format!("gid {NOGROUP}) may read {shown} (mode 0640)")),
        "{told:#?}"
    );
}

#[test]
fn a_store_that_a_group_shares_is_sound_whoever_of_them_came_first() {
    if !is_root() {
        return skipped("needs root, to give files to another user");
    }
    let site = Site::new();
    site.create();
    for path in files(&site) {
        chown(&path, None, Some(NOGROUP)).unwrap();
        set_mode(path, 0o660);
    }
    chown(site.path(""), None, Some(NOGROUP)).unwrap();
    let user = |line: &str| site.without_rights(site.cmd(line));
    drop(user("list"));
    set_mode(site.path(""), 0o2775);
    for name in ["keyctl.db-wal", "keyctl.db-shm"] {
        chown(site.path(name), Some(STRANGER), None).unwrap();
    }
    let (findings, notes) = codes(&mut user("doctor"));
    assert_eq!(findings, [""; 0]);
    assert_eq!(notes, ["group", "group"]);
}

#[test]
fn a_strangers_file_beside_the_store_is_a_finding() {
    if !is_root() {
        return skipped("needs root, to give files to another user");
    }
    for name in ["keyctl.db-wal", "keyctl.db-shm", ""] {
        let site = Site::new();
        site.create();
        chown(site.path(name), Some(STRANGER), None).unwrap();
        assert_eq!(codes(&mut site.cmd("doctor")).0, ["owner"], "{name}");
    }
    // Its own user's are sound, whoever looks.
    let site = Site::new();
    site.create();
    for path in files(&site) {
        chown(path, Some(STRANGER), None).unwrap();
    }
    assert_eq!(codes(&mut site.cmd("doctor")), (vec![], vec![]));
}

#[test]
fn a_strangers_directory_on_the_way_is_a_finding() {
    if !is_root() {
        return skipped("needs root, to give a directory to another user");
    }
    let site = Site::new();
    run(&mut site.bare("--db a/b/keyctl.db init")).code(0);
    let mut doctor = site.bare("--db a/b/keyctl.db doctor");
    assert_eq!(codes(&mut doctor), (vec![], vec![]));
    chown(site.path("a"), Some(STRANGER), None).unwrap();
    let mut doctor = site.bare("--db a/b/keyctl.db doctor");
    assert_eq!(codes(&mut doctor), (vec!["owner".to_owned()], vec![]));
}

#[test]
fn whoever_may_not_open_the_store_learns_nothing() {
    let site = Site::new();
    site.create();
    if !is_root() {
        set_mode(site.db(), 0);
    }
    run(&mut site.without_rights(site.cmd("doctor"))).fails(5, "the store ");
    fs::create_dir(site.path("shut")).unwrap();
    set_mode(site.path("shut"), 0);
    run(&mut site.without_rights(site.bare("doctor --db shut/keyctl.db")))
        .fails(5, "cannot open the store");
    // Without which it could not be removed.
    set_mode(site.path("shut"), 0o755);
}

#[test]
fn modes_are_those_of_the_file_and_not_of_a_link_to_it() {
    let site = Site::new();
    site.create();
    symlink("keyctl.db", site.path("link")).unwrap();
    let on_link = || site.bare("doctor --db link");
    assert_eq!(codes(&mut on_link()), (vec![], vec!["via-link".to_owned()]));
    set_mode(site.db(), 0o606);
    assert_eq!(codes(&mut on_link()).0, ["open-file"]);
}

#[test]
fn who_follows_the_hint_about_an_open_store_has_mended_it() {
    let site = Site::new();
    let id = id_of(&site.create());
    site.run(&format!("delete {id} --yes"));
    // To look at the store gives an empty log the mode of the store.
    assert_eq!(content(site.path("keyctl.db-wal")), b"");
    set_mode(site.db(), 0o644);
    let found = run(&mut site.cmd("doctor")).code(1).stdout;
    let hint = found.lines().find_map(|line| line.strip_prefix("  hint: "));
    run(&mut site.sh(hint.unwrap())).code(0);
    site.run("doctor").stdout("").stderr(&nothing_found(&site));
}

#[test]
fn another_keyctl_that_comes_first_is_noted_and_this_one_is_not() {
    let site = Site::new();
    site.create();
    fs::write(site.path("keyctl"), "#!/bin/sh\nexit 2\n").unwrap();
    set_mode(site.path("keyctl"), 0o755);
    let own = exe().to_str().unwrap();
    let search = |path: &str| -> Ran {
        let mut command = Command::new(own);
        command.env_clear().env("PATH", path).arg("--db");
        command
            .arg(site.db())
            .arg("doctor")
            .current_dir(site.path(""));
        command.output().unwrap().into()
    };
    let directory = own.strip_suffix("/keyctl").unwrap();
    let other = site.path("keyctl").display().to_string();
    let first = site.path("").display().to_string();
    search(&format!("{directory}:{first}")).code(0).stdout("");
    for (path, told) in [
        (format!("{first}:{directory}"), other.as_str()),
        // An empty directory is the current one.
        (format!(":{directory}"), "keyctl"),
        (".:/bin".to_owned(), "keyctl"),
    ] {
        let ran = search(&path).code(0);
        let note =
            format!("note: the shell finds another keyctl, {told}, and not this one, {own}\n");
        assert!(ran.stdout.starts_with(&note), "{path}: {ran:#?}");
    }
    let ran = search("/nowhere").code(0);
    let note = format!("note: the shell finds no keyctl in PATH; this one is {own}\n");
    assert!(ran.stdout.starts_with(&note), "{ran:#?}");
}

/// A store into which `sql` was planted; `None` where there is nothing to do that with.
fn planted(sql: &str) -> Option<Site> {
    let site = Site::new();
    site.create();
    // By another process: in this one, SQLite has no more memory than the program gives it.
    let planted = Command::new("python3")
        .args(["-c", PLANT, sql])
        .arg(site.db())
        .status();
    if planted.is_ok_and(|status| status.success()) {
        return Some(site);
    }
    skipped("needs python3, with SQLite from 3.37 on");
    None
}

#[test]
fn a_value_that_would_fill_the_memory_is_found_and_not_read() {
    let Some(site) = planted("UPDATE keys SET hash = CAST(zeroblob(140000000) AS TEXT)") else {
        return;
    };
    let script = format!("ulimit -v {SPACE}; exec keyctl doctor");
    let ran = run(&mut site.sh(&script)).code(1);
    assert!(ran.stdout.contains("string or blob too big"), "{ran:#?}");
}

#[test]
fn a_store_that_takes_all_memory_is_neither_called_damaged_nor_sound() {
    // Before the fourth schema, SQLite itself made one text of the labels.
    let sql = format!(
        "{DOWNGRADE_TO_THIRD};
         INSERT INTO key_labels SELECT seq, 'huge', CAST(zeroblob(140000000) AS TEXT) FROM keys"
    );
    let Some(site) = planted(&sql) else {
        return;
    };
    let elsewhere = Site::new();
    elsewhere.create();
    let copy = elsewhere.path("copy.db").display().to_string();
    run(&mut elsewhere.cmd(&format!("backup {copy}"))).code(0);
    let restore = format!("restore {copy} --yes");
    for line in ["doctor", "backup other.db", &restore] {
        let script = format!("ulimit -v {SPACE}; exec keyctl {line}");
        let ran = run(&mut site.sh(&script)).fails(5, "memory ran out while the ");
        assert!(!ran.stderr.contains("damage"), "{ran:#?}");
    }
}

#[test]
#[ignore = "long: a store of a million keys, or of KEYCTL_TEST_KEYS"]
fn a_million_keys_are_examined_and_counted_in_constant_memory() {
    let count = std::env::var("KEYCTL_TEST_KEYS").unwrap_or_else(|_| "1000000".to_owned());
    let site = Site::new();
    site.create();
    site.sql()
        .execute_batch(&format!(
            "PRAGMA journal_mode = OFF; BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels) \
             SELECT printf('%012d', i), 'n' || i, owner, kind, hash, created_at, created_by, expires_at, scopes, labels \
             FROM keys, n WHERE seq = 1; \
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys WHERE seq > 1; COMMIT"
        ))
        .unwrap();
    let script = format!("ulimit -v {SPACE}; exec keyctl doctor");
    let ran: Ran = site.sh(&script).output().unwrap().into();
    ran.code(0).stdout("").stderr(&nothing_found(&site));
    let script = format!("ulimit -v {SPACE}; exec keyctl metrics");
    let ran: Ran = site.sh(&script).output().unwrap().into();
    let keys: u64 = count.parse().unwrap();
    let active = format!("keyctl_usable_keys{{state=\"active\"}} {}\n", keys + 1);
    assert!(ran.code(0).stdout.contains(&active));
}
