//! Users who are somebody else in a user namespace of their own.

use super::harness::{Site, finish, is_root, run, run_with, set_mode, skipped, until};
use crate::harness::{Ran, exe};
use std::fs;
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// The store's owner, somebody else in its group, and the group.
const OWNER: u32 = 4_000_001;
const MEMBER: u32 = 4_000_003;
const GROUP: u32 = 4_000_009;

/// A store that a group shares, made by `founder`, and an executable that everybody can run.
struct Shared {
    site: Site,
}

impl Shared {
    fn new(founder: u32) -> Option<Self> {
        if !is_root() {
            skipped("needs root, to become several users");
            return None;
        }
        let may = Command::new("unshare")
            .args(["-Ur", "true"])
            .uid(MEMBER)
            .gid(GROUP)
            .stderr(Stdio::null())
            .status();
        if !may.is_ok_and(|status| status.success()) {
            skipped("needs unshare, and leave to make a user namespace");
            return None;
        }
        let site = Site::new();
        let copied = Command::new("cp")
            .arg(exe())
            .arg(site.path("keyctl"))
            .status();
        assert!(copied.unwrap().success());
        set_mode(site.path(""), 0o755);
        fs::create_dir(site.path("shared")).unwrap();
        chown(site.path("shared"), Some(OWNER), Some(GROUP)).unwrap();
        set_mode(site.path("shared"), 0o2770);
        let shared = Shared { site };
        shared.by(founder, &[], "init").code(0);
        for suffix in ["", "-wal", "-shm"] {
            let path = shared.site.path(format!("shared/k.db{suffix}"));
            chown(&path, Some(OWNER), Some(GROUP)).unwrap();
            set_mode(path, 0o660);
        }
        Some(shared)
    }

    fn command(&self, uid: u32, before: &[&str], line: &str) -> Command {
        let words = before
            .iter()
            .copied()
            .chain(["./keyctl", "--db", "shared/k.db"]);
        let mut words = words.chain(line.split_whitespace());
        let mut command = self.site.clean(words.next().unwrap());
        command.args(words).uid(uid).gid(GROUP);
        command
    }

    /// What `uid` does by `before` the command line, which may make a namespace.
    fn by(&self, uid: u32, before: &[&str], line: &str) -> Ran {
        run(&mut self.command(uid, before, line))
    }

    /// What `uid` does in a namespace whose maps root has written, as container programs do.
    fn contained(&self, uid: u32, uids: &str, gids: &str, line: &str) -> Ran {
        let script = "read -r go; exec \"$@\"";
        let before = ["unshare", "-U", "sh", "-c", script, "sh"];
        let mut command = self.command(uid, &before, line);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let of = |what: &str| format!("/proc/{}/{what}", child.id());
        let ours = fs::read_link("/proc/self/ns/user").unwrap();
        until("it has a namespace of its own", || {
            fs::read_link(of("ns/user")).is_ok_and(|its| its != ours)
        });
        fs::write(of("uid_map"), uids).unwrap();
        fs::write(of("gid_map"), gids).unwrap();
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        finish(child)
    }

    /// Ways to be root in a namespace that seems to be the first one: a file in the place of the
    /// kernel's, alone or with a directory in the place of `/proc`.
    fn forgeries(&self) -> Vec<Vec<String>> {
        fs::create_dir_all(self.site.path("proc/self")).unwrap();
        fs::write(self.site.path("proc/self/uid_map"), "0 0 4294967295\n").unwrap();
        for name in ["proc", "proc/self"] {
            set_mode(self.site.path(name), 0o755);
        }
        set_mode(self.site.path("proc/self/uid_map"), 0o644);
        let mounts = ["proc/self/uid_map /proc/$$/uid_map", "proc /proc"];
        let scripts = mounts.map(|mount| format!("mount --bind {mount} && exec \"$@\""));
        let words = |script: String| {
            let words = ["unshare", "-Urm", "sh", "-c", &script, "sh"];
            words.map(str::to_owned).to_vec()
        };
        scripts.map(words).to_vec()
    }

    /// The events, oldest first: who did what.
    fn log(&self) -> Vec<(String, String, serde_json::Value)> {
        let log = self.by(OWNER, &[], "log --format json").code(0).json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let lines = log.as_array().unwrap().iter();
        lines
            .map(|line| {
                (
                    text(&line["actor"]),
                    text(&line["action"]),
                    line["detail"].clone(),
                )
            })
            .collect()
    }
}

