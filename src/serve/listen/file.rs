//! File of a unix socket: its removal when nobody listens on it any more.

use crate::error::{Error, Result, quote};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use tokio::net::UnixSocket;

/// File of a unix socket of our own. Dropping this removes it, unless another file is at its path by then.
pub struct SocketFile {
    path: PathBuf,
    /// Device and inode. The socket keeps the inode in use, so no other file can get its number.
    identity: (u64, u64),
}

impl SocketFile {
    /// Takes over the file at `path`.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(SocketFile {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // A file that stays refuses connections, and the next server replaces it.
            drop(fs::remove_file(&self.path));
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// Removes the file at `path` if it is a socket on which nobody listens; anything else is an error.
pub async fn remove_stale(path: &Path) -> Result<()> {
    let shown = shown(path);
    let failed = |cause| Error::io(format!("cannot look at {shown}")).because(cause);
    if !fs::symlink_metadata(path)
        .map_err(failed)?
        .file_type()
        .is_socket()
    {
        return Err(Error::io(format!(
            "cannot listen on {shown}: a file that is no socket is there"
        ))
        .hint("move it away, or use another path"));
    }
    let socket = UnixSocket::new_stream().map_err(failed)?;
    match socket.connect(path).await {
        Err(cause) if cause.kind() == ErrorKind::ConnectionRefused => {}
        Ok(_) => {
            return Err(Error::io(format!(
                "cannot listen on {shown}: another program listens there"
            ))
            .hint("stop it, or use another path"));
        }
        Err(cause) => {
            return Err(
                Error::io(format!("cannot tell whether a program listens on {shown}"))
                    .because(cause)
                    .hint("if none does, remove the file; or use another path"),
            );
        }
    }
    fs::remove_file(path).map_err(|cause| {
        Error::io(format!(
            "cannot remove {shown}, a socket on which nobody listens"
        ))
        .because(cause)
        .hint("remove it, or use another path")
    })
}

/// Shows `path` in a message.
pub fn shown(path: &Path) -> String {
    quote(&path.to_string_lossy())
}
