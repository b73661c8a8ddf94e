//! The SQLite backend: one file, write-ahead logging, one writer at a time.

mod actor;
mod aside;
mod base;
mod commit;
mod content;
mod copy;
mod damage;
mod doctor;
mod error;
mod file;
mod fingerprint;
mod header;
mod identity;
mod migrate;
mod mount;
mod nearest;
mod open;
mod owner;
mod parts;
mod place;
mod query;
mod read;
mod restore;
mod row;
mod schema;
mod scratch;
mod siblings;
mod tx;
mod wal;
mod write;

pub use self::copy::{Copied, back_up};
pub use self::doctor::{Examine, Examined, examine};
pub use self::file::Location;
pub use self::parts::is_part;
pub use self::restore::{Restoration, Restored};

use self::base::{BUSY_TIMEOUT, Purpose, Subject, shown};
use self::content::Empty;
use self::file::Sharing;
use self::fingerprint::Fingerprint;
use self::identity::{Comparison, Held, inode};
use self::siblings::Foreign;
use self::tx::SqliteTx;
use super::contract::{Founder, Job, Look, Store, Version};
use super::mode::Mode;
use crate::env::{Actor, Env};
use crate::error::{Error, Result};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most times that a reader without a write-ahead log starts again because the file changed under it.
const RETRIES: u32 = 10;

/// Size of the page caches of all connections of a pool together, in KiB: much of a store with a
/// hundred thousand keys, and of larger ones the upper parts of their trees.
const POOL_CACHE_KIB: usize = 64 << 10;

/// Opens the store at `location` for what `mode` says.
pub fn open(location: &Location, mode: Mode<'_>) -> Result<Sqlite> {
    match mode {
        Mode::Read => Sqlite::open_to_read(location),
        Mode::Pooled(connections) => {
            let store = Sqlite::open_to_read(location)?;
            store.set_cache(POOL_CACHE_KIB / connections)?;
            Ok(store)
        }
        Mode::Write => Sqlite::open_to_write(location),
        Mode::Ensure(founder) => Sqlite::open_or_create(location, founder),
        Mode::Create(founder) => Sqlite::create(location, founder),
        Mode::Preview(founder) => Sqlite::preview(location, founder),
    }
}

/// An open SQLite store.
pub struct Sqlite {
    location: Location,
    purpose: Purpose,
    opened: RefCell<Opened>,
    /// The number of times that it was opened anew since.
    count: Cell<u64>,
    /// The size of the page cache in KiB, if it was set.
    cache: Cell<Option<i64>>,
    notices: Vec<String>,
}

/// The file that is open, and the connection to it.
struct Opened {
    connection: Connection,
    /// Its path, links resolved.
    path: PathBuf,
    /// Fingerprint at the open if it was opened as one that nobody changes; `None` if SQLite's locks
    /// apply.
    unlocked: Option<Fingerprint>,
    /// The files that are open; `None` for a store in memory, and one that is read without locks.
    held: Option<Held>,
}

impl Opened {
    fn to_read(location: &Location, path: PathBuf, opened: open::Connected) -> Self {
        let (connection, unlocked) = opened;
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

    fn subject<'a>(&'a self, purpose: &'a Purpose) -> Subject<'a> {
        Subject {
            path: &self.path,
            purpose,
        }
    }

    /// Compares the files that are open with those that are where the store is now.
    fn compare(&self, location: &Location) -> Result<Comparison> {
        match (&self.held, &self.unlocked) {
            (Some(held), _) => held.compare(),
            (None, Some(unlocked)) if inode(location.path()) != Some(unlocked.inode()) => {
                Ok(Comparison::Replaced)
            }
            (None, _) => Ok(Comparison::Same),
        }
    }
}

/// Refuses to write to the files at `path` where they are no longer those where the store is.
fn check_same(compared: Result<Comparison>, path: &Path) -> Result<()> {
    match compared? {
        Comparison::Same => Ok(()),
        Comparison::Replaced => Err(replaced(path)),
    }
}

fn replaced(path: &Path) -> Error {
    Error::busy(format!(
        "the store {} was replaced while it was in use",
        shown(path)
    ))
    .hint("nothing was changed; run the command again")
}

impl Sqlite {
    /// Opens the store at `location` for reading. The file is not changed, and not made.
    pub fn open_to_read(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        let opened = open::to_read(&path)?;
        Ok(Self::reader(location, path, Purpose::Store, opened))
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
        Ok(Self::reader(location, path, Purpose::Store, opened))
    }

    /// Opens the copy of a store at `location` for reading, as [`Sqlite::open_to_examine`] does, but
    /// without the files beside it that are not its maker's. Returns these.
    pub fn open_copy(location: &Location) -> Result<(Self, Vec<Foreign>)> {
        let path = location.existing_copy()?;
        let purpose = Purpose::Copy;
        let (opened, foreign) = open::copy(Subject {
            path: &path,
            purpose: &purpose,
        })?;
        Ok((Self::reader(location, path, purpose, opened), foreign))
    }

