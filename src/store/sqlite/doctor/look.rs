//! Facts about the files of a store, for [`super::files`] to judge.

use super::surroundings::{Beginning, FileSurroundings, Journal, Stat};
use crate::directory;
use crate::error::{Error, Result};
use crate::store::sqlite::aside::REPLACED;
use crate::store::sqlite::base::shown;
use crate::store::sqlite::file::Location;
use crate::store::sqlite::header::{first_bytes, is_marked};
use crate::store::sqlite::identity::inode_of;
use crate::store::sqlite::mount::is_mount_point;
use crate::store::sqlite::parts::sibling;
use crate::store::sqlite::scratch::is_scratch;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bits of a mode that are permissions, with set-user-ID, set-group-ID and sticky.
const PERMISSIONS: u32 = 0o7777;

/// Size of the header of a SQLite file.
const HEADER: usize = 100;

/// Gathers the facts about the store at `location` for the user with the uid `you`. Fails if there is no
/// store, or if stat(2) fails on it, a sibling or a directory.
pub fn gather(location: &Location, you: u32) -> Result<FileSurroundings> {
    let path = location.existing()?;
    let store = at(&path)?;
    let (siblings, odd) = siblings(&path)?;
    let (replaced, scratch) = left_behind(&path);
    let (directory, above) = directories(&path, location.path())?;
    Ok(FileSurroundings {
        you,
        link: location.path().is_symlink().then(|| location.shown()),
        beginning: beginning_of(&path, store.len()),
        is_mounted_alone: is_mount_point(&path),
        store: stat(&path, &store),
        siblings,
        odd,
        journal: journal(&sibling(&path, "-journal")),
        replaced,
        scratch,
        directory,
        above,
    })
}

/// Returns log and index of the store at `path`: the regular files, and the paths of what is no regular file.
fn siblings(path: &Path) -> Result<(Vec<Stat>, Vec<String>)> {
    let (mut regular, mut odd) = (Vec::new(), Vec::new());
    for suffix in ["-wal", "-shm"] {
        let path = sibling(path, suffix);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => regular.push(stat(&path, &metadata)),
            Ok(_) => odd.push(shown(&path)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(&path, cause)),
        }
    }
    Ok((regular, odd))
}

/// Returns the directory of the store at `path`, and all directories above it and above `named`, the path that
/// was given: a user who may write one above a link can replace the link.
fn directories(path: &Path, named: &Path) -> Result<(Stat, Vec<Stat>)> {
    let directory = directory::of(path);
    let metadata = at(directory)?;
    let mut seen = BTreeSet::from([inode_of(&metadata)]);
    let directory = stat(directory, &metadata);
    let mut above = Vec::new();
    for directory in path.ancestors().skip(2).chain(named.ancestors().skip(1)) {
        let metadata = at(directory)?;
        if seen.insert(inode_of(&metadata)) {
            above.push(stat(directory, &metadata));
        }
    }
    Ok((directory, above))
}

/// Returns the replaced files and the scratch directories beside the store at `path`; none if the user may not
/// list the directory.
fn left_behind(path: &Path) -> (Vec<Stat>, Vec<String>) {
    let (mut replaced, mut scratch) = (Vec::new(), Vec::new());
    let name = path.file_name().unwrap_or_default();
    let prefix = [name.as_encoded_bytes(), REPLACED.as_bytes()].concat();
    let entries = fs::read_dir(directory::of(path));
    for entry in entries.into_iter().flatten().flatten() {
        // DirEntry::metadata does not follow a link.
        let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else {
            continue;
        };
        let name = entry.file_name();
        if metadata.is_file() && name.as_encoded_bytes().starts_with(&prefix) {
            replaced.push(stat(&path, &metadata));
        } else if metadata.is_dir() && is_scratch(&name) {
            scratch.push(shown(&path));
        }
    }
    replaced.sort_by(|a, b| a.shown.cmp(&b.shown));
    scratch.sort();
    (replaced, scratch)
}

fn journal(path: &Path) -> Option<Journal> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let is_file = metadata.is_file();
    Some(Journal {
        entry: stat(path, &metadata),
        is_file,
        // SQLite ends a change by emptying the journal, or by writing zeros over its header. A journal that
        // cannot be read counts as hot.
        is_hot: is_file
            && metadata.len() > 0
            && first_bytes(path, 1).map_or(true, |first| first != [0]),
    })
}

/// Classifies the first bytes of the file at `path`, as far as it can be read.
fn beginning_of(path: &Path, size: u64) -> Beginning {
    let is_blank =
        || first_bytes(path, HEADER).is_ok_and(|read| read.iter().all(|&byte| byte == 0));
    match size {
        0 => Beginning::Empty,
        1 => Beginning::Blank,
        _ if is_marked(path) => Beginning::Ours,
        _ if is_blank() => Beginning::Blank,
        _ => Beginning::Other,
    }
}

fn at(path: &Path) -> Result<Metadata> {
    fs::metadata(path).map_err(|cause| failed(path, cause))
}

fn stat(path: &Path, metadata: &Metadata) -> Stat {
    Stat {
        shown: shown(path),
        mode: metadata.mode() & PERMISSIONS,
        uid: metadata.uid(),
        gid: metadata.gid(),
        size: metadata.len(),
        names: metadata.nlink(),
    }
}

fn failed(path: &Path, cause: io::Error) -> Error {
    Error::unavailable(format!("cannot look at {}", shown(path)))
        .because(cause)
        .hint("run the command as a user who may")
}
