//! `create --from --secret-dir` on real files: modes, order, full disks, kills.

use super::disks::unshare;
use super::harness::{
    Site, content, finish, mode, run, run_with, set_mode, skipped, tells_waiting, until_it_waits,
};
use super::strace::{self, Call, Fault, WRITES, calls_of, failing, killed_at, signalled_at};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const SERVICES: &str =
    "name,scopes\nsearch,inference\nbilling,project\nindexer,\"inference,project\"\n";
const NAMES: [&str; 3] = ["search", "billing", "indexer"];
const CREATE: &str = "create --from services.csv --secret-dir tokens";

/// A store without keys, where a hash costs nothing, beside the file of services.
fn site() -> Site {
    let site = Site::new();
    fs::write(site.path("services.csv"), SERVICES).unwrap();
    site.run("init");
    site.run("policy set hash sha256");
    site
}

fn keys(site: &Site) -> i64 {
    site.number("SELECT count(*) FROM keys")
}

/// Names in the directory `tokens`; none if it is not there.
fn files(site: &Site) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(site.path("tokens")) else {
        return BTreeSet::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Checks that each key has its token in its file.
#[track_caller]
fn all_work(site: &Site) {
    assert_eq!(keys(site), 3);
    assert_eq!(files(site), NAMES.map(str::to_owned).into());
    for name in NAMES {
        let token = content(site.path("tokens").join(name));
        assert_eq!(site.verify(token), 0, "{name}");
    }
}

/// Checks that there is neither a key nor a file nor the directory.
#[track_caller]
fn nothing_is_left(site: &Site, why: impl std::fmt::Debug) {
    assert_eq!(keys(site), 0, "{why:?}");
    assert!(!site.path("tokens").exists(), "{why:?}: {:?}", files(site));
}

#[test]
fn create_from_makes_files_for_their_owner_alone_whatever_the_umask() {
    for umask in ["0000", "0022", "0077", "0777"] {
        let site = site();
        let script = format!("umask {umask}; exec keyctl --db keyctl.db {CREATE}");
        run(&mut site.sh(&script)).code(0);
        assert_eq!(mode(site.path("tokens")), 0o700, "umask {umask}");
        for name in NAMES {
            let path = site.path("tokens").join(name);
            assert_eq!(
                (mode(&path), content(&path).len()),
                (0o600, 65),
                "umask {umask}"
            );
        }
        all_work(&site);
    }
}

#[test]
fn create_from_takes_a_pipe_and_an_output_that_is_closed() {
    let site = site();
    let create = CREATE.replace("services.csv", "/dev/stdin");
    let script = format!("keyctl --db keyctl.db {create} >&-");
    run_with(&mut site.sh(&script), SERVICES)
        .code(0)
        .says("created 3 keys, ");
    all_work(&site);
}

#[test]
fn create_from_makes_no_keys_if_nothing_takes_their_ids() {
    let site = site();
    let script = format!("keyctl --db keyctl.db {CREATE} >/dev/full");
    run(&mut site.sh(&script)).fails(5, "the token could not be written to standard output");
    nothing_is_left(&site, "/dev/full");
}

#[test]
fn create_from_takes_no_name_that_the_store_uses() {
    let site = site();
    for name in ["keyctl.db", "KEYCTL.DB-wal", "keyctl.db-journal"] {
        let text = format!("name,scopes\nweb,inference\n{name},inference\n");
        let mut command = site.cmd("create --from - --secret-dir .");
        run_with(&mut command, text).fails(5, "line 3: the file './");
        assert!(!site.path("web").exists());
        assert_eq!(keys(&site), 0);
    }
    // A store that this run makes, in the directory of the tokens.
    let text = "name,scopes\nnew.db-journal,inference\n";
    let mut command = site.bare("--db new/new.db create --from - --secret-dir new");
    run_with(&mut command, text).fails(5, "line 2: the file 'new/new.db-journal' would ");
    assert!(!site.path("new/new.db-journal").exists());
}

#[test]
fn create_from_into_a_directory_that_may_not_be_written_makes_no_store() {
    let site = Site::new();
    fs::write(site.path("services.csv"), SERVICES).unwrap();
    fs::create_dir(site.path("tokens")).unwrap();
    set_mode(site.path("tokens"), 0o500);
    site.give_away();
    let mut command = site.without_rights(site.cmd(CREATE));
    let message = "cannot make files in the directory 'tokens': Permission denied";
    run(&mut command).fails(5, message);
    assert!(files(&site).is_empty());
    assert!(!site.db().exists());
}

#[test]
fn create_from_into_a_directory_of_a_missing_one_asks_for_another_directory() {
    let site = site();
    let mut command = site.cmd(&CREATE.replace("tokens", "missing/tokens"));
    run(&mut command)
        .fails(
            5,
            "cannot make the directory 'missing/tokens': No such file ",
        )
        .says(
            "hint: make the directory 'missing' first, or name another directory for the tokens\n",
        );
    assert_eq!(keys(&site), 0);
}

#[test]
fn create_from_flushes_each_file_and_the_directory_before_the_commit() {
    if !strace::is_here() {
        return;
    }
    let site = site();
    let names = "write,pwrite64,fsync";
    let (ran, calls) = calls_of(&site.cmd(CREATE), names, Stdio::piped());
    ran.code(0);
    let places = |name: &str, file: &Path| -> Vec<usize> {
        let is = |call: &Call| call.name == name && Path::new(&call.file) == file;
        (0..calls.len()).filter(|&i| is(&calls[i])).collect()
    };
    let committed = places("pwrite64", &site.path("keyctl.db-wal"))[0];
    let tokens = site.path("tokens");
    let named = places("fsync", &tokens);
    assert_eq!(named.len(), 1, "{calls:#?}");
    for name in NAMES {
        let written = places("write", &tokens.join(name));
        let synced = places("fsync", &tokens.join(name));
        assert_eq!((written.len(), synced.len()), (1, 1), "{calls:#?}");
        assert!(written[0] < synced[0] && synced[0] < named[0], "{calls:#?}");
    }
    let above = places("fsync", tokens.parent().unwrap())[0];
    assert!(named[0] < committed && above < committed, "{calls:#?}");
}

#[test]
fn create_from_whose_disk_fails_at_any_write_leaves_nothing_or_makes_all() {
    if !strace::is_here() {
        return;
    }
    let names = "mkdir,fchmod,write,pwrite64,fsync,fdatasync,ftruncate";
    let (ran, calls) = calls_of(&site().cmd(CREATE), names, Stdio::piped());
    ran.code(0);
    let mut ends = [0; 2];
    for call in &calls {
        let site = site();
        let fault = Fault {
            names: call.name.clone(),
            error: "ENOSPC",
            when: call.nth.to_string(),
        };
        let ran = run(&mut failing(&site.cmd(CREATE), &[fault], &[]));
        if ran.code == 0 {
            all_work(&site);
            ends[0] += 1;
        } else {
            assert_eq!(ran.code, 5, "{call:?} {ran:#?}");
            nothing_is_left(&site, (call, &ran));
            let is_told =
                ran.stdout.is_empty() || ran.stderr.contains("; the key IDs just printed are void");
            assert!(is_told, "{call:?} {ran:#?}");
            ends[1] += 1;
        }
    }
    assert!(ends[0] > 10 && ends[1] > 20, "{ends:?}: {calls:#?}");
}

#[test]
fn create_from_whose_commit_may_have_been_made_keeps_the_files() {
    if !strace::is_here() {
        return;
    }
    let site = site();
    let fault = Fault {
        names: "fsync".to_owned(),
        error: "EIO",
        when: "1+".to_owned(),
    };
    let log = site.path("keyctl.db-wal");
    let ran = run(&mut failing(&site.cmd(CREATE), &[fault], &[&log])).code(5);
    let kept =
        "may or may not have been made; the secret files are kept, since their tokens may work";
    assert!(ran.stderr.contains(kept), "{ran:#?}");
    assert_eq!(files(&site).len(), 3);
}

#[test]
fn create_from_killed_at_any_write_makes_every_key_with_its_file_or_none() {
    if !strace::is_here() {
        return;
    }
    let names = format!("{WRITES},openat,mkdir");
    let (ran, calls) = calls_of(&site().cmd(CREATE), &names, Stdio::piped());
    ran.code(0);
    // From where the first file of a token is there.
    let tokens = calls.iter().position(|call| call.name == "mkdir").unwrap();
    let calls = &calls[tokens..];
    let mut done = [0, 0];
    for call in calls {
        let site = site();
        killed_at(&site.cmd(CREATE), call).output().unwrap();
        match keys(&site) {
            0 => {
                done[0] += 1;
                for name in files(&site) {
                    let token = content(site.path("tokens").join(&name));
                    assert_ne!(site.verify(token), 0, "{name} {call:?}");
                }
                // What is left is named, and another directory does.
                if !files(&site).is_empty() {
                    run(&mut site.cmd(CREATE)).fails(5, "the secret file 'tokens/");
                    fs::remove_dir_all(site.path("tokens")).unwrap();
                }
                run(&mut site.cmd(CREATE)).code(0);
            }
            _ => done[1] += 1,
        }
        all_work(&site);
    }
    assert!(done[0] > 10 && done[1] > 0, "{done:?}: {calls:#?}");
}

#[test]
fn create_from_ended_while_the_store_is_busy_leaves_no_file() {
    if !tells_waiting() {
        skipped("needs a kernel that tells where a process waits");
        return;
    }
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let site = site();
        let other = site.sql();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let child = site.cmd(CREATE).spawn().unwrap();
        until_it_waits(&child);
        kill_process(Pid::from_child(&child), signal).unwrap();
        finish(child).code(code).stdout("");
        nothing_is_left(&site, signal);
        other.execute_batch("ROLLBACK").unwrap();
        run(&mut site.cmd(CREATE)).code(0);
        all_work(&site);
    }
}

