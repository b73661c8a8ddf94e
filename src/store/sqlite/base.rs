//! Constants of the format, and the file that an error is about.
//!
//! A message names the file when the error is made, so no code edits a finished message.

use crate::error::escape;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// SQLite's `application_id` of a store: "kctl" in ASCII.
pub const APPLICATION_ID: i32 = 0x6b63_746c;

/// Version of the schema that this program writes.
pub const LATEST: usize = 6;

/// Number that is added to the version of a store that was retired: older programs refuse it as newer than theirs.
pub const RETIRED: usize = 1000;

/// First version of the schema with projects. A reader does not migrate an older one.
pub const WITH_PROJECTS: usize = 2;

/// First version of the schema with the scopes and labels of a key in its own row.
pub const WITH_SCOPES_IN_ROW: usize = 4;

/// First version of the schema with the networks of a key, and the time of its first use.
pub const WITH_NETWORKS: usize = 5;

/// First version of the schema with imported keys.
pub const WITH_IMPORTED: usize = 6;

/// Longest time that a writer waits for the write lock, and a reader for recovery by another process.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns `path`, escaped for messages.
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// Purpose for which a file was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The store itself.
    Store,
    /// Copy that will be restored.
    Copy,
    /// Private copy of that copy. Damage in its content is damage of the original.
    Taken {
        /// The path of the original, escaped for messages.
        copy: String,
        /// The directory of the private copy, escaped for messages.
        directory: String,
    },
}

/// File that an error is about, and its purpose.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The path of the file.
    pub path: &'a Path,
    /// The purpose of the file.
    pub purpose: &'a Purpose,
}

impl Subject<'_> {
    /// Name of the file in an error about its content.
    pub fn content(self) -> String {
        match self.purpose {
            Purpose::Taken { copy, .. } => format!("the copy {copy}"),
            Purpose::Store | Purpose::Copy => self.file(),
        }
    }

    /// Name of the file in any other error, such as one about the disk.
    pub fn file(self) -> String {
        match self.purpose {
            Purpose::Store => format!("the store {}", shown(self.path)),
            Purpose::Copy => format!("the copy {}", shown(self.path)),
            Purpose::Taken { directory, .. } => {
                format!("the copy that was made in {directory}")
            }
        }
    }
}

/// Takes the path for that of a store.
impl<'a> From<&'a Path> for Subject<'a> {
    fn from(path: &'a Path) -> Self {
        Subject {
            path,
            purpose: &Purpose::Store,
        }
    }
}

/// Takes the path for that of a store.
impl<'a> From<&'a PathBuf> for Subject<'a> {
    fn from(path: &'a PathBuf) -> Self {
        path.as_path().into()
    }
}
