//! `keyctl backup` while others write, and `keyctl restore` killed, and among other processes.

use super::harness::{GUARD, Site, code, finish, mode, run, run_with, set_mode, until, wait};
use super::strace::{self, Call, Fault, calls_of, failing, killed_at};
use super::terminal::Terminal;
use crate::harness::id_of;
use rusqlite::Connection;
use rusqlite::types::Value;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a restore is killed, unless `KEYCTL_TEST_ROUNDS` says.
const ROUNDS: u32 = 20;

fn rounds() -> u32 {
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

/// The rows that a query gives.
fn rows(path: &Path, query: &str) -> Vec<Vec<Value>> {
    let sql = Connection::open(path).unwrap();
    let mut statement = sql.prepare(query).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|index| row.get(index)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

fn events(path: &Path) -> Vec<Vec<Value>> {
    rows(path, "SELECT * FROM events ORDER BY seq")
}

fn keys(path: &Path) -> Vec<Vec<Value>> {
    rows(path, "SELECT * FROM keys ORDER BY seq")
}

fn ids(path: &Path, query: &str) -> BTreeSet<String> {
    let rows = rows(path, query).into_iter().flatten();
    rows.map(|value| match value {
        Value::Text(id) => id,
        other => panic!("no ID: {other:?}"),
    })
    .collect()
}

impl Site {
    /// The store at `path` is sound, and its log whole.
    #[track_caller]
    fn sound(&self, path: &Path) {
        run(self.bare("log --check --db").arg(path)).code(0);
        assert_eq!(
            rows(path, "PRAGMA integrity_check"),
            [[Value::Text("ok".to_owned())]]
        );
        assert_eq!(rows(path, "PRAGMA foreign_key_check"), [[]; 0]);
    }

    /// A process that runs a shell's `line` again and again, until there is a file named `stop`;
    /// it fails as soon as the line does.
    fn again_and_again(&self, line: &str) -> Child {
        let script = format!("while [ ! -e stop ]; do {line} || exit 1; done");
        self.sh(&script).spawn().unwrap()
    }

    /// The files that were kept aside.
    fn kept_aside(&self) -> Vec<PathBuf> {
        self.named(".replaced-")
    }

    /// What was being made when its maker was killed.
    fn unfinished(&self) -> Vec<PathBuf> {
        self.named("/.keyctl-")
    }

    fn named(&self, part: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("")).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().contains(part))
            .collect()
    }
}

/// Kills a process some time after it was started: the moment is what is tried, nothing is waited for.
fn kill_after(mut child: Child, delay: Duration) {
    thread::sleep(delay);
    // One that has ended already is not there to be killed.
    drop(child.kill());
    wait(child);
}

#[test]
fn a_copy_that_is_made_while_others_write_holds_a_prefix_of_the_writes() {
    let site = Site::new();
    site.create();
    let writers: Vec<Child> = (0..4)
        .map(|_| site.again_and_again("keyctl create --quiet --scope inference >> tokens"))
        .collect();
    let copies: Vec<PathBuf> = (0..rounds() / 4)
        .map(|number| site.path(format!("copy-{number}")))
        .collect();
    let mut written = Vec::new();
    let reader = site.sql();
    reader.busy_timeout(GUARD).unwrap();
    for (number, copy) in copies.iter().enumerate() {
        if number == copies.len() / 2 {
            // From here on what is written stays in the log beside the store.
            reader.execute_batch("BEGIN").unwrap();
            reader
                .query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
                .unwrap();
        }
        let last = written.last().copied();
        let mut now = 0;
        until("somebody writes", || {
            now = site.number("SELECT count(*) FROM events");
            last.is_none_or(|last| last < now)
        });
        written.push(now);
        run(site.bare("backup").arg(copy).arg("--db").arg(site.db())).code(0);
    }
    fs::write(site.path("stop"), "").unwrap();
    for writer in writers {
        finish(writer).code(0);
    }

    let (all_events, all_keys) = (events(&site.db()), keys(&site.db()));
    for (copy, written) in copies.iter().zip(written) {
        site.sound(copy);
        let (events, keys) = (events(copy), keys(copy));
        assert!(events.len() >= usize::try_from(written).unwrap());
        assert_eq!(events, all_events[..events.len()]);
        assert_eq!(keys, all_keys[..keys.len()]);
        // One line for the store, and one for each key.
        assert_eq!(events.len(), keys.len() + 1);
        assert_eq!(mode(copy), 0o600);
    }
    assert!(site.unfinished().is_empty());
}

