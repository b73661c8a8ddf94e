//! Passfile: the passwords of a user, one line for each server.
//!
//! <https://www.postgresql.org/docs/current/libpq-pgpass.html>

use super::hosts::{Host, USUAL_DIRECTORY};
use super::password::Password;
use super::private::PrivateFile;
use crate::error::{Error, Result, quote};
use std::fs;
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
    /// Reads the file and looks for the password for `login`. `None` if no line matches, or if none was
    /// named and there is none that this user can see.
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
            // Also a file in a home directory of somebody else, as it is set where a user is changed by a program.
            Err(_) if !self.is_named && fs::metadata(&self.path).is_err() => return Ok(None),
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
    let (mut rest, mut wanted) = (line, wanted.iter());
    loop {
        let (byte, behind) = match rest {
            [] => return None,
            [b':', behind @ ..] => return wanted.as_slice().is_empty().then_some(behind),
            [b'\\', byte, behind @ ..] | [byte, behind @ ..] => (byte, behind),
        };
        if wanted.next() != Some(byte) {
            return None;
        }
        rest = behind;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, host: &Host, user: &str) -> Option<String> {
        let login = Login {
            host,
            database: "d:d",
            user,
        };
        let password = lookup(text.as_bytes(), &login)?;
        Some(String::from_utf8(password.to_vec()).unwrap())
    }

    #[test]
    fn the_first_line_whose_fields_match_gives_the_password() {
        let host = Host::Tcp {
            name: "h".to_owned(),
            addr: None,
            port: 1,
        };
        for (text, user, expected) in [
            ("h:1:d\\:d:u:pw", "u", Some("pw")),
            ("h:1:d\\:d:u:pw\r\n", "u", Some("pw")),
            (
                "g:1:*:u:a\nh:2:*:u:b\nh:1:x:u:c\nh:1:*:v:d\nh:1:*:u:e\n*:*:*:*:f",
                "u",
                Some("e"),
            ),
            ("*:*:*:*:a:b\\:c\\\\d\\e\\", "u", Some("a:b:c\\de\\")),
            ("#h:1:*:u:a\n\nh:1\nh:1:*:u\nh:1:*:u:b", "u", Some("b")),
            ("\\h:\\1:*:\\\\u:pw", "\\u", Some("pw")),
            ("h:1:*:\\u:pw", "\\u", None),
            ("h:1:*:u\\:pw", "u\\", None),
            ("hh:1:*:u:pw", "u", None),
            (":1:*:u:pw", "u", None),
            ("h*:1:*:u:pw", "u", None),
            ("h:1:*:u:", "u", None),
            ("", "u", None),
            ("h:1:*:ü:pä", "ü", Some("pä")),
        ] {
            assert_eq!(found(text, &host, user).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_socket_is_found_by_its_directory_and_the_usual_one_by_localhost() {
        let text = "localhost:1:*:*:usual\n/run/pg:1:*:*:other\n";
        let usual = PathBuf::from("/var/run/postgresql");
        for (directory, expected) in [(usual, "usual"), ("/run/pg".into(), "other")] {
            let host = Host::Unix { directory, port: 1 };
            assert_eq!(found(text, &host, "u").as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_password_that_cannot_be_sent_is_refused() {
        for password in [&b"a\0b"[..], b"a\xff"] {
            let error = usable(Zeroizing::new(password.to_vec()), "'p'").map(drop);
            assert_eq!(
                error.unwrap_err().to_string(),
                "the password for this server in the passfile 'p' is not UTF-8, or has a NUL in it"
            );
        }
    }
}
