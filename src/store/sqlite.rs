//! The SQLite backend: one file, write-ahead logging, one writer at a time.

mod aside;
mod beside;
mod commit;
mod copy;
mod damage;
mod error;
mod file;
mod identity;
mod migrate;
mod mount;
mod nearest;
mod open;
mod owner;
mod place;
mod query;
mod read;
mod restore;
mod row;
mod scratch;
mod siblings;
mod subject;
mod wal;
mod write;

pub use self::aside::REPLACED;
pub use self::file::{Location, Sharing, beside};
pub use self::mount::is_mount_point;
pub use self::open::is_marked;
pub use self::place::Place;
pub use self::restore::Restoration;
pub use self::scratch::is_scratch;
pub use self::siblings::{Foreign, Ownership};

use self::file::Fingerprint;
use self::identity::{Comparison, Held, is_same};
use self::open::Empty;
use self::subject::{Role, Subject};
use crate::access::Access;
use crate::env::Actor;
use crate::error::{Error, Result, escape};
use crate::event::{Flaw, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::{self, Member};
use crate::scope::Registry;
use crate::store::contract::{
    Founder, Job, Known, Look, Read, Store, Version, Visit, VisitEntry, VisitHash,
};
use crate::store::damage::{Damage, Skipped};
use crate::store::filter::{Filter, LogFilter};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
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
    opened: Cell<u64>,
    /// The size of the page cache in KiB, if it was set.
    cache: Cell<Option<i64>>,
    /// The files that are open; `None` for a store in memory, and one that is read without locks.
    held: RefCell<Option<Held>>,
}

impl Sqlite {
    /// Opens the store at `location` for reading. The file is not changed, and not made.
    pub fn open_to_read(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        let opened = open::to_read(&path)?;
        Ok(Self::reader(path, Role::Store, opened))
    }

    /// Opens the store at `location` for reading. No file is changed, and none is made where nobody
    /// is at work.
    pub fn open_to_examine(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        let subject = Subject::from(&*path);
        let opened = match open::quietly(subject)? {
            Some(opened) => opened,
            None => open::to_look(subject)?,
        };
        Ok(Self::reader(path, Role::Store, opened))
    }

    /// Opens the copy of a store at `location` for reading, as [`Sqlite::open_to_examine`] does, but
    /// without the files beside it that are not its maker's. Returns these.
    pub fn open_copy(location: &Location) -> Result<(Self, Vec<Foreign>)> {
        let path = location.existing_copy()?;
        let role = Role::Copy;
        let (opened, foreign) = open::copy(Subject {
            path: &path,
            role: &role,
        })?;
        Ok((Self::reader(path, role, opened), foreign))
    }

    fn reader(path: PathBuf, role: Role, (connection, unlocked): open::Opened) -> Self {
        let held = match unlocked {
            Some(_) => None,
            None => Held::note(&path),
        };
        Self::over(connection, path, role, unlocked, held)
    }

