//! Environment from which the URL of a server is completed.

use std::ffi::OsString;

/// Environment from which the URL of a server is completed, as libpq does. Nothing is asked for unless
/// the URL needs it.
pub struct Surroundings<'a> {
    /// Environment variable by name; `None` if it is unset or empty.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Name of the effective user, the database's user where none is given.
    pub user: &'a dyn Fn() -> String,
}
