//! A look at the files: facts, and no opinion of them.

use super::surroundings::{Beginning, Journal, Stat, Surroundings};
use crate::error::{Error, Result};
use crate::store::sqlite::aside::REPLACED;
use crate::store::sqlite::base::shown;
use crate::store::sqlite::file::Location;
use crate::store::sqlite::header::{first_bytes, is_marked};
use crate::store::sqlite::mount::is_mount_point;
use crate::store::sqlite::parts::beside;
use crate::store::sqlite::scratch::is_scratch;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The bits of a mode that are permissions.
const PERMISSIONS: u32 = 0o7777;

/// Bytes of SQLite's header of a file.
const HEADER: usize = 100;

/// Looks around the store at `location`, as `you` see it. Fails if there is none, or if it may not be
/// looked at.
pub fn around(location: &Location, you: u32) -> Result<Surroundings> {
    let path = location.existing()?;
    let store = at(&path)?;
    let mut place = Surroundings {
        you,
        link: is_link(location.path()).then(|| location.shown()),
        beginning: beginning_of(&path, store.len()),
        is_mounted_alone: is_mount_point(&path),
        store: stat(&path, &store),
        beside: Vec::new(),
        odd: Vec::new(),
        journal: None,
        replaced: Vec::new(),
        scratch: Vec::new(),
        directory: stat(Path::new("/"), &store),
        above: Vec::new(),
    };
    for suffix in ["-wal", "-shm"] {
        let path = beside(&path, suffix);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => place.beside.push(stat(&path, &metadata)),
            Ok(_) => place.odd.push(shown(&path)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(&path, cause)),
        }
    }
    place.journal = journal(&beside(&path, "-journal"));

    left_behind(&path, &mut place);

    let mut seen = BTreeSet::new();
    // By their own path, and by the one that was given: who can write there can move the link.
    let ways = path
        .ancestors()
        .skip(1)
        .chain(location.path().ancestors().skip(1));
    for (i, directory) in ways.enumerate() {
        let metadata = at(directory)?;
        let is_new = seen.insert((metadata.dev(), metadata.ino()));
        if i == 0 {
            place.directory = stat(directory, &metadata);
        } else if is_new {
            place.above.push(stat(directory, &metadata));
        }
    }
    Ok(place)
}

/// Looks for what restores and backups leave beside the store at `path`. Who may not list the
/// directory sees nothing of it.
fn left_behind(path: &Path, place: &mut Surroundings) {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    let replaced = [name.as_encoded_bytes(), REPLACED.as_bytes()].concat();
    for found in fs::read_dir(directory).into_iter().flatten().flatten() {
        // Of a link itself, not of what it leads to.
        let (path, Ok(metadata)) = (found.path(), found.metadata()) else {
            continue;
        };
        let name = found.file_name();
        if metadata.is_file() && name.as_encoded_bytes().starts_with(&replaced) {
            place.replaced.push(stat(&path, &metadata));
        } else if metadata.is_dir() && is_scratch(&name) {
            place.scratch.push(shown(&path));
        }
    }
    place.replaced.sort_by(|a, b| a.shown.cmp(&b.shown));
    place.scratch.sort();
}

fn journal(path: &Path) -> Option<Journal> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let is_file = metadata.is_file();
    Some(Journal {
        entry: stat(path, &metadata),
        is_file,
        // Emptied, or with zeros for a header, it is one that was done with. Who may not read it
        // cannot tell.
        is_hot: is_file
            && metadata.len() > 0
            && first_bytes(path, 1).map_or(true, |first| first != [0]),
    })
}

/// The beginning of the store's file at `path`, as far as it can be read.
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

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
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
