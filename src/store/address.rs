//! Address of a store: a file or a server.

use super::sqlite::Location;
use crate::error::{Error, Result, escape};
use crate::url;
use std::fmt;
use std::path::Path;

/// Address of a store. A password in it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Backend);

#[derive(Clone, PartialEq, Eq)]
enum Backend {
    File(Location),
    /// A database on a PostgreSQL server.
    Server {
        /// The user, the hosts and the database, escaped for messages.
        shown: String,
        /// The environment variable that held the URL; `None` if an argument did.
        variable: Option<&'static str>,
    },
}

impl Address {
    /// Parses the URL of a server or the path of a file, which was the value of an argument or of the
    /// environment `variable`.
    ///
    /// # Errors
    ///
    /// Fails for a path that SQLite would not open as a plain file.
    pub fn new(text: &Path, variable: Option<&'static str>) -> Result<Self> {
        if let Some(shown) = text.to_str().and_then(url::without_secrets) {
            let shown = escape(&shown);
            return Ok(Address(Backend::Server { shown, variable }));
        }
        Ok(Address(Backend::File(
            Location::new(text)?.named_by(variable),
        )))
    }

    /// Returns the location of the store's file.
    ///
    /// # Errors
    ///
    /// Fails for a server: this program is built without PostgreSQL.
    pub(super) fn file(&self) -> Result<&Location> {
        match &self.0 {
            Backend::File(location) => Ok(location),
            Backend::Server { variable, .. } => Err(Error::usage(format!(
                "{} names a PostgreSQL server, but this keyctl is built without PostgreSQL",
                variable.unwrap_or("--db")
            ))
            .hint("name the store's file: --db PATH")),
        }
    }

    /// Refuses `path` for a new file if SQLite would take that file for a sibling of the store, or of
    /// another file.
    pub fn check_apart(&self, path: &Path) -> Result<()> {
        self.file()?.check_apart(path)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::File(location) => f.write_str(&location.shown()),
            Backend::Server { shown, .. } => f.write_str(shown),
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

    fn shown(text: &str) -> String {
        let address = Address::new(Path::new(text), None).unwrap();
        assert_eq!(format!("{address:?}"), format!("Address({address})"));
        address.to_string()
    }

    #[test]
    fn an_address_is_shown_without_a_password() {
        for (text, expected) in [
            ("/srv/k.db", "/srv/k.db"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgresql://u@h:5432,g/d", "postgresql://u@h:5432,g/d"),
            ("postgres://u:pw@h/d?sslmode=disable", "postgres://u@h/d"),
            ("postgres://u:p@w:x@h/d", "postgres://u@h/d"),
            ("postgres://u:p/w?x#y@h/d", "postgres://u@h/d"),
            ("postgres://h/d?user=u&password=pw", "postgres://h/d"),
            ("postgres://:pw@h", "postgres://@h"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
