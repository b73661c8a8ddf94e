//! Facts about this process that the kernel gives in `/proc`.

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, fstatfs, openat, openat2};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};

/// Reads the file at `path` in `/proc`, of the kernel's own making: whoever makes a user namespace may
/// mount in a namespace of mounts, and so put a file of theirs in its place.
pub fn read(path: &str) -> io::Result<String> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let proc = openat(CWD, "/proc", flags, Mode::empty())?;
    if fstatfs(&proc)?.f_type != PROC_SUPER_MAGIC {
        return Err(io::ErrorKind::NotFound.into());
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let opened = match openat2(&proc, path, flags, Mode::empty(), ResolveFlags::NO_XDEV) {
        // Before Linux 5.6.
        Err(Errno::NOSYS) => openat(&proc, path, flags, Mode::empty()),
        opened => opened,
    };
    let mut text = String::new();
    File::from(opened?).read_to_string(&mut text)?;
    Ok(text)
}
