//! Errors of a restore, in words.

use crate::error::{Error, FailureKind};
use crate::store::sqlite::base::shown;
use crate::store::sqlite::commit::uncertain;
use crate::store::sqlite::file::Location;
use std::path::{Path, PathBuf};

/// Returns `error` where the store may hold the copy all the same, and what it replaced is `kept`.
pub(super) fn in_doubt(error: Error, kept: Option<&Path>) -> Error {
    let error = match error.kind {
        FailureKind::Uncertain => error,
        _ => uncertain(error),
    };
    match kept {
        Some(path) => error.adding(format_args!(
            "what it may have replaced is kept: {}",
            shown(path)
        )),
        None => error,
    }
}

pub(super) fn not_taken_in() -> Error {
    Error::io("the copy was not taken in")
}

/// `error` of a copy that is not restored for it.
pub(super) fn unfit(error: Error) -> Error {
    if error.kind == FailureKind::Memory {
        return error;
    }
    error.hint("nothing was changed; name another copy")
}

pub(super) fn room_in(directory: &Path) -> String {
    format!(
        "nothing was changed; check the room and the permissions of {}",
        shown(directory)
    )
}

/// The directory of the store's file or, where that is not there yet, the next above it.
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
