//! Symbolic and hard links, umasks and modes, where files are made.

use super::harness::{
    Site, content, finish, is_root, mode, run, run_with, set_mode, skipped, tells_waiting,
    until_it_waits,
};
use super::strace;
use crate::harness::id_of;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A group that nobody is in.
const GROUP: u32 = 4_000_002;

/// A user without rights; see the harness.
const NOBODY: u32 = 65534;

/// The modes that system calls gave, by path, in order.
type Given = Vec<(PathBuf, u32)>;

/// Runs `keyctl` with `line` under strace, and returns every mode that it gave to a file or a
/// directory. `None` where there is no strace.
fn modes_given(site: &Site, umask: &str, line: &str) -> Option<Given> {
    if !strace::is_here() {
        return None;
    }
    let calls =
        "/^(open|openat|creat|mkdir|mkdirat|chmod|fchmod|fchmodat|fchmodat2|mknod|mknodat)$";
    run(&mut site.sh(&format!(
        "umask {umask}; exec strace -f -y -s 4096 -e signal=none -e trace='{calls}' -o trace keyctl {line}"
    )))
    .code(0);
    let trace = String::from_utf8(content(site.path("trace"))).unwrap();
    Some(trace.lines().filter_map(mode_of_call).collect())
}

/// The path and the mode of a line as strace writes it, if the call made something or changed a
/// mode.
fn mode_of_call(line: &str) -> Option<(PathBuf, u32)> {
    let (call, result) = line.rsplit_once(") = ")?;
    let makes = call.contains("O_CREAT") || !call.contains("open");
    if !makes || result.starts_with('-') {
        return None;
    }
    let octal = call.rsplit(", ").find(|text| text.starts_with('0'))?;
    let path = match strace::named_path(call) {
        Some(path) => path,
        None => call.split_once('<')?.1.split('>').next()?.into(),
    };
    Some((path, u32::from_str_radix(octal, 8).ok()?))
}

/// Each of `expected` has its mode now, was made by the program, and had no wider one before.
#[track_caller]
fn never_wider(site: &Site, given: &Given, expected: &[(&str, u32)]) {
    let mut seen = BTreeSet::new();
    for (path, given) in given {
        let path = site.path(path);
        // A journal is gone in the end; it held what the file beside it holds.
        let shown = path.display().to_string();
        let last = mode(shown.trim_end_matches("-journal"));
        assert_eq!(given & !last, 0, "{shown}: {given:o}");
        seen.insert(path);
    }
    for (name, last) in expected {
        assert_eq!(mode(site.path(name)), *last, "{name}");
        assert!(seen.contains(&site.path(name)), "not seen: {name}");
    }
}

#[test]
fn what_is_made_is_never_wider_than_in_the_end_not_for_a_moment() {
    for umask in ["000", "022", "077", "777"] {
        let site = Site::new();
        let line = "--db made/deep/keyctl.db create --scope inference --secret-file secret";
        let Some(given) = modes_given(&site, umask, line) else {
            return;
        };
        never_wider(
            &site,
            &given,
            &[
                ("made", 0o700),
                ("made/deep", 0o700),
                ("made/deep/keyctl.db", 0o600),
                ("made/deep/keyctl.db-wal", 0o600),
                ("made/deep/keyctl.db-shm", 0o600),
                ("secret", 0o600),
            ],
        );
    }
}

#[test]
fn what_a_group_is_to_share_is_never_wider_than_in_the_end_either() {
    let group = Command::new("id").arg("-gn").output().unwrap().stdout;
    let group = String::from_utf8(group).unwrap();
    for umask in ["000", "077", "777"] {
        let site = Site::new();
        let line = format!("--db made/keyctl.db init --group {}", group.trim_end());
        let Some(given) = modes_given(&site, umask, &line) else {
            return;
        };
        never_wider(
            &site,
            &given,
            &[
                ("made", 0o2770),
                ("made/keyctl.db", 0o660),
                ("made/keyctl.db-wal", 0o660),
                ("made/keyctl.db-shm", 0o660),
            ],
        );
        // Not the group's before it is this group's: at first it is its maker's alone.
        for name in ["made", "made/keyctl.db"] {
            let first = given
                .iter()
                .find(|(path, _)| site.path(path) == site.path(name));
            assert_eq!(first.unwrap().1 & 0o077, 0, "umask {umask}: {name}");
        }
    }
}

