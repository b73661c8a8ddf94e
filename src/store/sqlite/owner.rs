//! Owner, group and mode of a new file: those of the file that it replaces, or those that its directory
//! asks for. Root gives its new files to the directory's owner, who could not use the store otherwise.

use rustix::fs::{Mode, OFlags, open};
use rustix::process::geteuid;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// Mode of a directory that a group shares. By its set-group-ID bit, a new file gets the directory's group.
pub const SHARED_DIRECTORY: u32 = 0o2770;

/// Mode of a file for its owner alone.
pub const PRIVATE: u32 = 0o600;

/// Mode of a file that a group shares.
pub const SHARED: u32 = 0o660;

/// Bit of a mode that lets others write.
pub const OTHERS_WRITE: u32 = 0o002;

/// Bit of a mode that lets the group write.
pub const GROUP_WRITE: u32 = 0o020;

/// Bits of a mode for the group.
pub const GROUP: u32 = 0o070;

/// Set-group-ID bit of a directory's mode: a new file gets the directory's group.
pub const SET_GROUP: u32 = 0o2000;

/// Permission bits without those for others.
const NOT_OTHERS: u32 = 0o770;

/// Tells whether a group shares `directory`.
pub fn is_shared(directory: &Metadata) -> bool {
    let mode = directory.mode();
    mode & SHARED_DIRECTORY == SHARED_DIRECTORY && mode & OTHERS_WRITE == 0
}

/// Gives the new `file` the group of `directory` if a group shares that, and its owner if root made the file.
pub fn give_as_directory(file: &File, directory: &Metadata) -> io::Result<()> {
    let (uid, is_shared) = (root_gives_to(directory), is_shared(directory));
    let gid = (uid.is_some() || is_shared).then_some(directory.gid());
    give(file, uid, gid, if is_shared { SHARED } else { PRIVATE })
}

/// Gives the new `file` owner, group and mode of `other`, as far as this user may, and no permissions to
/// others.
pub fn give_as(file: &File, other: &Metadata) -> io::Result<()> {
    give(
        file,
        Some(other.uid()),
        Some(other.gid()),
        other.mode() & NOT_OTHERS,
    )
}

/// Gives the new `directory` to the owner of `parent` if root made it. If that fails, root keeps it.
pub fn give_directory(directory: &Path, parent: &Metadata) {
    if let Some(uid) = root_gives_to(parent) {
        // By descriptor, not by path: the owner of the parent may have put another file there.
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = open(directory, flags, Mode::empty()).map_err(io::Error::from);
        drop(opened.and_then(|opened| fchown(opened, Some(uid), Some(parent.gid()))));
    }
}

fn root_gives_to(directory: &Metadata) -> Option<u32> {
    let uid = directory.uid();
    (geteuid().is_root() && uid != geteuid().as_raw()).then_some(uid)
}

/// Sets owner, group and mode as far as this user may: only root may change the owner, and only a member of
/// the group may set it. If the group could not be set, the mode allows it nothing.
fn give(file: &File, uid: Option<u32>, gid: Option<u32>, mode: u32) -> io::Result<()> {
    if fchown(file, uid, gid).is_err() && gid.is_some() {
        drop(fchown(file, None, gid));
    }
    let is_groups = gid == Some(file.metadata()?.gid());
    let mode = if is_groups { mode | PRIVATE } else { PRIVATE };
    // Sets bits that the umask has removed, too.
    file.set_permissions(Permissions::from_mode(mode))
}
