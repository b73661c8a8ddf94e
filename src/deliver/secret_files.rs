//! New files with tokens in one directory: all of them, or none.

use crate::directory;
use crate::error::{Error, Result, quote};
use crate::hint::Hint;
use rustix::fs::{Access, AtFlags, Mode, OFlags, access, fstat, openat, statat, unlinkat};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Largest number of bytes in the name of a file.
const NAME_MAX: usize = 255;

/// Number of files that are open at once. A file system writes the blocks of many new files with one fsync, so each
/// part is written before the first of its files is flushed.
const PART: usize = 64;

/// Permission bits by which others than the owner may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Files with a token each, mode 0600, in a directory that only its owner can write. Dropping them removes them, and
/// the directory if it is new, unless [`SecretFiles::keep`] was called.
pub struct SecretFiles {
    directory: Directory,
    names: Vec<String>,
    kept: bool,
}

/// Directory, held open so that a rename changes nothing.
struct Directory {
    file: File,
    path: PathBuf,
    is_new: bool,
}

impl SecretFiles {
    /// Refuses a `name` that is none of a file.
    pub fn check_name(name: &str) -> Result<()> {
        let why = match name {
            "." | ".." => "stands for a directory",
            _ if name.contains('/') => "has a '/' in it",
            _ if name.len() > NAME_MAX => "has more than 255 bytes",
            _ => return Ok(()),
        };
        let error = Error::usage(format!("no file can be named {}: it {why}", quote(name)));
        Err(error.hint("choose another name for this key"))
    }

    /// Refuses a directory that cannot take new files, or in which one of `names` is, a link too. The directory may
    /// be missing if the one above it is there.
    pub fn check<'a>(path: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let directory = match Directory::open(path) {
            Ok(directory) => directory?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !is_there(path) => {
                let parent = directory::of(path);
                return access(parent, Access::WRITE_OK | Access::EXEC_OK)
                    .map_err(|cause| not_made(path, cause.into()));
            }
            Err(cause) => return Err(not_opened(path, cause)),
        };
        access(path, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|cause| not_opened(path, cause.into()))?;
        for name in names {
            match statat(&directory.file, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => {}
                Ok(_) => return Err(exists(path, name)),
                Err(cause) => return Err(not_written(path, name, cause.into())),
            }
        }
        Ok(())
    }

    /// Makes the directory unless it is there, creates each of `files` (name and content), and flushes all of it.
    pub fn write<'a>(path: &Path, files: &[(&'a str, &'a [u8])]) -> Result<Self> {
        let mut made = SecretFiles {
            directory: Directory::open_or_make(path)?,
            names: Vec::with_capacity(files.len()),
            kept: false,
        };
        for part in files.chunks(PART) {
            let mut open = Vec::with_capacity(part.len());
            for (name, content) in part {
                open.push((name, made.create(name, content)?));
            }
            for (name, file) in open {
                file.sync_all()
                    .map_err(|cause| not_written(path, name, cause))?;
            }
        }
        made.directory
            .sync()
            .map_err(|cause| not_opened(path, cause))?;
        Ok(made)
    }

    fn create(&mut self, name: &str, content: &[u8]) -> Result<File> {
        let path = &self.directory.path;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(&self.directory.file, name, flags, Mode::RUSR | Mode::WUSR);
        let mut file = match file {
            Ok(file) => File::from(file),
            Err(Errno::EXIST) => return Err(exists(path, name)),
            Err(cause) => return Err(not_written(path, name, cause.into())),
        };
        self.names.push(name.to_owned());
        // The umask may have removed bits of the owner.
        file.set_permissions(Permissions::from_mode(0o600))
            .and_then(|()| file.write_all(content))
            .map_err(|cause| not_written(path, name, cause))?;
        Ok(file)
    }

    /// Keeps the files.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for SecretFiles {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // What remains if this fails too holds void tokens.
        for name in &self.names {
            unlinkat(&self.directory.file, name, AtFlags::empty()).ok();
        }
        if self.directory.is_new {
            drop(fs::remove_dir(&self.directory.path));
        }
    }
}

impl Directory {
    /// Opens the directory at `path`. The inner error is for one that others can write.
    fn open(path: &Path) -> io::Result<Result<Self>> {
        let file = directory::open(path)?;
        let stat = fstat(&file)?;
        let mode = Mode::from_raw_mode(stat.st_mode).as_raw_mode();
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Ok(Err(writable_by_others(path, mode)));
        }
        Ok(Ok(Directory {
            file,
            path: path.to_owned(),
            is_new: false,
        }))
    }

    fn open_or_make(path: &Path) -> Result<Self> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                return Directory::open(path).map_err(|cause| not_opened(path, cause))?;
            }
            Err(cause) => return Err(not_made(path, cause)),
        }
        let made = fs::set_permissions(path, Permissions::from_mode(0o700))
            .and_then(|()| directory::open(path));
        match made {
            Ok(file) => Ok(Directory {
                file,
                path: path.to_owned(),
                is_new: true,
            }),
            Err(cause) => {
                drop(fs::remove_dir(path));
                Err(not_made(path, cause))
            }
        }
    }

    /// Flushes the names of the files and, of a new directory, its own.
    fn sync(&self) -> io::Result<()> {
        directory::sync(&self.path)?;
        match self.is_new {
            true => directory::sync(directory::of(&self.path)),
            false => Ok(()),
        }
    }
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn exists(directory: &Path, name: &str) -> Error {
    let shown = quote(&directory.join(name).to_string_lossy());
    Error::io(format!("the secret file {shown} already exists")).hint(
        "move it away, or name another directory; a run that was killed leaves files whose tokens are void",
    )
}

fn not_written(directory: &Path, name: &str, cause: io::Error) -> Error {
    let shown = quote(&directory.join(name).to_string_lossy());
    Error::io(format!(
        "the token could not be written to the secret file {shown}"
    ))
    .because(cause)
    .hint("no key was made; fix the path and run the command again")
}

fn not_made(path: &Path, cause: io::Error) -> Error {
    let shown = quote(&path.to_string_lossy());
    let parent = directory::of(path);
    let advice = match cause.kind() {
        io::ErrorKind::NotFound if !parent.exists() => {
            let parent = quote(&parent.to_string_lossy());
            format!("make the directory {parent} first, or name another directory for the tokens")
        }
        _ => "check the path and its permissions".to_owned(),
    };
    Error::io(format!("cannot make the directory {shown}"))
        .hint(advice)
        .because(cause)
}

fn not_opened(path: &Path, cause: io::Error) -> Error {
    let shown = quote(&path.to_string_lossy());
    Error::io(format!("cannot make files in the directory {shown}"))
        .because(cause)
        .hint("name a directory that you can write, or one that does not exist yet")
}

fn writable_by_others(path: &Path, mode: u32) -> Error {
    let shown = path.to_string_lossy();
    Error::io(format!(
        "others can write the directory {} (mode {mode:04o}), so they could take the place of its files",
        quote(&shown)
    ))
    .hint(Hint::from(format!(
        "name a directory that does not exist yet, or: chmod go-w {}",
        crate::hint::word(&shown)
    )))
}
