//! Place of a new file, which must not overwrite or endanger another file.

use super::base::shown;
use super::parts::{is_there, refuse_part, sibling};
use crate::directory;
use crate::error::{Error, Result, quote};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Suffixes of the sibling files whose content SQLite would apply to a new file.
const APPLIED: [&str; 2] = ["-wal", "-journal"];

/// Makes the path of a new file absolute.
///
/// # Errors
///
/// Fails for a path that cannot be a file's: with a NUL byte, or with a `/` at the end.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    let quoted = quote(&path.to_string_lossy());
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.contains(&0) {
        return Err(Error::usage(format!("the path {quoted} has a NUL byte")));
    }
    if bytes.ends_with(b"/") || path.file_name().is_none() {
        return Err(Error::usage(format!("{quoted} is not the path of a file"))
            .hint("name a file that does not exist yet"));
    }
    directory::absolute(path)
}

/// Refuses a path that is taken, that has a log or a journal, or where the file would be the sibling of
/// another one.
pub fn check_free(path: &Path) -> Result<()> {
    refuse_part(path)?;
    check_vacant(path)
}

fn check_vacant(path: &Path) -> Result<()> {
    if is_there(path) {
        return Err(taken(path));
    }
    let siblings = APPLIED.map(|suffix| sibling(path, suffix));
    match siblings.iter().find(|sibling| is_there(sibling)) {
        None => Ok(()),
        Some(sibling) => Err(Error::io(format!(
            "{} would be taken for a part of the new file",
            shown(sibling)
        ))
        .hint("move it away, or name another file")),
    }
}

/// Moves the file at `from` to the path `to`, on the same file system, and syncs the directory. Fails if
/// `to` is taken.
pub fn move_to_free(from: &Path, to: &Path) -> Result<()> {
    check_vacant(to)?;
    move_unless_taken(from, to).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => taken(to),
        _ => failed(to, cause),
    })?;
    directory::sync(directory::of(to)).map_err(|cause| {
        drop(fs::remove_file(to));
        failed(to, cause)
    })
}

fn move_unless_taken(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems do not know RENAME_NOREPLACE. link(2) never replaces a file.
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        moved => Ok(moved?),
    }
}

/// Returns the error for a file that could not be made.
pub fn failed(path: &Path, cause: io::Error) -> Error {
    Error::io(format!("cannot make the file {}", shown(path)))
        .hint(directory::advice(path, &cause))
        .because(cause)
}

fn taken(path: &Path) -> Error {
    Error::io(format!("{} already exists", shown(path)))
        .hint("name another file, or move this one away")
}
