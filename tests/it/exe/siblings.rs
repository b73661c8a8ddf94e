//! Files beside a store that somebody else has put there, or that were taken away while it was open.

use super::harness::{Site, content, is_root, run, run_with, set_mode, skipped, wait};
use crate::harness::{Ran, id_of};
use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The owner of the store.
const OWNER: u32 = 4_000_001;
/// A user who has nothing to do with it.
const STRANGER: u32 = 4_000_002;
/// A user in the store's group.
const MEMBER: u32 = 4_000_003;
/// The store's group.
const GROUP: u32 = 4_000_010;

const SUFFIXES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A directory `d` of the owner's, in which several users run commands on `d/k.db`.
struct Shared {
    site: Site,
}

impl Shared {
    /// `None`, having said so, where the tests do not run as root.
    fn new() -> Option<Self> {
        if !is_root() {
            skipped("needs root, to run commands as several users");
            return None;
        }
        let site = Site::new();
        // The executable is copied to where everybody may run it.
        site.without_rights(site.cmd("list"));
        fs::create_dir(site.path("d")).unwrap();
        chown(site.path("d"), Some(OWNER), Some(GROUP)).unwrap();
        Some(Shared { site })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.site.path("d").join(name)
    }

    /// A command line by the user `uid`, who is in no group but `gid`.
    fn cmd(&self, uid: u32, gid: u32, line: &str) -> Command {
        let mut command = self.site.clean("keyctl");
        command.arg("--db").arg(self.path("k.db"));
        command.args(line.split_whitespace());
        let mut command = self.site.without_rights(command);
        command.uid(uid).gid(gid);
        command
    }

    fn owner(&self, line: &str) -> Command {
        self.cmd(OWNER, OWNER, line)
    }

    fn stranger(&self, line: &str) -> Command {
        self.cmd(STRANGER, STRANGER, line)
    }

    /// Creates a key as the owner, and returns its token.
    fn create(&self) -> String {
        let ran = run(&mut self.owner("create --scope inference")).code(0);
        ran.stdout.trim_end().to_owned()
    }

    /// Writes a file in the directory that belongs to the user `uid`, for everybody to write.
    fn lay(&self, name: &str, content: &[u8], uid: u32) {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        chown(&path, Some(uid), Some(uid)).unwrap();
        set_mode(&path, 0o666);
    }

    /// A store of the stranger's own in a place of their own, and the token of its one key.
    fn other_store(&self) -> (PathBuf, String) {
        let path = self.site.path("other.db");
        let mut command = self.site.clean("keyctl");
        command.arg("--db").arg(&path);
        let ran = run(command.args(["create", "--scope", "inference"])).code(0);
        (path, ran.stdout.trim_end().to_owned())
    }
}

/// A write-ahead log that holds every page of the store at `path`.
fn log_of(path: &Path) -> Vec<u8> {
    let sql = Connection::open(path).unwrap();
    sql.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; VACUUM")
        .unwrap();
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    content(PathBuf::from(log))
}

/// A rollback journal that puts every page of the store at `path` in the place of another's
/// (SQLite's file format, section 3).
fn journal_of(path: &Path) -> Vec<u8> {
    const SECTOR: usize = 512;
    const NONCE: u32 = 7;
    let store = content(path);
    let page_size = usize::from(u16::from_be_bytes([store[16], store[17]]));
    let pages: Vec<&[u8]> = store.chunks(page_size).collect();
    let count = u32::try_from(pages.len()).unwrap();
    let mut journal = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".to_vec();
    for number in [count, NONCE, count, SECTOR as u32, page_size as u32] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(SECTOR, 0);
    for (number, page) in (1_u32..).zip(pages) {
        let sum = (1..)
            .map_while(|step| page_size.checked_sub(step * 200))
            .filter(|&at| at > 0)
            .fold(NONCE, |sum, at| sum.wrapping_add(u32::from(page[at])));
        journal.extend(number.to_be_bytes());
        journal.extend(page);
        journal.extend(sum.to_be_bytes());
    }
    journal
}

