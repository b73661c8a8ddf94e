//! Files that hold secrets, which only their owner may read.

use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest file that is read.
const LARGEST: u64 = 1 << 20;

/// Permissions of the group and of all others.
const OTHERS: u32 = 0o077;

/// Permissions that a file of root may not give: its group may read it.
const OTHERS_BUT_GROUP: u32 = 0o037;

/// Content of a file, and who may access the file.
pub struct PrivateFile {
    /// Content.
    pub bytes: Zeroizing<Vec<u8>>,
    mode: u32,
    uid: u32,
}

impl PrivateFile {
    /// Reads the regular file at `path`.
    ///
    /// # Errors
    ///
    /// Fails if there is none, and if it is larger than 1 MiB.
    pub fn read(path: &Path) -> io::Result<Self> {
        // Opened without waiting: the path may be that of a pipe.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(PrivateFile {
            bytes: content(&file, metadata.len())?,
            mode: metadata.mode(),
            uid: metadata.uid(),
        })
    }

    /// Tells whether the file's owner alone may access it.
    pub fn is_private(&self) -> bool {
        self.mode & OTHERS == 0
    }

    /// Tells whether the file's owner alone may access it; if that is root, its group may read it.
    pub fn is_private_key(&self) -> bool {
        self.is_private() || self.uid == 0 && self.mode & OTHERS_BUT_GROUP == 0
    }
}

fn content(file: &File, length: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it, so that no part of a secret stays in a smaller buffer.
    let capacity = usize::try_from(length.min(LARGEST)).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= LARGEST => Ok(bytes),
        _ => Err(io::Error::other("it is larger than 1 MiB")),
    }
}
