//! `keyctl init`, and a store that several users of one machine share.

use crate::harness::{Ran, World, exe, id_of};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The store's file and the two beside it.
fn files(db: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| PathBuf::from(format!("{}{suffix}", db.display())))
}

#[test]
fn a_store_is_made_for_its_maker_alone() {
    let world = World::new();
    let db = world.path("new/keyctl/keyctl.db");
    let arg = db.display();
    world
        .line(&format!("init --quiet --db {arg}"))
        .without_db()
        .run()
        .code(0)
        .stdout("")
        .stderr(&format!(
            "made a new store at {arg}; its administrator is alice\n"
        ));
    assert_eq!(mode(db.parent().unwrap()), 0o700);
    assert_eq!(mode(&world.path("new")), 0o700);
    for file in files(&db) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    world
        .line(&format!("admin list --db {arg}"))
        .without_db()
        .run()
        .stdout("alice\n");
    let ran = world
        .line(&format!("log --format json --db {arg}"))
        .without_db()
        .run()
        .code(0);
    assert_eq!(ran.json()[0]["action"], "init");
    assert_eq!(ran.json()[0]["actor"], "alice");
    assert_eq!(ran.json()[0]["detail"]["administrator"], "alice");
    assert_eq!(ran.json().as_array().unwrap().len(), 1);
}

#[test]
fn a_directory_that_is_there_keeps_its_mode() {
    let world = World::new();
    let dir = world.path("there");
    fs::create_dir(&dir).unwrap();
    set_mode(&dir, 0o755);
    let db = dir.join("keyctl.db");
    world
        .cmd(["init".as_ref(), "--db".as_ref(), db.as_os_str()])
        .without_db()
        .run()
        .code(0);
    assert_eq!(mode(&dir), 0o755);
    assert_eq!(mode(&db), 0o600);
}

#[test]
fn it_lies_where_db_the_variable_or_the_data_directory_says() {
    let world = World::new();
    let elsewhere = world.path("elsewhere.db");
    world
        .line("init")
        .without_db()
        .var("KEYCTL_DB", &elsewhere)
        .run()
        .code(0);
    assert!(elsewhere.exists());
    world.line("init").without_db().run().code(0);
    assert!(world.path("data/keyctl/keyctl.db").exists());
    let named = format!("init --db {}", world.db().display());
    world
        .line(&named)
        .var("KEYCTL_DB", &elsewhere)
        .run()
        .code(0);
    assert!(world.db().exists());
}

#[test]
fn a_shared_store_belongs_to_its_group() {
    let world = World::new();
    let db = world.path("a/b/keyctl.db");
    let line = format!("init --group staff --db {}", db.display());
    world.line(&line).without_db().run().code(0);
    let group = rustix::process::getegid().as_raw();
    // The group has to get there, too.
    for dir in [world.path("a"), world.path("a/b")] {
        assert_eq!(mode(&dir), 0o2770, "{}", dir.display());
        assert_eq!(fs::metadata(&dir).unwrap().gid(), group);
    }
    for file in files(&db) {
        assert_eq!(mode(&file), 0o660, "{}", file.display());
        assert_eq!(fs::metadata(&file).unwrap().gid(), group);
    }
}

#[test]
fn a_directory_that_the_group_can_share_is_taken_as_it_is() {
    let world = World::new();
    let dir = world.path("shared");
    fs::create_dir(&dir).unwrap();
    set_mode(&dir, 0o2775);
    let db = dir.join("keyctl.db");
    let line = format!("init --group staff --db {}", db.display());
    world.line(&line).without_db().run().code(0);
    assert_eq!(mode(&dir), 0o2775);
    assert_eq!(mode(&db), 0o660);
}

#[test]
fn a_directory_that_the_group_cannot_share_is_refused_and_left_as_it_is() {
    let world = World::new();
    let dir = world.path("there");
    fs::create_dir(&dir).unwrap();
    let db = dir.join("keyctl.db");
    let line = format!("init --group staff --db {}", db.display());
    let gid = rustix::process::getegid().as_raw();
    // In the last one anybody could put another file in the store's place.
    for unsuitable in [0o700, 0o770, 0o2750, 0o755, 0o2777] {
        set_mode(&dir, unsuitable);
        world.line(&line).without_db().run().fails(
            5,
            &format!(
                "the directory {0} is not shared with the group\n\
                 hint: chgrp {gid} {0} && chmod 2770 {0}, or name a directory that does not exist yet\n",
                dir.display()
            ),
        );
        assert_eq!(mode(&dir), unsuitable);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    }
}

