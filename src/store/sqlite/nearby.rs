//! Other stores that a user may have meant when a mistyped path made a new one.

use super::header::is_marked;
use super::identity::inode;
use super::parts::{PARTS, is_part, sibling};
use crate::directory;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Most entries of a directory that are read, in the system's order.
const ENTRIES_MAX: usize = 10_000;

/// Most files whose headers are read: each stays open until the process ends.
const FILES_MAX: usize = 32;

/// Smallest page of a SQLite file, whose size is a multiple of it.
const PAGE_MIN: u64 = 512;

/// Returns stores other than that at `path`: the one at `usual`, then those in the same directory, up to
/// `most`. Finds the latter only if they are among the first files that are looked at; a file that has a log
/// comes before others, as nearly every store has one.
pub fn other_stores(path: &Path, usual: Option<&Path>, most: usize) -> Vec<PathBuf> {
    let siblings = files_beside(path);
    let all = usual.map(Path::to_owned).into_iter().chain(siblings);
    let mut seen = BTreeSet::from([inode(path)]);
    all.filter(|path| is_marked(path) && seen.insert(inode(path)))
        .take(most)
        .collect()
}

/// Returns the files in the directory of `path` that may be databases, those with a log first.
fn files_beside(path: &Path) -> Vec<PathBuf> {
    let directory = directory::of(path);
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let files = entries.take(ENTRIES_MAX).flatten();
    let files = files.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names: BTreeSet<OsString> = files.map(|entry| entry.file_name()).collect();
    let log = |name: &OsString| sibling(Path::new(name), PARTS[0]).into_os_string();
    let (with_log, without): (Vec<&OsString>, Vec<&OsString>) =
        names.iter().partition(|name| names.contains(&log(name)));
    let files = with_log.into_iter().chain(without);
    let files = files
        .filter(|name| !is_part(Path::new(name)) && Some(name.as_os_str()) != path.file_name());
    files
        .map(|name| directory.join(name))
        .filter(|file| has_size_of_database(file))
        .take(FILES_MAX)
        .collect()
}

fn has_size_of_database(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.len() > 0 && file.len() % PAGE_MIN == 0)
}
