//! Whose the files are that are made in a store's place or beside it.

use super::harness::{Site, is_root, mode, run, set_mode, skipped};
use crate::harness::{Ran, exe};
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The store's owner, somebody else in the group, and the group.
const OWNER: u32 = 4_000_001;
const MEMBER: u32 = 4_000_003;
const GROUP: u32 = 4_000_009;

/// The owner's own group.
const OWN_GROUP: u32 = 4_000_002;

/// A directory that belongs to the owner, and an executable that everybody can run.
struct House {
    site: Site,
}

impl House {
    /// With this group and this mode; `None`, and said, where nobody else can be become.
    fn new(gid: u32, bits: u32) -> Option<Self> {
        if !is_root() {
            skipped("needs root, to become several users");
            return None;
        }
        let site = Site::new();
        let copied = Command::new("cp")
            .arg(exe())
            .arg(site.path("keyctl"))
            .status();
        assert!(copied.unwrap().success());
        set_mode(site.path(""), 0o755);
        fs::create_dir(site.path("home")).unwrap();
        chown(site.path("home"), Some(OWNER), Some(gid)).unwrap();
        set_mode(site.path("home"), bits);
        Some(House { site })
    }

    /// What a user does in the directory.
    fn by(&self, uid: u32, gid: u32, line: &str) -> Ran {
        let mut command = self.site.clean("../keyctl");
        command
            .current_dir(self.site.path("home"))
            .env("KEYCTL_DB", "k.db")
            .args(line.split_whitespace())
            .uid(uid)
            .gid(gid);
        run(&mut command)
    }

    fn by_owner(&self, line: &str) -> Ran {
        self.by(OWNER, OWN_GROUP, line).code(0)
    }

    fn by_root(&self, line: &str) -> Ran {
        self.by(0, 0, line).code(0)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.site.path("home").join(name)
    }

    /// The files that a restore has put aside, the store's own first.
    fn kept_aside(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut kept: Vec<PathBuf> = paths
            .filter(|path| path.to_string_lossy().contains(".replaced-"))
            .collect();
        kept.sort();
        kept
    }
}

/// A file's owner, group and mode.
fn whose(path: impl AsRef<Path>) -> (u32, u32, u32) {
    let file = fs::metadata(&path).unwrap();
    (file.uid(), file.gid(), mode(path))
}

#[test]
fn a_restore_by_root_keeps_what_it_replaced_for_the_stores_owner() {
    for is_damaged in [false, true] {
        let Some(house) = House::new(OWN_GROUP, 0o700) else {
            return;
        };
        house.by_owner("create --scope inference --name first");
        house.by_owner("backup copy.db");
        house.by_owner("create --scope inference --name second");
        let store = whose(house.path("k.db"));
        assert_eq!(store, (OWNER, OWN_GROUP, 0o600));
        if is_damaged {
            let mut bytes = fs::read(house.path("k.db")).unwrap();
            bytes[4096 + 8..].fill(0xa5);
            fs::write(house.path("k.db"), bytes).unwrap();
        }
        house.by_root("restore copy.db --yes");
        let kept = house.kept_aside();
        assert_eq!(kept.len(), 1 + usize::from(is_damaged), "{kept:?}");
        for path in kept
            .iter()
            .chain(&["", "-wal", "-shm"].map(|part| house.path(&format!("k.db{part}"))))
        {
            assert_eq!(whose(path), store, "{}", path.display());
        }
        if !is_damaged {
            let line = format!("restore {} --yes", kept[0].display());
            house.by_owner(&line);
            house.by_owner("show second");
        }
    }
}

#[test]
fn a_restore_by_one_of_a_group_keeps_what_it_replaced_for_the_group() {
    let Some(house) = House::new(GROUP, 0o2770) else {
        return;
    };
    house.by(OWNER, GROUP, "init").code(0);
    house
        .by(OWNER, GROUP, &format!("admin add uid:{MEMBER}"))
        .code(0);
    house.by(MEMBER, GROUP, "backup copy.db").code(0);
    house.by(MEMBER, GROUP, "restore copy.db --yes").code(0);
    let kept = house.kept_aside();
    assert_eq!(whose(&kept[0]), (MEMBER, GROUP, 0o660));
    let line = format!("restore {} --yes", kept[0].display());
    house.by(OWNER, GROUP, &line).code(0);
}