/// A store with a log that was left behind beside it, and a copy of what it held before. Each is a
/// template: nobody has it open.
struct Templates {
    site: Site,
    copy: PathBuf,
    /// The command line of a restore.
    line: &'static str,
    /// Number of lines that it adds to the log of the copy.
    lines: usize,
    /// The keys after it.
    keys: Vec<Vec<Value>>,
}

impl Templates {
    fn new(damage: &str) -> Self {
        let site = Site::new();
        for _ in 0..4 {
            site.create();
        }
        let copy = site.path("copy");
        run(site.bare("backup copy --db").arg(site.db())).code(0);
        let first = &site.ids()[0];
        let reader = site.sql();
        reader.execute_batch(damage).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        reader
            .query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
            .unwrap();
        site.create();
        site.run(&format!("delete {first} --yes"));
        for suffix in ["", "-wal"] {
            let from = site.path(format!("keyctl.db{suffix}"));
            fs::copy(from, site.path(format!("old{suffix}"))).unwrap();
        }
        assert!(fs::metadata(site.path("old-wal")).unwrap().len() > 0);
        drop(reader);
        let keys = keys(&copy);
        Templates {
            site,
            copy,
            line: "restore copy --yes",
            lines: 1,
            keys,
        }
    }

    /// Restores keep the first key as it is in the old store: deleted.
    fn keeping_revoked() -> Self {
        let templates = Templates::new("");
        templates.put();
        let old = keys(&templates.site.db());
        let mut keys = templates.keys.clone();
        keys[0] = old[0].clone();
        assert_ne!(keys, templates.keys);
        Templates {
            line: "restore copy --yes --keep-revoked",
            // The deletion, and the restore.
            lines: 2,
            keys,
            ..templates
        }
    }

    /// Puts the template in the store's place, as a crash would have left it.
    fn put(&self) {
        for path in self.site.kept_aside() {
            fs::remove_file(path).unwrap();
        }
        for suffix in ["-shm", "-wal", "-journal", ""] {
            drop(fs::remove_file(
                self.site.path(format!("keyctl.db{suffix}")),
            ));
        }
        for suffix in ["", "-wal"] {
            let from = self.site.path(format!("old{suffix}"));
            fs::copy(from, self.site.path(format!("keyctl.db{suffix}"))).unwrap();
        }
    }

    fn restore(&self) -> Child {
        let mut command = self.site.cmd(self.line);
        command.spawn().unwrap()
    }

    /// Whether the store holds what the restore leads to, all of it and nothing else.
    fn is_new(&self) -> bool {
        let db = self.site.db();
        let (events, copied) = (events(&db), events(&self.copy));
        events.len() == copied.len() + self.lines
            && events[..copied.len()] == copied
            && keys(&db) == self.keys
    }

