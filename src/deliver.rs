//! Delivery of a new token to standard output or a new file: bounded in time, flushed, undone on
//! failure. Delivery to a command: after the commit, which is undone on failure. Files without secrets.
//!
//! The first two run inside the transaction that creates the key, before its commit: so no live key exists whose
//! token was not accepted by the file, pipe or terminal.

mod command;
mod public_file;
mod secret_files;

pub use command::{Failure, TokenCommand};
pub use public_file::PublicFile;
pub use secret_files::SecretFiles;

use crate::directory;
use crate::env::Output;
use crate::error::{Error, Result, quote};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Access, FileType, access, fstat, fsync, stat};
use rustix::termios::isatty;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Maximum time for the whole write, during which the store's write lock is held.
const LIMIT: Duration = Duration::from_secs(2);

/// Maximum number of bytes in one write: a pipe that polls as ready takes so many without blocking
/// (`PIPE_BUF` on Linux).
const CHUNK: usize = 4096;

/// Refuses a standard output that would lose the token: a closed one (the runtime opens `/dev/null` in
/// its place), `/dev/null`, or another device that is not a terminal.
pub fn check_stdout(stdout: &dyn Output) -> Result<()> {
    let Some(descriptor) = stdout.descriptor() else {
        return Ok(());
    };
    let lost = || {
        Error::io("standard output is closed or /dev/null: the token would be lost")
            .hint("send it to a pipe or a file, or give --secret-file PATH")
    };
    let out = fstat(descriptor).map_err(|_| lost())?;
    let device = FileType::from_raw_mode(out.st_mode) == FileType::CharacterDevice;
    if !device || isatty(descriptor) {
        return Ok(());
    }
    // `/dev/full` passes: each write to it fails, and reports the failure.
    let is_device = |path: &str| stat(path).is_ok_and(|known| known.st_rdev == out.st_rdev);
    if is_device("/dev/full") {
        Ok(())
    } else {
        Err(lost())
    }
}

/// Writes `bytes` to `stdout` within two seconds, with an fsync if it is a regular file.
pub fn to_stdout(stdout: &mut dyn Output, bytes: &[u8]) -> Result<()> {
    send(stdout, bytes, Instant::now() + LIMIT).map_err(|cause| {
        Error::io("the token could not be written to standard output")
            .because(cause)
            .hint("nothing was made or changed in the store; fix the output, then run the command again")
    })
}

fn send(stdout: &mut dyn Output, bytes: &[u8], deadline: Instant) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        wait_until_ready(stdout, deadline)?;
        match stdout.write(&rest[..rest.len().min(CHUNK)]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => rest = &rest[written..],
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                ) => {}
            Err(cause) => return Err(cause),
        }
    }
    stdout.flush()?;
    sync(stdout)
}

fn wait_until_ready(stdout: &dyn Output, deadline: Instant) -> io::Result<()> {
    let Some(descriptor) = stdout.descriptor() else {
        return Ok(());
    };
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut ready = [PollFd::new(&descriptor, PollFlags::OUT)];
        match poll(&mut ready, Some(&timeout)) {
            Ok(0) => {
                let message = format!("nothing took it within {} seconds", LIMIT.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            // Also ready after an error, or if the reader is gone: then the write fails.
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(cause) => return Err(cause.into()),
        }
    }
}

fn sync(stdout: &dyn Output) -> io::Result<()> {
    let Some(descriptor) = stdout.descriptor() else {
        return Ok(());
    };
    let mode = fstat(descriptor)?.st_mode;
    if FileType::from_raw_mode(mode) == FileType::RegularFile {
        fsync(descriptor)?;
    }
    Ok(())
}

/// New file with a token, mode 0600. Dropping it removes the file, unless [`SecretFile::keep`] was
/// called.
pub struct SecretFile {
    path: PathBuf,
    kept: bool,
}

impl SecretFile {
    /// Refuses a path at which anything exists already, a link too, or whose directory is missing or
    /// may not be written.
    pub fn check(path: &Path) -> Result<()> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(exists_error(path));
        }
        access(directory::of(path), Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|cause| create_error(path, cause.into()))
    }

    /// Creates the file, writes `bytes` to it, and syncs file and directory.
    pub fn write(path: &Path, bytes: &[u8]) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::AlreadyExists => exists_error(path),
                _ => create_error(path, cause),
            })?;
        let made = SecretFile {
            path: path.to_owned(),
            kept: false,
        };
        made.fill(&file, bytes)
            .map_err(|cause| write_error(path, cause))?;
        Ok(made)
    }

    fn fill(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        // The umask may have removed bits of the owner.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        directory::sync(directory::of(&self.path))
    }

    /// Keeps the file.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

fn exists_error(path: &Path) -> Error {
    let shown = quote(&path.to_string_lossy());
    Error::io(format!("the secret file {shown} already exists"))
        .hint("name a file that does not exist, or move this one away")
}

fn create_error(path: &Path, cause: io::Error) -> Error {
    let shown = quote(&path.to_string_lossy());
    Error::io(format!("cannot make the secret file {shown}"))
        .hint(directory::advice(path, &cause))
        .because(cause)
}

fn write_error(path: &Path, cause: io::Error) -> Error {
    let shown = quote(&path.to_string_lossy());
    Error::io(format!(
        "the token could not be written to the secret file {shown}"
    ))
    .because(cause)
    .hint("no key was made or changed; fix the path and run the command again")
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.kept {
            // If this fails too, the file that remains holds a void token.
            drop(fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::os::fd::BorrowedFd;

    /// Stream in memory with prepared results of its first writes; later writes succeed.
    #[derive(Default)]
    struct Scripted {
        answers: VecDeque<io::Result<usize>>,
        taken: Vec<u8>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.answers.pop_front().unwrap_or(Ok(bytes.len()))?;
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Output for Scripted {
        fn descriptor(&self) -> Option<BorrowedFd<'_>> {
            None
        }
    }

    fn scripted(answers: impl IntoIterator<Item = io::Result<usize>>) -> Scripted {
        Scripted {
            answers: answers.into_iter().collect(),
            taken: Vec::new(),
        }
    }

    #[test]
    fn a_write_that_was_cut_short_or_interrupted_goes_on() {
        let mut stdout = scripted([
            Ok(2),
            Err(io::ErrorKind::Interrupted.into()),
            Ok(1),
            Err(io::ErrorKind::WouldBlock.into()),
        ]);
        to_stdout(&mut stdout, b"token\n").unwrap();
        assert_eq!(stdout.taken, b"token\n");
    }

    #[test]
    fn a_write_that_fails_or_takes_nothing_is_a_failure() {
        for answer in [Ok(0), Err(io::ErrorKind::BrokenPipe.into())] {
            let mut stdout = scripted([Ok(2), answer]);
            let error = to_stdout(&mut stdout, b"token\n").unwrap_err();
            assert_eq!(error.kind.exit_code(), 5);
            assert_eq!(stdout.taken, b"to");
        }
    }

    #[test]
    fn a_secret_file_takes_the_place_of_nothing_even_if_it_came_after_the_check() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        SecretFile::check(&path).unwrap();
        fs::write(&path, "another").unwrap();
        let Err(error) = SecretFile::write(&path, b"token") else {
            panic!("it was written");
        };
        assert!(error.message.ends_with("already exists"), "{error:?}");
        assert_eq!(fs::read(&path).unwrap(), b"another");
    }
}
