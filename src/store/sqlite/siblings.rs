//! Check of the sibling files, which SQLite takes for parts of the store by their names alone: the
//! write-ahead log, its index and the rollback journal.
//!
//! A user who can put one of them beside a store decides what is in the store. So each is checked before
//! SQLite opens it: it must be a regular file with one name, and its owner must be a user who may write
//! the store anyway.

use super::actor::ROOT;
use super::base::shown;
use super::owner::{GROUP_WRITE, OTHERS_WRITE, SET_GROUP};
use super::parts::{PARTS, sibling};
use crate::directory;
use crate::error::{Error, Result, shell_word};
use rustix::process::{getegid, geteuid};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Owner, group and mode of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The uid of the owner.
    pub uid: u32,
    /// The gid of the group.
    pub gid: u32,
    /// The permission bits.
    pub mode: u32,
}

impl Ownership {
    fn of(file: &Metadata) -> Self {
        Ownership {
            uid: file.uid(),
            gid: file.gid(),
            mode: file.mode(),
        }
    }

    /// Tells whether a sibling with this ownership, in `directory`, was made by a user who may not write
    /// `store`: neither its owner, nor root, nor the uid `caller`, nor a member of a group that may write it.
    pub fn is_strangers(self, store: Ownership, directory: Ownership, caller: u32) -> bool {
        let is_shared = store.mode & GROUP_WRITE != 0
            && self.gid == store.gid
            && !directory.gives_its_group_to_anybody();
        ![store.uid, ROOT, caller].contains(&self.uid) && !is_shared
    }

    /// Tells whether any user's new file in this directory gets the directory's group. Then the group does
    /// not prove that the maker is a member.
    fn gives_its_group_to_anybody(self) -> bool {
        self.mode & OTHERS_WRITE != 0 && self.mode & SET_GROUP != 0
    }
}

/// Reason why SQLite must not open a sibling file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotRegular,
    /// Number of its hard links, more than one.
    HardLinked(u64),
    /// Uid of its owner, who may not write the store.
    Strangers(u32),
}

impl Fault {
    fn of(sibling: &Metadata, store: Ownership, directory: Ownership, caller: u32) -> Option<Self> {
        if !sibling.is_file() {
            return Some(Fault::NotRegular);
        }
        if Ownership::of(sibling).is_strangers(store, directory, caller) {
            return Some(Fault::Strangers(sibling.uid()));
        }
        (sibling.nlink() > 1).then(|| Fault::HardLinked(sibling.nlink()))
    }
}

/// Sibling file that SQLite must not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    path: PathBuf,
    fault: Fault,
    /// The uid of the store's owner.
    owner: u32,
}

impl Foreign {
    /// The path, escaped for messages.
    pub fn shown(&self) -> String {
        shown(&self.path)
    }

    /// Describes the fault, in words that follow the path.
    pub fn reason(&self) -> String {
        match self.fault {
            Fault::NotRegular => "is not a regular file".to_owned(),
            Fault::HardLinked(names) => has_names(names),
            Fault::Strangers(uid) => belongs_to_stranger(uid, self.owner),
        }
    }

    /// Returns the error for a store with this sibling.
    fn refusal(&self) -> Error {
        let word = shell_word(&self.path.to_string_lossy());
        let hint = match self.fault {
            Fault::NotRegular => format!(
                "find out who put it there; while nobody uses the store, move it away: mv {word} DIRECTORY"
            ),
            Fault::HardLinked(_) => {
                format!("remove the other names, never the last one: find / -xdev -samefile {word}")
            }
            Fault::Strangers(_) => format!(
                "find out how it came there; if it is the store's own: chown {} {word}; if not, move it away while nobody uses the store: mv {word} DIRECTORY",
                self.owner
            ),
        };
        Error::unavailable(format!(
            "{}, which SQLite would take for a part of the store, {}",
            self.shown(),
            self.reason()
        ))
        .hint(hint)
    }
}

/// Describes a sibling with several hard links, in words that follow its path.
pub fn has_names(names: u64) -> String {
    format!("has {names} names (hard links): what is written to it goes elsewhere too")
}

/// Describes a file of the user `uid`, who may not write the store of `owner`, in words that follow its path.
pub fn belongs_to_stranger(uid: u32, owner: u32) -> String {
    format!(
        "belongs to uid {uid}, who is neither you, nor root, nor the owner of the store (uid {owner})"
    )
}

