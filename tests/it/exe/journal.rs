//! Changes of the store's file that were cut short, and what becomes of them.

use super::harness::{Site, content, run, run_with, set_mode};
use super::strace::{self, Fault, failing};
use crate::harness::id_of;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

fn copy(site: &Site, from: &str, to: &str) {
    // By another process: to close a file drops every lock that this one's connections hold on it.
    let mut copy = Command::new("cp");
    let copied = copy.args([site.path(from), site.path(to)]).status();
    assert!(copied.unwrap().success());
}

/// A store, `cut.db`, in which an unfinished transaction has just enabled a key that is disabled, and
/// the key's token.
fn cut_short() -> (Site, String) {
    let site = Site::cheap();
    let token = site.create();
    site.run(&format!("disable {}", id_of(&token)));
    let sql = site.sql();
    sql.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; \
         UPDATE keys SET disabled_at = NULL, disabled_by = NULL; \
         CREATE TABLE filling AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) \
         SELECT i, zeroblob(4000) FROM n",
    )
    .unwrap();
    copy(&site, "keyctl.db", "cut.db");
    copy(&site, "keyctl.db-journal", "cut.db-journal");
    (site, token)
}

/// How many keys the file at `path` has enabled, taken as it lies there.
fn enabled(path: &Path) -> i64 {
    let uri = format!("file:{}?immutable=1", path.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
        .unwrap()
        .query_row(
            "SELECT count(*) FROM keys WHERE disabled_at IS NULL",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

#[test]
fn what_was_cut_short_is_undone_before_anybody_is_let_in() {
    let (site, token) = cut_short();
    assert_eq!(enabled(&site.path("cut.db")), 1);
    run_with(&mut site.bare("--db cut.db verify"), &token)
        .code(1)
        .says("rejected: disabled");
    assert_eq!(enabled(&site.path("cut.db")), 0);
    assert!(!site.path("cut.db-journal").exists());
}

#[test]
fn who_may_not_undo_what_was_cut_short_is_told_so_and_lets_nobody_in() {
    let (site, token) = cut_short();
    let verify = site.bare("--db cut.db verify");
    let mut verify = site.without_rights(verify);
    for name in ["cut.db", "cut.db-journal"] {
        set_mode(site.path(name), 0o444);
    }
    set_mode(site.path(""), 0o555);
    run_with(&mut verify, &token)
        .fails(5, "")
        .says("was interrupted, and still has to be undone")
        .says("do not remove");
    assert!(site.path("cut.db-journal").exists());
    set_mode(site.path(""), 0o755);
}

#[test]
fn what_another_program_left_to_be_undone_is_left_to_it() {
    let (site, token) = cut_short();
    let mark = 0_u32.to_be_bytes();
    let file = File::options().write(true).open(site.path("cut.db"));
    file.unwrap().write_all_at(&mark, 68).unwrap();
    let before = content(site.path("cut.db"));
    run_with(&mut site.bare("--db cut.db verify"), &token).fails(5, "");
    assert!(content(site.path("cut.db")) == before);
    assert!(site.path("cut.db-journal").exists());
}

#[test]
fn an_empty_file_whose_log_is_not_is_no_new_store_and_the_log_stays() {
    let site = Site::cheap();
    let token = site.create();
    let _reader = site.reader();
    site.create();
    copy(&site, "keyctl.db-wal", "lost.db-wal");
    File::create(site.path("lost.db")).unwrap();
    let log = content(site.path("lost.db-wal"));
    assert!(!log.is_empty());
    for line in ["verify", "list", "create --scope inference", "purge --yes"] {
        run_with(&mut site.bare(&format!("--db lost.db {line}")), &token)
            .fails(5, "")
            .says("it is empty, while the log beside it is not");
    }
    run(&mut site.bare("--db lost.db init")).fails(4, "");
    assert!(content(site.path("lost.db-wal")) == log);
}

#[test]
fn a_store_whose_founding_fails_is_not_founded_or_nobody_says_so() {
    if !strace::is_here() {
        return;
    }
    let mut failed = 0;
    for nth in 1..=4 {
        let site = Site::new();
        let faults = [Fault {
            names: "fsync,fdatasync".to_owned(),
            error: "EIO",
            when: nth.to_string(),
        }];
        let log = site.path("keyctl.db-wal");
        let output = failing(&site.cmd("init"), &faults, &[&log])
            .output()
            .unwrap();
        if output.status.success() {
            site.run("list");
            continue;
        }
        failed += 1;
        assert_eq!(output.status.code(), Some(5));
        let error = String::from_utf8(output.stderr).unwrap();
        if !error.contains("may or may not have been made") {
            run(&mut site.cmd("list")).fails(5, "").says("is empty");
        }
        site.create();
        assert_eq!(
            site.number("SELECT count(*) FROM events WHERE action = 'init'"),
            1
        );
    }
    assert!(failed > 0);
}

/// The size of the file `name`.
fn size(site: &Site, name: &str) -> u64 {
    fs::metadata(site.path(name)).unwrap().len()
}

#[test]
fn init_and_a_first_create_leave_nothing_in_the_log() {
    for line in ["init", "create --scope inference"] {
        let site = Site::new();
        site.run(line);
        assert_eq!(size(&site, "keyctl.db-wal"), 0, "{line}");
        copy(&site, "keyctl.db", "alone.db");
        run(&mut site.bare("list --db alone.db")).code(0);
        run(&mut site.bare("log --check --db alone.db")).code(0);
    }
}

/// A store `lost.db` all of which is in its log, since somebody was reading when it was made.
fn in_its_log_alone() -> Site {
    let site = Site::new();
    let reader = Connection::open(site.path("lost.db")).unwrap();
    let sql = "PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM sqlite_schema";
    reader.execute_batch(sql).unwrap();
    run(&mut site.bare("create --scope inference --db lost.db")).code(0);
    copy(&site, "lost.db", "other.db");
    copy(&site, "lost.db-wal", "other.db-wal");
    drop(reader);
    for suffix in ["", "-wal"] {
        let path = |name: &str| site.path(format!("{name}.db{suffix}"));
        fs::rename(path("other"), path("lost")).unwrap();
    }
    drop(fs::remove_file(site.path("lost.db-shm")));
    assert_eq!(size(&site, "lost.db"), 4096);
    site
}

#[test]
fn a_store_whose_log_holds_all_of_it_is_not_founded_anew_where_one_bit_of_that_has_changed() {
    let whole = in_its_log_alone();
    let listed = run(&mut whole.bare("list --format ids --db lost.db")).code(0);
    assert_eq!(listed.stdout.lines().count(), 1);
    // In the header, in the first frame, and in its page.
    for at in [9, 24, 32 + 8, 32 + 20, 32 + 24 + 100] {
        let site = in_its_log_alone();
        let mut log = content(site.path("lost.db-wal"));
        log[at] ^= 1;
        fs::write(site.path("lost.db-wal"), &log).unwrap();
        run(&mut site.bare("create --scope inference --db lost.db"))
            .fails(5, "the store ")
            .says("is damaged: it is empty, and the log beside it cannot be read");
        assert_eq!(content(site.path("lost.db-wal")), log, "{at}");
        site.create();
        site.run("backup copy.db");
        run(&mut site.bare("restore copy.db --db lost.db --yes"))
            .code(0)
            .says("the store is damaged: it is empty")
            .says("the replaced store is kept at ");
        let listed = run(&mut site.bare("list --format ids --db lost.db")).code(0);
        assert_eq!(listed.stdout.lines().count(), 1);
        let kept = |suffix: &str| {
            let mut names = fs::read_dir(site.path("")).unwrap();
            names.any(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.contains(".replaced-") && name.ends_with(suffix)
            })
        };
        assert!(kept("Z") && kept("-wal"));
    }
}

#[test]
fn a_file_whose_founder_was_killed_in_the_log_is_founded_by_the_next() {
    for frames in 1..4 {
        let site = in_its_log_alone();
        let log = content(site.path("lost.db-wal"));
        let end = 32 + frames * (24 + 4096) - 1000;
        fs::write(site.path("lost.db-wal"), &log[..end]).unwrap();
        run(&mut site.bare("create --scope inference --db lost.db"))
            .code(0)
            .says("made a new store");
    }
}