    fn reader(
        location: &Location,
        path: PathBuf,
        purpose: Purpose,
        opened: open::Connected,
    ) -> Self {
        Self::over(location, purpose, Opened::to_read(location, path, opened))
    }

    fn over(location: &Location, purpose: Purpose, opened: Opened) -> Self {
        Sqlite {
            location: location.clone(),
            purpose,
            opened: RefCell::new(opened),
            count: Cell::new(0),
            cache: Cell::new(None),
            notices: Vec::new(),
        }
    }

    /// Opens the store at `location` for changes, and migrates it if its schema is older.
    pub fn open_to_write(location: &Location) -> Result<Self> {
        let (mut store, _) = Self::writable(location, None)?;
        store.notices.extend(location.exposure());
        Ok(store)
    }

    /// Opens the store at `location` for changes; where there is none, makes it, with `founder` as
    /// its first administrator.
    fn open_or_create(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        if !location.create(Sharing::AsDirectory)? {
            location.close_to_others()?;
        }
        let (mut store, made) = Self::writable(location, Some(founder))?;
        store.notices.extend(location.exposure());
        if made {
            store.tell_made(founder, Sharing::AsDirectory);
        }
        Ok(store)
    }

    /// Makes a store at `location`, where there must be none, with `founder` as its first administrator.
    fn create(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        let sharing = match founder.group {
            Some(gid) => Sharing::Group(gid),
            None => Sharing::AsDirectory,
        };
        if !location.create(sharing)? {
            return Err(already_there(location));
        }
        let (mut store, _) = Self::writable(location, Some(founder))?;
        store.tell_made(founder, sharing);
        Ok(store)
    }

    fn tell_made(&mut self, founder: &Founder<'_>, sharing: Sharing) {
        let founder = self.known(founder.actor.clone());
        self.notices.push(format!(
            "made a new store at {}; its administrator is {}",
            self.location.shown(),
            crate::error::escape(&founder.name)
        ));
        self.notices.extend(self.location.belongs_to(sharing));
    }

    /// Returns the store as it is or, where there is none, as `founder` would make it: to check what is
    /// asked before anything is made.
    fn preview(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        if location.is_vacant() || Self::is_unfounded(location) {
            location.check_directory()?;
            return Self::blank(location, founder);
        }
        Self::open_to_read(location)
    }

    /// Tells whether the file at `location` is about to become a store, by somebody else.
    fn is_unfounded(location: &Location) -> bool {
        location
            .existing()
            .is_ok_and(|path| open::holds_nothing(&path))
    }

    /// Makes a store in memory, as the one at `location` would be if `founder` made it.
    fn blank(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        let path = location.path().to_owned();
        let failed = |error: error::SqliteError| error.about(&path);
        let mut connection = Connection::open_in_memory()
            .map_err(|cause| failed(error::SqliteError::from(cause)))?;
        migrate::migrate(&mut connection, (&path).into(), Some(founder)).map_err(failed)?;
        let opened = Opened {
            connection,
            path,
            unlocked: None,
            held: None,
        };
        Ok(Self::over(location, Purpose::Store, opened))
    }

    /// Says whether the file became a store: not who made the file, but who came first to fill it
    /// is the founder.
    fn writable(location: &Location, founder: Option<&Founder<'_>>) -> Result<(Self, bool)> {
        let empty = match founder {
            Some(_) => Empty::Taken,
            None => Empty::Refused,
        };
        let path = location.existing()?;
        Self::try_writable(location, (&path).into(), founder, empty)
            .map_err(|error| error.about(&path))
    }

    fn try_writable(
        location: &Location,
        subject: Subject<'_>,
        founder: Option<&Founder<'_>>,
        empty: Empty,
    ) -> error::SqliteResult<(Self, bool)> {
        let mut connection = open::to_write(subject.path, BUSY_TIMEOUT, empty)?;
        let made = migrate::migrate(&mut connection, subject, founder)?;
        let path = subject.path.to_owned();
        let opened = Opened {
            connection,
            held: Held::note(location.path(), &path),
            path,
            unlocked: None,
        };
        Ok((Self::over(location, subject.purpose.clone(), opened), made))
    }

    /// Runs `read`, and again if the file was changed meanwhile where no lock would have kept that
    /// from being seen half done.
    fn reading<T>(&self, mut read: impl FnMut(&Opened) -> error::SqliteResult<T>) -> Result<T> {
        for _ in 0..RETRIES {
            let opened = self.opened.borrow();
            let result = read(&opened);
            match opened.unlocked {
                Some(before) if !before.still_holds(&opened.path) => {}
                _ => return result.map_err(|error| error.about(opened.subject(&self.purpose))),
            }
            drop(opened);
            self.reopen()?;
        }
        Err(error::keeps_changing(
            self.opened.borrow().subject(&self.purpose),
        ))
    }