#[test]
fn a_store_behind_links_and_linked_directories_is_one_store_with_one_log() {
    let site = Site::new();
    fs::create_dir(site.path("real")).unwrap();
    let first = run(&mut site.bare("--db real/keyctl.db create --scope inference")).code(0);
    symlink("real", site.path("directory")).unwrap();
    symlink("directory/keyctl.db", site.path("one")).unwrap();
    symlink("one", site.path("two")).unwrap();
    for db in ["directory/keyctl.db", "one", "two", "directory/../two"] {
        let made = run(&mut site.bare(&format!("--db {db} create --scope inference"))).code(0);
        assert!(!made.stderr.contains("made a new store"), "{db}: {made:#?}");
        for token in [&first.stdout, &made.stdout] {
            run_with(&mut site.bare(&format!("--db {db} verify")), token).code(0);
        }
    }
    let listed = run(&mut site.bare("--db real/keyctl.db list --format ids"));
    assert_eq!(listed.stdout.lines().count(), 5);
    let names: BTreeSet<OsString> = fs::read_dir(site.path("real"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let wanted = ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"];
    assert_eq!(names, wanted.map(OsString::from).into());
    assert!(!site.path("one-wal").exists() && !site.path("two-wal").exists());
}

#[test]
fn a_link_to_what_is_no_store_is_refused() {
    let site = Site::new();
    let token = Site::new().create();
    symlink("loop", site.path("loop")).unwrap();
    symlink(".", site.path("directory")).unwrap();
    symlink("/dev/null", site.path("device")).unwrap();
    symlink("missing/keyctl.db", site.path("dangling")).unwrap();
    for (db, message) in [
        ("loop", "cannot open the store"),
        ("directory", "directory is a directory, not a store"),
        ("device", "device is not an ordinary file"),
        (
            "dangling",
            "dangling is a symbolic link to a file that is not there",
        ),
    ] {
        let shown = site.path(db).display().to_string();
        for line in ["create --scope inference", "list", "disable x"] {
            let ran = run(&mut site.bare(&format!("--db {db} {line}")))
                .code(5)
                .stdout("");
            ran.says(message).says(&shown);
        }
        run_with(&mut site.bare(&format!("--db {db} verify")), &token)
            .code(5)
            .stdout("")
            .says(message);
    }
    assert_eq!(fs::read_dir(site.path("")).unwrap().count(), 4);
}

#[test]
fn a_link_to_a_file_of_another_user_gives_no_right_to_it() {
    if !is_root() {
        return skipped("needs root, to have a file of another user");
    }
    let site = Site::new();
    let token = site.create();
    symlink("keyctl.db", site.path("link")).unwrap();
    let stranger = |line: &str| site.without_rights(site.bare(&format!("--db link {line}")));
    let before = content(site.db());
    for line in ["create --scope inference", "list"] {
        run(&mut stranger(line)).code(5).stdout("");
    }
    run_with(&mut stranger("verify"), &token).code(5).stdout("");
    assert_eq!(content(site.db()), before);

    // Root may, and does not take the store away from its owner.
    for name in ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"] {
        match name {
            "keyctl.db" => chown(site.path(name), Some(NOBODY), Some(NOBODY)).unwrap(),
            _ => fs::remove_file(site.path(name)).unwrap(),
        }
    }
    set_mode(site.path(""), 0o777);
    run(&mut site.bare("--db link create --scope inference")).code(0);
    for name in ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"] {
        assert_eq!(
            fs::metadata(site.path(name)).unwrap().uid(),
            NOBODY,
            "{name}"
        );
    }
    run_with(&mut stranger("verify"), &token).code(0);
    run(&mut stranger("create --scope inference")).code(0);
}

