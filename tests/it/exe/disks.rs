//! Disks that are full or fail, in the middle of a change.

use super::crash::ledger::{End, Ledger};
use super::crash::step::{Step, What};
use super::harness::{Site, code, content, is_root, run, skipped};
use super::strace::{self, Call, Fault, calls_of, failing};
use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

/// What changes a file, and can fail. (Not what opens one: that is a store that is not there.)
const CHANGES: &str =
    "write,writev,pwrite64,fsync,fdatasync,ftruncate,fallocate,fchmod,unlink,unlinkat";

/// What a command that a disk has failed ended with.
#[track_caller]
fn end_of(ledger: &Ledger, step: &Step, output: &Output) -> End {
    let code = code(output.status);
    if code == step.code {
        return End::Done;
    }
    assert_eq!(code, 5, "{step:?}: {output:?}");
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    let named = ["standard output", "the secret file 'secret'", "keyctl.db"];
    assert!(error.contains("keyctl: "), "{step:?}: {error}");
    assert!(named.iter().any(|name| error.contains(name)), "{error}");
    assert!(!ledger.tells_a_secret(&error), "{error}");
    if error.contains("may or may not have been made") {
        return End::Unknown;
    }
    assert!(!output.stdout.starts_with(b"valid"), "{output:?}");
    if step.prints_a_token() && output.stdout.len() > 60 {
        assert!(error.contains("void"), "{step:?}: {error}");
    }
    End::Failed
}

/// Runs `what` by the command that `with` makes of it, and holds the store to how it ended.
#[track_caller]
fn run_on(ledger: &mut Ledger, what: What, with: impl FnOnce(&Command) -> Command) -> End {
    let step = what.step(ledger);
    let mut command = with(&step.command(ledger));
    let output = command.stdout(step.stdout(ledger)).output().unwrap();
    let read = String::from_utf8_lossy(&output.stdout).into_owned();
    ledger.hold(&read);
    let end = end_of(ledger, &step, &output);
    ledger.check(&step, end, &read);
    end
}

/// Lets the calls of `what` fail with `error` in turn, every `step`th of them; with `for_good` all
/// after it too, but for what is written to a stream: that tells the error. Returns how often the
/// command failed.
#[track_caller]
fn failing_at_each(what: What, error: &'static str, step: usize, for_good: bool) -> u32 {
    let mut ledger = Ledger::new();
    let whole = what.step(&mut ledger);
    let stdout = whole.stdout(&ledger);
    let (_, calls) = calls_of(&whole.command(&ledger), CHANGES, stdout);
    assert!(calls.len() > 10, "{calls:#?}");
    let mut ledger = Ledger::new();
    let mut failed = 0;
    for n in (0..calls.len()).step_by(step) {
        let faults = if for_good {
            from_then_on(&calls[n..], error)
        } else {
            vec![Fault {
                names: calls[n].name.clone(),
                error,
                when: calls[n].nth.to_string(),
            }]
        };
        let end = run_on(&mut ledger, what, |command| failing(command, &faults, &[]));
        failed += u32::from(end != End::Done);
    }
    failed
}

/// Faults by which each of `calls` fails, and all after them.
fn from_then_on(calls: &[Call], error: &'static str) -> Vec<Fault> {
    let mut seen = BTreeSet::from(["write"]);
    let first = calls.iter().filter(|call| seen.insert(call.name.as_str()));
    first
        .map(|call| Fault {
            names: call.name.clone(),
            error,
            when: format!("{}+", call.nth),
        })
        .collect()
}

#[test]
fn a_create_whose_disk_fails_at_any_write_is_whole_or_absent_and_says_which() {
    if strace::is_here() {
        assert!(failing_at_each(What::Create, "EIO", 5, false) > 3);
    }
}

#[test]
fn a_rotate_whose_disk_is_full_from_any_write_on_is_whole_or_absent_and_says_which() {
    if strace::is_here() {
        assert!(failing_at_each(What::RotateSecretFile, "ENOSPC", 7, true) > 3);
    }
}

#[test]
fn a_delete_whose_disk_is_read_only_from_any_write_on_is_whole_or_absent_and_says_which() {
    if strace::is_here() {
        assert!(failing_at_each(What::Delete, "EROFS", 9, true) > 2);
    }
}

#[test]
fn a_verdict_does_not_change_where_it_cannot_be_noted() {
    if strace::is_here() {
        for what in [What::Rehash, What::Reuse] {
            failing_at_each(what, "EIO", 20, true);
        }
    }
}

