//! Fingerprint of a file that is read without locks, to notice that it changed meanwhile.

use super::identity::{Inode, inode_of};
use super::parts::{has_journal, has_log, is_there, sibling};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Metadata of a file that differs once its content was changed. Taken with stat(2), without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// True if the file is read without its siblings.
    alone: bool,
    inode: Inode,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// Returns the device and inode number of the file.
    pub fn inode(self) -> Inode {
        self.inode
    }

    /// Returns the fingerprint of the file at `path` if it has no index, and no log or journal with content:
    /// then SQLite would read the file alone.
    pub fn of_quiet(path: &Path) -> Option<Self> {
        Self::read(path, false)
    }

    /// Returns the fingerprint of the file at `path`, which is read without its siblings.
    pub fn of_file_alone(path: &Path) -> Option<Self> {
        Self::read(path, true)
    }

    /// Tells whether the file at `path` still has this fingerprint, and still no siblings if it had none.
    pub fn still_holds(self, path: &Path) -> bool {
        Self::read(path, self.alone) == Some(self)
    }

    fn read(path: &Path, alone: bool) -> Option<Self> {
        if !alone && (is_there(&sibling(path, "-shm")) || has_log(path) || has_journal(path)) {
            return None;
        }
        let metadata = fs::metadata(path).ok()?;
        Some(Fingerprint {
            alone,
            inode: inode_of(&metadata),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}
