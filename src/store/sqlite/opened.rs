//! A store's file that is open, with the connection to it.

use super::base::{Purpose, Subject, shown};
use super::file::Location;
use super::fingerprint::Fingerprint;
use super::identity::{Comparison, Files, Held, files, inode};
use super::open::Connected;
use crate::error::{Error, Result};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Maximum number of attempts to open files that are replaced meanwhile.
const OPENS_MAX: u32 = 10;

/// File that is open, and the connection to it.
pub struct Opened {
    /// The connection.
    pub connection: Connection,
    /// The path of the file, links resolved.
    pub path: PathBuf,
    /// Fingerprint at the open if it was opened `immutable`; `None` if SQLite's locks apply.
    pub unlocked: Option<Fingerprint>,
    /// Identity of the files that are open; `None` for a store in memory, and for a file that is read
    /// without locks. Dropped after the connection is closed.
    pub held: Option<Held>,
}

impl Opened {
    /// Records the inodes of the open file and of its siblings, for a later comparison. `path` is
    /// `location` with its links resolved.
    pub fn new(location: &Location, path: PathBuf, connected: Connected) -> Self {
        let (connection, unlocked) = connected;
        let held = match unlocked {
            Some(_) => None,
            None => Held::note(location.path(), &path),
        };
        Opened {
            connection,
            path,
            unlocked,
            held,
        }
    }

    /// Opens with `open`, and again if one of the files at `path` was replaced meanwhile: only then are those whose
    /// inodes are recorded the ones that SQLite has open. For a process that lives long, which would otherwise miss
    /// every later commit.
    pub fn steadily(
        location: &Location,
        path: &Path,
        open: impl Fn() -> Result<Connected>,
    ) -> Result<Self> {
        for _ in 0..OPENS_MAX {
            let before = files(path);
            let opened = Opened::new(location, path.to_owned(), open()?);
            if opened.unlocked.is_some() || opened.has(before, files(path)) {
                return Ok(opened);
            }
        }
        Err(replaced(path))
    }

    /// Tells whether the files `before` and `after` the open are those that SQLite has open.
    fn has(&self, before: Files, after: Files) -> bool {
        let sql = "PRAGMA journal_mode";
        let mode = self.connection.query_row(sql, [], |row| row.get(0));
        let is_wal = mode.is_ok_and(|mode: String| mode == "wal");
        // In WAL mode, SQLite has both siblings open now: one that is missing was removed. One that was missing before
        // may have been replaced since SQLite made it.
        let is_whole = !is_wal || after.siblings.iter().all(Option::is_some);
        is_whole && before == after
    }

    /// The file and its purpose, for an error.
    pub fn subject<'a>(&'a self, purpose: &'a Purpose) -> Subject<'a> {
        Subject {
            path: &self.path,
            purpose,
        }
    }

    /// Compares the files that are open with those that are at `location` now.
    ///
    /// # Errors
    ///
    /// Fails where the store's file is the same, but its log or index is gone or another one.
    pub fn compare(&self, location: &Location) -> Result<Comparison> {
        match (&self.held, &self.unlocked) {
            (Some(held), _) => held.compare(),
            (None, Some(unlocked)) if inode(location.path()) != Some(unlocked.inode()) => {
                Ok(Comparison::Replaced)
            }
            (None, _) => Ok(Comparison::Same),
        }
    }
}

/// Refuses to write to the store at `path` if `compared` says that another file is there now: what is
/// written to the old one would be lost.
pub fn check_same(compared: Result<Comparison>, path: &Path) -> Result<()> {
    match compared? {
        Comparison::Same => Ok(()),
        Comparison::Replaced => Err(replaced(path)),
    }
}

/// Returns the error for a write to a store that was replaced since it was opened.
pub fn replaced(path: &Path) -> Error {
    Error::busy(format!(
        "the store {} was replaced while it was in use",
        shown(path)
    ))
    .hint("nothing was changed; run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Actor;
    use crate::namespace::Namespace;
    use crate::store::contract::Founder;
    use crate::store::sqlite::Sqlite;
    use crate::store::sqlite::open;
    use crate::store::sqlite::parts::sibling;
    use crate::when::Timestamp;
    use std::cell::Cell;
    use std::fs;

    /// A new store in a directory of its own.
    fn store() -> (tempfile::TempDir, Location) {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::new(&directory.path().join("k.db")).unwrap();
        let actor = Actor {
            name: "ann".to_owned(),
            uid: 1000,
            login_uid: None,
            namespace: Namespace::default(),
        };
        let founder = Founder {
            actor: &actor,
            now: Timestamp::from_millis(1_795_000_000_000).unwrap(),
            reason: None,
            group: None,
            usual: None,
        };
        drop(Sqlite::open_or_create(&location, &founder).unwrap());
        (directory, location)
    }

    #[test]
    fn steadily_opens_again_what_was_replaced_during_the_open() {
        for replaced in ["-shm", "-wal", ""] {
            let (_directory, location) = store();
            let path = location.existing().unwrap();
            let opens = Cell::new(0);
            let opened = Opened::steadily(&location, &path, || {
                let connected = open::to_read((&path).into());
                opens.set(opens.get() + 1);
                if opens.get() == 1 {
                    // Another file of the same content.
                    let (old, new) = (sibling(&path, replaced), sibling(&path, ".new"));
                    fs::copy(&old, &new).unwrap();
                    fs::rename(&new, &old).unwrap();
                }
                connected
            });
            let opened = opened.unwrap();
            assert_eq!(opens.get(), 2, "{replaced:?}");
            assert_eq!(opened.compare(&location), Ok(Comparison::Same));
        }
    }

    #[test]
    fn steadily_gives_up_where_files_are_replaced_again_and_again() {
        let (_directory, location) = store();
        let path = location.existing().unwrap();
        let opened = Opened::steadily(&location, &path, || {
            let connected = open::to_read((&path).into());
            drop(fs::remove_file(sibling(&path, "-shm")));
            connected
        });
        assert!(opened.is_err());
    }
}
