//! A user who may read the store's file and nothing more, in a directory that they may not write.

use super::harness::{Site, content, run, run_with, set_mode};
use crate::harness::id_of;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

/// A site whose store nobody but its owner may change.
struct Shut {
    site: Site,
}

/// All that a reader could have changed about a file: its inode, times, mode and content.
type Left = (u64, (i64, i64), (i64, i64), u32, Vec<u8>);

impl Shut {
    fn new(site: Site) -> Self {
        // The reader's own copy of the executable is made before anything is looked at.
        site.without_rights(site.cmd("list"));
        let shut = Shut { site };
        for name in ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"] {
            if shut.site.path(name).exists() {
                set_mode(shut.site.path(name), 0o444);
            }
        }
        set_mode(shut.directory(), 0o555);
        shut
    }

    /// A command line by a reader.
    fn cmd(&self, line: &str) -> Command {
        self.site.without_rights(self.site.cmd(line))
    }

    fn directory(&self) -> PathBuf {
        self.site.path("")
    }

    fn files(&self) -> BTreeMap<OsString, Left> {
        let left = |path: PathBuf| -> Left {
            let metadata = fs::metadata(&path).unwrap();
            (
                metadata.ino(),
                (metadata.mtime(), metadata.mtime_nsec()),
                (metadata.ctime(), metadata.ctime_nsec()),
                metadata.mode(),
                content(path),
            )
        };
        let mut files: BTreeMap<OsString, Left> = fs::read_dir(self.directory())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), left(entry.path())))
            .collect();
        files.insert(".".into(), left(self.directory()));
        files
    }
}

impl Drop for Shut {
    /// Without which the directory could not be removed.
    fn drop(&mut self) {
        set_mode(self.directory(), 0o755);
    }
}

/// A reader verifies, lists and shows the key of `token`, changes nothing, and leaves no trace.
fn can_read_and_nothing_more(site: Site, token: &str) {
    let id = id_of(token);
    let shut = Shut::new(site);
    let before = shut.files();
    let reader = |line: &str| shut.cmd(line);

    run_with(&mut reader("verify --scope inference"), token)
        .code(0)
        .stderr("");
    run_with(&mut reader("verify --scope project"), token).code(6);
    let last = if token.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &token[..token.len() - 1]);
    run_with(&mut reader("verify"), wrong).code(1);
    let listed = run(&mut reader("list --format ids")).code(0);
    assert!(listed.stdout.lines().any(|line| line == id), "{listed:#?}");
    assert!(
        run(&mut reader(&format!("show {id}")))
            .code(0)
            .stdout
            .contains(&id)
    );

    let shown = shut.site.db().display().to_string();
    for line in [
        "create --scope inference".to_owned(),
        "create --scope inference --secret-file secret".to_owned(),
        format!("rotate {id}"),
        format!("disable {id}"),
        format!("edit {id} --name other"),
        format!("delete {id} --yes"),
        "purge --owner nobody --yes".to_owned(),
    ] {
        let ran = run(&mut reader(&line)).code(5).stdout("");
        assert!(
            ran.stderr
                .contains(&format!("the store {shown} is read-only for you"))
                || line.contains("secret-file"),
            "{line}: {ran:#?}"
        );
    }

    assert_eq!(shut.files(), before);
}

#[test]
fn a_reader_works_beside_a_write_ahead_log() {
    let site = Site::new();
    let token = site.create();
    assert!(site.path("keyctl.db-wal").exists());
    assert!(site.path("keyctl.db-shm").exists());
    can_read_and_nothing_more(site, &token);
}

#[test]
fn a_reader_sees_what_is_in_the_write_ahead_log_only() {
    let site = Site::new();
    site.create();
    let sql = site.sql();
    sql.execute_batch("BEGIN").unwrap();
    sql.query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
        .unwrap();
    let token = site.create();
    let id = id_of(&token);
    let file = content(site.db());
    assert!(!file.windows(id.len()).any(|window| window == id.as_bytes()));

    can_read_and_nothing_more(site, &token);
    // Not earlier: closing it would move the log into the file.
    drop(sql);
}

#[test]
fn a_reader_works_on_a_copy_of_the_file_alone() {
    let writer = Site::new();
    let token = writer.create();
    let site = Site::new();
    fs::copy(writer.db(), site.db()).unwrap();
    can_read_and_nothing_more(site, &token);
}

#[test]
fn a_reader_takes_an_empty_log_without_an_index_for_none() {
    let writer = Site::new();
    let token = writer.create();
    let site = Site::new();
    fs::copy(writer.db(), site.db()).unwrap();
    fs::write(site.path("keyctl.db-wal"), "").unwrap();
    can_read_and_nothing_more(site, &token);
}

#[test]
fn a_reader_refuses_a_log_without_an_index_that_holds_something() {
    let writer = Site::new();
    let token = writer.create();
    let site = Site::new();
    fs::copy(writer.db(), site.db()).unwrap();
    // There may be keys, or deletions, in it: to look past it would be to guess.
    fs::write(site.path("keyctl.db-wal"), "x").unwrap();
    let shut = Shut::new(site);
    run_with(&mut shut.cmd("verify"), token).code(5);
}

#[test]
fn a_verdict_stands_where_its_use_cannot_be_noted() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    site.run(&format!("disable {id}"));
    let shut = Shut::new(site);
    run_with(&mut shut.cmd("verify"), &token)
        .code(1)
        .says("rejected: disabled");
}
