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

/// Absolute path of a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// Makes `path` absolute.
    ///
    /// # Errors
    ///
    /// Fails for a path that cannot be a file's: with a NUL byte, or with a `/` at the end.
    pub fn new(path: &Path) -> Result<Self> {
        let shown = quote(&path.to_string_lossy());
        let bytes = path.as_os_str().as_encoded_bytes();
        if bytes.contains(&0) {
            return Err(Error::usage(format!("the path {shown} has a NUL byte")));
        }
        if bytes.ends_with(b"/") || path.file_name().is_none() {
            return Err(Error::usage(format!("{shown} is not the path of a file"))
                .hint("name a file that is not there yet"));
        }
        directory::absolute(path).map(Place)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path, escaped for messages.
    pub fn shown(&self) -> String {
        shown(&self.0)
    }

    /// The directory of the file.
    pub fn directory(&self) -> &Path {
        self.0.parent().unwrap_or(Path::new("/"))
    }

    /// Refuses a place that is taken, that has a log or a journal, or where the file would be the sibling of
    /// another one.
    pub fn check_free(&self) -> Result<()> {
        refuse_part(&self.0)?;
        self.check_vacant()
    }

    fn check_vacant(&self) -> Result<()> {
        if is_there(&self.0) {
            return Err(self.taken());
        }
        for suffix in APPLIED {
            let other = sibling(&self.0, suffix);
            if is_there(&other) {
                return Err(Error::io(format!(
                    "{} would be taken for a part of the new file",
                    shown(&other)
                ))
                .hint("move it away, or name another file"));
            }
        }
        Ok(())
    }

    /// Moves the file at `from` to this place, on the same file system, and syncs the directory. Fails if
    /// the place is taken.
    pub fn take(&self, from: &Path) -> Result<()> {
        self.check_vacant()?;
        move_unless_taken(from, &self.0).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => self.taken(),
            _ => self.failed(cause),
        })?;
        directory::sync(self.directory()).map_err(|cause| {
            drop(fs::remove_file(&self.0));
            self.failed(cause)
        })
    }

    /// Returns the error for a file that could not be made.
    pub fn failed(&self, cause: io::Error) -> Error {
        Error::io(format!("cannot make the file {}", self.shown()))
            .hint(directory::advice(&self.0, &cause))
            .because(cause)
    }

    fn taken(&self) -> Error {
        Error::io(format!("{} already exists", self.shown()))
            .hint("name another file, or move this one away")
    }
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
