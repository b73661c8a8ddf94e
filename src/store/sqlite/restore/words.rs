//! Errors of a restore.

use crate::error::{Error, FailureKind};
use crate::store::sqlite::base::shown;
use crate::store::sqlite::commit::uncertain;
use crate::store::sqlite::file::Location;
use std::path::{Path, PathBuf};

/// Turns `error` into one of a restore that may have happened, and names the path of the replaced store.
pub(super) fn in_doubt(error: Error, kept: Option<&Path>) -> Error {
    let error = match error.kind {
        FailureKind::Uncertain => error,
        _ => uncertain(error),
    };
    match kept {
        Some(path) => error.adding(format_args!(
            "the store that it may have replaced is kept at {}",
            shown(path)
        )),
        None => error,
    }
}

/// Returns the error for a missing private copy. A bug, if it ever occurs.
pub(super) fn not_taken_in() -> Error {
    Error::io("the copy could not be restored")
}

/// Advises to name another copy, unless `error` is about this machine's memory.
pub(super) fn unfit(error: Error) -> Error {
    if error.kind == FailureKind::Memory {
        return error;
    }
    error.hint("nothing was changed; name another copy")
}

/// Returns advice for a file that could not be made in `directory`.
pub(super) fn room_in(directory: &Path) -> String {
    format!(
        "nothing was changed; check the free space and the permissions of {}",
        shown(directory)
    )
}

/// Returns the directory of the store, or the nearest existing one above it.
pub(super) fn directory_near(location: &Location) -> PathBuf {
    let path = location
        .existing()
        .unwrap_or_else(|_| location.path().to_owned());
    let mut above = path.ancestors().skip(1);
    above
        .find(|directory| directory.is_dir())
        .unwrap_or(Path::new("/"))
        .to_owned()
}
