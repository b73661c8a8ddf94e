//! Checks of paths from arguments and variables.

use crate::error::{Error, Result, quote};
use crate::store::{self, LEAKED};
use crate::text::stands_for_itself;
use crate::url;
use std::ffi::OsStr;

/// Argument or variable that gives a path, with the rules for that path.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// Name of the argument or variable.
    by: &'static str,
    /// Hint for `-`; `None` if `-` is standard input.
    instead_of_dash: Option<&'static str>,
}

/// Environment variable that names the store.
pub const VARIABLE: &str = "KEYCTL_DB";

/// Advice for an argument that names something else than a store.
const NAME_A_STORE: &str = "name the store's file: --db PATH";

/// Store, given by an argument.
pub const DB: Named = Named {
    by: "--db",
    instead_of_dash: Some("a store is a file"),
};

/// Store, given by the environment.
pub const KEYCTL_DB: Named = Named { by: VARIABLE, ..DB };

/// File for a new token.
pub const SECRET_FILE: Named = Named {
    by: "--secret-file",
    instead_of_dash: Some("without --secret-file the token goes to standard output"),
};

/// Directory for new tokens.
pub const SECRET_DIR: Named = Named {
    by: "--secret-dir",
    instead_of_dash: Some("each token goes to a file of its own"),
};

/// File for metrics.
pub const OUTPUT: Named = Named {
    by: "--output",
    instead_of_dash: Some("without --output the metrics go to standard output"),
};

/// File to read a token from, or standard input.
pub const KEY_FILE: Named = Named {
    by: "--key-file",
    instead_of_dash: None,
};

/// File with the records of keys, or standard input.
pub const RECORDS: Named = Named {
    by: "FILE",
    instead_of_dash: None,
};

/// Copy of the store to make.
pub const NEW_COPY: Named = Named {
    by: "PATH",
    instead_of_dash: Some("a copy is checked before it gets its name, so it cannot go to a pipe"),
};

/// Copy of the store to read.
pub const COPY: Named = Named {
    by: "PATH",
    instead_of_dash: Some(
        "a copy is checked before it is restored, so it cannot come from a pipe: put it into a file",
    ),
};

impl Named {
    /// Refuses a `path` that is a URL, `-`, begins with a `~` that no shell has expanded, or in a variable has a
    /// line break.
    ///
    /// Allows the URL of a server for the store, but no password in an argument, which others can read. Messages
    /// repeat nothing of a URL.
    pub fn check(self, path: &OsStr) -> Result<()> {
        let text = path.to_string_lossy();
        if self.names_store() && url::is_server(&text) {
            return match self.by == DB.by {
                true => store::refuse_password(&text),
                false => Ok(()),
            };
        }
        if url::is_url(&text) {
            return Err(self.no_url(&text));
        }
        if let Some(instead) = self.instead_of_dash.filter(|_| text == "-") {
            return Err(Error::usage(format!("{} is '-', not a file", self.by))
                .hint(format!("{instead}; for a file of that name, write ./-")));
        }
        if text.starts_with('~') {
            return Err(self.no_home(&text));
        }
        if self.by == VARIABLE && text.contains(['\n', '\r']) {
            return Err(Error::usage(format!(
                "{} has a line break in it: {}",
                self.by,
                quote(&text)
            ))
            .hint("remove it where the variable is set; the path may come from a file that ends in one, or has CRLF"));
        }
        Ok(())
    }

    fn names_store(self) -> bool {
        [DB.by, VARIABLE].contains(&self.by)
    }

    fn no_url(self, text: &str) -> Error {
        let is_postgres = self.names_store() && url::names_postgres(text);
        let (what, advice) = match is_postgres {
            true if cfg!(feature = "postgres") => (
                "is not the URL of a PostgreSQL server",
                "write postgres://USER@HOST/DATABASE",
            ),
            true => (
                "names a PostgreSQL server, but this keyctl is built without PostgreSQL",
                NAME_A_STORE,
            ),
            false if self.names_store() => ("names a URL, not a file", NAME_A_STORE),
            false => ("names a URL, not a file", "name a file by its path"),
        };
        let error = Error::usage(format!("{} {what}", self.by));
        match self.by != VARIABLE && url::has_password(text) {
            true => error.hint(format!("{advice}; {LEAKED}")),
            false => error.hint(advice),
        }
    }

    fn no_home(self, text: &str) -> Error {
        let home = match text.strip_prefix("~/") {
            Some(rest) if !rest.is_empty() && rest.chars().all(stands_for_itself) => {
                format!("$HOME/{rest}")
            }
            Some(_) => "$HOME/…".to_owned(),
            None => "the path of that home directory".to_owned(),
        };
        let write = match self.by == VARIABLE {
            true => format!("where a shell sets it, write {home}, else the whole path"),
            false => format!("write {home}"),
        };
        Error::usage(format!(
            "{} begins with '~', which no shell has expanded: {}",
            self.by,
            quote(text)
        ))
        .hint(format!("{write}; for a file of exactly that name, ./~…"))
    }
}