#[test]
fn an_unknown_group_is_a_usage_error_and_nothing_is_made() {
    let world = World::new();
    let db = world.path("new/keyctl.db");
    let line = format!("init --group nosuch --db {}", db.display());
    world.line(&line).without_db().run().fails(
        2,
        "there is no group 'nosuch'\nhint: 'getent group' lists the groups\n",
    );
    assert!(!world.path("new").exists());
    let ran = Ran::from(world.real("init --group no-such-group").output().unwrap());
    ran.fails(2, "there is no group 'no-such-group'");
    assert!(!world.db().exists());
}

#[test]
fn what_is_there_already_is_refused_and_left_as_it_is() {
    let world = World::new();
    world.create("--scope inference --name web");
    let before = world.rows();
    let there = format!(
        "the store {} already exists\nhint: it is ready to use; to make another one, name \
         another file: --db PATH\n",
        world.db().display()
    );
    world.line("init").run().fails(4, &there);
    assert_eq!(world.rows(), before);

    let world = World::new();
    fs::write(world.db(), "mine").unwrap();
    let there = format!("{} already exists\n", world.db().display());
    world.line("init").run().fails(4, &there);
    assert_eq!(fs::read(world.db()).unwrap(), b"mine");

    let world = World::new();
    symlink(world.path("target"), world.db()).unwrap();
    let there = format!("{} already exists\n", world.db().display());
    world.line("init").run().fails(4, &there);
    assert!(!world.path("target").exists());
}

#[test]
fn the_first_event_keeps_why() {
    let world = World::new();
    world
        .cmd(["init", "-m", "a store for the lab"])
        .run()
        .code(0);
    let events = world.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].detail()["reason"], "a store for the lab");
}

#[test]
fn a_store_that_was_made_so_takes_keys() {
    let world = World::new();
    world.run("init");
    let ran = world.run("create --scope inference --quiet").stderr("");
    assert_eq!(world.verify(ran.stdout.trim_end(), ""), 0);
    assert_eq!(world.log(), ["init", "create"]);
}

/// A user of the machine, who needs no name.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

/// A directory and an executable that every user of this machine can reach, and users of a group.
struct Machine {
    dir: TempDir,
    group: String,
    founder: User,
    colleague: User,
    stranger: User,
}

impl Machine {
    /// `None`, and said, where the test may not become another user.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            print_skipped();
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o755);
        let work = dir.path().join("work");
        fs::create_dir(&work).unwrap();
        set_mode(&work, 0o777);
        let copy = dir.path().join("keyctl");
        // By another process: while this one writes to it, a child that another test has just
        // started would keep it from being run.
        let copied = Command::new("cp").arg(exe()).arg(&copy).status();
        assert!(copied.unwrap().success());
        set_mode(&copy, 0o755);
        let groups = fs::read_to_string("/etc/group").unwrap();
        let (group, gid) = groups
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.split(':').collect();
                Some(((*fields.first()?).to_owned(), fields.get(2)?.parse().ok()?))
            })
            .find(|&(_, gid): &(String, u32)| gid != 0)
            .unwrap();
        let user = |uid, gid| User { uid, gid };
        Some(Machine {
            dir,
            group,
            founder: user(4_000_011, gid),
            colleague: user(4_000_012, gid),
            stranger: user(4_000_013, 4_000_013),
        })
    }

    fn db(&self) -> PathBuf {
        self.dir.path().join("work/store/keyctl.db")
    }

    /// Runs a command line, split at blanks, as `user`, with `input` on standard input.
    fn run(&self, user: User, line: &str, input: &str) -> Ran {
        let mut child = Command::new(self.dir.path().join("keyctl"))
            .env_clear()
            .current_dir("/")
            .arg("--db")
            .arg(self.db())
            .args(line.split_whitespace())
            .uid(user.uid)
            .gid(user.gid)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who reads no input may be gone already.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        Ran::from(child.wait_with_output().unwrap())
    }

    /// The store, made by the founder for the group.
    fn shared(&self) {
        self.run(self.founder, &format!("init --group {}", self.group), "")
            .code(0);
    }

    /// A new key of `user`, whose token is returned.
    fn create(&self, user: User, name: &str) -> String {
        let line = format!("create --scope inference --name {name}");
        let ran = self.run(user, &line, "").code(0);
        ran.stdout.trim_end().to_owned()
    }
}

#[allow(clippy::print_stdout, reason = "whoever runs the tests has to know")]
fn print_skipped() {
    println!("skipped: needs root");
}

