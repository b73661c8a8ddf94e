//! How what goes wrong with a restore is said.

use super::super::commit::uncertain;
use super::super::shown;
use super::Restoration;
use crate::error::{Error as Told, Kind};
use crate::store::Location;
use std::path::{Path, PathBuf};

/// What is said where the store may hold the copy although `error` was met, and what it replaced
/// is `kept`.
pub(super) fn in_doubt(error: Told, kept: Option<&Path>) -> Told {
    let error = match error.kind {
        Kind::Uncertain => error,
        _ => uncertain(error),
    };
    match kept {
        Some(path) => Told {
            message: format!(
                "{}; what it may have replaced is kept: {}",
                error.message,
                shown(path)
            ),
            ..error
        },
        None => error,
    }
}

pub(super) fn not_taken_in() -> Told {
    Told::store("the copy was not taken in")
}

/// What is said of a store, said of a copy that is to be restored.
pub(super) fn of_copy(mut error: Told) -> Told {
    error.message = error.message.replacen("the store ", "the copy ", 1);
    error.hint("nothing was changed; name another copy")
}

/// What is said of the store in the file at `path`, said of the copy of `restoration`, which was
/// taken into it: what it holds is the copy's fault, all else that of where it lies.
pub(super) fn of_file(mut error: Told, path: &Path, restoration: &Restoration) -> Told {
    let file = format!("the store {}", shown(path));
    if error.kind == Kind::Damaged {
        let copy = format!("the store {}", restoration.source.shown());
        error.message = error.message.replacen(&file, &copy, 1);
        return of_copy(error);
    }
    let directory = directory_near(&restoration.location);
    let taken = format!("the copy that was taken into {}", shown(&directory));
    error.message = error.message.replacen(&file, &taken, 1);
    error.hint(room_in(&directory))
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