#[test]
fn a_store_that_is_made_in_a_directory_that_a_group_shares_is_the_groups_and_that_is_said() {
    for line in [
        "init",
        "create --scope inference --quiet",
        "restore copy.db --yes --quiet",
    ] {
        for (uid, gid) in [(OWNER, GROUP), (MEMBER, GROUP), (0, 0)] {
            let Some(house) = House::new(GROUP, 0o2770) else {
                return;
            };
            let other = house.site.path("copy");
            run(house.site.bare("init --db").arg(&other)).code(0);
            fs::copy(&other, house.path("copy.db")).unwrap();
            set_mode(house.path("copy.db"), 0o644);
            house.by(uid, gid, line).code(0).says(&format!(
                "the group with gid {GROUP} shares it, as it shares the directory"
            ));
            let owner = if uid == 0 { OWNER } else { uid };
            for part in ["", "-wal", "-shm"] {
                let path = house.path(&format!("k.db{part}"));
                assert_eq!(whose(path), (owner, GROUP, 0o660), "{uid} {line} {part}");
            }
            for uid in [OWNER, MEMBER] {
                house.by(uid, GROUP, "create --scope inference").code(0);
            }
        }
    }
}

#[test]
fn an_empty_file_in_a_directory_that_a_group_shares_stays_the_groups_and_nobody_elses() {
    let Some(house) = House::new(GROUP, 0o2770) else {
        return;
    };
    fs::write(house.path("k.db"), "").unwrap();
    chown(house.path("k.db"), Some(MEMBER), Some(GROUP)).unwrap();
    set_mode(house.path("k.db"), 0o664);
    house.by(MEMBER, GROUP, "create --scope inference").code(0);
    assert_eq!(whose(house.path("k.db")), (MEMBER, GROUP, 0o660));
}

#[test]
fn a_store_in_any_other_directory_is_its_makers_alone() {
    for bits in [0o770, 0o2750, 0o750, 0o700] {
        let Some(house) = House::new(GROUP, bits) else {
            return;
        };
        let ran = house.by(OWNER, GROUP, "create --scope inference").code(0);
        assert!(
            !ran.stderr.contains("belongs") && !ran.stderr.contains("shares"),
            "{ran:#?}"
        );
        let (uid, _, mode) = whose(house.path("k.db"));
        assert_eq!((uid, mode), (OWNER, 0o600), "{bits:o}");
    }
}

#[test]
fn what_root_makes_in_a_users_directory_is_the_users_and_that_is_said() {
    for line in [
        "init",
        "create --scope inference --quiet",
        "restore ../copy --yes --quiet",
    ] {
        let Some(house) = House::new(OWN_GROUP, 0o700) else {
            return;
        };
        run(house
            .site
            .bare("init --db copy")
            .current_dir(house.site.path("")))
        .code(0);
        house
            .by_root(line)
            .says(&format!("it belongs to uid {OWNER}, as its directory does"));
        for part in ["", "-wal", "-shm"] {
            let path = house.path(&format!("k.db{part}"));
            assert_eq!(whose(path), (OWNER, OWN_GROUP, 0o600), "{line} {part}");
        }
        house.by_owner("create --scope inference");
        house.by_root(&format!(
            "{} --db made/deep/k.db",
            line.replace("../copy", "k.db")
        ));
        for name in ["made", "made/deep"] {
            assert_eq!(whose(house.path(name)), (OWNER, OWN_GROUP, 0o700), "{name}");
        }
        house.by_owner("create --scope inference --db made/deep/k.db");
    }
}

#[test]
fn what_root_makes_beside_a_users_store_is_the_users() {
    let Some(house) = House::new(OWN_GROUP, 0o700) else {
        return;
    };
    house.by_owner("create --scope inference");
    for part in ["-wal", "-shm"] {
        fs::remove_file(house.path(&format!("k.db{part}"))).unwrap();
    }
    house.by_root("create --scope inference");
    for part in ["", "-wal", "-shm"] {
        let path = house.path(&format!("k.db{part}"));
        assert_eq!(whose(path), (OWNER, OWN_GROUP, 0o600), "{part}");
    }
    house.by_owner("create --scope inference");
}

#[test]
fn with_self_service_off_a_user_stops_a_key_but_creates_none() {
    let Some(house) = House::new(GROUP, 0o2770) else {
        return;
    };
    let by_owner = |line: &str| house.by(OWNER, GROUP, line).code(0);
    let by_member = |line: &str| house.by(MEMBER, GROUP, line);
    by_owner("init");
    by_member("create --scope inference --name own").code(0);
    by_owner("policy set self-service off");
    by_member("create --scope inference --name more").fails(
        4,
        &format!("'uid:{MEMBER}' may not create keys: policy self-service is off\n"),
    );
    by_owner(&format!(
        "create --scope inference --name given --owner uid:{MEMBER}"
    ));
    by_member("rotate own").code(0);
    by_member("disable given").code(0);
    by_owner("policy unset self-service");
    by_member("create --scope inference --name more").code(0);
}
