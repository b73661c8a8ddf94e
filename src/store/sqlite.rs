//! The SQLite backend: one file, write-ahead logging, one writer at a time.

mod beside;
mod commit;
mod copy;
mod damage;
mod error;
mod migrate;
mod nearest;
mod open;
mod query;
mod read;
mod restore;
mod row;
mod subject;
mod write;

pub use self::open::is_marked;
pub use self::restore::Restoration;

use self::open::Empty;
use self::subject::{Role, Subject};
use super::file::Fingerprint;
use super::{
    Filter, Founder, Job, Known, Location, LogFilter, Look, Read, Sharing, Store, Version, Visit,
    VisitEntry, VisitHash,
};
use crate::access::{Access, ROOT};
use crate::env::Actor;
use crate::error::{Error, Result, escape};
use crate::event::{Flaw, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::Member;
use crate::scope::Registry;
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a writer waits for its turn.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a reader without a write-ahead log starts again because the file changed under it.
const RETRIES: u32 = 10;

/// An open SQLite store.
pub struct Sqlite {
    connection: RefCell<Connection>,
    path: PathBuf,
    role: Role,
    /// What the file was when it was opened as one that nobody changes; `None` where SQLite's
    /// locks see to it that a reader misses nothing.
    unlocked: Cell<Option<Fingerprint>>,
    /// How often it was opened anew since.
    opened: Cell<u32>,
    /// Which file it is.
    identity: Cell<Option<Identity>>,
}

/// The device and the number of a file.
type Identity = (u64, u64);

impl Sqlite {
    /// Opens the store at `location` for reading. The file is not changed, and not made.
    pub fn open_to_read(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        // Before it is opened: if another takes its place just then, it is taken for one that has.
        let identity = identity(&path);
        let opened = open::to_read(&path)?;
        Ok(Self::reader(path, Role::Store, identity, opened))
    }

    /// Opens the store at `location` for reading. No file is changed, and none is made where nobody
    /// is at work.
    pub fn open_to_examine(location: &Location) -> Result<Self> {
        Self::examine(location.existing()?, Role::Store)
    }

    /// The same of the file at `path`, which has this `role`.
    fn examine(path: PathBuf, role: Role) -> Result<Self> {
        let identity = identity(&path);
        let subject = Subject {
            path: &path,
            role: &role,
        };
        let opened = match open::quietly(subject)? {
            Some(opened) => opened,
            None => open::to_look(subject)?,
        };
        Ok(Self::reader(path, role, identity, opened))
    }

    fn reader(
        path: PathBuf,
        role: Role,
        identity: Option<Identity>,
        (connection, unlocked): open::Opened,
    ) -> Self {
        Sqlite {
            identity: Cell::new(identity),
            connection: RefCell::new(connection),
            path,
            role,
            unlocked: Cell::new(unlocked),
            opened: Cell::new(0),
        }
    }

    /// Opens the store at `location` for changes, and migrates it if its schema is older.
    pub fn open_to_write(location: &Location) -> Result<Self> {
        let (store, _) = Self::writable(location.existing()?, None)?;
        Ok(store)
    }

    /// Opens the store at `location` for changes; where there is none, makes it, with `founder` as
    /// its first administrator. Says whether it was made.
    pub fn open_or_create(location: &Location, founder: &Founder<'_>) -> Result<(Self, bool)> {
        if !location.create(Sharing::Private)? {
            location.close_to_others()?;
        }
        Self::found(location, founder)
    }

    /// Makes the empty file at `location` a store, with `founder` as its first administrator,
    /// unless it is one. Says whether it became one.
    pub fn found(location: &Location, founder: &Founder<'_>) -> Result<(Self, bool)> {
        Self::writable(location.existing()?, Some(founder))
    }

    /// Whether the file at `location` is about to become a store, by somebody else.
    pub fn is_unfounded(location: &Location) -> bool {
        location
            .existing()
            .is_ok_and(|path| open::holds_nothing(&path))
    }

    /// A store in memory, as the one at `location` would be if `founder` made it.
    pub fn blank(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        let path = location.path().to_owned();
        let failed = |error: error::Error| error.about(&path);
        let mut connection =
            Connection::open_in_memory().map_err(|cause| failed(error::Error::from(cause)))?;
        migrate::migrate(&mut connection, (&path).into(), Some(founder)).map_err(failed)?;
        Ok(Sqlite {
            connection: RefCell::new(connection),
            path,
            role: Role::Store,
            unlocked: Cell::new(None),
            opened: Cell::new(0),
            identity: Cell::new(None),
        })
    }

    /// Says whether the file became a store: not who made the file, but who came first to fill it
    /// is the founder.
    fn writable(path: PathBuf, founder: Option<&Founder<'_>>) -> Result<(Self, bool)> {
        let empty = match founder {
            Some(_) => Empty::Taken,
            None => Empty::Refused,
        };
        Self::try_writable((&path).into(), founder, empty).map_err(|error| error.about(&path))
    }

    fn try_writable(
        subject: Subject<'_>,
        founder: Option<&Founder<'_>>,
        empty: Empty,
    ) -> error::Result<(Self, bool)> {
        let mut connection = open::to_write(subject.path, BUSY_TIMEOUT, empty)?;
        let made = migrate::migrate(&mut connection, subject, founder)?;
        let store = Sqlite {
            connection: RefCell::new(connection),
            path: subject.path.to_owned(),
            role: subject.role.clone(),
            unlocked: Cell::new(None),
            opened: Cell::new(0),
            identity: Cell::new(None),
        };
        Ok((store, made))
    }

    /// Runs `read`, and again if the file was changed meanwhile where no lock would have kept that
    /// from being seen half done.
    fn reading<T>(&self, mut read: impl FnMut(&Connection) -> error::Result<T>) -> Result<T> {
        for _ in 0..RETRIES {
            let result = read(&self.connection.borrow());
            let Some(before) = self.unlocked.get() else {
                return result.map_err(|error| error.about(self.subject()));
            };
            if Fingerprint::of_quiet(&self.path) == Some(before) {
                return result.map_err(|error| error.about(self.subject()));
            }
            self.identity.set(identity(&self.path));
            let (connection, unlocked) = open::to_read(self.subject())?;
            self.connection.replace(connection);
            self.unlocked.set(unlocked);
            self.opened.set(self.opened.get().wrapping_add(1));
        }
        Err(self.keeps_changing())
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            path: &self.path,
            role: &self.role,
        }
    }

    fn keeps_changing(&self) -> Error {
        let file = self.subject().file();
        Error::store(format!("{file} keeps changing while it is read"))
            .hint("run the command again")
    }
}