    /// Runs `look` at one moment of the store that is there now. It may run again.
    fn at_one_moment<T>(
        &self,
        mut look: impl FnMut(&SqliteTx<'_>) -> error::SqliteResult<T>,
    ) -> Result<T> {
        self.follow_files()?;
        self.reading(|opened| {
            if !opened.connection.is_autocommit() {
                return Err(error::SqliteError::Final(being_read(
                    opened.subject(&self.purpose),
                )));
            }
            let moment = opened.connection.unchecked_transaction()?;
            let view = SqliteTx::view(&moment, opened.subject(&self.purpose), opened.unlocked);
            // Dropped, the transaction ends; nothing was written. To commit would fail on a damaged file.
            look(&view)
        })
    }

    /// Makes sure that the files which are open are those that are where the store is now: a store that
    /// was replaced is opened anew, and one whose log or index was removed is refused.
    fn follow_files(&self) -> Result<()> {
        let compared = self.opened.borrow().compare(&self.location)?;
        match compared {
            Comparison::Same => Ok(()),
            Comparison::Replaced => self.reopen(),
        }
    }

    /// Refuses to write where the files that were opened for that are no longer where the store is.
    fn check_writable(&self) -> Result<()> {
        let opened = self.opened.borrow();
        if self.count.get() > 0 {
            // A look has followed the path to another file, which is open for reading only.
            return Err(replaced(&opened.path));
        }
        check_same(opened.compare(&self.location), &opened.path)
    }

    /// Opens the file that is there now, in place of the one that is open.
    fn reopen(&self) -> Result<()> {
        let path = self.location.existing()?;
        let subject = Subject {
            path: &path,
            purpose: &self.purpose,
        };
        // A look that is still running has the connection.
        let mut current = self
            .opened
            .try_borrow_mut()
            .map_err(|_| being_read(subject))?;
        let opened = open::to_read(subject)?;
        *current = Opened::to_read(&self.location, path, opened);
        drop(current);
        self.count.set(self.count.get().wrapping_add(1));
        self.apply_cache()
    }

    /// Lets so many KiB of what is read stay in memory.
    fn set_cache(&self, kib: usize) -> Result<()> {
        self.cache.set(Some(i64::try_from(kib).unwrap_or(i64::MAX)));
        self.apply_cache()
    }

    fn apply_cache(&self) -> Result<()> {
        let Some(kib) = self.cache.get() else {
            return Ok(());
        };
        let opened = self.opened.borrow();
        // A negative value is a number of KiB, a positive one a number of pages.
        let set = opened.connection.pragma_update(None, "cache_size", -kib);
        set.map_err(|cause| error::SqliteError::from(cause).about(opened.subject(&self.purpose)))
    }

    /// Returns `actor` as the owner of the store's file knows them.
    fn known(&self, actor: Actor) -> Actor {
        actor::towards(actor, &self.opened.borrow().path)
    }
}

impl Store for Sqlite {
    fn name(&self) -> String {
        shown(&self.opened.borrow().path)
    }

    fn actor(&self, env: &Env) -> Actor {
        self.known(env.actor.clone())
    }

    fn implicit_administrators(&self) -> &'static [&'static str] {
        &actor::IMPLICIT_ADMINISTRATORS
    }

    fn notices(&self) -> &[String] {
        &self.notices
    }

    fn snapshot(&self, look: &mut Look<'_>) -> Result<()> {
        self.at_one_moment(|moment| {
            let content = read::data_version(moment.connection())?;
            Ok(look(moment, Version::new(self.count.get(), content))?)
        })
    }

    fn write(&mut self, job: Job<'_>) -> Result<()> {
        self.check_writable()?;
        let Opened {
            connection,
            path,
            held,
            ..
        } = self.opened.get_mut();
        let subject = Subject {
            path,
            purpose: &self.purpose,
        };
        let compare = || held.as_ref().map_or(Ok(Comparison::Same), Held::compare);
        let job: Job<'_> = Box::new(|tx| {
            // It may have waited for its turn.
            check_same(compare(), path)?;
            job(tx)
        });
        commit::run(connection, subject, job)
    }

    fn write_if_free(&mut self, job: Job<'_>) -> Result<()> {
        let opened = self.opened.get_mut();
        check_same(opened.compare(&self.location), &opened.path)?;
        let subject = opened.subject(&self.purpose);
        // The reader's connection stays as it is: this one may write, and does not wait.
        let mut connection = open::to_write(&opened.path, Duration::ZERO, Empty::Refused)
            .and_then(|connection| migrate::check_current(&connection).map(|()| connection))
            .map_err(|error| error.about(subject))?;
        commit::run(&mut connection, subject, job)
    }
}

/// Returns the error for a look at a store from within another look at it, which would be a mistake of
/// ours.
fn being_read(subject: Subject<'_>) -> Error {
    Error::busy(format!("{} is being read already", subject.file())).hint("run the command again")
}

/// Returns the error for a store that is to be made where something is.
fn already_there(location: &Location) -> Error {
    if Sqlite::open_to_read(location).is_ok() {
        return Error::state(format!("the store {} already exists", location.shown()))
            .hint("it is ready to use; to make another one, name another file: --db PATH");
    }
    Error::state(format!("{} already exists", location.shown()))
        .hint("name another file: --db PATH")
}
