//! Identity of the open files of a store, to notice that one of them was replaced.
//!
//! SQLite keeps the log and its index open. If one of them is removed, other processes make a new one and
//! commit there. This process would miss their commits, and its own writes would damage theirs.

use super::base::shown;
use super::parts::sibling;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Suffixes of the siblings that SQLite keeps open.
const KEPT_OPEN: [&str; 2] = ["-wal", "-shm"];

/// Device and inode number of a file.
pub type Inode = (u64, u64);

/// Device and inode numbers of the log and of its index; `None` for a missing file.
type SiblingInodes = [Option<Inode>; 2];

/// Siblings that this process has open, by their store's file, with the number of its connections.
///
/// One map for the process: in SQLite too, all connections of a process share the index that the first of
/// them opened.
static HELD: Mutex<BTreeMap<Inode, (usize, SiblingInodes)>> = Mutex::new(BTreeMap::new());

/// Open files of one connection. Dropped after the connection is closed.
pub struct Held {
    /// Path of the store as it was given: a link in it may be changed.
    named: PathBuf,
    /// Path of the store's file without links, beside which the siblings lie.
    path: PathBuf,
    store: Inode,
}

/// Result of comparing the open files with those at the store's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The files are the same.
    Same,
    /// The store's file is missing or another one.
    Replaced,
}

impl Held {
    /// Records a connection that was just opened to the store at `path`, a path without links to which
    /// `named` leads. `None` if the file is gone.
    pub fn note(named: &Path, path: &Path) -> Option<Self> {
        let store = inode(path)?;
        let mut held = held();
        let (count, _) = held.entry(store).or_insert((0, siblings_of(path)));
        *count += 1;
        Some(Held {
            named: named.to_owned(),
            path: path.to_owned(),
            store,
        })
    }

    /// Compares the open files with those at the store's path now.
    ///
    /// # Errors
    ///
    /// Fails if the store's file is the same, but a sibling is missing or another one.
    pub fn compare(&self) -> Result<Comparison> {
        if inode(&self.named) != Some(self.store) {
            return Ok(Comparison::Replaced);
        }
        let now = siblings_of(&self.path);
        if let Some((_, opened)) = held().get_mut(&self.store) {
            match missing(opened, &now) {
                Some(suffix) => return Err(removed(&sibling(&self.path, suffix))),
                // A sibling that was missing may exist now.
                None => *opened = now,
            }
        }
        Ok(Comparison::Same)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = held();
        if let Some((count, _)) = held.get_mut(&self.store) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.store);
            }
        }
    }
}

fn held() -> MutexGuard<'static, BTreeMap<Inode, (usize, SiblingInodes)>> {
    // A poisoned map is still consistent: no change of it can panic halfway.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells whether both paths lead to the same file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    inode(a).is_some_and(|a| inode(b) == Some(a))
}

/// Returns the device and inode number of the file at `path`, links followed; `None` if it is missing.
pub fn inode(path: &Path) -> Option<Inode> {
    fs::metadata(path).ok().map(|file| inode_of(&file))
}

/// Returns the device and inode number of `file`.
pub fn inode_of(file: &Metadata) -> Inode {
    (file.dev(), file.ino())
}

/// Inodes of a store's file and of its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// Inode of the store's file; `None` if it is missing.
    pub store: Option<Inode>,
    /// Inodes of the log and of its index; `None` for a missing file.
    pub siblings: SiblingInodes,
}

/// Returns the inodes of the store's file at `path` and of its siblings.
pub fn files(path: &Path) -> Files {
    Files {
        store: inode(path),
        siblings: siblings_of(path),
    }
}

fn siblings_of(path: &Path) -> SiblingInodes {
    KEPT_OPEN.map(|suffix| inode(&sibling(path, suffix)))
}

/// Returns the suffix of the first sibling that was `opened` and is `now` missing or another file.
fn missing(opened: &SiblingInodes, now: &SiblingInodes) -> Option<&'static str> {
    let pairs = opened.iter().zip(now).zip(KEPT_OPEN);
    let mut missing = pairs.filter(|((opened, now), _)| opened.is_some() && opened != now);
    missing.next().map(|(_, suffix)| suffix)
}

fn removed(sibling: &Path) -> Error {
    Error::unavailable(format!(
        "{} was removed or replaced while the store was in use: changes by others would not be seen",
        shown(sibling)
    ))
    .hint("run the command again, and leave that file alone: it is a part of the store")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store's file and both siblings in a directory of their own.
    fn store() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("k.db");
        for suffix in ["", "-wal", "-shm"] {
            fs::write(sibling(&path, suffix), "").unwrap();
        }
        (directory, path)
    }

    /// Puts another file in the place of the one at `path`.
    fn replace(path: &Path) {
        let new = sibling(path, ".new");
        fs::write(&new, "").unwrap();
        fs::rename(new, path).unwrap();
    }

    #[test]
    fn compare_refuses_a_sibling_that_is_gone_or_another_one() {
        for suffix in KEPT_OPEN {
            let (_directory, path) = store();
            let held = Held::note(&path, &path).unwrap();
            assert_eq!(held.compare(), Ok(Comparison::Same));
            replace(&sibling(&path, suffix));
            assert!(held.compare().is_err(), "{suffix}");
            fs::remove_file(sibling(&path, suffix)).unwrap();
            let error = held.compare().unwrap_err();
            assert!(error.message.contains(suffix), "{error}");
        }
    }

    #[test]
    fn compare_takes_a_sibling_that_is_new_and_keeps_to_it() {
        let (_directory, path) = store();
        let log = sibling(&path, "-wal");
        fs::remove_file(&log).unwrap();
        let held = Held::note(&path, &path).unwrap();
        fs::write(&log, "").unwrap();
        assert_eq!(held.compare(), Ok(Comparison::Same));
        replace(&log);
        assert!(held.compare().is_err());
    }

    #[test]
    fn compare_tells_of_another_store_in_the_place() {
        let (_directory, path) = store();
        let held = Held::note(&path, &path).unwrap();
        replace(&path);
        assert_eq!(held.compare(), Ok(Comparison::Replaced));
        fs::remove_file(&path).unwrap();
        assert_eq!(held.compare(), Ok(Comparison::Replaced));
    }

    #[test]
    fn a_later_connection_holds_what_the_first_has_opened() {
        let (_directory, path) = store();
        let first = Held::note(&path, &path).unwrap();
        replace(&sibling(&path, "-shm"));
        // SQLite gives the second connection the index of the first.
        let second = Held::note(&path, &path).unwrap();
        assert!(second.compare().is_err());
        drop((first, second));
        // With none open, the next one opens what is there.
        assert_eq!(
            Held::note(&path, &path).unwrap().compare(),
            Ok(Comparison::Same)
        );
    }
}