#[test]
fn two_users_of_a_group_share_a_store_by_the_rules_of_access() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.shared();
    let (founder, colleague) = (machine.founder, machine.colleague);
    let theirs = machine.create(founder, "theirs");
    let own = machine.create(colleague, "own");
    for file in files(&machine.db()) {
        assert_eq!(mode(&file), 0o660, "{}", file.display());
        assert_eq!(fs::metadata(&file).unwrap().gid(), founder.gid);
    }

    let record = machine.run(colleague, "show own --format json", "").json();
    assert_eq!(record["owner"], "uid:4000012");
    assert_eq!(record["created_by"], "uid:4000012");
    for token in [&theirs, &own] {
        machine.run(founder, "verify", token).code(0);
        machine.run(colleague, "verify", token).code(0);
    }
    machine.run(colleague, "edit own --name mine", "").code(0);
    for line in [
        "disable theirs",
        "delete theirs --yes",
        "rotate theirs",
        "create --scope inference --owner uid:4000011",
    ] {
        machine.run(colleague, line, "").fails(
            4,
            "'uid:4000012' may not manage keys of 'uid:4000011'\n\
             hint: only their owner or an administrator of this store may; 'keyctl --db ",
        );
    }
    machine
        .run(colleague, "policy set max-expiry never", "")
        .fails(4, "'uid:4000012' may not set policy");
    machine.run(colleague, "verify", &theirs).code(0);

    // The founder is an administrator, and makes another one.
    machine.run(founder, "disable mine", "").code(0);
    machine.run(colleague, "verify", &own).code(1);
    machine.run(colleague, "enable mine", "").fails(4, "");
    machine.run(founder, "admin add uid:4000012", "").code(0);
    machine.run(colleague, "enable mine", "").code(0);
    machine.run(colleague, "disable theirs", "").code(0);
    machine.run(founder, "verify", &theirs).code(1);

    let root = User { uid: 0, gid: 0 };
    machine.run(root, "policy set max-expiry 100d", "").code(0);
    let log = machine.run(colleague, "log --action refuse --format json", "");
    let refused: Vec<_> = log.json().as_array().unwrap().clone();
    let commands: Vec<_> = refused
        .iter()
        .map(|event| event["detail"]["command"].as_str().unwrap())
        .collect();
    assert_eq!(
        commands,
        [
            "disable",
            "delete",
            "rotate",
            "create",
            "policy set",
            "enable"
        ]
    );
    assert!(
        refused
            .iter()
            .all(|event| event["actor"] == "uid:4000012" && event["detail"]["uid"] == 4_000_012)
    );
    machine.run(colleague, "log --check", "").code(0);
}

#[test]
fn who_may_only_read_the_store_can_verify_and_changes_nothing() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.shared();
    let (founder, stranger) = (machine.founder, machine.stranger);
    let token = machine.create(founder, "web");
    machine.run(stranger, "verify", &token).code(5).stdout("");

    let dir = machine.db().parent().unwrap().to_owned();
    set_mode(&dir, 0o2775);
    let now_readable = || {
        for file in files(&machine.db()) {
            if file.exists() {
                set_mode(&file, 0o664);
            }
        }
    };
    now_readable();
    // With SQLite's files beside it, and without them.
    for _ in 0..2 {
        let before = snapshot(&dir);
        let log = machine.run(stranger, "log --format json", "").stdout;
        machine
            .run(stranger, "verify --scope inference", &token)
            .code(0);
        machine
            .run(stranger, "verify --scope project", &token)
            .code(6);
        machine.run(stranger, "verify", "kc_nothing").code(1);
        for line in [
            "list",
            "show web",
            "log",
            "log --check",
            "policy show",
            "admin list",
        ] {
            machine.run(stranger, line, "").code(0);
        }
        for line in [
            "create --scope inference",
            "edit web --name other",
            "disable web",
            "policy set max-expiry 10d",
            "admin add uid:4000013",
            "member add search uid:4000013 --role owner",
            "delete web --yes",
        ] {
            machine.run(stranger, line, "").fails(
                5,
                &format!(
                    "the store {} is read-only for you\n",
                    machine.db().display()
                ),
            );
        }
        assert!(snapshot(&dir) == before, "a file was changed");
        assert_eq!(machine.run(stranger, "log --format json", "").stdout, log);
        // Closed by a program that leaves nothing beside the file.
        let quiet = rusqlite::Connection::open(machine.db()).unwrap();
        quiet
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        drop(quiet);
        assert!(!files(&machine.db())[1].exists());
    }
    assert_eq!(
        id_of(&token),
        machine
            .run(stranger, "list --format ids", "")
            .stdout
            .trim_end()
    );
}

/// The store's file as it is on disk, and the names beside it.
fn snapshot(dir: &Path) -> (Vec<u8>, Vec<String>) {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    (fs::read(dir.join("keyctl.db")).unwrap(), names)
}
