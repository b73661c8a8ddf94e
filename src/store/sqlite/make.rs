//! Making of a store's file and directories. Their modes are set at creation: a file with a wider mode, even
//! for a moment, could be opened by another user, who keeps the descriptor.

use super::base::shown;
use super::file::Location;
use super::owner::{self, GROUP, SHARED_DIRECTORY};
use super::parts::refuse_part;
use crate::directory;
use crate::error::{Error, Result, shell_word};
use rustix::fs::{Mode, OFlags, openat};
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, fchown};
use std::path::Path;

/// Permission bits of a mode: owner, group, others.
const ALL: u32 = 0o777;

/// Users who share a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// The group that shares the directory, if one does; otherwise the owner alone.
    AsDirectory,
    /// The group with this gid.
    Group(u32),
}

impl Location {
    /// Makes an empty file, and missing directories above it, for the users in `sharing`. Returns false if
    /// the file exists, which is left as it is.
    pub fn create(&self, sharing: Sharing) -> Result<bool> {
        // For a group, `create_directory` checks more than this.
        if sharing == Sharing::AsDirectory && self.is_vacant() {
            self.check_directory()?;
        }
        if let Some(parent) = self.path().parent() {
            self.create_directory(parent, sharing)?;
        }
        match self.make_file(sharing) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                // Before the mode of the file is changed: a link may lead to another store's sibling. A dangling
                // link is reported when the store is opened.
                fs::canonicalize(self.path()).map_or(Ok(()), |path| refuse_part(&path))?;
                Ok(false)
            }
            Err(cause) => Err(self.failed("cannot make the store", cause)),
        }
    }

    /// Makes an empty file, shared as its directory, or closes an existing empty file to others.
    pub fn ensure(&self) -> Result<()> {
        match self.create(Sharing::AsDirectory)? {
            true => Ok(()),
            false => self.close_to_others(),
        }
    }

    /// Makes the file, and sets its owner, group and mode. Uses one descriptor of the directory (openat(2)):
    /// the owner of a directory above could replace it between two steps that go by the path.
    fn make_file(&self, sharing: Sharing) -> io::Result<()> {
        let directory = directory::open(directory::of(self.path()))?;
        let name = self.path().file_name().unwrap_or_default();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = File::from(openat(&directory, name, flags, Mode::from_raw_mode(0o600))?);
        owner::give_as_directory(&file, &directory.metadata()?)?;
        if let Sharing::Group(gid) = sharing {
            fchown(&file, None, Some(gid))?;
            file.set_permissions(Permissions::from_mode(owner::SHARED))?;
        }
        Ok(())
    }

    /// Returns a message on the owner and group of a file that was just made for `sharing`, unless they are
    /// the user and the group that were asked for.
    pub fn belongs_to(&self, sharing: Sharing) -> Option<String> {
        let file = fs::metadata(self.path()).ok()?;
        let uid = file.uid();
        let mut clauses = Vec::new();
        if uid != geteuid().as_raw() {
            clauses.push(format!("it belongs to uid {uid}, as its directory does"));
        }
        if sharing == Sharing::AsDirectory && file.mode() & GROUP != 0 {
            let gid = file.gid();
            clauses.push(format!(
                "the group with gid {gid} shares it, as it shares the directory"
            ));
        }
        (!clauses.is_empty()).then(|| clauses.join("; "))
    }

    /// Removes permissions of others from an empty file, which will hold hashes.
    fn close_to_others(&self) -> Result<()> {
        let (Ok(file), Ok(directory)) = (
            fs::metadata(self.path()),
            fs::metadata(directory::of(self.path())),
        ) else {
            return Ok(());
        };
        let is_shared = owner::is_shared(&directory) && file.gid() == directory.gid();
        let kept = if is_shared {
            owner::SHARED
        } else {
            owner::PRIVATE
        };
        if !file.is_file() || file.len() > 0 || file.mode() & ALL & !kept == 0 {
            return Ok(());
        }
        let mode = file.mode() & kept | owner::PRIVATE;
        fs::set_permissions(self.path(), Permissions::from_mode(mode)).map_err(|cause| {
            self.failed(
                "cannot take the permissions of others from the empty file",
                cause,
            )
        })
    }

    fn create_directory(&self, directory: &Path, sharing: Sharing) -> Result<()> {
        let failed =
            |cause: io::Error| self.failed("cannot make the directory for the store", cause);
        let made = make_directories(directory).map_err(failed)?;
        let Sharing::Group(gid) = sharing else {
            return Ok(());
        };
        if !made.is_empty() {
            // Every new directory: the group has to reach the store.
            let shared = made.iter().try_for_each(|new| {
                chown(new, None, Some(gid))?;
                fs::set_permissions(new, Permissions::from_mode(SHARED_DIRECTORY))
            });
            return shared.map_err(|cause| {
                // They would fail the check below at the next attempt.
                for new in made.iter().rev() {
                    drop(fs::remove_dir(new));
                }
                failed(cause)
            });
        }
        let metadata = fs::metadata(directory).map_err(failed)?;
        if metadata.gid() == gid && owner::is_shared(&metadata) {
            return Ok(());
        }
        let shown = shown(directory);
        Err(Error::unavailable(format!("the directory {shown} is not shared with the group"))
            .hint(format!("chgrp {gid} {word} && chmod {SHARED_DIRECTORY:o} {word}, or name a directory that does not exist yet", word = shell_word(&directory.to_string_lossy()))))
    }
}

/// Makes the directory `path` and missing ones above it, mode 0700, and returns the new ones. If root makes
/// them, they belong to the owner of the existing directory.
fn make_directories(path: &Path) -> io::Result<Vec<&Path>> {
    let mut made = Vec::new();
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    for directory in missing.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {
                // The umask may have removed permissions of the owner.
                fs::set_permissions(directory, Permissions::from_mode(0o700))?;
                owner::give_directory(directory, &fs::metadata(directory::of(directory))?);
                made.push(directory);
            }
            // Made by another process meanwhile, or stat(2) failed: making the file reports that.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(made)
}
