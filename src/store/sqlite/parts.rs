//! Names of the sibling files, by which alone SQLite takes a file for a part of a store: the write-ahead
//! log, its index and the rollback journal.

use super::base::shown;
use crate::directory;
use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Suffixes of the sibling files: log, index, journal.
pub const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Tells whether the file at `path` has a journal with content: another process is making or restoring the
/// store, or was killed at that, and the change has to be rolled back.
pub fn has_journal(path: &Path) -> bool {
    is_filled(&sibling(path, "-journal"))
}

/// Tells whether the file at `path` is empty while its log is not: it was a store.
pub fn has_lost_all(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() == 0) && has_log(path)
}

/// Tells whether the file at `path` has a log with content.
pub fn has_log(path: &Path) -> bool {
    is_filled(&sibling(path, "-wal"))
}

/// Refuses the sibling file of a store. An empty log would look like an empty store, and a store made in it
/// would be overwritten by the next writer of the real one.
pub fn refuse_part(path: &Path) -> Result<()> {
    let Some(whole) = whole_of(path) else {
        return Ok(());
    };
    Err(
        Error::unavailable(format!("{} is a part of a store, not a store", shown(path)))
            .hint(format!("the store is {}", shown(&whole))),
    )
}

/// Returns the existing file whose sibling a file at `path` would be.
pub fn whole_of(path: &Path) -> Option<PathBuf> {
    let whole = strip_part(path.file_name()?.as_bytes())?;
    let whole = path.with_file_name(OsStr::from_bytes(whole));
    whole.is_file().then_some(whole)
}

/// Tells whether the name of `path` is that of a sibling file.
pub fn is_part(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| strip_part(name.as_bytes()).is_some())
}

/// Returns `name` without the suffix of a sibling file, in any case.
pub fn strip_part(name: &[u8]) -> Option<&[u8]> {
    PARTS.iter().find_map(|suffix| {
        let (whole, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
        end.eq_ignore_ascii_case(suffix.as_bytes()).then_some(whole)
    })
}

/// Returns the directory of `path`, links resolved, and the file's name.
pub fn real_place(path: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let directory = fs::canonicalize(directory::of(path)).ok()?;
    Some((directory, path.file_name()?.as_bytes().to_owned()))
}

/// Tells whether anything is at `path`, a dangling link too.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_filled(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.len() > 0)
}

/// Returns the path of the sibling of `path` with this suffix.
pub fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(OsStr::new(suffix));
    PathBuf::from(name)
}