#[test]
#[ignore = "long: every command, every call, every error"]
fn crash_every_command_whose_disk_fails_at_any_write_is_whole_or_absent_and_says_which() {
    if !strace::is_here() {
        return;
    }
    let mut failed = 0;
    for what in What::ALL {
        failed += failing_at_each(what, "EIO", 1, false);
        failed += failing_at_each(what, "ENOSPC", 2, true);
        failed += failing_at_each(what, "EROFS", 5, true);
    }
    assert!(failed > 100, "{failed}");
}

/// Lets calls on the write-ahead log fail: of each name the one of this number.
#[track_caller]
fn log_fails(ledger: &mut Ledger, what: What, calls: &[(&str, &str)]) -> End {
    let log = ledger.site.path("keyctl.db-wal");
    let faults: Vec<Fault> = calls
        .iter()
        .map(|(name, when)| Fault {
            names: (*name).to_owned(),
            error: "EIO",
            when: (*when).to_owned(),
        })
        .collect();
    run_on(ledger, what, |command| failing(command, &faults, &[&log]))
}

#[test]
fn what_was_not_brought_to_the_disk_does_not_come_back_from_the_log() {
    if !strace::is_here() {
        return;
    }
    let mut ledger = Ledger::new();
    for what in [
        What::Create,
        What::CreateSecretFile,
        What::Rotate,
        What::Edit,
        What::Delete,
        What::Purge,
    ] {
        // The first is for the beginning of the log, the second for all of the transaction.
        let end = log_fails(&mut ledger, what, &[("fsync", "2")]);
        assert_eq!(end, End::Failed, "{what:?}");
    }
}

#[test]
fn nobody_says_what_became_of_a_change_that_may_come_back_from_the_log() {
    if !strace::is_here() {
        return;
    }
    let mut ledger = Ledger::new();
    for what in [What::Create, What::RotateSecretFile, What::Delete] {
        let end = log_fails(&mut ledger, what, &[("fsync", "2+")]);
        assert_eq!(end, End::Unknown, "{what:?}");
        let events = ledger.events().len();
        let end = log_fails(&mut ledger, what, &[("fsync", "2+"), ("ftruncate", "1+")]);
        assert_eq!(end, End::Unknown, "{what:?}");
        // It does come back: the key that `check` makes is not all.
        assert!(ledger.events().len() > events + 1, "{what:?}");
    }
}

#[test]
fn a_token_that_its_file_does_not_take_for_good_makes_no_key() {
    if !strace::is_here() {
        return;
    }
    let mut ledger = Ledger::new();
    for (what, file, names) in [
        (What::CreateToFile, "out", &["write", "fsync"][..]),
        (
            What::CreateSecretFile,
            "secret",
            &["fchmod", "write", "fsync"],
        ),
        (
            What::RotateSecretFile,
            "secret",
            &["fchmod", "write", "fsync"],
        ),
        // The directory: that the name is there is to last too.
        (What::RotateSecretFile, "", &["fsync"]),
    ] {
        for name in names {
            let mut path = ledger.site.db();
            path.pop();
            path.extend((!file.is_empty()).then_some(file));
            let fault = Fault {
                names: (*name).to_owned(),
                error: "EIO",
                when: "1".to_owned(),
            };
            let end = run_on(&mut ledger, what, |command| {
                failing(command, &[fault], &[&path])
            });
            assert_eq!(end, End::Failed, "{what:?} {name}");
        }
    }
}

#[test]
fn a_directory_that_cannot_be_synced_takes_a_secret_file_a_backup_and_what_a_restore_replaces() {
    if !strace::is_here() {
        return;
    }
    for error in ["EINVAL", "EBADF", "ENOSYS", "EOPNOTSUPP"] {
        let site = Site::new();
        site.create();
        let fault = Fault {
            names: "fsync".to_owned(),
            error,
            when: "1+".to_owned(),
        };
        let mut directory = site.db();
        directory.pop();
        for line in [
            "create --scope inference --name new --secret-file secret",
            "rotate new --secret-file secret.new",
            "backup copy.db",
            "restore copy.db --yes",
        ] {
            let faults = [fault.clone()];
            run(&mut failing(&site.cmd(line), &faults, &[&directory])).code(0);
        }
        let token = content(site.path("secret.new"));
        assert_eq!(site.verify(token), 0, "{error}");
        // Another error is one.
        let fault = Fault {
            error: "EIO",
            ..fault
        };
        let backup = site.cmd("backup again.db");
        run(&mut failing(&backup, &[fault], &[&directory])).fails(5, "cannot make the file ");
    }
}

