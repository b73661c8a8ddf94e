//! New files with the names that SQLite gives to what it keeps beside a store.

use super::harness::{Site, content, run, run_with};
use crate::harness::Ran;
use std::fs;
use std::os::unix::fs::symlink;

const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// It was refused since the file would be taken for a part of the store.
#[track_caller]
fn refused(ran: Ran) {
    ran.fails(5, "the file ")
        .says("would be taken for a part of ")
        .says("hint: name another file");
}

#[test]
fn a_secret_file_is_no_part_of_the_store_however_its_name_is_spelled() {
    for part in PARTS {
        let site = Site::new();
        let token = site.create();
        let id = crate::harness::id_of(&token);
        fs::create_dir_all(site.path("x/y")).unwrap();
        symlink(site.path(""), site.path("x/here")).unwrap();
        symlink(site.db(), site.path("link.db")).unwrap();
        for left in [true, false] {
            if left {
                // As a reader that was killed leaves it, or as somebody has moved it away.
                drop(fs::remove_file(site.path(format!("keyctl.db{part}"))));
            }
            for name in [
                "keyctl.db",
                "./x/../keyctl.db",
                "x/here/keyctl.db",
                "x/y/../here/x/../keyctl.db",
            ] {
                for line in [
                    "create --scope inference",
                    &format!("rotate {id} --grace 0s"),
                ] {
                    let line = format!("{line} --secret-file {name}{part}");
                    refused(run(&mut site.cmd(&line)));
                    refused(run(site.bare(&line).args(["--db", "link.db"])));
                    refused(run(site.bare(&line).args(["--db", "x/here/keyctl.db"])));
                }
            }
        }
        assert_eq!(site.verify(&token), 0, "{part}");
        assert_eq!(site.ids(), [id]);
    }
}

#[test]
fn a_secret_file_is_no_part_of_a_store_that_the_same_command_makes_nor_the_store_itself() {
    for part in ["", "-wal", "-shm", "-journal", "-WAL"] {
        let site = Site::new();
        fs::create_dir(site.path("d")).unwrap();
        symlink(site.path("d"), site.path("e")).unwrap();
        for secret in ["d/new.db", "e/new.db", "d/../e/new.db"] {
            let line =
                format!("create --scope inference --db d/new.db --secret-file {secret}{part}");
            refused(run(&mut site.bare(&line)));
        }
        assert_eq!(fs::read_dir(site.path("d")).unwrap().count(), 0);
    }
}

#[test]
fn a_secret_file_is_no_part_of_any_other_file() {
    let site = Site::new();
    run(&mut site.bare("init --db other.db")).code(0);
    for part in PARTS {
        drop(fs::remove_file(site.path(format!("other.db{part}"))));
        let line = format!("create --scope inference --secret-file other.db{part}");
        refused(run(&mut site.cmd(&line)));
    }
    // Where there is no such file, the name is as good as any.
    site.run("create --scope inference --secret-file my-journal");
    let token = content(site.path("my-journal"));
    run_with(&mut site.cmd("verify"), token).code(0);
}
