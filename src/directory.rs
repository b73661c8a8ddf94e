//! Directories: the parent of a file, its fsync, and advice about it.

use crate::error::{Error, Result, quote};
use rustix::fs::{Mode, OFlags, fsync};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::{self, Path, PathBuf};

/// Makes `path` absolute, relative to the current directory.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    path::absolute(path).map_err(|cause| {
        Error::io("cannot determine the current directory")
            .because(cause)
            .hint("change to a directory that exists, or give a path that begins with '/'")
    })
}

/// Returns the directory of the file at `path`; `.` for a bare name.
pub fn of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Opens the directory at `path` to create files in it. On Linux it need not be readable.
pub fn open(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let flags = access | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Flushes the entries of `directory` to the disk.
///
/// Does nothing if the directory may not be read, or if its file system has no fsync of directories
/// (FUSE, 9p): then the system writes the entries later.
pub fn sync(directory: &Path) -> io::Result<()> {
    let directory = match File::open(directory) {
        Ok(directory) => directory,
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Err(cause) => return Err(cause),
    };
    match fsync(&directory) {
        Err(Errno::INVAL | Errno::BADF | Errno::NOSYS | Errno::NOTSUP) => Ok(()),
        synced => Ok(synced?),
    }
}

/// Returns advice after `cause` kept the file at `path` from being created.
pub fn advice(path: &Path, cause: &io::Error) -> String {
    let directory = of(path);
    if cause.kind() == io::ErrorKind::NotFound && !directory.exists() {
        let shown = quote(&directory.to_string_lossy());
        return format!("make the directory {shown} first, or name another file");
    }
    "check the path and its permissions".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_name_without_a_directory_lies_in_the_current_one() {
        for (path, directory) in [
            ("token", "."),
            ("a/token", "a"),
            ("/token", "/"),
            ("/", "."),
        ] {
            assert_eq!(of(Path::new(path)), Path::new(directory));
        }
    }

    #[test]
    fn a_directory_that_may_not_be_read_is_no_failure_and_one_that_is_gone_is() {
        let directory = tempfile::tempdir().unwrap();
        // Root may read the directory all the same, and syncs it.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o300)).unwrap();
        sync(directory.path()).unwrap();
        assert!(sync(&directory.path().join("gone")).is_err());
    }
}