    fn over(
        connection: Connection,
        path: PathBuf,
        role: Role,
        unlocked: Option<Fingerprint>,
        held: Option<Held>,
    ) -> Self {
        Sqlite {
            connection: RefCell::new(connection),
            path,
            role,
            unlocked: Cell::new(unlocked),
            opened: Cell::new(0),
            cache: Cell::new(None),
            held: RefCell::new(held),
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
        if !location.create(Sharing::AsDirectory)? {
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
        Ok(Self::over(connection, path, Role::Store, None, None))
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
        let (path, role) = (subject.path.to_owned(), subject.role.clone());
        let held = Held::note(&path);
        let store = Self::over(connection, path, role, None, held);
        Ok((store, made))
    }

    /// Runs `read`, and again if the file was changed meanwhile where no lock would have kept that
    /// from being seen half done.
    fn reading<T>(&self, mut read: impl FnMut(&Connection) -> error::Result<T>) -> Result<T> {
        for _ in 0..RETRIES {
            let result = read(&self.connection.borrow());
            match self.unlocked.get() {
                Some(before) if !before.still_holds(&self.path) => self.reopen()?,
                _ => return result.map_err(|error| error.about(self.subject())),
            }
        }
        Err(self.keeps_changing())
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            path: &self.path,
            role: &self.role,
        }
    }

    /// Opens the file that is at the path now, in place of the one that is open.
    fn reopen(&self) -> Result<()> {
        let (connection, unlocked) = open::to_read(self.subject())?;
        self.connection.replace(connection);
        self.unlocked.set(unlocked);
        self.held.replace(match unlocked {
            Some(_) => None,
            None => Held::note(&self.path),
        });
        self.opened.set(self.opened.get().wrapping_add(1));
        match self.cache.get() {
            Some(kib) => self.set_cache(kib),
            None => Ok(()),
        }
    }

    fn set_cache(&self, kib: i64) -> Result<()> {
        // A negative value is a number of KiB, a positive one a number of pages.
        let set = self
            .connection
            .borrow()
            .pragma_update(None, "cache_size", -kib);
        set.map_err(|cause| error::Error::from(cause).about(self.subject()))
    }

    /// Makes sure that the files which are open are those that are at the path now: a store that was
    /// replaced is opened anew, and one whose log or index was removed is refused.
    fn follow_files(&self) -> Result<()> {
        let compared = compare_files(&self.held.borrow())?;
        match compared {
            Comparison::Same => Ok(()),
            Comparison::Replaced => self.reopen(),
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

    fn live_key(&self, owner: &str, name: &str) -> Result<Option<Key>> {
        self.reading(|connection| read::live_key(connection, owner, name))
    }

    fn live_names(&self, owner: Option<&str>, limit: u64) -> Result<Vec<(String, String)>> {
        self.reading(|connection| read::live_names(connection, owner, limit))
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<Skipped> {
        if self.unlocked.get().is_none() {
            return self.reading(|connection| read::scan(connection, filter, visit));
        }
        // What was visited cannot be taken back: all of it is read before any of it is shown.
        let (keys, skipped) = self.reading(|connection| read::all(connection, filter))?;
        for key in keys {
            if visit(key)?.is_break() {
                break;
            }
        }
        Ok(skipped)
    }

    fn damaged_owner(&self, id: KeyId) -> Result<Option<String>> {
        self.reading(|connection| read::damaged_owner(connection, id))
    }

    fn policy(&self) -> Result<Policy> {
        self.reading(read::policy)
    }

    fn readable_policy(&self) -> Result<(Policy, Vec<String>)> {
        self.reading(read::readable_policy)
    }

    fn scopes(&self) -> Result<Registry> {
        self.reading(read::scopes)
    }

    fn access(&self, actor: &Actor) -> Result<Access> {
        self.reading(|connection| read::access(connection, actor, &self.path))
    }

    fn users_of_scope(&self, scope: &str, limit: u64) -> Result<Vec<Key>> {
        self.reading(|connection| read::users_of_scope(connection, scope, limit))
    }

    fn role(&self, project: &str, user: &str) -> Result<Option<project::Role>> {
        self.reading(|connection| read::role(connection, project, user))
    }

    fn members(&self, project: Option<&str>, limit: Option<u64>) -> Result<Vec<Member>> {
        self.reading(|connection| read::members(connection, project, limit))
    }

    fn projects(&self, limit: u64) -> Result<Vec<String>> {
        self.reading(|connection| read::projects(connection, limit))
    }

    fn is_appointed(&self, user: &str) -> Result<bool> {
        self.reading(|connection| read::is_appointed(connection, user))
    }

    fn administrators(&self, limit: Option<u64>) -> Result<Vec<String>> {
        self.reading(|connection| read::administrators(connection, limit))
    }

    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()> {
        if self.unlocked.get().is_none() {
            return self.reading(|connection| read::scan_log(connection, filter, visit));
        }
        let (all, scanned) = self.reading(|connection| {
            let mut found = Vec::new();
            let scanned = read::scan_log(connection, filter, &mut |entry| {
                found.push(entry);
                Ok(ControlFlow::Continue(()))
            });
            Ok((found, scanned))
        })?;
        for entry in all {
            if visit(entry)?.is_break() {
                break;
            }
        }
        scanned.map_err(|error| error.about(self.subject()))
    }

    fn head(&self) -> Result<Head> {
        self.reading(read::head)
    }

    fn event_at(&self, seq: i64) -> Result<Option<Head>> {
        self.reading(|connection| read::event_at(connection, seq))
    }

    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>> {
        self.reading(|connection| read::check_log(connection, kept))
    }

    fn damage(&self) -> Result<Vec<Damage>> {
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
        location.existing().is_ok_and(|path| path == self.path)
    }

    fn keep_in_memory(&self, bytes: usize) -> Result<()> {
        let kib = i64::try_from(bytes / 1024).unwrap_or(i64::MAX);
        self.cache.set(Some(kib));
        self.set_cache(kib)
    }

    fn snapshot(&self, look: &mut Look<'_>) -> Result<()> {
        self.follow_files()?;
        self.reading(|connection| {
            let moment = connection.unchecked_transaction()?;
            let version = Version::new(self.opened.get(), read::data_version(&moment)?);
            look(&write::SqliteTx::new(&moment, self.subject()), version)?;
            Ok(moment.commit()?)
        })
    }

    fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()> {
        let scanned = read::scan_hashes(&self.connection.borrow(), visit);
        match self.unlocked.get() {
            // What was visited cannot be taken back.
            Some(before) if !before.still_holds(&self.path) => Err(self.keeps_changing()),
            _ => scanned.map_err(|error| error.about(self.subject())),
        }
    }

    fn write(&mut self, job: &mut Job<'_>) -> Result<()> {
        check_files(&self.path, &self.held.borrow())?;
        let subject = Subject {
            path: &self.path,
            role: &self.role,
        };
        commit::run(self.connection.get_mut(), subject, &mut |tx| {
            // It may have waited for its turn.
            check_files(&self.path, &self.held.borrow())?;
            job(tx)
        })
    }

    fn write_if_free(&mut self, job: &mut Job<'_>) -> Result<()> {
        check_files(&self.path, &self.held.borrow())?;
        // The reader's connection stays as it is: this one may write, and does not wait.
        let mut connection = open::to_write(&self.path, Duration::ZERO, Empty::Refused)
            .and_then(|connection| migrate::check_current(&connection).map(|()| connection))
            .map_err(|error| error.about(self.subject()))?;
        commit::run(&mut connection, self.subject(), job)
    }
}

/// Refuses to write to files that are no longer those at `path`.
fn check_files(path: &Path, held: &Option<Held>) -> Result<()> {
    match compare_files(held)? {
        Comparison::Same => Ok(()),
        Comparison::Replaced => Err(Error::store(format!(
            "the store {} was replaced while it was in use",
            shown(path)
        ))
        .hint("nothing was changed; run the command again")),
    }
}

fn compare_files(held: &Option<Held>) -> Result<Comparison> {
    held.as_ref().map_or(Ok(Comparison::Same), Held::compare)
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}
