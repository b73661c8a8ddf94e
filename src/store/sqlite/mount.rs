//! Mount points.

use std::path::Path;

/// Tells whether the file at `path` is a mount point of its own, as with `docker run -v ./k.db:/k.db`.
/// False if the kernel does not know (before Linux 5.8).
#[cfg(target_os = "linux")]
pub fn is_mount_point(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

    statx(CWD, path, AtFlags::empty(), StatxFlags::empty())
        .is_ok_and(|file| file.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Returns false: only Linux knows.
#[cfg(not(target_os = "linux"))]
pub fn is_mount_point(_: &Path) -> bool {
    false
}
