//! `metrics --output`: the file, which others read at any moment.

use super::harness::{Site, content, is_root, mode, run, set_mode};
use crate::harness::exposition::Exposition;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

const LINE: &str = "metrics --output keyctl.prom";

fn site() -> Site {
    let site = Site::cheap();
    site.run("create --scope inference --name ci");
    site
}

/// The names in a directory.
fn names(directory: impl AsRef<Path>) -> BTreeSet<OsString> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

/// The number of keys that the file counts.
#[track_caller]
fn active(text: &str) -> Option<f64> {
    let all = Exposition::read(text).unwrap();
    all.value("keyctl_keys{kind=\"api\",state=\"active\"}")
}

#[test]
fn the_file_is_replaced_as_a_whole_and_everybody_may_read_it() {
    let site = site();
    let before = names(site.path(""));
    run(&mut site.sh(&format!("umask 077; keyctl {LINE}")))
        .code(0)
        .stdout("")
        .stderr("");
    let path = site.path("keyctl.prom");
    assert_eq!(mode(&path), 0o644);
    let mut old = File::open(&path).unwrap();
    site.run("create --scope inference --name second");
    site.run(LINE);
    // Who has the old file open reads the old content to its end.
    let mut text = String::new();
    old.read_to_string(&mut text).unwrap();
    assert_eq!(active(&text), Some(1.0));
    assert_eq!(active(&fs::read_to_string(&path).unwrap()), Some(2.0));
    assert_ne!(
        old.metadata().unwrap().ino(),
        fs::metadata(&path).unwrap().ino()
    );
    let mut after = names(site.path(""));
    assert!(after.remove(&OsString::from("keyctl.prom")));
    assert_eq!(after, before);
}

#[test]
fn an_empty_file_is_replaced_and_one_with_another_content_is_not() {
    let site = site();
    let path = site.path("keyctl.prom");
    fs::write(&path, "").unwrap();
    site.run(LINE);
    assert_eq!(active(&fs::read_to_string(&path).unwrap()), Some(1.0));
    for other in ["# HELP node_x X.\n", "# HELP", "token"] {
        fs::write(&path, other).unwrap();
        run(&mut site.cmd(LINE)).fails(5, "'keyctl.prom' has another content");
        assert_eq!(content(&path), other.as_bytes());
    }
}

#[test]
fn what_is_no_file_for_metrics_is_refused_and_left() {
    let site = site();
    let store = content(site.db());
    let other = site.path("other.db");
    site.run("backup other.db");
    fs::create_dir(site.path("directory")).unwrap();
    symlink("nowhere", site.path("symbolic")).unwrap();
    for (name, code, message) in [
        ("keyctl.db", 5, "would be taken for a part of"),
        ("keyctl.db-wal", 5, "would be taken for a part of"),
        ("KEYCTL.DB-journal", 5, "would be taken for a part of"),
        ("other.db-shm", 5, "would be taken for a part of"),
        ("other.db", 5, "has another content"),
        ("directory", 5, "is not a regular file"),
        ("symbolic", 5, "is not a regular file"),
        ("/dev/null", 5, "is not a regular file"),
        ("missing/keyctl.prom", 5, "cannot write the file"),
        ("missing/", 5, "is not a regular file"),
        ("-", 2, "--output is '-', not a file"),
        ("~/keyctl.prom", 2, "--output begins with '~'"),
    ] {
        let before = names(site.path(""));
        let ran = run(&mut site.cmd(&format!("metrics --output {name}")));
        ran.fails(code, "").says(message);
        assert_eq!(names(site.path("")), before, "{name}");
    }
    assert_eq!(content(site.db()), store);
    assert!(content(other).starts_with(b"SQLite"));
    assert!(fs::symlink_metadata("/dev/null").is_ok_and(|null| !null.is_file()));
}

#[test]
fn a_store_that_fails_leaves_the_file_as_it_was() {
    let site = site();
    site.run(LINE);
    let path = site.path("keyctl.prom");
    let seen = |path: &Path| {
        let file = fs::metadata(path).unwrap();
        (file.ino(), file.mtime(), file.mtime_nsec(), content(path))
    };
    let before = seen(&path);
    let head = content(site.db());
    fs::write(site.db(), &head[..head.len() / 2]).unwrap();
    run(&mut site.cmd(LINE)).fails(5, "");
    fs::remove_file(site.db()).unwrap();
    run(&mut site.cmd(LINE)).fails(5, "");
    assert_eq!(seen(&path), before);
}

#[test]
fn a_reader_who_may_not_write_the_directory_gets_the_metrics_and_an_error_for_the_file() {
    let site = site();
    // The reader's own copy of the executable is made first.
    drop(site.without_rights(site.cmd("list")));
    for name in ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"] {
        set_mode(site.path(name), 0o444);
    }
    fs::create_dir(site.path("out")).unwrap();
    set_mode(site.path("out"), 0o777);
    set_mode(site.path(""), 0o555);
    let of = |line: &str| run(&mut site.without_rights(site.cmd(line)));
    assert_eq!(active(&of("metrics").code(0).stdout), Some(1.0));
    of(LINE).fails(5, "cannot write the file 'keyctl.prom'");
    of("metrics --output out/keyctl.prom").code(0).stderr("");
    let path = site.path("out/keyctl.prom");
    assert_eq!(active(&fs::read_to_string(&path).unwrap()), Some(1.0));
    assert_eq!(mode(&path), 0o644);
    assert_eq!(names(site.path("out")).len(), 1);
    if is_root() {
        assert_ne!(fs::metadata(&path).unwrap().uid(), 0);
    }
    set_mode(site.path(""), 0o755);
}

#[test]
fn a_damaged_key_counts_as_such_and_is_named() {
    let site = site();
    site.run("create --scope inference --name bad");
    let change = "UPDATE keys SET expires_at = 9223372036854775807 WHERE name = 'bad'";
    site.sql().execute(change, []).unwrap();
    let ran = run(&mut site.cmd("metrics")).code(0);
    let all = Exposition::read(&ran.stdout).unwrap();
    assert_eq!(all.value("keyctl_damaged_keys"), Some(1.0));
    assert_eq!(active(&ran.stdout), Some(1.0));
    ran.says("1 key is damaged and not counted: ");
}
