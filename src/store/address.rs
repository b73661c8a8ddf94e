//! Address of a store: a file or a server.

#[cfg(feature = "postgres")]
use super::postgres::{Pool, Server};
use super::sqlite::Location;
use super::surroundings::Surroundings;
#[cfg(feature = "postgres")]
use crate::env::Tell;
use crate::error::{Error, Result};
use crate::url;
use std::fmt;
use std::path::Path;
#[cfg(feature = "postgres")]
use std::sync::Arc;

/// Address of a store. A password in it is never shown.
#[derive(Clone)]
pub struct Address(Backend);

#[derive(Clone)]
enum Backend {
    File(Location),
    #[cfg(feature = "postgres")]
    Server(Arc<Pool>),
}

impl Address {
    /// Parses the URL of a server or the path of a file, which was the value of an argument or of the
    /// environment `variable`. Completes a URL from `around`.
    ///
    /// # Errors
    ///
    /// Fails for a path that SQLite would not open as a plain file, for a malformed URL, and for any URL if
    /// this program is built without PostgreSQL.
    pub fn new(
        text: &Path,
        variable: Option<&'static str>,
        around: &Surroundings<'_>,
    ) -> Result<Self> {
        // Not even a URL that is not UTF-8 is taken for a path.
        if url::is_server(&text.to_string_lossy()) {
            return server(text, variable, around);
        }
        let location = Location::new(text)?.named_by(variable);
        Ok(Address(Backend::File(location)))
    }

    /// Parses the path of a file.
    ///
    /// # Errors
    ///
    /// Fails for a path that SQLite would not open as a plain file.
    pub fn of_file(path: &Path) -> Result<Self> {
        Ok(Address(Backend::File(Location::new(path)?)))
    }

    /// Returns the server; `None` for a file.
    #[cfg(feature = "postgres")]
    pub(super) fn server(&self) -> Option<&Arc<Pool>> {
        match &self.0 {
            Backend::File(_) => None,
            Backend::Server(server) => Some(server),
        }
    }

    /// Tells whether there is no store because nothing is at the path of its file. Only a server itself can tell.
    pub fn is_vacant(&self) -> bool {
        self.file().is_ok_and(Location::is_vacant)
    }

    /// Lets `tell` print why a change waits. Changes of a file wait for moments.
    #[cfg(feature = "postgres")]
    pub fn tell_of_waits(&self, tell: &Arc<Tell>) {
        if let Some(server) = self.server() {
            server.tell_by(tell);
        }
    }

    /// Tells whether this is a database on a server.
    pub fn is_server(&self) -> bool {
        match &self.0 {
            Backend::File(_) => false,
            #[cfg(feature = "postgres")]
            Backend::Server(_) => true,
        }
    }

    /// Returns the location of the store's file.
    ///
    /// # Errors
    ///
    /// Fails for a server.
    pub(super) fn file(&self) -> Result<&Location> {
        match &self.0 {
            Backend::File(location) => Ok(location),
            #[cfg(feature = "postgres")]
            Backend::Server(server) => Err(Error::usage(format!(
                "{} names a PostgreSQL server, and this needs a file",
                server.variable.unwrap_or("--db")
            ))
            .hint("name the store's file: --db PATH")),
        }
    }

    /// Refuses `path` for a new file if SQLite would take that file for a sibling of the store, or of
    /// another file.
    pub fn check_apart(&self, path: &Path) -> Result<()> {
        match &self.0 {
            Backend::File(location) => location.check_apart(path),
            #[cfg(feature = "postgres")]
            Backend::Server(_) => Ok(()),
        }
    }
}

#[cfg(feature = "postgres")]
fn server(
    url: &Path,
    variable: Option<&'static str>,
    around: &Surroundings<'_>,
) -> Result<Address> {
    let Some(url) = url.to_str() else {
        let by = variable.unwrap_or("--db");
        return Err(Error::usage(format!("the URL in {by} is not UTF-8")));
    };
    let server = Server::parse(url, variable, around)?;
    Ok(Address(Backend::Server(Arc::new(Pool::new(server)))))
}

#[cfg(not(feature = "postgres"))]
fn server(_: &Path, variable: Option<&'static str>, _: &Surroundings<'_>) -> Result<Address> {
    Err(Error::usage(format!(
        "{} names a PostgreSQL server, but this keyctl is built without PostgreSQL",
        variable.unwrap_or("--db")
    ))
    .hint("name the store's file: --db PATH"))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::File(location) => f.write_str(&location.shown()),
            #[cfg(feature = "postgres")]
            Backend::Server(server) => f.write_str(&server.shown),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    const NONE: Surroundings<'_> = Surroundings {
        variable: &|_| None,
        user: &|| String::new(),
    };

    #[cfg(feature = "postgres")]
    #[test]
    fn a_server_is_shown_without_a_password_and_is_no_file() {
        let url = Path::new("postgres://u:pw@h/d?sslmode=disable");
        let address = Address::new(url, Some("KEYCTL_DB"), &NONE).unwrap();
        assert_eq!(address.to_string(), "postgres://u@h/d");
        assert_eq!(format!("{address:?}"), "Address(postgres://u@h/d)");
        assert!(address.server().is_some());
        assert!(address.check_apart(Path::new("h-wal")).is_ok());
        let error = address.file().map(drop).unwrap_err();
        assert_eq!(
            error.to_string(),
            "KEYCTL_DB names a PostgreSQL server, and this needs a file"
        );
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn a_server_is_refused_without_postgresql() {
        let error = Address::new(Path::new("postgres://h/d"), None, &NONE).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--db names a PostgreSQL server, but this keyctl is built without PostgreSQL"
        );
    }

    #[test]
    fn a_url_is_never_taken_for_a_path() {
        let url = Path::new(OsStr::from_bytes(b"postgres://h/\xff"));
        assert!(Address::new(url, None, &NONE).is_err());
        let file = Address::new(Path::new("/srv/k.db"), None, &NONE).unwrap();
        assert_eq!(file.to_string(), "/srv/k.db");
    }
}