#[test]
fn create_from_ended_at_any_write_after_its_first_file_makes_all() {
    if !strace::is_here() {
        return;
    }
    let names = format!("{WRITES},openat,mkdir");
    let (ran, calls) = calls_of(&site().cmd(CREATE), &names, Stdio::piped());
    ran.code(0);
    let first = calls.iter().position(|call| call.name == "mkdir").unwrap();
    let is_printed = |call: &Call| call.name == "write" && call.text.contains("\"created \"");
    let said = calls.iter().position(is_printed).unwrap();
    assert!(said > first + 20, "{calls:#?}");
    for call in &calls[first..said] {
        let site = site();
        let ran = run(&mut signalled_at(&site.cmd(CREATE), call, "TERM"));
        assert_eq!(ran.code, 0, "{call:?} {ran:#?}");
        all_work(&site);
    }
}

#[test]
fn create_from_on_a_full_disk_leaves_nothing() {
    const SCRIPT: &str = r#"
        set -e; pages=$1; shift
        mkdir -p disk; mount -t tmpfs -o size=$((4096 * pages)) none disk
        code=0; "$@" || code=$?
        ls disk; exit "$code""#;
    let Some(unshare) = unshare() else {
        return;
    };
    let create = CREATE.replace("tokens", "disk/tokens");
    let on_disk = |site: &Site, pages: &str| {
        let inner = site.cmd(&create);
        let mut shell: Command = site.clean("unshare");
        shell
            .args(unshare.get_args())
            .args(["sh", "-c", SCRIPT, "sh", pages]);
        run(shell.arg(inner.get_program()).args(inner.get_args()))
    };
    let site = site();
    let ran = on_disk(&site, "2").code(5).stdout("");
    assert!(
        ran.stderr
            .contains("the token could not be written to the secret file 'disk/tokens/"),
        "{ran:#?}"
    );
    assert!(ran.stderr.contains("No space left on device"), "{ran:#?}");
    assert_eq!(keys(&site), 0);
    on_disk(&site, "64").code(0);
    assert_eq!(keys(&site), 3);
}
