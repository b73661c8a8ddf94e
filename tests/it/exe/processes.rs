//! Many processes at once.

use super::harness::{Site, finish};
use crate::harness::{Ran, id_of};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs all of `commands` at once.
pub fn all(commands: impl IntoIterator<Item = Command>) -> Vec<Ran> {
    let started: Vec<Child> = commands
        .into_iter()
        .map(|mut command| command.spawn().unwrap())
        .collect();
    started.into_iter().map(finish).collect()
}

impl Site {
    /// The log has no gap, and its head is its last line.
    #[track_caller]
    pub fn log_is_whole(&self, events: i64) {
        assert_eq!(self.number("SELECT count(*) FROM events"), events);
        assert_eq!(self.number("SELECT max(seq) FROM events"), events);
        assert_eq!(self.number("SELECT min(seq) FROM events"), 1);
        assert_eq!(
            self.number("SELECT count(*) FROM events JOIN event_head USING (seq, hash)"),
            1
        );
        let sound: String = self
            .sql()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
    }
}

#[test]
fn sixteen_processes_make_one_store_and_a_key_each() {
    let site = Site::new();
    let ran = all((0..16).map(|_| site.cmd("create --scope inference")));

    let mut made = 0;
    let mut ids = BTreeSet::new();
    for ran in ran {
        let ran = ran.code(0);
        made += ran.stderr.matches("made a new store").count();
        let token = ran.stdout.trim_end();
        assert_eq!(site.verify(token), 0);
        ids.insert(id_of(token));
    }
    assert_eq!(made, 1);
    assert_eq!(ids.len(), 16);
    assert_eq!(site.ids().into_iter().collect::<BTreeSet<_>>(), ids);
    assert_eq!(site.number("SELECT count(DISTINCT name) FROM keys"), 16);
    assert_eq!(site.number("SELECT count(*) FROM administrators"), 1);
    assert_eq!(
        site.number("SELECT count(*) FROM events WHERE action = 'init'"),
        1
    );
    site.log_is_whole(17);
}

#[test]
fn of_sixteen_processes_that_want_one_name_one_gets_it() {
    let site = Site::new();
    let ran = all((0..16).map(|_| site.cmd("create --scope inference --name ci")));
    let (won, lost): (Vec<Ran>, Vec<Ran>) = ran.into_iter().partition(|ran| ran.code == 0);
    assert_eq!(won.len(), 1, "{lost:#?}");
    for ran in lost {
        ran.fails(4, "");
    }
    assert_eq!(site.ids().len(), 1);
    site.log_is_whole(2);
}

#[test]
fn of_eight_processes_that_create_a_key_if_absent_one_creates_it() {
    let site = Site::new();
    site.create();
    let line = "create --scope inference --name ci --if-absent";
    let ran = all((0..8).map(|_| site.cmd(line)));
    let ran: Vec<Ran> = ran.into_iter().map(|ran| ran.code(0)).collect();
    let (made, kept): (Vec<Ran>, Vec<Ran>) =
        ran.into_iter().partition(|ran| !ran.stdout.is_empty());
    let [made] = made.as_slice() else {
        panic!("{made:#?}")
    };
    let id = id_of(made.stdout.trim_end());
    for ran in kept {
        ran.says(&format!("already has a key named 'ci': {id} (active); "));
    }
    assert_eq!(site.ids().len(), 2);
    site.log_is_whole(3);
}