/// Ways to be another user: root, the store's owner, and root in a namespace of the owner's number.
fn guises() -> Vec<Vec<String>> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    vec![
        words("unshare -Ur"),
        words(&format!("unshare --map-user={OWNER}")),
        words("unshare --map-user=65534"),
        words("unshare -Ur unshare -Ur"),
        words(&format!(
            "unshare --map-user={OWNER} --map-group=0 unshare -Ur"
        )),
    ]
}

/// What only an administrator, or a key's owner, may do.
const FORBIDDEN: [&str; 6] = [
    "policy set max-expiry never",
    "admin add mallory",
    "scope add x",
    "create --scope inference --owner root",
    "disable theirs",
    "create --kind legacy",
];

#[test]
fn who_is_root_or_the_owner_in_a_namespace_of_their_own_is_no_administrator() {
    // Root may be appointed, too.
    for founder in [OWNER, 0] {
        let Some(shared) = Shared::new(founder) else {
            return;
        };
        let line = "create --scope inference --name theirs --quiet";
        let token = shared.by(founder, &[], line).code(0).stdout;
        for guise in guises().into_iter().chain(shared.forgeries()) {
            let before: Vec<&str> = guise.iter().map(String::as_str).collect();
            for line in FORBIDDEN {
                let ran = shared.by(MEMBER, &before, line);
                assert_eq!(ran.code, 4, "{guise:?} {line} {ran:#?}");
                ran.says(" may not ");
            }
            // To read and to verify, nobody need be known.
            for line in ["list", "show theirs", "log"] {
                shared.by(MEMBER, &before, line).code(0);
            }
            let verify = &mut shared.command(MEMBER, &before, "verify --no-touch");
            run_with(verify, &token).code(0);
        }
        assert!(shared.by(OWNER, &[], "policy show").stdout.contains("365d"));
    }
}

#[test]
fn what_is_done_in_a_namespace_is_logged_as_done_by_the_uid_outside() {
    let Some(shared) = Shared::new(OWNER) else {
        return;
    };
    let before = ["unshare", "-Ur"];
    shared
        .by(MEMBER, &before, "create --scope inference --name mine")
        .code(0);
    shared
        .by(MEMBER, &before, "policy set max-expiry never")
        .code(4);
    let record = shared.by(OWNER, &[], "show mine --format json").json();
    assert_eq!(record["owner"], format!("userns:{MEMBER}"));
    let log = shared.log();
    for (line, action) in log[1..].iter().zip(["create", "refuse"]) {
        assert_eq!((&*line.0, &*line.1), (&*format!("userns:{MEMBER}"), action));
        assert_eq!(line.2["uid"], MEMBER);
    }
    // Without a namespace they are somebody else.
    shared
        .by(MEMBER, &[], "disable mine")
        .code(4)
        .says(&format!("'uid:{MEMBER}'"));
    shared.by(OWNER, &[], "disable mine").code(0);
}

#[test]
fn who_owns_the_store_or_is_root_where_its_owner_is_known_is_an_administrator() {
    let Some(shared) = Shared::new(OWNER) else {
        return;
    };
    let line = "policy set max-expiry 300d";
    // The owner, as root of a namespace that knows only them.
    shared.by(OWNER, &["unshare", "-Ur"], line).code(0);
    shared.by(0, &[], line).code(0);
    // As containers have it: all who have to do with the store are somebody inside.
    let gids = format!("0 0 1\n5000 {GROUP} 1\n");
    for (uid, uids) in [
        (0, format!("0 0 1\n1000 {OWNER} 1\n")),
        (OWNER, format!("0 0 1\n1000 {OWNER} 1\n")),
        // A store of nobody's, and nobody who runs the program.
        (0, format!("0 0 1\n65534 {OWNER} 1\n")),
        (OWNER, format!("0 0 1\n65534 {OWNER} 1\n")),
    ] {
        let ran = shared.contained(uid, &uids, &gids, line);
        assert_eq!(ran.code, 0, "{uid} {uids:?}: {ran:#?}");
    }
}

#[test]
fn root_of_a_container_is_no_administrator_of_a_store_from_outside_it() {
    // By name, it would be.
    let Some(shared) = Shared::new(0) else {
        return;
    };
    let gids = format!("0 {GROUP} 1\n");
    // With and without somebody inside who has the number by which the store's owner is shown.
    for uids in [
        format!("0 {MEMBER} 1\n1 4100000 60000\n"),
        format!("0 {MEMBER} 1\n1 4100000 65536\n"),
    ] {
        for line in FORBIDDEN {
            if line != "disable theirs" {
                let ran = shared.contained(MEMBER, &uids, &gids, line).code(4);
                ran.says(&format!("'userns:{MEMBER}' may not "));
            }
        }
        shared.contained(MEMBER, &uids, &gids, "list").code(0);
    }
}