    /// Kills a restore at moments all over its time. Each time the store is the old one or the new
    /// one, whole, and the next restore does what is left to do.
    fn kill_all_over(&self, old: &dyn Fn() -> bool) {
        self.put();
        let begun = Instant::now();
        finish(self.restore()).code(0);
        let whole = begun.elapsed();
        assert!(self.is_new());
        let mut olds = 0;
        for round in 0..rounds() {
            self.put();
            kill_after(self.restore(), whole * round / rounds());
            if self.is_new() {
                self.site.sound(&self.site.db());
            } else {
                assert!(old(), "neither the old nor the new, round {round}");
                olds += 1;
            }
            finish(self.restore()).code(0);
            assert!(self.is_new(), "round {round}");
            self.site.sound(&self.site.db());
            assert_eq!(self.site.unfinished(), Vec::<PathBuf>::new());
        }
        assert!(olds > 0, "none was killed in time: this test shows nothing");
    }
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_store_or_the_new_one() {
    let templates = Templates::new("");
    templates.put();
    let db = templates.site.db();
    let (old_events, old_keys) = (events(&db), keys(&db));
    assert_eq!(old_keys.len(), 5);
    templates.kill_all_over(&|| {
        templates.site.sound(&db);
        events(&db) == old_events && keys(&db) == old_keys
    });
}

#[test]
fn restore_with_keep_revoked_that_is_killed_leaves_the_old_store_or_the_new_one() {
    let templates = Templates::keeping_revoked();
    templates.put();
    let db = templates.site.db();
    let (old_events, old_keys) = (events(&db), keys(&db));
    templates.kill_all_over(&|| {
        templates.site.sound(&db);
        events(&db) == old_events && keys(&db) == old_keys
    });
}

#[test]
fn restore_with_keep_revoked_after_leaks_leaves_each_leaked_token_stopped() {
    let site = Site::new();
    let make = |name: &str| {
        let line = format!("create --scope inference --name {name}");
        site.run(&line).stdout.trim().to_owned()
    };
    let [kept, disabled, deleted, purged, rotated] =
        ["kept", "disabled", "deleted", "purged", "rotated"].map(make);
    run(&mut site.cmd("backup copy")).code(0);
    site.run("delete purged --yes");
    site.run("purge --yes");
    for line in ["disable -", "delete - --yes"] {
        let leaked = match line {
            "disable -" => &disabled,
            _ => &deleted,
        };
        run_with(&mut site.cmd(line), leaked).code(0);
    }
    let ran = run(&mut site.cmd("rotate rotated --grace 0s")).code(0);
    let successor = ran.stdout.trim().to_owned();
    let new = make("new");

    let dry = run(&mut site.cmd("restore copy --keep-revoked --dry-run")).code(0);
    dry.says("no stopped key will become valid again\n")
        .says("3 keys will stay disabled, deleted or phased-out:\n")
        .says("1 key will stay removed:\n")
        .says("1 key that replaced another will be kept:\n");
    run(&mut site.cmd("restore copy --keep-revoked --yes -m lost")).code(0);
    for (token, code) in [
        (kept, 0),
        (disabled, 1),
        (deleted, 1),
        (purged, 1),
        (rotated, 1),
        (successor, 0),
        (new, 1),
    ] {
        assert_eq!(site.verify(&token), code, "{}", id_of(&token));
    }
    site.sound(&site.db());
    run(&mut site.cmd("doctor")).code(0);
}

#[test]
fn restore_with_keep_revoked_over_a_damaged_store_exits_with_5_and_leaves_it() {
    let templates = Templates::new("CREATE TABLE extra (x)");
    templates.put();
    let read = || {
        ["", "-wal"]
            .map(|suffix| fs::read(templates.site.path(format!("keyctl.db{suffix}"))).unwrap())
    };
    let before = read();
    let ran = run(&mut templates.site.cmd("restore copy --yes --keep-revoked")).code(5);
    ran.says(
        "the store is damaged: the table 'extra' was not made by keyctl\nhint: nothing was changed: ",
    );
    assert!(read() == before);
    assert_eq!(templates.site.kept_aside(), Vec::<PathBuf>::new());
}

#[test]
fn a_restore_over_a_damaged_store_that_is_killed_leaves_the_old_one_or_the_new_one() {
    let templates = Templates::new("CREATE TABLE extra (x)");
    templates.put();
    let db = templates.site.db();
    let (old_events, old_keys) = (events(&db), keys(&db));
    templates.kill_all_over(&|| {
        rows(&db, "SELECT count(*) FROM extra").len() == 1
            && events(&db) == old_events
            && keys(&db) == old_keys
    });
    // What it replaced is kept with its log.
    templates.put();
    finish(templates.restore()).code(0);
    let kept = templates.site.kept_aside();
    let main = kept.iter().min_by_key(|path| path.as_os_str().len());
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(events(main.unwrap()), old_events);
    assert_eq!(keys(main.unwrap()), old_keys);
}

#[test]
fn a_backup_that_is_killed_leaves_nothing_or_a_whole_copy_and_the_next_one_tidies_up() {
    let site = Site::new();
    site.create();
    let backup = || site.cmd("backup copy").spawn().unwrap();
    let begun = Instant::now();
    finish(backup()).code(0);
    let whole = begun.elapsed();
    for round in 0..rounds() / 2 {
        drop(fs::remove_file(site.path("copy")));
        kill_after(backup(), whole * round * 2 / rounds());
        if site.path("copy").exists() {
            site.sound(&site.path("copy"));
            fs::remove_file(site.path("copy")).unwrap();
        }
        finish(backup()).code(0);
        site.sound(&site.path("copy"));
        assert_eq!(site.unfinished(), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_restore_among_other_processes_fails_none_and_loses_nothing() {
    let site = Site::new();
    let token = site.create();
    fs::write(site.path("token"), &token).unwrap();
    run(&mut site.cmd("backup copy")).code(0);
    let mut others: Vec<Child> = (0..3)
        .map(|number| {
            let line = format!("keyctl create --quiet --scope inference >> tokens-{number}");
            site.again_and_again(&line)
        })
        .collect();
    others.push(site.again_and_again("keyctl verify --key-file token > /dev/null"));
    others.push(site.again_and_again("keyctl list > /dev/null 2>&1"));
    for round in 0..3 {
        // Something is to be lost each time.
        let made =
            || (0..3).all(|number| lines(&site.path(format!("tokens-{number}"))) > round * 2);
        until("each has made a key", made);
        run(&mut site.cmd("restore copy --yes")).code(0);
    }
    fs::write(site.path("stop"), "").unwrap();
    for other in others {
        finish(other).code(0);
    }

    site.sound(&site.db());
    assert_eq!(site.verify(token), 0);
    let aside = site.kept_aside();
    assert_eq!(aside.len(), 3);
    let mut known = ids(&site.db(), "SELECT id FROM keys");
    for path in &aside {
        site.sound(path);
        known.extend(ids(path, "SELECT id FROM keys"));
    }
    for number in 0..3 {
        let tokens = fs::read_to_string(site.path(format!("tokens-{number}"))).unwrap();
        for token in tokens.lines() {
            assert!(known.contains(&id_of(token)), "lost: {}", id_of(token));
        }
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn what_is_made_is_for_its_maker_alone_whatever_the_umask() {
    for umask in ["0000", "0077", "0777"] {
        let site = Site::new();
        let script = format!(
            "umask {umask}; keyctl create -q --scope inference > token && keyctl backup copy \
             && keyctl restore copy --yes && exec keyctl --db made/keyctl.db restore copy --yes"
        );
        let mut command = site.without_rights(site.sh(&script));
        site.give_away();
        fs::write(site.path("token"), "").unwrap();
        set_mode(site.path("token"), 0o666);
        run(&mut command).code(0);
        let aside = site.kept_aside();
        assert_eq!(aside.len(), 1);
        for path in [&site.path("copy"), &aside[0], &site.path("made/keyctl.db")] {
            assert_eq!(mode(path), 0o600, "umask {umask}: {}", path.display());
        }
        assert_eq!(mode(site.path("made")), 0o700);
        assert_eq!(site.unfinished(), Vec::<PathBuf>::new());
    }
}

#[test]
fn who_may_only_read_the_store_may_copy_it() {
    for with_log in [true, false] {
        let site = Site::new();
        let token = site.create();
        let elsewhere = Site::new();
        set_mode(elsewhere.path(""), 0o777);
        let mut command = site.bare("backup --db");
        command.arg(site.db()).arg(elsewhere.path("copy"));
        let mut command = site.without_rights(command);
        for suffix in ["", "-wal", "-shm"] {
            let path = site.path(format!("keyctl.db{suffix}"));
            if with_log || suffix.is_empty() {
                set_mode(path, 0o444);
            } else {
                fs::remove_file(path).unwrap();
            }
        }
        set_mode(site.path(""), 0o555);
        let ran = run(&mut command);
        set_mode(site.path(""), 0o755);
        ran.code(0);
        run_with(
            elsewhere.bare("verify --db").arg(elsewhere.path("copy")),
            token,
        )
        .code(0);
    }
}

#[test]
fn a_damaged_store_that_is_in_use_is_waited_for() {
    let templates = Templates::new("CREATE TABLE extra (x)");
    templates.put();
    let reader = templates.site.reader();
    let mut restore = templates.restore();
    until("it has taken the copy in", || {
        !templates.site.unfinished().is_empty()
    });
    // Time enough to do it, if it did not wait.
    for _ in 0..5 {
        run(&mut templates.site.cmd("list")).code(0);
    }
    assert!(restore.try_wait().unwrap().is_none());
    assert_eq!(templates.site.kept_aside(), Vec::<PathBuf>::new());
    assert!(!templates.is_new());
    drop(reader);
    finish(restore).code(0);
    assert!(templates.is_new());
}

#[test]
fn whoever_ends_the_question_leaves_nothing_behind() {
    for (signal, code) in [
        (None, 130),
        (Some(Signal::TERM), 143),
        (Some(Signal::HUP), 129),
        (Some(Signal::QUIT), 131),
    ] {
        let site = Site::new();
        site.create();
        run(&mut site.cmd("backup copy")).code(0);
        let before = site.named("/");
        let mut terminal = Terminal::start(site.cmd("restore copy").into(), 80);
        terminal.expect("Restore the copy? [y/N] ");
        match signal {
            Some(signal) => terminal.signal(signal),
            None => terminal.type_in("\u{3}"),
        }
        let session = terminal.finish();
        assert_eq!(session.code, code, "{session:#?}");
        assert_eq!(site.named("/"), before);
    }
}

/// The calls by which a restore changes the files in the store's place.
fn calls_on_the_store(templates: &Templates, names: &str) -> Vec<Call> {
    templates.put();
    let command = templates.site.cmd("restore copy --yes");
    let (ran, calls) = calls_of(&command, names, Stdio::piped());
    ran.code(0);
    calls
}

#[test]
fn a_restore_whose_commit_fails_keeps_what_it_replaced_and_names_it() {
    if !strace::is_here() {
        return;
    }
    for damage in ["CREATE TABLE extra (x)", ""] {
        let templates = Templates::new(damage);
        templates.put();
        let db = templates.site.db();
        let (old_events, old_keys) = (events(&db), keys(&db));
        let calls = calls_on_the_store(&templates, "fsync,fdatasync,ftruncate,pwrite64,unlink");
        let about =
            |call: &&Call| call.file.contains("keyctl.db") && !call.file.contains(".replaced");
        let mut in_doubt = 0;
        for call in calls.iter().filter(about).rev().step_by(3).take(12) {
            templates.put();
            let faults = ["EIO"].map(|error| Fault {
                names: call.name.clone(),
                error,
                when: format!("{}+", call.nth),
            });
            let command = templates.site.cmd("restore copy --yes");
            let ran = run(&mut failing(&command, &faults, &[]));
            let kept = templates.site.kept_aside();
            if ran.code == 0 {
                assert!(templates.is_new());
                continue;
            }
            assert_eq!(ran.code, 5, "{call:?}: {ran:#?}");
            let is_old = events(&db) == old_events && keys(&db) == old_keys;
            assert!(is_old || templates.is_new(), "{call:?}: {ran:#?}");
            if ran.stderr.contains("may or may not have been made") {
                in_doubt += 1;
                let main = kept
                    .iter()
                    .min_by_key(|path| path.as_os_str().len())
                    .unwrap();
                assert!(ran.stderr.contains(&main.display().to_string()), "{ran:#?}");
                assert_eq!(events(main), old_events, "{call:?}");
                assert_eq!(keys(main), old_keys, "{call:?}");
            } else {
                assert!(is_old, "{call:?}: {ran:#?}");
            }
            finish(templates.restore()).code(0);
            assert!(templates.is_new(), "{call:?}");
            templates.site.sound(&db);
        }
        assert!(
            in_doubt > 0 || damage.is_empty(),
            "none failed late: this test shows nothing"
        );
    }
}

#[test]
fn a_restore_that_has_no_room_says_where() {
    if !strace::is_here() {
        return;
    }
    let templates = Templates::new("");
    let calls = calls_on_the_store(&templates, "pwrite64,fsync,fdatasync");
    let taking_in = |call: &&Call| call.file.ends_with("-0/copy") || call.file.contains("-0/copy-");
    let mut failed = 0;
    for call in calls.iter().filter(taking_in).step_by(4) {
        for error in ["ENOSPC", "EIO"] {
            templates.put();
            let faults = [Fault {
                names: call.name.clone(),
                error,
                when: call.nth.to_string(),
            }];
            let command = templates.site.cmd("restore copy --yes");
            let ran = run(&mut failing(&command, &faults, &[]));
            if ran.code == 0 {
                continue;
            }
            let directory = fs::canonicalize(templates.site.path("")).unwrap();
            let hint = format!(
                "hint: nothing was changed; check the free space and the permissions of {}\n",
                directory.display()
            );
            assert!(ran.stderr.ends_with(&hint), "{call:?}: {ran:#?}");
            assert!(!ran.stderr.contains("/.keyctl-"), "{call:?}: {ran:#?}");
            assert_eq!(templates.site.unfinished(), Vec::<PathBuf>::new());
            failed += 1;
        }
    }
    assert!(failed > 2, "{failed}");
}

/// Kills a restore over a store with this damage at each few of its writes to the store. Whatever
/// it leaves, the next one ends it.
#[track_caller]
fn killed_at_writes(spoil: impl Fn(&Path)) {
    let templates = Templates::new("");
    spoil(&templates.site.path("old"));
    fs::write(templates.site.path("old-wal"), "").unwrap();
    templates.put();
    let db = templates.site.db();
    let old = fs::read(&db).unwrap();
    let other = Site::new();
    let stranger = other.create();
    let calls = calls_on_the_store(&templates, "pwrite64,fsync,fdatasync,ftruncate,unlink");
    assert!(templates.is_new());
    let about = |call: &&Call| call.file.contains("keyctl.db") && !call.file.contains(".replaced");
    let calls: Vec<&Call> = calls.iter().filter(about).collect();
    assert!(calls.len() > 20, "{calls:#?}");
    let mut hot = 0;
    for call in calls.iter().step_by(calls.len() / 6) {
        templates.put();
        let command = templates.site.cmd("restore copy --yes");
        let ran = killed_at(&command, call).output().unwrap();
        assert_eq!(code(ran.status), 137, "{call:?}");
        let journal = templates.site.path("keyctl.db-journal");
        hot += u32::from(fs::metadata(&journal).is_ok_and(|file| file.len() > 0));
        // Until then it takes no token that neither of the two has.
        assert_ne!(templates.site.verify(&stranger), 0, "{call:?}");
        let listed = run(&mut templates.site.cmd("list"));
        assert!([0, 5].contains(&listed.code), "{call:?}: {listed:#?}");
        finish(templates.restore()).code(0);
        assert!(templates.is_new(), "{call:?}");
        templates.site.sound(&db);
        // What was there before the first of the two is kept as it was.
        let kept = templates.site.kept_aside();
        assert!(
            kept.iter().any(|path| fs::read(path).unwrap() == old),
            "{call:?}: {kept:?}"
        );
    }
    assert!(hot > 0, "none left a journal: this test shows nothing");
}

#[test]
fn a_restore_that_is_killed_at_a_write_is_ended_by_the_next() {
    if !strace::is_here() {
        return;
    }
    killed_at_writes(|db| drop(rows(db, "CREATE TABLE extra (x)")));
    killed_at_writes(|db| {
        let mut bytes = fs::read(db).unwrap();
        bytes[16..60].fill(0xff);
        fs::write(db, bytes).unwrap();
    });
    killed_at_writes(|db| {
        let mut bytes = fs::read(db).unwrap();
        bytes[3 * 4096..9 * 4096].fill(0x5a);
        fs::write(db, bytes).unwrap();
    });
}

#[test]
fn restore_with_dry_run_leaves_every_file_as_it_was() {
    let site = Site::new();
    let token = site.create();
    run(&mut site.cmd("backup copy")).code(0);
    site.run(&format!("delete {} --yes", id_of(&token)));
    let files = || {
        // A reader leaves marks in the index of the log.
        let named = site.named("/").into_iter();
        let read = |path: PathBuf| match path.to_string_lossy().ends_with("-shm") {
            true => (path, Vec::new()),
            false => (path.clone(), fs::read(path).unwrap()),
        };
        named.map(read).collect::<BTreeSet<_>>()
    };
    let before = files();
    let ran = run(&mut site.cmd("restore copy --dry-run")).code(0);
    assert!(ran.stdout.is_empty() && files() == before, "{ran:#?}");
    ran.says("1 key will become valid again:\n")
        .says("nothing was changed: this was a dry run\n");
}

#[test]
fn a_copy_that_may_not_be_read_is_said_to_be_that() {
    let site = Site::new();
    site.run("init");
    let copy = site.path("copy.db");
    site.run(&format!("backup {}", copy.display()));
    set_mode(&copy, 0);
    let new = site.path("new.db");
    let mut cmd = site.cmd(&format!("restore {} --yes --db", copy.display()));
    cmd.arg(&new);
    let ran = run(&mut site.without_rights(cmd)).code(5);
    assert_eq!(
        ran.stderr,
        format!(
            "keyctl: cannot read the copy {}: permission denied\n\
             hint: nothing was changed; run the command as a user who may read it\n",
            copy.display()
        )
    );
    assert!(!new.exists());
}