#[test]
fn a_strangers_journal_is_not_rolled_back() {
    let Some(shared) = Shared::new() else { return };
    let token = shared.create();
    // It was made before the directory was opened to others.
    set_mode(shared.path(""), 0o1777);
    let (other, others_token) = shared.other_store();
    shared.lay("k.db-journal", &journal_of(&other), STRANGER);
    let before = content(shared.path("k.db"));
    for line in ["verify", "verify --no-touch", "verify --batch"] {
        for token in [&token, &others_token] {
            let ran = run_with(&mut shared.owner(line), token).code(5).stdout("");
            assert!(ran.stderr.contains("d/k.db-journal, which SQLite would take for a part of the store, belongs to uid 4000002"), "{ran:#?}");
        }
    }
    for line in ["list", "log", "create --scope inference", "backup bk.db"] {
        run(&mut shared.owner(line)).code(5).stdout("");
    }
    assert!(content(shared.path("k.db")) == before);
    fs::remove_file(shared.path("k.db-journal")).unwrap();
    run_with(&mut shared.owner("verify"), &others_token).code(1);
    run_with(&mut shared.owner("verify"), &token).code(0);
}

#[test]
fn a_strangers_log_or_index_is_not_read_or_written() {
    let Some(shared) = Shared::new() else { return };
    let token = shared.create();
    set_mode(shared.path(""), 0o1777);
    let (other, others_token) = shared.other_store();
    let log = log_of(&other);
    for (suffix, planted) in [("-wal", &log[..]), ("-wal", &[]), ("-shm", &[])] {
        let name = format!("k.db{suffix}");
        for suffix in ["-wal", "-shm"] {
            drop(fs::remove_file(shared.path(&format!("k.db{suffix}"))));
        }
        shared.lay(&name, planted, STRANGER);
        let others = run_with(&mut shared.owner("verify"), &others_token);
        assert_ne!(others.code, 0, "{others:#?}");
        // An empty log is none where nobody has an index: the file alone is read.
        let own = run_with(&mut shared.owner("verify"), &token).code;
        assert!([0, 5].contains(&own), "{own}");
        run(&mut shared.owner("create --scope inference"))
            .code(5)
            .stdout("");
        assert!(content(shared.path(&name)) == planted, "{name}");
    }
}

#[test]
fn a_group_that_anybodys_file_gets_from_the_directory_is_no_proof_of_membership() {
    let Some(shared) = Shared::new() else { return };
    set_mode(shared.path(""), 0o2770);
    let group = |line: &str| shared.cmd(OWNER, GROUP, line);
    run(&mut group("create --scope inference")).code(0);
    assert_eq!(
        fs::metadata(shared.path("k.db")).unwrap().mode() & 0o777,
        0o660
    );
    for mode in [0o2777, 0o3777] {
        set_mode(shared.path(""), mode);
        for suffix in SUFFIXES {
            let name = format!("k.db{suffix}");
            drop(fs::remove_file(shared.path(&name)));
            shared.lay(&name, b"", STRANGER);
            // As the directory's mode has it for every file that is made there.
            chown(shared.path(&name), None, Some(GROUP)).unwrap();
            let ran = run(&mut group("create --scope inference"))
                .code(5)
                .stdout("");
            let why = format!(
                "{name}, which SQLite would take for a part of the store, belongs to uid {STRANGER}"
            );
            assert!(ran.stderr.contains(&why), "{ran:#?}");
            let report = run(&mut group("doctor --format json")).code(1);
            assert!(report.stdout.contains(&name), "{report:#?}");
            assert_eq!(content(shared.path(&name)), b"");
            fs::remove_file(shared.path(&name)).unwrap();
        }
    }
}

#[test]
fn who_may_only_read_leaves_nothing_that_keeps_the_owner_from_the_store() {
    let Some(shared) = Shared::new() else { return };
    let token = shared.create();
    set_mode(shared.path("k.db"), 0o644);
    // A copy that was made a store has no log yet.
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(shared.path(&format!("k.db{suffix}"))).unwrap();
    }
    for (mode, uid, gid) in [(0o1777, STRANGER, STRANGER), (0o770, MEMBER, GROUP)] {
        set_mode(shared.path(""), mode);
        for line in [
            "list",
            "log --check",
            "verify",
            "verify --no-touch",
            "verify --batch",
            "doctor",
        ] {
            let ran = run_with(&mut shared.cmd(uid, gid, line), &token);
            assert!(line == "doctor" || ran.code == 0, "{ran:#?}");
            assert_eq!(fs::read_dir(shared.path("")).unwrap().count(), 1, "{line}");
        }
    }
    set_mode(shared.path(""), 0o755);
    run_with(&mut shared.owner("verify"), &token).code(0);
    shared.create();
}