#[test]
fn of_eight_processes_that_replace_an_expired_key_one_replaces_it() {
    let site = Site::new();
    let line = "create --scope inference --name ci --expires 1d --replace-expired";
    let old = id_of(site.run(line).stdout.trim_end());
    site.sql()
        .execute("UPDATE keys SET created_at = 0, expires_at = 1000", [])
        .unwrap();
    let ran = all((0..8).map(|_| site.cmd(line)));
    let (won, lost): (Vec<Ran>, Vec<Ran>) = ran.into_iter().partition(|ran| ran.code == 0);
    let [won] = won.as_slice() else {
        panic!("{won:#?} {lost:#?}")
    };
    let new = id_of(won.stdout.trim_end());
    for ran in lost {
        ran.fails(4, "").says(&new);
    }
    assert!(site.record(&old).contains(r#""state":"deleted""#));
    assert_eq!(site.ids(), [old, new]);
    site.log_is_whole(4);
}

#[test]
fn of_eight_processes_that_rotate_one_key_one_wins() {
    let site = Site::new();
    let id = id_of(&site.create());
    let ran = all((0..8).map(|_| site.cmd(&format!("rotate {id}"))));
    let (won, lost): (Vec<Ran>, Vec<Ran>) = ran.into_iter().partition(|ran| ran.code == 0);
    let [won] = won.as_slice() else {
        panic!("{won:#?} {lost:#?}")
    };
    let new = id_of(won.stdout.trim_end());
    for ran in lost {
        // A loser that has waited knows who won.
        ran.fails(4, &id).says(&new);
    }
    assert_eq!(site.ids(), [id, new]);
    assert_eq!(site.verify(won.stdout.as_bytes()), 0);
    site.log_is_whole(4);
}

#[test]
fn of_eight_processes_that_delete_one_key_each_finds_it_deleted() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    for ran in all((0..8).map(|_| site.cmd(&format!("delete {id} --yes")))) {
        ran.code(0);
    }
    assert_eq!(site.verify(token), 1);
    site.log_is_whole(3);
}

#[test]
fn creating_verifying_listing_and_deleting_at_once_disturb_one_another_in_nothing() {
    let site = Site::new();
    let kept = site.create();
    let doomed: Vec<String> = (0..6).map(|_| site.create()).collect();
    let mut running = Vec::new();
    for token in &doomed {
        let delete = format!("delete {} --yes", id_of(token));
        for line in [
            delete.as_str(),
            "create --scope inference",
            "list --format json",
        ] {
            running.push(site.cmd(line).spawn().unwrap());
        }
        let mut verify = site.cmd("verify").stdin(Stdio::piped()).spawn().unwrap();
        verify
            .stdin
            .take()
            .unwrap()
            .write_all(kept.as_bytes())
            .unwrap();
        running.push(verify);
    }

    for child in running {
        finish(child).code(0);
    }

    for token in doomed {
        assert_eq!(site.verify(token), 1);
    }
    assert_eq!(site.run("list --format ids").stdout.lines().count(), 7);
    // Made, seven and six created, six deleted.
    site.log_is_whole(20);
}

#[test]
fn who_only_reads_does_not_wait_for_a_writer_and_verify_notes_nothing_then() {
    /// Less than the 30 seconds that a writer waits, and more than anything else takes.
    const WAITED: Duration = Duration::from_secs(25);
    let site = Site::new();
    let token = site.create();
    let writer = site.sql();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();

    assert_eq!(site.verify(&token), 0);
    assert_eq!(site.ids(), [id_of(&token)]);
    assert!(
        site.record(&id_of(&token))
            .contains(r#""last_used_at":null"#)
    );

    assert!(begun.elapsed() < WAITED);
    drop(writer);
    assert_eq!(site.verify(&token), 0);
    assert!(
        !site
            .record(&id_of(&token))
            .contains(r#""last_used_at":null"#)
    );
}

#[test]
fn a_reader_blocks_nobody_and_after_it_the_next_change_wipes_what_it_kept() {
    let site = Site::new();
    let token = site.create();
    let other = site.create();
    let id = id_of(&token);
    let hash = site.hash(&id);
    let reader = site.reader();

    site.run(&format!("delete {id} --yes"));
    assert_eq!(site.verify(&token), 1);
    assert_eq!(site.verify(&other), 0);
    site.create();
    assert!(
        site.holds(&hash),
        "the reader held nothing back: this test shows nothing"
    );

    // Not closed, for closing would wipe by itself.
    reader.execute_batch("ROLLBACK").unwrap();
    assert!(site.holds(&hash));
    site.create();
    assert!(!site.holds(&hash));
}

#[test]
fn a_deleted_or_purged_keys_hash_is_nowhere_in_the_files() {
    let site = Site::new();
    let deleted = id_of(&site.create());
    let purged = id_of(&site.create());
    let (first, second) = (site.hash(&deleted), site.hash(&purged));
    assert!(site.holds(&first) && site.holds(&second));

    site.run(&format!("delete {deleted} {purged} --yes"));
    site.run("purge --yes");

    assert!(!site.holds(&first) && !site.holds(&second));
}
