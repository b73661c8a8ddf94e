//! A place for a new file, which nothing that is there may be lost to.

use super::base::shown;
use super::parts::{is_there, refuse_part, sibling};
use crate::directory;
use crate::error::{Error, Result, quote};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Suffixes of the files that SQLite would apply to one that they lie beside.
const APPLIED: [&str; 2] = ["-wal", "-journal"];

/// The absolute path of a file that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// The place that `path` names.
    ///
    /// # Errors
    ///
    /// Fails for a path that is no name of a file.
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

    /// The path as a message shows it.
    pub fn shown(&self) -> String {
        shown(&self.0)
    }

    /// The directory that the file is to lie in.
    pub fn directory(&self) -> &Path {
        self.0.parent().unwrap_or(Path::new("/"))
    }

    /// Refuses a place where something is, a link to nowhere too, beside which something lies that
    /// would be taken for a part of the file, or where the file would be taken for a part of another.
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

    /// Moves the file at `from`, which lies on the same file system, here and to the disk, if
    /// there is nothing here yet.
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

    /// Returns the error where the file could not be made.
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
        // Not every file system can refuse to replace: a link is refused by every one that has any.
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        moved => Ok(moved?),
    }
}
