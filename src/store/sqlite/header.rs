//! A store's file, opened apart from SQLite: to read its header, and to check the rights of its owner.
//!
//! When a process closes any descriptor of a file, POSIX drops all its locks on that file (fcntl(2)),
//! SQLite's too. So a descriptor that was opened here stays open until the process ends, one for each file.

use super::base::APPLICATION_ID;
use super::identity::{Inode, inode, inode_of};
use rustix::fs::{Mode, OFlags, open};
#[cfg(target_os = "linux")]
use rustix::fs::{fcntl_getfl, fcntl_setfl};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// First bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Offset of the `application_id`, 4 bytes (<https://sqlite.org/fileformat2.html#the_database_header>).
const MARK: usize = 68;

/// Open files. Never closed.
static KEPT: Mutex<BTreeMap<Inode, File>> = Mutex::new(BTreeMap::new());

/// Tells whether the file at `path` has SQLite's first bytes and keyctl's `application_id`.
pub fn is_marked(path: &Path) -> bool {
    let header = first_bytes(path, MARK + 4).unwrap_or_default();
    header.starts_with(MAGIC) && header.get(MARK..) == Some(&APPLICATION_ID.to_be_bytes())
}

/// Reads up to `count` bytes from the beginning of the file at `path`.
pub fn first_bytes(path: &Path, count: usize) -> io::Result<Vec<u8>> {
    with_file(path, |file| read(file, count))
}

/// Tells whether this process has the rights of the owner of the file at `path`.
///
/// Only then does the kernel let it set `O_NOATIME` on a descriptor (fcntl(2)). The kernel checks against the
/// real owner, not against the uid that a user namespace shows.
#[cfg(target_os = "linux")]
pub fn has_rights_of_owner(path: &Path) -> bool {
    let set = with_file(path, |file| {
        let flags = fcntl_getfl(file)?;
        fcntl_setfl(file, flags | OFlags::NOATIME)?;
        // Cleared again: the kernel does not check the rights while the flag is set.
        Ok(fcntl_setfl(file, flags)?)
    });
    set.is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn has_rights_of_owner(_: &Path) -> bool {
    false
}

/// Calls `act` with the descriptor of the file at `path`, which is opened if it was not before.
fn with_file<T>(path: &Path, act: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = inode(path).and_then(|inode| kept.get(&inode)) {
        return act(file);
    }
    // Without O_NONBLOCK, the open of a pipe in the file's place would wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    let inode = inode_of(&file.metadata()?);
    let result = act(&file);
    if let Some(replaced) = kept.insert(inode, file) {
        // The path was changed meanwhile to a file that is open already. Not closed, for its locks.
        std::mem::forget(replaced);
    }
    result
}

fn read(file: &File, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    let mut filled = 0;
    while filled < count {
        match file.read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::fd::AsRawFd;

    #[cfg(target_os = "linux")]
    #[test]
    fn has_rights_of_owner_asks_by_the_descriptor_that_is_kept() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let inode = inode(file.path()).unwrap();
        let kept = || KEPT.lock().unwrap().get(&inode).map(AsRawFd::as_raw_fd);
        assert!(has_rights_of_owner(file.path()));
        let first = kept();
        assert!(first.is_some());
        // Otherwise the kernel would not check the rights again.
        let flags = KEPT.lock().unwrap().get(&inode).map(fcntl_getfl);
        assert!(!flags.unwrap().unwrap().contains(OFlags::NOATIME));
        assert!(has_rights_of_owner(file.path()));
        assert_eq!(first_bytes(file.path(), 1).unwrap(), b"");
        assert_eq!(kept(), first);
    }

    #[test]
    fn is_marked_reads_what_is_in_the_file_now() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!is_marked(file.path()));
        let mut header = MAGIC.to_vec();
        header.resize(MARK, 0);
        header.extend(APPLICATION_ID.to_be_bytes());
        fs::write(file.path(), &header).unwrap();
        assert!(is_marked(file.path()));
        assert_eq!(first_bytes(file.path(), 1000).unwrap(), header);
        header[MARK] ^= 1;
        fs::write(file.path(), &header).unwrap();
        assert!(!is_marked(file.path()));
    }
}
