//! Metadata of a file that is read without locks, to notice that it changed meanwhile.

use super::identity::{Inode, inode_of};
use super::parts::{has_journal, has_log, is_there, sibling};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Metadata of a file that tells one content from another, without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The file is read alone, whatever lies beside it.
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

    /// Returns the fingerprint of the file at `path`, if nothing that SQLite would read lies beside it:
    /// no index, and no log or journal but an empty one. Then the file holds everything.
    pub fn of_quiet(path: &Path) -> Option<Self> {
        Self::read(path, false)
    }

    /// Returns the fingerprint of the file at `path`, which is read without its siblings.
    pub fn of_file_alone(path: &Path) -> Option<Self> {
        Self::read(path, true)
    }

    /// Tells whether the file at `path` has this fingerprint, under the same condition.
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