#[test]
fn a_store_that_cannot_be_read_lets_nobody_in_and_calls_nobody_a_stranger() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let token = site.create();
    std::fs::write(site.path("presented"), &token).unwrap();
    let files = ["keyctl.db", "keyctl.db-wal"].map(|name| site.path(name));
    let files: Vec<_> = files.iter().map(AsRef::as_ref).collect();
    let mut n = 0;
    loop {
        n += 1;
        let fault = Fault {
            names: "pread64".to_owned(),
            error: "EIO",
            when: n.to_string(),
        };
        let verify = site.cmd("verify --no-touch --key-file presented");
        let ran = run(&mut failing(&verify, &[fault], &files));
        if ran.code == 0 {
            break;
        }
        ran.fails(5, "the store ").says("keyctl.db");
    }
    assert!(n > 5, "it read the store {n} times");
}

/// `command` by a shell that lets no file grow beyond so many blocks of 512 bytes.
fn within(blocks: usize, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -f \"$0\" && exec \"$@\"", &blocks.to_string()])
        .arg(command.get_program())
        .args(command.get_args());
    like(command, shell)
}

/// `shell` in the directory and the environment of `command`.
fn like(command: &Command, mut shell: Command) -> Command {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    shell
        .env_clear()
        .envs(variables)
        .current_dir(command.get_current_dir().unwrap())
        .stdin(Stdio::null());
    shell
}

/// The commands that change something.
const CHANGING: [What; 6] = [
    What::Create,
    What::CreateMany,
    What::RotateSecretFile,
    What::Edit,
    What::Delete,
    What::Purge,
];

#[test]
fn a_change_that_is_cut_short_by_a_limit_of_a_files_size_is_whole_or_absent() {
    let mut failed = 0;
    for what in CHANGING {
        let mut ledger = Ledger::new();
        // From where not even the log's index fits to where all does.
        for blocks in [0, 70, 120, 190] {
            let end = run_on(&mut ledger, what, |command| within(blocks, command));
            failed += u32::from(end == End::Failed);
        }
    }
    assert!(failed > 5, "the limit was in nobody's way: {failed}");
}

/// `unshare` with leave to mount, if it works here.
pub fn unshare() -> Option<Command> {
    let options = if is_root() { "-m" } else { "-rm" };
    let mut unshare = Command::new("unshare");
    unshare.arg(options);
    let mut trial = Command::new("unshare");
    let mounted = trial
        .args([options, "sh", "-c", "mount -t tmpfs none /mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        skipped("needs unshare, and leave to mount");
        return None;
    }
    Some(unshare)
}

/// `command` by a shell on a disk of its own with so much room, on which the store lies. The store
/// and its log are then put back to where they were, as they are found when the disk is well again.
fn on_a_full_disk(unshare: &Command, free: u32, command: &Command) -> Command {
    const SCRIPT: &str = r#"
        set -e; free=$1; shift
        mkdir -p disk; mount -t tmpfs -o size=1m none disk
        cp keyctl.db keyctl.db-wal disk/; rm keyctl.db*
        head -c 1m /dev/zero >disk/filler 2>/dev/null || true
        truncate -s -"$free" disk/filler
        code=0; "$@" || code=$?
        rm disk/filler; cp disk/keyctl.db disk/keyctl.db-wal .; exit "$code""#;
    let mut shell = Command::new(unshare.get_program());
    shell
        .args(unshare.get_args())
        .args(["sh", "-c", SCRIPT, "sh", &free.to_string()])
        .arg(command.get_program())
        .args(["--db", "disk/keyctl.db"])
        .args(command.get_args().skip(2));
    like(command, shell)
}

#[test]
fn a_change_on_a_full_disk_is_whole_or_absent() {
    let Some(unshare) = unshare() else {
        return;
    };
    let mut failed = 0;
    for what in CHANGING {
        let mut ledger = Ledger::new();
        for free in [0, 34_000] {
            let end = run_on(&mut ledger, what, |command| {
                on_a_full_disk(&unshare, free, command)
            });
            failed += u32::from(end == End::Failed);
        }
    }
    assert!(failed > 5, "there was room: {failed}");
}
