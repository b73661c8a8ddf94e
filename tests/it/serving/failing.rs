//! Failures: no verdict but 503, and then the right one again without a restart.

use super::server::{Served, quick, rejected, valid};
use crate::exe::harness::{Site, run, until};
use crate::gateways::client::{Request, send};
use crate::gateways::server::Place;
use crate::harness::id_of;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Paths of a store's file and of its siblings.
fn files(db: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", db.display()).into())
}

/// Moves a store to another path.
fn move_store(from: &Path, to: &Path) {
    for (from, to) in files(from).iter().zip(files(to)) {
        if from.exists() {
            fs::rename(from, to).unwrap();
        }
    }
}

#[test]
fn a_store_that_is_gone_is_503_until_it_is_back() {
    let served = Served::start("--metrics 127.0.0.1:0");
    let token = served.site.create();
    assert_eq!(served.ask(&token), valid());
    let away = served.site.path("away.db");
    move_store(&served.site.db(), &away);
    let metrics = Place::from(served.server.metrics().unwrap());
    let is_up = || {
        let scraped = send(&metrics, &Request::new("GET", "/metrics"));
        let scraped = String::from_utf8(scraped.body).unwrap();
        scraped.contains("\nkeyctl_store_up 1\n")
    };
    assert!(!is_up());
    let unavailable = (503, "store".to_owned());
    assert_eq!(served.ask(&token), unavailable);
    assert_eq!(served.ask_at("/readyz", "").status, 503);
    assert_eq!(served.ask_at("/livez", "").status, 200);
    let answer = served.ask_at("/verify", &token);
    assert_eq!(answer.header("retry-after"), Some("1"));
    move_store(&away, &served.site.db());
    served.until_it_is(&token, (200, ""));
    assert_eq!(served.ask_at("/readyz", "").status, 200);
    assert!(is_up());
    until("the log says why", || {
        let log = served.server.log();
        log.contains("there is no store") && log.contains("the store can be read again")
    });
}

#[test]
fn a_store_in_the_place_of_another_decides_at_once() {
    let served = Served::start("");
    let token = served.site.create();
    assert_eq!(served.ask(&token), valid());
    let other = quick();
    let of_other = other.create();
    let away = served.site.path("away.db");
    move_store(&served.site.db(), &away);
    move_store(&other.db(), &served.site.db());
    served.until_it_is(&token, (401, "unknown"));
    assert_eq!(served.ask(&of_other), valid());
}

#[test]
fn a_removed_index_or_log_hides_no_change() {
    for suffix in ["-shm", "-wal"] {
        let served = Served::start("");
        let (stopped, other) = (served.site.create(), served.site.create());
        assert_eq!(
            (served.ask(&stopped), served.ask(&other)),
            (valid(), valid())
        );
        fs::remove_file(format!("{}{suffix}", served.site.db().display())).unwrap();
        served.on("disable KEY", &stopped);
        served.until_it_is(&stopped, (401, "disabled"));
        served.until_it_is(&other, (200, ""));
        served.on("enable KEY", &stopped);
        assert_eq!(served.ask(&stopped), valid(), "{suffix}");
    }
}

/// Puts a copy of the store's file in its place.
fn replace_by_copy(db: &Path) {
    let copy = db.with_extension("copy");
    fs::copy(db, &copy).unwrap();
    fs::rename(&copy, db).unwrap();
}

/// Removes a sibling of the store, if it is there.
fn remove(db: &Path, suffix: &str) {
    drop(fs::remove_file(format!("{}{suffix}", db.display())));
}

/// Runs `again` after each of some short times, in turn: while the server opens its connections anew.
fn a_moment_later(cycle: u32, again: impl FnOnce()) {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_micros(u64::from(cycle) * 400) {
        thread::yield_now();
    }
    again();
}

#[test]
fn files_that_are_replaced_again_and_again_under_load_hide_no_change() {
    let served = Served::start("--no-touch");
    let token = served.site.create();
    let db = served.site.db();
    let stop = AtomicBool::new(false);
    let disrupt = |way: u32, cycle: u32| match way {
        0 => {
            remove(&db, "-shm");
            a_moment_later(cycle, || remove(&db, "-shm"));
        }
        1 => {
            remove(&db, "-wal");
            a_moment_later(cycle, || remove(&db, "-shm"));
        }
        2 => replace_by_copy(&db),
        _ => {
            replace_by_copy(&db);
            a_moment_later(cycle, || replace_by_copy(&db));
        }
    };
    let change = |verb: &str| {
        let line = format!("{verb} {}", id_of(&token));
        run(&mut served.site.cmd(&line)).code == 0
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    served.ask(&token);
                }
            });
        }
        for (way, cycle) in (0..4).flat_map(|way| (0..8).map(move |cycle| (way, cycle))) {
            disrupt(way, cycle);
            // A command that opens the store in such a moment may refuse to go on.
            if change("disable") {
                let answers: Vec<u16> = (0..4).map(|_| served.ask(&token).0).collect();
                stop.fetch_or(answers.contains(&200), Relaxed);
                assert!(!answers.contains(&200), "{way}, {cycle}: {answers:?}");
            }
            until("the key is enabled", || change("enable"));
            until("the server recovers", || served.ask(&token) == valid());
        }
        stop.store(true, Relaxed);
    });
}

