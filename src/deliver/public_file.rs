//! File that everybody may read and that is replaced as a whole, so that a reader sees the old content or the new.

use crate::directory;
use crate::error::{Error, Result, quote};
use crate::store::Scratch;
use rustix::fs::{Access, Mode, OFlags, access, open};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// File with mode 0644 whose content begins with `mark`.
pub struct PublicFile<'a> {
    /// The path.
    pub path: &'a Path,
    /// Bytes at the beginning of every content, by which an older one is recognized.
    pub mark: &'a [u8],
}

impl PublicFile<'_> {
    /// Refuses a path at which there is something else than an older content or an empty file, a link too, and a
    /// directory that is missing or may not be written.
    ///
    /// Call it while no store is open: SQLite's locks on a file end when any descriptor of it is closed.
    pub fn check(&self) -> Result<()> {
        let is_named = !self.path.as_os_str().as_encoded_bytes().ends_with(b"/");
        match fs::symlink_metadata(self.path) {
            Ok(found) if !found.is_file() => return Err(self.no_file()),
            Err(_) if !is_named => return Err(self.no_file()),
            Ok(_) if !self.has_mark().map_err(|cause| self.failed(cause))? => {
                return Err(self
                    .refused("has another content than this command writes")
                    .hint("name another file, or move this one away"));
            }
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(self.failed(cause)),
        }
        access(directory::of(self.path), Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|cause| self.failed(cause.into()))
    }

    /// Tells whether the file is empty or begins with the mark.
    fn has_mark(&self) -> io::Result<bool> {
        // The path may have become a link or a pipe since.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(open(self.path, flags, Mode::empty())?);
        let mut begin = Vec::new();
        file.take(self.mark.len() as u64).read_to_end(&mut begin)?;
        Ok(begin.is_empty() || begin == self.mark)
    }

    /// Replaces the file by one with this content, or makes it. On failure, it stays as it was.
    pub fn replace(&self, content: &[u8]) -> Result<()> {
        let directory = directory::of(self.path);
        let replaced = Scratch::new(directory).and_then(|scratch| {
            let made = scratch.file("new")?;
            let mut file = File::options().write(true).open(&made)?;
            file.write_all(content)?;
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.sync_all()?;
            fs::rename(&made, self.path)?;
            directory::sync(directory)
        });
        replaced.map_err(|cause| self.failed(cause))
    }

    fn no_file(&self) -> Error {
        self.refused("is not a regular file")
            .hint("name a file that is a regular one, or that does not exist yet")
    }

    fn refused(&self, why: &str) -> Error {
        let shown = quote(&self.path.to_string_lossy());
        Error::io(format!("{shown} {why}, and is not replaced"))
    }

    fn failed(&self, cause: io::Error) -> Error {
        let shown = quote(&self.path.to_string_lossy());
        Error::io(format!("cannot write the file {shown}"))
            .hint(directory::advice(self.path, &cause))
            .because(cause)
    }
}
