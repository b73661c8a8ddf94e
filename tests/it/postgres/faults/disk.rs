//! A server whose disk is full.

use super::check;
use crate::exe::harness::{is_root, skipped, until};
use crate::harness::id_of;
use crate::harness::postgres::{Stored, cluster};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A small file system on which the server can write.
struct Small(PathBuf);

impl Small {
    fn mount() -> Option<Self> {
        if !is_root() {
            skipped("needs root, to mount a file system");
            return None;
        }
        let path = tempfile::tempdir().unwrap().keep();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m,mode=0700,uid=65534", "none"]);
        if !mount.arg(&path).status().unwrap().success() {
            skipped("only root can mount a file system, and not in every container");
            return None;
        }
        Some(Small(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
        fs::remove_dir(&self.0).ok();
    }
}

#[test]
fn a_full_disk_refuses_changes_and_verifies_keys() {
    let Some(cluster) = cluster() else { return };
    let Some(small) = Small::mount() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    let space = format!("small_{}", database.name());
    let path = small.0.display();
    database.admin(&format!("CREATE TABLESPACE {space} LOCATION '{path}'"));
    database.admin(&format!(
        "ALTER TABLE keyctl.keys SET TABLESPACE {space}; CREATE TABLE public.filler (t text) TABLESPACE {space}"
    ));
    database.admin("ALTER TABLE public.filler ALTER COLUMN t SET STORAGE PLAIN");
    let mut session = database.connect("postgres").unwrap();
    until("it is full", || {
        session
            .batch_execute(
                "INSERT INTO public.filler SELECT repeat('x', 7000) FROM generate_series(1, 4)",
            )
            .is_err()
    });
    let mut last = None;
    let mut made = 1;
    until("a change is refused", || {
        let ran = stored.run("create --scope inference");
        made += usize::from(ran.code == 0);
        last = Some(ran);
        last.as_ref().is_some_and(|ran| ran.code != 0)
    });
    check(
        &last.unwrap(),
        "has no space left on its disk",
        "free space on the server",
    );
    stored.verify(&token).code(0);
    let listed = stored.run("list --format ids").code(0);
    assert_eq!(listed.stdout.lines().count(), made);
    stored.run("log --check").code(0);
    database.admin("DROP TABLE public.filler");
    stored.create();
    stored.run(&format!("disable {}", id_of(&token))).code(0);
    database.admin("ALTER TABLE keyctl.keys SET TABLESPACE pg_default");
    database.admin(&format!("DROP TABLESPACE {space}"));
}