#[test]
fn readyz_alone_brings_the_server_back_after_a_removed_index() {
    let served = Served::start("");
    let token = served.site.create();
    assert_eq!(served.ask(&token), valid());
    fs::remove_file(format!("{}-shm", served.site.db().display())).unwrap();
    served.on("disable KEY", &token);
    until("readyz is 200", || {
        served.ask_at("/readyz", "").status == 200
    });
    assert_eq!(served.ask(&token), rejected("disabled"));
}

#[test]
fn a_locked_store_is_read_as_ever() {
    let served = Served::start("");
    let (token, stopped) = (served.site.create(), served.site.create());
    served.on("disable KEY", &stopped);
    let lock = served.site.sql();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(served.ask(&token), valid());
    assert_eq!(served.ask(&stopped), rejected("disabled"));
}

#[test]
fn an_exclusive_lock_is_503_at_once_and_said() {
    let served = Served::start("--metrics 127.0.0.1:0");
    let token = served.site.create();
    assert_eq!(served.ask(&token), valid());
    let other = quick();
    let of_other = other.create();
    let lock = other.sql();
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let away = served.site.path("away.db");
    move_store(&served.site.db(), &away);
    move_store(&other.db(), &served.site.db());
    assert_eq!(served.ask(&of_other), (503, "store".to_owned()));
    let metrics = Place::from(served.server.metrics().unwrap());
    let scraped = send(&metrics, &Request::new("GET", "/metrics"));
    let scraped = String::from_utf8(scraped.body).unwrap();
    assert!(scraped.contains("\nkeyctl_store_up 0\n"), "{scraped}");
    drop(lock);
    served.until_it_is(&of_other, (200, ""));
}

#[test]
fn damage_is_503_until_it_is_mended() {
    let served = Served::start("");
    let token = served.site.create();
    served.site.run("doctor");
    let db = served.site.db();
    // All pages are in the file, and none is known yet.
    served
        .site
        .sql()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let sound = fs::read(&db).unwrap();
    let file = fs::File::options().write(true).open(&db).unwrap();
    file.write_all_at(&vec![0x5a; sound.len() - 100], 100)
        .unwrap();
    assert_eq!(served.ask(&token), (503, "store".to_owned()));
    assert_eq!(served.ask_at("/readyz", "").status, 503);
    file.write_all_at(&sound, 0).unwrap();
    served.until_it_is(&token, (200, ""));
}

#[test]
fn damage_of_one_key_stops_no_other() {
    let served = Served::start("");
    let (sound, damaged) = (served.site.create(), served.site.create());
    let sql = format!(
        "UPDATE keys SET hash = 'x' WHERE id = '{}'",
        id_of(&damaged)
    );
    served.site.sql().execute_batch(&sql).unwrap();
    for _ in 0..2 {
        assert_eq!(served.ask(&damaged), (503, "store".to_owned()));
        assert_eq!(served.ask(&sound), valid());
    }
    until("the log names the key", || {
        served.server.log().contains(&id_of(&damaged))
    });
}

#[test]
fn a_hash_without_memory_is_503_and_the_next_one_works() {
    let site = Site::new();
    site.run("init");
    site.run("policy set argon2-memory 262144");
    let token = site.create();
    let served = Served::of(site, "--hash-wait 60s --client-header x-real-ip");
    let pid = served.server.pid();
    let used = virtual_memory(pid);
    let limit = |bytes: Option<u64>| {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(pid), Resource::As, limit).unwrap();
    };
    // Room for all but the 256 MiB of a hash.
    limit(Some(used + (128 << 20)));
    assert_eq!(served.ask(&token), (503, "store".to_owned()));
    limit(None);
    assert_eq!(served.ask(&token), valid());
}

/// Size of the address space of a process, in bytes.
fn virtual_memory(pid: Pid) -> u64 {
    let path = format!("/proc/{}/statm", pid.as_raw_nonzero());
    let text = fs::read_to_string(path).unwrap();
    let pages: u64 = text.split(' ').next().unwrap().parse().unwrap();
    pages * 4096
}

#[test]
fn without_a_store_or_with_an_unknown_scope_nothing_is_served() {
    let site = Site::new();
    let ran = run(&mut site.cmd("serve --listen 127.0.0.1:0"));
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:?}");
    site.run("init");
    let ran = run(&mut site.cmd("serve --listen 127.0.0.1:0 --scope nix"));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    let ran = run(&mut site.cmd("serve --listen 0.0.0.0:0"));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("--plaintext-ok"), "{ran:?}");
}
