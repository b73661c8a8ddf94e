//! Private scratch directory in which a copy is made. Other users cannot reach the copy, and it is removed
//! together with the siblings that SQLite makes.

use rustix::fs::{Mode, OFlags, open};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;

/// Prefix of the name of every scratch directory.
const PREFIX: &str = ".keyctl-";

/// Most names that are tried: more than killed processes with the same PID can have left behind.
const NAMES: u32 = 1000;

/// Directory with mode 0700, removed with its content when dropped.
pub struct Scratch {
    path: PathBuf,
    /// Descriptor with a lock (flock(2)). A directory without a lock was left behind by a killed process.
    _lock: File,
}

impl Scratch {
    /// Makes a new directory in `parent`, mode 0700 whatever the umask. First removes those that killed
    /// processes of the same user left behind.
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
                // Another process removed it before it was locked.
                Ok(None) => {}
                Err(cause) => {
                    drop(fs::remove_dir(&path));
                    return Err(cause);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Makes an empty file in the directory, mode 0600 whatever the umask. Replaces a file of that name.
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
        // If this fails, the next backup or restore removes it.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Opens and locks a directory that was just made; `None` if another process has removed or locked it.
fn claim(path: &Path) -> io::Result<Option<File>> {
    let claimed = fs::set_permissions(path, Permissions::from_mode(0o700))
        .and_then(|()| open_directory(path))
        .and_then(|directory| {
            let ours = lock(&directory) && fs::metadata(path)?.ino() == directory.metadata()?.ino();
            Ok(ours.then_some(directory))
        });
    match claimed {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        claimed => claimed,
    }
}

/// Locks a directory; false if another process has the lock. Where the file system has no such locks, no
/// process removes directories either.
fn lock(directory: &File) -> bool {
    !matches!(directory.try_lock(), Err(TryLockError::WouldBlock))
}

/// Removes scratch directories of killed processes in `parent`, as far as possible.
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
    directory.try_lock()?;
    fs::remove_dir_all(path)
}

/// Opens a directory, but no link and no pipe: others could put one in its place.
fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

/// Tells whether `name` is that of a scratch directory: `.keyctl-PID-N`.
pub fn is_scratch(name: &OsStr) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX))
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(process, number)| digits(process) && digits(number))
}
