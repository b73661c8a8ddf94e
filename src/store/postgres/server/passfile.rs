//! Passfile: the passwords of a user, one line for each server.
//!
//! <https://www.postgresql.org/docs/current/libpq-pgpass.html>

use super::hosts::{Host, USUAL_DIRECTORY};
use super::password::Password;
use super::private::PrivateFile;
use crate::error::{Error, Result, quote};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Name of the passfile in the user's home directory.
pub const USUAL_NAME: &str = ".pgpass";

/// Path that stands for no passfile.
const NONE: &str = "/dev/null";

/// Name in a passfile of a host that is reached over the usual socket.
const LOCAL: &str = "localhost";

/// Passfile, which is read when a password is needed.
pub struct Passfile {
    /// Path.
    pub path: PathBuf,
    /// True if a parameter or a variable names the file: it must exist then.
    pub is_named: bool,
}

/// Connection for which a password is looked up.
pub struct Login<'a> {
    /// Host with its port.
    pub host: &'a Host,
    /// Database.
    pub database: &'a str,
    /// User of the database.
    pub user: &'a str,
}

impl Passfile {
    /// Reads the file and looks for the password for `login`. `None` if no line matches, or if there is no
    /// file and none was named.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, and if anybody but its owner may access it.
    pub fn find(&self, login: &Login<'_>) -> Result<Option<Password>> {
        if self.path == Path::new(NONE) {
            return Ok(None);
        }
        let shown = quote(&self.path.to_string_lossy());
        let file = match PrivateFile::read(&self.path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound && !self.is_named => return Ok(None),
            Err(cause) => {
                let error = Error::unavailable(format!("cannot read the passfile {shown}"));
                return Err(error.because(cause));
            }
        };
        if !file.is_private() {
            return Err(Error::unavailable(format!(
                "the passfile {shown} may be read or written by other users, so it is not used"
            ))
            .hint(format!(
                "chmod 600 {}",
                crate::hint::word(self.path.display())
            )));
        }
        match lookup(&file.bytes, login) {
            None => Ok(None),
            Some(password) => usable(password, &shown).map(Some),
        }
    }
}

fn usable(password: Zeroizing<Vec<u8>>, shown: &str) -> Result<Password> {
    match std::str::from_utf8(&password) {
        Ok(text) if !text.contains('\0') => Ok(Password::new(Zeroizing::new(text.to_owned()))),
        _ => Err(Error::unavailable(format!(
            "the password for this server in the passfile {shown} is not UTF-8, or has a NUL in it"
        ))),
    }
}

/// Looks in `bytes`, lines of `host:port:database:user:password`, for the first that matches `login`. A
/// field may be `*`; `\:` and `\\` stand for `:` and `\`. An empty password counts as none, as in libpq.
fn lookup(bytes: &[u8], login: &Login<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let port = login.host.port().to_string();
    let host = name(login.host);
    let wanted = [&*host, &port, login.database, login.user];
    let matching = bytes.split(|&byte| byte == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            return None;
        }
        wanted
            .iter()
            .try_fold(line, |rest, wanted| behind_field(rest, wanted.as_bytes()))
    })?;
    let password = unescaped(matching);
    (!password.is_empty()).then_some(password)
}

/// Name of `host` in a passfile.
fn name(host: &Host) -> String {
    match host {
        Host::Tcp { name, .. } => name.clone(),
        Host::Unix { directory, .. } if directory == Path::new(USUAL_DIRECTORY) => LOCAL.to_owned(),
        Host::Unix { directory, .. } => directory.to_string_lossy().into_owned(),
    }
}

/// Rest of `line` behind its first field, if that field is `wanted` or `*`.
fn behind_field<'a>(line: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    if let Some(rest) = line.strip_prefix(b"*:") {
        return Some(rest);
    }
    let (mut rest, mut wanted) = (line, wanted);
    loop {
        match (rest, wanted) {
            ([b':', rest @ ..], []) => return Some(rest),
            ([b':', ..], _) => return None,
            ([b'\\', byte, after @ ..], [first, left @ ..])
            | ([byte, after @ ..], [first, left @ ..])
                if byte == first =>
            {
                (rest, wanted) = (after, left);
            }
            _ => return None,
        }
    }
}

/// Removes the backslash before each escaped byte.
fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let next = if byte == b'\\' { bytes.next() } else { None };
        plain.push(*next.unwrap_or(&byte));
    }
    plain
}
