//! Owner, group and mode of a new file: those of the file whose place it takes, or those that its
//! directory asks for. Root gives away what it makes in the directory of another user, who could not
//! go on working with it otherwise.

use rustix::fs::{Mode, OFlags, open};
use rustix::process::geteuid;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// The mode of a directory that a group shares: who makes a file in it makes it the group's.
pub const SHARED_DIRECTORY: u32 = 0o2770;

/// The mode of a file for its owner alone.
pub const PRIVATE: u32 = 0o600;

/// The mode of a file that a group shares.
pub const SHARED: u32 = 0o660;

/// The bit of a mode by which anybody may write.
pub const OTHERS_WRITE: u32 = 0o002;

/// The bit of a mode by which the group may write.
pub const GROUP_WRITE: u32 = 0o020;

/// The bits of a mode for the group.
pub const GROUP: u32 = 0o070;

/// The bit of a directory's mode by which a new file in it gets the directory's group.
pub const SET_GROUP: u32 = 0o2000;

/// The most that a mode may allow: nothing to others.
const NOT_OTHERS: u32 = 0o770;

/// Tells whether a group shares `directory`.
pub fn is_shared(directory: &Metadata) -> bool {
    let mode = directory.mode();
    mode & SHARED_DIRECTORY == SHARED_DIRECTORY && mode & OTHERS_WRITE == 0
}

/// Gives `file`, which is new, what `directory` asks for: its group, if a group shares it, and if root
/// has made the file, its owner.
pub fn give_as_directory(file: &File, directory: &Metadata) -> io::Result<()> {
    let (uid, is_shared) = (root_gives_to(directory), is_shared(directory));
    let gid = (uid.is_some() || is_shared).then_some(directory.gid());
    give(file, uid, gid, if is_shared { SHARED } else { PRIVATE })
}

/// Gives `file`, which is new, owner, group and mode of `other`, as far as this user may, and nothing
/// to others.
pub fn give_as(file: &File, other: &Metadata) -> io::Result<()> {
    give(
        file,
        Some(other.uid()),
        Some(other.gid()),
        other.mode() & NOT_OTHERS,
    )
}

/// Gives `directory`, which is new, to the owner of `parent`, if root has made it.
pub fn give_directory(directory: &Path, parent: &Metadata) {
    if let Some(uid) = root_gives_to(parent) {
        // Not by its path: the owner of the parent may have put another file there.
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = open(directory, flags, Mode::empty()).map_err(io::Error::from);
        // Where that cannot be, it stays root's.
        drop(opened.and_then(|opened| fchown(opened, Some(uid), Some(parent.gid()))));
    }
}

fn root_gives_to(directory: &Metadata) -> Option<u32> {
    let uid = directory.uid();
    (geteuid().is_root() && uid != geteuid().as_raw()).then_some(uid)
}

/// Only one who is in the group can give a file to it, and only root can give one away: what cannot
/// be given stays with its maker, and a group that is not the right one gets no right to it.
fn give(file: &File, uid: Option<u32>, gid: Option<u32>, mode: u32) -> io::Result<()> {
    if fchown(file, uid, gid).is_err() && gid.is_some() {
        drop(fchown(file, None, gid));
    }
    let is_groups = gid == Some(file.metadata()?.gid());
    let mode = if is_groups { mode | PRIVATE } else { PRIVATE };
    // A umask may have taken more away than it should.
    file.set_permissions(Permissions::from_mode(mode))
}
