//! Copies of the files that a restore replaces, kept beside the store.

use super::base::shown;
use super::owner;
use super::parts::{is_there, sibling};
use super::place::move_to_free;
use super::scratch::Scratch;
use crate::directory;
use crate::error::{Error, Result};
use crate::when::Timestamp;
use rustix::fs::{Mode, OFlags, open};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Longest name of a file, in bytes.
const NAME_MAX: usize = 255;

/// Part of a copy's name, between the store's name and the time.
pub const REPLACED: &str = ".replaced-";

/// Place beside a store for copies of replaced files. Removed when dropped, unless [`Aside::keep`] is called.
pub struct Aside {
    store: PathBuf,
    path: PathBuf,
    /// Files at the place.
    made: Vec<PathBuf>,
}

impl Aside {
    /// Chooses a free path beside the store at `store`: `<store>.replaced-<time>`, with a number appended if
    /// that is taken. A long name of a store is cut.
    pub fn new(store: &Path, now: Timestamp) -> Self {
        let first = named(store, &format!("{REPLACED}{}", now.compact()));
        let mut path = first.clone();
        let mut number = 1;
        while ["", "-wal"]
            .iter()
            .any(|suffix| is_there(&sibling(&path, suffix)))
        {
            number += 1;
            path = sibling(&first, &format!("-{number}"));
        }
        Aside {
            store: store.to_owned(),
            path,
            made: Vec::new(),
        }
    }

    /// The path of the copy of the store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file at `from`, which this process made, to the store's owner, and moves it to this place.
    pub fn take(&mut self, from: &Path) -> Result<()> {
        self.take_as(from, "")
    }

    fn take_as(&mut self, from: &Path, suffix: &str) -> Result<()> {
        let path = sibling(&self.path, suffix);
        give_as_store(from, &self.store).map_err(|cause| failed(from, cause))?;
        move_to_free(from, &path)?;
        self.made.push(path);
        Ok(())
    }

    /// Copies the store's file and its log byte by byte, since SQLite cannot read them. Returns the open
    /// files: to close one would drop every lock that this process has on it (fcntl(2)).
    pub fn copy_files(&mut self, scratch: &Scratch, name: &str) -> Result<Vec<File>> {
        let mut read = Vec::new();
        for suffix in ["", "-wal"] {
            let path = sibling(&self.store, suffix);
            let mut from = match File::open(&path) {
                Ok(file) => file,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                Err(cause) => return Err(failed(&path, cause)),
            };
            let copied = scratch.file(name).and_then(|to| {
                let mut file = File::options().write(true).open(&to)?;
                io::copy(&mut from, &mut file)?;
                file.sync_all()?;
                Ok(to)
            });
            read.push(from);
            self.take_as(&copied.map_err(|cause| failed(&path, cause))?, suffix)?;
        }
        Ok(read)
    }

    /// Moves the siblings of a missing store to this place: SQLite would apply them to the next file of that
    /// name. Returns the new path of the last one, if there was any.
    pub fn move_orphans(&self) -> Result<Option<PathBuf>> {
        let mut moved = None;
        for suffix in ["-shm", "-journal", "-wal"] {
            let (orphan, to) = (sibling(&self.store, suffix), sibling(&self.path, suffix));
            if is_there(&orphan) {
                fs::rename(&orphan, &to).map_err(|cause| failed(&orphan, cause))?;
                moved = Some(to);
            }
        }
        if let (Some(_), Some(directory)) = (&moved, self.store.parent()) {
            directory::sync(directory).map_err(|cause| failed(directory, cause))?;
        }
        Ok(moved)
    }

    /// Keeps the files, and returns the path.
    pub fn keep(mut self) -> PathBuf {
        self.made.clear();
        self.path.clone()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        for path in &self.made {
            // A copy of what the store still holds.
            drop(fs::remove_file(path));
        }
    }
}

/// Appends `suffix` to `path`. Cuts the name to leave room for the suffix, a number, and the suffix of a
/// sibling file.
fn named(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let room = NAME_MAX.saturating_sub(suffix.len() + "-1000-journal".len());
    let begin = OsStr::from_bytes(name.get(..room).unwrap_or(name));
    sibling(&path.with_file_name(begin), suffix)
}

/// Gives the file at `path` owner, group and mode of the store at `store`.
fn give_as_store(path: &Path, store: &Path) -> io::Result<()> {
    // Without following a link, which the owner of the directory could have put there.
    let file = open(
        path,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    owner::give_as(&File::from(file), &fs::metadata(store)?)
}

fn failed(path: &Path, cause: io::Error) -> Error {
    Error::io(format!("{} could not be kept aside", shown(path)))
        .because(cause)
        .hint("nothing was restored; check the free space and the permissions of its directory")
}
