//! Address of a store: a file or a server.

#[cfg(feature = "postgres")]
use super::postgres::Server;
use super::sqlite::Location;
use super::surroundings::Surroundings;
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
    Server(Arc<Server>),
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
        if let Some(url) = text.to_str().filter(|text| url::is_server(text)) {
            return server(url, variable, around);
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
    pub(super) fn server(&self) -> Option<&Arc<Server>> {
        match &self.0 {
            Backend::File(_) => None,
            Backend::Server(server) => Some(server),
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
fn server(url: &str, variable: Option<&'static str>, around: &Surroundings<'_>) -> Result<Address> {
    let server = Server::parse(url, variable, around)?;
    Ok(Address(Backend::Server(Arc::new(server))))
}

#[cfg(not(feature = "postgres"))]
fn server(_: &str, variable: Option<&'static str>, _: &Surroundings<'_>) -> Result<Address> {
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
