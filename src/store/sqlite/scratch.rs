//! A private directory in which a file is made: nobody else gets at what is in it, whatever SQLite
//! puts beside the file goes with it, and nothing of it stays.

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;

/// Beginning of the name of every scratch directory.
const PREFIX: &str = ".keyctl-";

/// Most names that are tried: more than processes of one number can have left behind.
const NAMES: u32 = 1000;

/// A directory for its maker alone, removed with all that is in it when it is dropped.
pub struct Scratch {
    path: PathBuf,
    /// Locked as long as this process lives: what is not locked was left behind.
    _lock: File,
}

impl Scratch {
    /// Makes a new directory in `parent`, mode 0700 whatever the umask, and removes those that
    /// processes of the same user left behind when they were killed.
    pub fn new(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        for number in 0..NAMES {
            let path = parent.join(format!("{PREFIX}{}-{number}", process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(cause) => return Err(cause),
            }
            match claim(&path) {
                Ok(Some(lock)) => return Ok(Scratch { path, _lock: lock }),
                // Somebody swept it away before it was locked.
                Ok(None) => {}
                Err(cause) => {
                    drop(fs::remove_dir(&path));
                    return Err(cause);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Makes an empty file in it, mode 0600 whatever the umask, in place of one that has this name.
    pub fn file(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept up by the next one.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Opens and locks a directory that was just made; `None` if it is gone again, or another's.
fn claim(path: &Path) -> io::Result<Option<File>> {
    let claimed = fs::set_permissions(path, Permissions::from_mode(0o700))
        .and_then(|()| open_directory(path))
        .and_then(|directory| {
            let ours =
                lock(&directory)? && fs::metadata(path)?.ino() == directory.metadata()?.ino();
            Ok(ours.then_some(directory))
        });
    match claimed {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        claimed => claimed,
    }
}

/// Locks a directory, and says whether nobody else had. A file system without such locks has
/// nobody who sweeps either.
fn lock(directory: &File) -> io::Result<bool> {
    match flock(directory, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        _ => Ok(true),
    }
}

/// Removes what was left behind in `parent`, as far as that can be done.
fn sweep(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_scratch(&entry.file_name())) {
        drop(sweep_one(&entry.path()));
    }
}

fn sweep_one(path: &Path) -> io::Result<()> {
    let directory = open_directory(path)?;
    if directory.metadata()?.uid() != rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    flock(&directory, FlockOperation::NonBlockingLockExclusive)?;
    fs::remove_dir_all(path)
}

/// Opens a directory and nothing else: others may put a link or a pipe in its place at any moment.
fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

/// Tells whether a directory of this name is one that a backup or a restore works in: `.keyctl-PID-N`.
pub fn is_scratch(name: &OsStr) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX))
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(process, number)| digits(process) && digits(number))
}
