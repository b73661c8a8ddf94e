//! Reading of `/proc`.

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, fstatfs, openat, openat2};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};

/// Reads the file at `path` in `/proc`, and makes sure that it is the kernel's.
///
/// A user who creates a user namespace may also mount in it, and so cover a file of `/proc`.
pub fn read(path: &str) -> io::Result<String> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let proc = openat(CWD, "/proc", flags, Mode::empty())?;
    if fstatfs(&proc)?.f_type != PROC_SUPER_MAGIC {
        return Err(io::ErrorKind::NotFound.into());
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let opened = match openat2(&proc, path, flags, Mode::empty(), ResolveFlags::NO_XDEV) {
        // Linux before 5.6 has no openat2.
        Err(Errno::NOSYS) => openat(&proc, path, flags, Mode::empty()),
        opened => opened,
    };
    let mut text = String::new();
    File::from(opened?).read_to_string(&mut text)?;
    Ok(text)
}