#[test]
fn a_store_with_two_names_is_not_used() {
    let site = Site::cheap();
    let token = site.create();
    let id = id_of(&token);
    fs::hard_link(site.db(), site.path("other.db")).unwrap();
    let before = content(site.db());
    for db in ["keyctl.db", "other.db"] {
        let shown = site.path(db).display().to_string();
        for line in [
            "create --scope inference".to_owned(),
            "create --scope inference --secret-file secret".to_owned(),
            format!("rotate {id}"),
            format!("edit {id} --label a=b"),
            format!("delete {id} --yes"),
            "purge --yes".to_owned(),
            "policy set max-expiry 30d".to_owned(),
            "verify".to_owned(),
            "list --format ids".to_owned(),
        ] {
            run_with(&mut site.bare(&format!("--db {db} {line}")), &token)
                .fails(5, &format!("the store {shown} has 2 names (hard links)"))
                .says("\nhint: remove the other names");
        }
    }
    assert_eq!(content(site.db()), before);
    assert!(!site.path("secret").exists());

    fs::remove_file(site.path("other.db")).unwrap();
    site.create();
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn a_key_that_was_stopped_through_one_name_does_not_work_through_another() {
    let site = Site::cheap();
    let token = site.create();
    // With a reader in the way what is written stays in the log, which has the first name only.
    let _reader = site.reader();
    site.run(&format!("disable {}", id_of(&token)));
    fs::hard_link(site.db(), site.path("other.db")).unwrap();
    run_with(&mut site.bare("--db other.db verify"), &token).fails(5, "the store ");
}

#[test]
fn an_empty_file_with_two_names_does_not_become_a_store() {
    let site = Site::new();
    File::create(site.db()).unwrap();
    fs::hard_link(site.db(), site.path("other.db")).unwrap();
    run(&mut site.cmd("create --scope inference"))
        .fails(5, "the store ")
        .says("has 2 names");
    assert!(content(site.db()).is_empty());
}

/// What may lie where a secret is to go.
const KINDS: [&str; 8] = [
    "file",
    "empty",
    "link",
    "dangling",
    "loop",
    "hard link",
    "fifo",
    "socket",
];

/// Puts something of this kind at the path `secret`, beside what it may lead to.
fn put(site: &Site, kind: &str) {
    let place = site.path("secret");
    let precious = site.path("precious");
    fs::write(&precious, "precious").unwrap();
    match kind {
        "file" => fs::write(place, "theirs").unwrap(),
        "empty" => drop(File::create(place).unwrap()),
        "link" => symlink(precious, place).unwrap(),
        "dangling" => symlink(site.path("nowhere"), place).unwrap(),
        "loop" => symlink("secret", place).unwrap(),
        "hard link" => fs::hard_link(precious, place).unwrap(),
        "fifo" => mknodat(CWD, place, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap(),
        _ => drop(UnixListener::bind(place).unwrap()),
    }
}

/// All that could have changed of what lies at the path `secret` and of what it leads to.
fn place(site: &Site) -> (u64, u32, i64, i64, Vec<u8>, bool) {
    let there = fs::symlink_metadata(site.path("secret")).unwrap();
    (
        there.ino(),
        there.permissions().mode(),
        there.mtime_nsec(),
        there.ctime_nsec(),
        content(site.path("precious")),
        site.path("nowhere").exists(),
    )
}

#[test]
fn a_secret_goes_to_no_file_that_is_there_of_whatever_kind() {
    let site = Site::cheap();
    let token = site.create();
    let id = id_of(&token);
    for kind in KINDS {
        put(&site, kind);
        let before = place(&site);
        for line in [
            "create --scope inference".to_owned(),
            format!("rotate {id}"),
        ] {
            run(&mut site.cmd(&format!("{line} --secret-file secret")))
                .fails(5, "the secret file 'secret' already exists");
        }
        assert_eq!(place(&site), before, "{kind}");
        fs::remove_file(site.path("secret")).unwrap();
    }
    fs::create_dir(site.path("directory")).unwrap();
    for name in [
        "directory",
        ".",
        "/dev/null",
        "/dev/full",
        "/dev/stdout",
        "/",
    ] {
        run(&mut site.cmd(&format!("create --scope inference --secret-file {name}")))
            .fails(5, "the secret file ")
            .says("already exists");
    }
    assert_eq!(site.ids(), [id]);
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn a_secret_goes_to_no_file_that_is_put_there_after_it_was_looked_for() {
    if !tells_waiting() {
        return skipped("needs a kernel that tells what a process waits for");
    }
    let site = Site::cheap();
    let token = site.create();
    let id = id_of(&token);
    for kind in KINDS {
        let other = site.sql();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let rotate = site
            .cmd(&format!("rotate {id} --secret-file secret"))
            .spawn()
            .unwrap();
        until_it_waits(&rotate);
        put(&site, kind);
        let before = place(&site);
        other.execute_batch("ROLLBACK").unwrap();
        finish(rotate).fails(5, "the secret file 'secret' already exists");
        assert_eq!(place(&site), before, "{kind}");
        fs::remove_file(site.path("secret")).unwrap();
    }
    assert_eq!(site.ids(), [id]);
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn a_key_file_may_be_anything_that_can_be_read() {
    let site = Site::cheap();
    let token = site.create();
    fs::write(site.path("token"), &token).unwrap();
    symlink("token", site.path("one")).unwrap();
    symlink("one", site.path("two")).unwrap();
    fs::hard_link(site.path("token"), site.path("hard")).unwrap();
    for name in ["token", "one", "two", "hard"] {
        run(&mut site.cmd(&format!("verify --key-file {name}"))).code(0);
    }
    // As process substitution gives it.
    let script = "mkfifo pipe && { cat token >pipe & } && keyctl verify --key-file pipe";
    run(&mut site.sh(script)).code(0);
    run(&mut site.sh("keyctl verify --key-file /dev/stdin <token")).code(0);
}

#[test]
fn of_a_key_file_without_an_end_no_more_is_read_than_a_token_has() {
    let site = Site::cheap();
    site.create();
    for name in ["/dev/zero", "/dev/urandom", "/dev/null"] {
        run(&mut site.cmd(&format!("verify --key-file {name}")))
            .code(1)
            .says("rejected: malformed");
    }
}

#[test]
fn a_key_file_that_leads_nowhere_is_a_failure() {
    let site = Site::cheap();
    site.create();
    fs::create_dir(site.path("directory")).unwrap();
    symlink("nowhere", site.path("dangling")).unwrap();
    symlink("loop", site.path("loop")).unwrap();
    symlink("directory", site.path("linked")).unwrap();
    let socket = UnixListener::bind(site.path("socket")).unwrap();
    for name in [
        "dangling",
        "loop",
        "directory",
        "linked",
        "socket",
        "directory/none",
    ] {
        run(&mut site.cmd(&format!("verify --key-file {name}")))
            .fails(5, &format!("cannot read the key file '{name}'"));
    }
    drop(socket);
}

/// What a reader could have changed in a directory: its files, their owners, modes, times and
/// contents.
fn files(directory: &Path) -> BTreeMap<OsString, (u32, u32, i64, i64, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let file = entry.metadata().unwrap();
            let left = (
                file.uid(),
                file.mode(),
                file.mtime_nsec(),
                file.ctime_nsec(),
                content(entry.path()),
            );
            (entry.file_name(), left)
        })
        .collect()
}

#[test]
fn who_is_in_a_group_that_may_read_the_store_verifies_and_writes_nothing() {
    if !is_root() {
        return skipped("needs root, to run as a user of another group");
    }
    let site = Site::new();
    let store = site.path("store");
    run(&mut site.bare("--db store/keyctl.db create --scope inference --secret-file token"))
        .code(0);
    let token = fs::read(site.path("token")).unwrap();
    let id = id_of(std::str::from_utf8(&token).unwrap());
    set_mode(&store, 0o750);
    chown(&store, None, Some(GROUP)).unwrap();
    for name in ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"] {
        set_mode(store.join(name), 0o640);
        chown(store.join(name), None, Some(GROUP)).unwrap();
    }
    let by = |group: u32, line: &str| {
        let mut command = site.without_rights(site.bare(&format!("--db store/keyctl.db {line}")));
        command.gid(group);
        command
    };
    let before = files(&store);

    run_with(&mut by(GROUP, "verify --scope inference"), &token)
        .code(0)
        .stderr("");
    run_with(&mut by(GROUP, "verify --scope project"), &token).code(6);
    run(&mut by(GROUP, "list --format ids"))
        .code(0)
        .stdout(&format!("{id}\n"));
    run(&mut by(GROUP, &format!("show {id}"))).code(0);
    run(&mut by(GROUP, "log --check")).code(0);
    for line in ["create --scope inference", "policy set max-expiry 1d"] {
        run(&mut by(GROUP, line))
            .code(5)
            .stdout("")
            .says("is read-only for you");
    }
    assert_eq!(files(&store), before);

    // They see what is changed meanwhile, and who is not in the group sees nothing.
    run(&mut site.bare(&format!("--db store/keyctl.db disable {id}"))).code(0);
    run_with(&mut by(GROUP, "verify"), &token)
        .code(1)
        .says("rejected: disabled");
    run_with(&mut by(NOBODY, "verify"), &token)
        .code(5)
        .stdout("");
    for name in ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"] {
        assert_eq!(mode(store.join(name)), 0o640, "{name}");
    }
}
