//! Metadata of a file that is read without locks, to notice that it changed meanwhile.

use super::identity::Inode;
use super::parts::{beside, has_journal, has_log};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Metadata of a file that tells one content from another, without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The file is read alone, whatever lies beside it.
    alone: bool,
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// Returns the device and inode number of the file.
    pub fn inode(self) -> Inode {
        (self.device, self.inode)
    }

    /// The fingerprint of the file at `path`, if nothing that SQLite would read lies beside it: no
    /// index, and no log or journal but an empty one. Then the file holds everything.
    pub fn of_quiet(path: &Path) -> Option<Self> {
        let has_index = fs::symlink_metadata(beside(path, "-shm")).is_ok();
        if has_index || has_log(path) || has_journal(path) {
            return None;
        }
        Self::read(path, false)
    }

    /// The fingerprint of the file at `path`, which is read without what lies beside it.
    pub fn of_file_alone(path: &Path) -> Option<Self> {
        Self::read(path, true)
    }

    /// Tells whether the file at `path` is the same as when this was taken, under the same condition.
    pub fn still_holds(self, path: &Path) -> bool {
        let now = match self.alone {
            true => Self::of_file_alone(path),
            false => Self::of_quiet(path),
        };
        now == Some(self)
    }

    fn read(path: &Path, alone: bool) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Fingerprint {
            alone,
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}
