//! Names of the files that SQLite takes for parts of a store: the write-ahead log, its index and the
//! rollback journal.

use super::base::shown;
use crate::directory;
use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Suffixes that SQLite adds to the name of a file: the log, its index, and the journal.
pub const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Tells whether a journal lies beside the file at `path`: somebody is just making it a store or putting a
/// copy in its place, or was ended at that, and it is to be undone.
pub fn has_journal(path: &Path) -> bool {
    is_filled(&sibling(path, "-journal"))
}

/// Tells whether the file at `path` is empty while its write-ahead log is not: it was a store.
pub fn has_lost_all(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() == 0) && has_log(path)
}

/// Tells whether a write-ahead log that is not empty lies beside the file at `path`.
pub fn has_log(path: &Path) -> bool {
    is_filled(&sibling(path, "-wal"))
}

/// Refuses a file that SQLite keeps beside another: an empty log would be taken for a file that nothing
/// was ever put into, and what is made of it would be written over through the real path.
pub fn refuse_part(path: &Path) -> Result<()> {
    let Some(whole) = whole_of(path) else {
        return Ok(());
    };
    Err(
        Error::unavailable(format!("{} is a part of a store, not a store", shown(path)))
            .hint(format!("the store is {}", shown(&whole))),
    )
}

/// The file that SQLite would take what lies at `path`, or is to lie there, for a part of.
pub fn whole_of(path: &Path) -> Option<PathBuf> {
    let whole = strip_part(path.file_name()?.as_bytes())?;
    let whole = path.with_file_name(OsStr::from_bytes(whole));
    whole.is_file().then_some(whole)
}

/// Tells whether a file at `path` would be taken for a part of a store, by its name.
pub fn is_part(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| strip_part(name.as_bytes()).is_some())
}

/// The name of the file of which a file named `name` would be a part.
pub fn strip_part(name: &[u8]) -> Option<&[u8]> {
    PARTS.iter().find_map(|suffix| {
        let (whole, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
        end.eq_ignore_ascii_case(suffix.as_bytes()).then_some(whole)
    })
}

/// The directory that a file at `path` lies in, links resolved, and the file's name.
pub fn real_place(path: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let directory = fs::canonicalize(directory::of(path)).ok()?;
    Some((directory, path.file_name()?.as_bytes().to_owned()))
}

/// Tells whether anything is at `path`, a link to nowhere too.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_filled(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.len() > 0)
}

/// The path of what SQLite keeps beside the store's file at `path`: `-wal`, `-shm`.
pub fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(OsStr::new(suffix));
    PathBuf::from(name)
}