#[test]
fn a_restore_reads_a_backup_without_the_log_that_a_stranger_has_laid_beside_it() {
    let Some(shared) = Shared::new() else { return };
    let token = shared.create();
    let home = shared.site.path("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(OWNER), Some(OWNER)).unwrap();
    run(&mut shared.owner(&format!("backup {}", shared.path("bk.db").display()))).code(0);
    set_mode(shared.path(""), 0o1777);
    let (other, others_token) = shared.other_store();
    let with_db = |db: &Path, line: &str| {
        let mut command = shared.site.clean("keyctl");
        command.arg("--db").arg(db).args(line.split_whitespace());
        let mut command = shared.site.without_rights(command);
        command.uid(OWNER).gid(OWNER);
        command
    };
    for (suffix, planted) in [("-wal", log_of(&other)), ("-journal", journal_of(&other))] {
        let name = format!("bk.db{suffix}");
        shared.lay(&name, &planted, STRANGER);
        let store = home.join(format!("k{suffix}.db"));
        let line = format!("restore {} --yes", shared.path("bk.db").display());
        // A copy that nothing may be read of but itself is no reason to fail.
        run(&mut with_db(&store, "init")).code(0);
        let ran = run(&mut with_db(&store, &line)).code(0);
        let warning = format!("{name} is ignored: it belongs to uid {STRANGER}");
        assert!(ran.stderr.contains(&warning), "{ran:#?}");
        run_with(&mut with_db(&store, "verify"), &token).code(0);
        run_with(&mut with_db(&store, "verify"), &others_token).code(1);
        // As a store, it is refused.
        run(&mut with_db(&shared.path("bk.db"), "list")).code(5);
        fs::remove_file(shared.path(&name)).unwrap();
    }
    // A log of the owner's own is a part of the copy: it is not left out because of another file.
    shared.lay("bk.db-wal", &log_of(&other), OWNER);
    shared.lay("bk.db-journal", b"", STRANGER);
    let line = format!("restore {} --yes", shared.path("bk.db").display());
    let refused = run(&mut with_db(&home.join("k-wal.db"), &line)).code(5);
    assert!(refused.stderr.contains("bk.db-journal"), "{refused:#?}");
}

#[test]
fn no_store_is_made_where_others_may_write() {
    let Some(shared) = Shared::new() else { return };
    let backup = shared.site.path("bk.db");
    let mut made = shared.site.clean("keyctl");
    made.arg("--db").arg(shared.site.path("own.db"));
    run(made.args(["create", "--scope", "inference"])).code(0);
    let mut copied = shared.site.clean("keyctl");
    copied.arg("--db").arg(shared.site.path("own.db"));
    run(copied.arg("backup").arg(&backup)).code(0);
    set_mode(&backup, 0o644);
    let restore = format!("restore {} --yes", backup.display());
    for mode in [0o1777, 0o777, 0o1703] {
        set_mode(shared.path(""), mode);
        for line in ["create --scope inference", "init", &restore] {
            let refuses = |command: &mut Command| {
                let ran = run(command).code(5).stdout("");
                assert!(ran.stderr.contains("others may write that directory"));
                assert!(ran.stderr.contains("hint: "), "{ran:#?}");
            };
            refuses(&mut shared.owner(line));
            assert_eq!(fs::read_dir(shared.path("")).unwrap().count(), 0);
            // An empty file that is there already makes no difference, nor do parts of a store.
            for name in ["k.db", "k.db-wal", "k.db-shm"] {
                shared.lay(name, b"", STRANGER);
            }
            let kept = [STRANGER; 3];
            if line != "init" {
                refuses(&mut shared.owner(line));
            }
            let owners = ["k.db", "k.db-wal", "k.db-shm"].map(|name| {
                let file = fs::metadata(shared.path(name)).unwrap();
                fs::remove_file(shared.path(name)).unwrap();
                assert_eq!(file.len(), 0, "{name}");
                file.uid()
            });
            assert_eq!(owners, kept);
        }
        // A directory of its own in there is made, and is private.
        let inner = shared.path("own/k.db");
        let mut command = shared.site.clean("keyctl");
        command.arg("--db").arg(&inner).arg("init");
        let mut command = shared.site.without_rights(command);
        run(command.uid(OWNER).gid(OWNER)).code(0);
        fs::remove_dir_all(shared.path("own")).unwrap();
    }
}

#[test]
fn a_log_that_lay_there_before_the_store_is_refused_in_a_directory_of_a_group() {
    let Some(shared) = Shared::new() else { return };
    set_mode(shared.path(""), 0o770);
    for suffix in SUFFIXES {
        let name = format!("k.db{suffix}");
        shared.lay(&name, b"", MEMBER);
        chown(shared.path(&name), None, Some(GROUP)).unwrap();
        for line in ["create --scope inference", "init"] {
            let ran = run(&mut shared.owner(line)).code(5).stdout("");
            assert!(ran.stderr.contains(&name), "{ran:#?}");
            assert!(ran.stderr.contains("uid 4000003"), "{ran:#?}");
            drop(fs::remove_file(shared.path("k.db")));
        }
        assert_eq!(content(shared.path(&name)), b"");
        fs::remove_file(shared.path(&name)).unwrap();
    }
}

#[test]
fn commands_that_change_an_exposed_store_warn_even_when_quiet() {
    let Some(shared) = Shared::new() else { return };
    let token = shared.create();
    set_mode(shared.path(""), 0o1777);
    let id = id_of(&token);
    for line in [
        format!("disable {id} -q"),
        format!("enable {id} -q"),
        "create --scope inference -q".to_owned(),
        "policy set default-expiry 30d -q".to_owned(),
    ] {
        let ran = run(&mut shared.owner(&line)).code(0);
        assert!(ran.stderr.contains("warning: others may write"), "{ran:#?}");
    }
    for line in ["list -q", "log -q", "doctor -q"] {
        let ran = run(&mut shared.owner(line));
        assert_eq!(ran.stderr, "", "{line}");
    }
    run_with(&mut shared.owner("verify"), &token)
        .code(0)
        .stderr("");
    set_mode(shared.path(""), 0o755);
    run(&mut shared.owner(&format!("disable {id} -q")))
        .code(0)
        .stderr("");
}

/// Runs each command that opens a store, and requires that it is refused with `why`.
fn each_command_refuses(site: &Site, token: &str, why: &str) {
    for line in [
        "verify",
        "verify --batch",
        "list",
        "create --scope inference",
        "backup copy.db",
        "log",
        "log --check",
        "policy set default-expiry 30d",
        "restore whole.db --yes",
        "init",
    ] {
        let ran = run_with(&mut site.cmd(line), token);
        let expected = if line == "init" { 4 } else { 5 };
        let said = line == "init" || ran.stderr.contains(why);
        assert!(ran.code == expected && said, "{line}: {ran:#?}");
    }
    let doctor = run(&mut site.cmd("doctor")).code(1);
    assert!(doctor.stdout.contains("was not checked"), "{doctor:#?}");
}

#[test]
fn a_sibling_with_a_second_name_is_not_opened() {
    for suffix in SUFFIXES {
        let site = Site::cheap();
        let token = site.create();
        site.run("backup whole.db");
        let sibling = site.path(format!("keyctl.db{suffix}"));
        let other = site.path("other");
        fs::write(&other, "somebody's\n").unwrap();
        drop(fs::remove_file(&sibling));
        fs::hard_link(&other, &sibling).unwrap();
        each_command_refuses(&site, &token, "has 2 names (hard links)");
        assert_eq!(content(&other), b"somebody's\n");
        assert!(!site.path("copy.db").exists());
    }
}

#[test]
fn a_sibling_that_is_no_regular_file_is_not_opened_and_nothing_hangs() {
    let kinds: [fn(&Path); 3] = [
        |path| {
            mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
        },
        |path| symlink("elsewhere", path).unwrap(),
        |path| fs::create_dir(path).unwrap(),
    ];
    for suffix in SUFFIXES {
        for lay in kinds {
            let site = Site::cheap();
            let token = site.create();
            site.run("backup whole.db");
            let sibling = site.path(format!("keyctl.db{suffix}"));
            drop(fs::remove_file(&sibling));
            lay(&sibling);
            each_command_refuses(&site, &token, "is not a regular file");
            assert!(!site.path("elsewhere").exists());
        }
    }
}

#[test]
fn doctor_names_each_foreign_sibling_and_reads_nothing() {
    let Some(shared) = Shared::new() else { return };
    shared.create();
    let (other, _) = shared.other_store();
    for (suffix, planted, code) in [
        ("-wal", log_of(&other), "owner"),
        ("-shm", vec![0; 32768], "owner"),
        ("-journal", journal_of(&other), "journal"),
    ] {
        let name = format!("k.db{suffix}");
        drop(fs::remove_file(shared.path(&name)));
        shared.lay(&name, &planted, STRANGER);
        set_mode(shared.path(&name), 0o600);
        let ran = run(&mut shared.owner("doctor --format json")).code(1);
        let report = ran.json();
        assert_eq!(report["findings"][0]["code"], code, "{ran:#?}");
        assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{ran:#?}");
        assert_eq!(report["notes"][0]["code"], "unread", "{ran:#?}");
        assert!(content(shared.path(&name)) == planted);
        fs::remove_file(shared.path(&name)).unwrap();
    }
    run(&mut shared.owner("doctor")).code(0);
}

/// The set-ups in which more than one user writes, and which go on working.
#[test]
fn root_and_a_member_of_the_group_write_beside_a_store_that_is_not_theirs() {
    let Some(shared) = Shared::new() else { return };
    let token = shared.create();
    let forget = || {
        for suffix in ["-wal", "-shm"] {
            drop(fs::remove_file(shared.path(&format!("k.db{suffix}"))));
        }
    };
    // Root beside a user's store: it makes the log anew, and the owner goes on with it.
    forget();
    let mut root = shared.site.clean("keyctl");
    root.arg("--db").arg(shared.path("k.db"));
    run(root.args(["create", "--scope", "inference", "--owner", "x"])).code(0);
    run_with(&mut shared.owner("verify"), &token).code(0);
    shared.create();
    // A service in the group, on a store that the group shares.
    set_mode(shared.path(""), 0o2770);
    chown(shared.path("k.db"), None, Some(GROUP)).unwrap();
    set_mode(shared.path("k.db"), 0o660);
    forget();
    let service = |line: &str| shared.cmd(MEMBER, GROUP, line);
    run(&mut service("create --scope inference")).code(0);
    run_with(&mut shared.cmd(OWNER, GROUP, "verify"), &token).code(0);
    run(&mut shared.cmd(OWNER, GROUP, "create --scope inference")).code(0);
    run_with(&mut service("verify"), &token).code(0);
    let made = fs::metadata(shared.path("k.db-wal")).unwrap();
    assert_eq!((made.uid(), made.gid()), (MEMBER, GROUP));
    // The store is given to another user, with all that belongs to it.
    for name in ["", "k.db", "k.db-wal", "k.db-shm"] {
        chown(shared.path(name), Some(STRANGER), Some(STRANGER)).unwrap();
    }
    run_with(&mut shared.stranger("verify"), &token).code(0);
    run(&mut shared.stranger("create --scope inference")).code(0);
}

#[test]
fn a_volume_of_another_uid_is_used_by_nobody_and_by_root() {
    let Some(shared) = Shared::new() else { return };
    const NOBODY: u32 = 65534;
    // As in a container with USER nobody, on a volume that was given to it.
    chown(shared.path(""), Some(NOBODY), Some(NOBODY)).unwrap();
    let nobody = |line: &str| shared.cmd(NOBODY, NOBODY, line);
    let ran = run(&mut nobody("create --scope inference")).code(0);
    let token = ran.stdout.trim_end();
    run_with(&mut nobody("verify"), token).code(0);
    let mut root = shared.site.clean("keyctl");
    root.arg("--db").arg(shared.path("k.db")).arg("verify");
    run_with(&mut root, token).code(0);
    run_with(&mut nobody("verify"), token).code(0);
}

/// `unshare` with leave to mount, if it works here.
fn may_mount() -> bool {
    let mut trial = Command::new("unshare");
    trial.args(["-m", "mount", "--bind", "/tmp", "/tmp"]);
    let works = trial.stderr(Stdio::null()).status();
    if works.is_ok_and(|status| status.success()) {
        return true;
    }
    skipped("needs unshare, and leave to mount");
    false
}

/// Runs a script in which mounts are private.
#[track_caller]
fn mounted(site: &Site, script: &str) -> Ran {
    let mut command = site.clean("unshare");
    run(command.args(["-m", "sh", "-ec", script]))
}

#[test]
fn a_store_file_that_is_mounted_without_its_directory_is_refused() {
    if !may_mount() {
        return;
    }
    let site = Site::cheap();
    let token = site.create();
    fs::create_dir(site.path("in")).unwrap();
    fs::write(site.path("in/k.db"), "").unwrap();
    fs::write(site.path("token"), token).unwrap();
    for line in [
        "verify --key-file token",
        "verify --batch --key-file token",
        "list",
        "create --scope inference",
        "backup copy.db",
    ] {
        let script = format!("mount --bind keyctl.db in/k.db; keyctl --db in/k.db {line}");
        let ran = mounted(&site, &script).code(5).stdout("");
        assert!(
            ran.stderr.contains("is mounted without its directory"),
            "{ran:#?}"
        );
        assert!(ran.stderr.contains("hint: mount the directory"), "{ran:#?}");
        assert!(!site.path("in/k.db-wal").exists());
    }
    let script = "mount --bind keyctl.db in/k.db; keyctl --db in/k.db doctor --format json";
    let ran = mounted(&site, script).code(1);
    assert_eq!(ran.json()["findings"][0]["code"], "mount", "{ran:#?}");
    // The directory is what is to be mounted, as a volume or a part of one.
    fs::create_dir(site.path("volume")).unwrap();
    let script = "mkdir real real/part; cp keyctl.db real/part/k.db; mount --bind real/part volume
        keyctl --db volume/k.db verify --key-file token
        keyctl --db volume/k.db create --scope inference >made
        keyctl --db real/part/k.db verify --key-file made
        keyctl --db volume/k.db doctor";
    mounted(&site, script).code(0);
    // A copy is read wherever it lies.
    site.run("backup bk.db");
    let script = "mount --bind bk.db in/k.db; mount -o remount,bind,ro in/k.db
        keyctl --db new/k.db restore in/k.db --yes; keyctl --db new/k.db verify --key-file token";
    mounted(&site, script).code(0);
}

#[test]
fn a_batch_whose_store_loses_its_index_or_its_log_calls_no_stopped_key_valid() {
    for removed in ["keyctl.db-shm", "keyctl.db-wal"] {
        let site = Site::cheap();
        site.run("policy set hash sha256");
        let token = site.create();
        let other = site.create();
        let mut command = site.cmd("verify --batch --no-touch");
        let mut batch = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = batch.stdin.take().unwrap();
        let mut stdout = BufReader::new(batch.stdout.take().unwrap());
        let mut ask = |token: &str| {
            // It may have ended.
            drop(writeln!(stdin, "{token}"));
            let mut verdict = String::new();
            stdout.read_line(&mut verdict).unwrap();
            verdict
        };
        assert!(ask(&token).starts_with("{\"valid\":true,"));
        fs::remove_file(site.path(removed)).unwrap();
        site.run(&format!("delete {} --yes", id_of(&token)));
        site.run(&format!("disable {}", id_of(&other)));
        // On every thread, those that open the store only now too.
        for token in [&token, &other, &token, &other] {
            let verdict = ask(token);
            assert!(!verdict.contains("true"), "{removed}: {verdict}");
        }
        drop(stdin);
        assert_eq!(wait(batch), 5, "{removed}");
        assert_eq!(site.verify(&token), 1);
    }
}

#[test]
fn a_command_that_waited_for_an_answer_writes_to_no_files_that_were_replaced() {
    use super::terminal::Terminal;

    for (line, removed) in ["delete", "restore"].into_iter().flat_map(|line| {
        ["keyctl.db-shm", "keyctl.db-wal", "keyctl.db"].map(|removed| (line, removed))
    }) {
        let site = Site::cheap();
        let token = site.create();
        let id = id_of(&token);
        site.run("backup bk.db");
        fs::copy(site.db(), site.path("copy")).unwrap();
        let argument = if line == "delete" { &*id } else { "bk.db" };
        let mut command = site.cmd(&format!("{line} {argument}"));
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit());
        command.stderr(Stdio::inherit());
        let mut terminal = Terminal::start(command.into(), 100);
        terminal.expect("[y/N] ");
        fs::remove_file(site.path(removed)).unwrap();
        if removed == "keyctl.db" {
            fs::rename(site.path("copy"), site.db()).unwrap();
        }
        let made = site.create();
        terminal.type_in("y\n");
        let session = terminal.finish();
        assert_eq!(session.code, 5, "{session:#?}");
        // What others have committed meanwhile is still there.
        assert_eq!(site.verify(&made), 0, "{line} {removed}");
        assert_eq!(site.verify(&token), 0, "{line} {removed}");
        assert!(!session.screen.contains("restored"), "{session:#?}");
    }
}
