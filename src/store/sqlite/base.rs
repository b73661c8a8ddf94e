//! Constants of the format, and the file that an error is about, as its message names it: it is known
//! from the start, so that no message is changed later.

use crate::error::escape;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Mark of a SQLite file as a store of ours: "kctl" in ASCII.
pub const APPLICATION_ID: i32 = 0x6b63_746c;

/// The version of the schema that this program writes.
pub const LATEST: usize = 4;

/// The first version of the schema that knows projects. A reader leaves an older one as it is.
pub const WITH_PROJECTS: usize = 2;

/// The first version of the schema that has the scopes and labels of a key in its own row.
pub const WITH_SCOPES_IN_ROW: usize = 4;

/// Time that a writer waits for its turn, and a reader for recovery by another process.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Path as a message shows it.
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// Purpose for which a file was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The store itself.
    Store,
    /// A copy that is to be restored.
    Copy,
    /// A file that such a copy was taken into: faults in its content are the copy's.
    Taken {
        /// The copy, as a message shows it.
        copy: String,
        /// The directory of the file, as a message shows it.
        directory: String,
    },
}

/// A file, and its purpose.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The path of the file.
    pub path: &'a Path,
    /// The purpose for which it was opened.
    pub purpose: &'a Purpose,
}

impl Subject<'_> {
    /// The name of the file where its content is at fault.
    pub fn content(self) -> String {
        match self.purpose {
            Purpose::Taken { copy, .. } => format!("the copy {copy}"),
            Purpose::Store | Purpose::Copy => self.file(),
        }
    }

    /// The name of the file where anything else is at fault, such as the disk.
    pub fn file(self) -> String {
        match self.purpose {
            Purpose::Store => format!("the store {}", shown(self.path)),
            Purpose::Copy => format!("the copy {}", shown(self.path)),
            Purpose::Taken { directory, .. } => {
                format!("the copy that was taken into {directory}")
            }
        }
    }
}

/// The store at the path.
impl<'a> From<&'a Path> for Subject<'a> {
    fn from(path: &'a Path) -> Self {
        Subject {
            path,
            purpose: &Purpose::Store,
        }
    }
}

/// The store at the path.
impl<'a> From<&'a PathBuf> for Subject<'a> {
    fn from(path: &'a PathBuf) -> Self {
        path.as_path().into()
    }
}
