//! Files that a restore replaces, kept beside the store.

use super::base::shown;
use super::owner;
use super::parts::{is_there, sibling};
use super::place::Place;
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

/// The longest name, in bytes, that file systems have room for.
const NAME_MAX: usize = 255;

/// Text between a store's name and the time in the name of what a restore replaced.
pub const REPLACED: &str = ".replaced-";

/// A place of its own for what was replaced. What was put there is removed again, unless it is
/// kept.
pub struct Aside {
    store: PathBuf,
    path: PathBuf,
    made: Vec<PathBuf>,
}

impl Aside {
    /// A place beside the store at `store` where nothing is: `<store>.replaced-<time>`, with a
    /// number behind it where that is taken. Of a store's name that is too long for that, the
    /// beginning.
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

    /// The path of what was replaced.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file at `from`, which is this user's own, here, and gives it to whom the store belongs.
    pub fn take(&mut self, from: &Path) -> Result<()> {
        self.take_as(from, "")
    }

    fn take_as(&mut self, from: &Path, suffix: &str) -> Result<()> {
        let path = sibling(&self.path, suffix);
        give_as_store(from, &self.store).map_err(|cause| failed(from, cause))?;
        Place::new(&path)?.take(from)?;
        self.made.push(path);
        Ok(())
    }

    /// Copies the store's file and its write-ahead log here, byte by byte: for one that SQLite
    /// cannot read. Returns the files that were read: closing one of them would let go of every
    /// lock that this process has on it.
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

    /// Moves a write-ahead log here that has no store any more: it would be applied to the next
    /// file of that name. Returns where it is now, if there was one.
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

    /// Leaves what was put here, and returns its path.
    pub fn keep(mut self) -> PathBuf {
        self.made.clear();
        self.path.clone()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        for path in &self.made {
            // It is what the store still holds.
            drop(fs::remove_file(path));
        }
    }
}

/// `path` with `suffix` behind its name, or behind as much of it as leaves room for that, for a
/// number, and for what SQLite puts beside such a file.
fn named(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let room = NAME_MAX.saturating_sub(suffix.len() + "-1000-journal".len());
    let begin = OsStr::from_bytes(name.get(..room).unwrap_or(name));
    sibling(&path.with_file_name(begin), suffix)
}

/// Gives the file at `path` to whom the file of the store at `store` belongs.
fn give_as_store(path: &Path, store: &Path) -> io::Result<()> {
    // Not through a link: whoever owns the directory could have put one there.
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
        .hint("nothing was restored; check the room and the permissions of its directory")
}