impl Read for Sqlite {
    fn get(&self, id: KeyId) -> Result<Option<Key>> {
        self.reading(|connection| read::get(connection, id))
    }

    fn to_verify(&self, ids: &[KeyId]) -> Result<Vec<Option<Known>>> {
        self.reading(|connection| nearest::to_verify(connection, ids))
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<()> {
        if self.unlocked.get().is_none() {
            return self.reading(|connection| read::scan(connection, filter, visit));
        }
        // What was visited cannot be taken back: all of it is read before any of it is shown.
        for key in self.reading(|connection| read::all(connection, filter))? {
            if visit(key)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn policy(&self) -> Result<Policy> {
        self.reading(read::policy)
    }

    fn scopes(&self) -> Result<Registry> {
        self.reading(read::scopes)
    }

    fn access(&self, actor: &Actor) -> Result<Access> {
        let file_owner = owner_of(&self.path);
        self.reading(|connection| read::access(connection, actor, file_owner))
    }

    fn members(&self, project: Option<&str>) -> Result<Vec<Member>> {
        self.reading(|connection| read::members(connection, project))
    }

    fn administrators(&self) -> Result<Vec<String>> {
        self.reading(read::administrators)
    }

    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()> {
        if self.unlocked.get().is_none() {
            return self.reading(|connection| read::scan_log(connection, filter, visit));
        }
        let all = self.reading(|connection| {
            let mut found = Vec::new();
            read::scan_log(connection, filter, &mut |entry| {
                found.push(entry);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        })?;
        for entry in all {
            if visit(entry)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn head(&self) -> Result<Head> {
        self.reading(read::head)
    }

    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>> {
        self.reading(|connection| read::check_log(connection, kept))
    }

    fn damage(&self) -> Result<Vec<String>> {
        self.reading(damage::find)
    }
}

impl Store for Sqlite {
    fn name(&self) -> String {
        shown(&self.path)
    }

    fn is_current(&self) -> Result<bool> {
        self.reading(migrate::is_current)
    }

    fn is_at(&self, location: &Location) -> bool {
        let path = location.existing().ok();
        path.is_some_and(|path| path == self.path && identity(&path) == self.identity.get())
    }

    fn keep_in_memory(&self, bytes: usize) -> Result<()> {
        // Where it is negative, it is a number of KiB and not of pages.
        let kib = i64::try_from(bytes / 1024).unwrap_or(i64::MAX);
        self.reading(|connection| Ok(connection.pragma_update(None, "cache_size", -kib)?))
    }

    fn snapshot(&self, look: &mut Look<'_>) -> Result<()> {
        self.reading(|connection| {
            let moment = connection.unchecked_transaction()?;
            let version = Version {
                opened: self.opened.get(),
                data: read::data_version(&moment)?,
            };
            look(&write::SqliteTx::new(&moment, self.subject()), version)?;
            Ok(moment.commit()?)
        })
    }

    fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()> {
        let scanned = read::scan_hashes(&self.connection.borrow(), visit);
        match self.unlocked.get() {
            // What was visited cannot be taken back.
            Some(before) if Fingerprint::of_quiet(&self.path) != Some(before) => {
                Err(self.keeps_changing())
            }
            _ => scanned.map_err(|error| error.about(self.subject())),
        }
    }

    fn write(&mut self, job: &mut Job<'_>) -> Result<()> {
        let subject = Subject {
            path: &self.path,
            role: &self.role,
        };
        commit::run(self.connection.get_mut(), subject, job)
    }

    fn write_if_free(&mut self, job: &mut Job<'_>) -> Result<()> {
        // The reader's connection stays as it is: this one may write, and does not wait.
        let mut connection = open::to_write(&self.path, Duration::ZERO, Empty::Refused)
            .and_then(|connection| migrate::check_current(&connection).map(|()| connection))
            .map_err(|error| error.about(self.subject()))?;
        commit::run(&mut connection, self.subject(), job)
    }
}

/// Whether `one` and `other` are the same file, by whatever path.
fn is_same(one: &Path, other: &Path) -> bool {
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

fn identity(path: &Path) -> Option<Identity> {
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// The uid that owns the store's file: always an administrator, as is uid 0.
fn owner_of(path: &Path) -> u32 {
    // Where the file cannot even be looked at, nobody becomes an administrator by it.
    fs::metadata(path).map_or(ROOT, |metadata| metadata.uid())
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}