/// Result of a check of all sibling files of a store.
#[derive(Debug)]
pub struct Siblings {
    /// The files that SQLite must not open.
    pub foreign: Vec<Foreign>,
    /// True if a log or journal of the store itself is not empty: its file alone does not hold everything.
    pub has_content: bool,
}

impl Siblings {
    /// Checks the siblings of the store at `path`, a path without links.
    ///
    /// Uses lstat(2) and opens nothing: an open of a pipe could hang, and a close would drop this process's
    /// locks. If stat(2) fails on the store, reports no siblings: the open of the store fails then.
    pub fn of(path: &Path) -> Self {
        let mut siblings = Siblings {
            foreign: Vec::new(),
            has_content: false,
        };
        let Some((store, directory)) = store_and_directory(path) else {
            return siblings;
        };
        let caller = geteuid().as_raw();
        for suffix in PARTS {
            let path = sibling(path, suffix);
            let Ok(sibling) = fs::symlink_metadata(&path) else {
                continue;
            };
            match Fault::of(&sibling, store, directory, caller) {
                Some(fault) => siblings.foreign.push(Foreign {
                    path,
                    fault,
                    owner: store.uid,
                }),
                None => siblings.has_content |= suffix != "-shm" && sibling.len() > 0,
            }
        }
        siblings
    }

    /// Fails if there is a sibling that SQLite must not open.
    pub fn check(&self) -> Result<()> {
        match self.foreign.first() {
            None => Ok(()),
            Some(foreign) => Err(foreign.refusal()),
        }
    }
}

/// Tells whether siblings that SQLite makes for this process would be a stranger's to the store's owner, who
/// could not open the store then.
pub fn would_be_strangers(path: &Path) -> bool {
    let uid = geteuid().as_raw();
    if fs::metadata(path).is_ok_and(|store| [store.uid(), ROOT].contains(&uid)) {
        return false;
    }
    let Some((store, directory)) = store_and_directory(path) else {
        return false;
    };
    let made = Ownership {
        uid,
        gid: match directory.mode & SET_GROUP {
            0 => getegid().as_raw(),
            _ => directory.gid,
        },
        mode: store.mode,
    };
    made.is_strangers(store, directory, store.uid)
}

fn store_and_directory(path: &Path) -> Option<(Ownership, Ownership)> {
    let of = |path| fs::metadata(path).ok().map(|it| Ownership::of(&it));
    Some((of(path)?, of(directory::of(path))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: u32 = 1000;
    const CALLER: u32 = 1001;
    const STRANGER: u32 = 1002;
    const GROUP: u32 = 50;

    fn file(uid: u32, gid: u32, mode: u32) -> Ownership {
        Ownership { uid, gid, mode }
    }

    #[test]
    fn is_strangers_tells_who_may_write_the_store_anyway() {
        let private = file(OWNER, GROUP, 0o600);
        let shared = file(OWNER, GROUP, 0o660);
        let readable = file(OWNER, GROUP, 0o640);
        let directory = file(OWNER, GROUP, 0o2770);
        for uid in [OWNER, ROOT, CALLER] {
            let sibling = file(uid, 7, 0o666);
            assert!(!sibling.is_strangers(private, directory, CALLER), "{uid}");
        }
        for (sibling, store, expected) in [
            (file(STRANGER, GROUP, 0o600), private, true),
            (file(STRANGER, GROUP, 0o600), readable, true),
            (file(STRANGER, GROUP, 0o660), shared, false),
            (file(STRANGER, 7, 0o660), shared, true),
        ] {
            let found = sibling.is_strangers(store, directory, CALLER);
            assert_eq!(found, expected, "{sibling:?} beside {store:?}");
        }
        // Sticky or not, in a set-group-ID directory that others may write any file gets the group.
        for (mode, expected) in [
            (0o3777, true),
            (0o2777, true),
            (0o2775, false),
            (0o1777, false),
        ] {
            let directory = file(OWNER, GROUP, mode);
            let sibling = file(STRANGER, GROUP, 0o666);
            let found = sibling.is_strangers(shared, directory, CALLER);
            assert_eq!(found, expected, "{mode:o}");
        }
    }
}
