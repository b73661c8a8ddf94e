//! The modes in which a store is opened.

use super::base::{BUSY_TIMEOUT, Purpose, Subject, shown};
use super::content::Empty;
use super::error::{Explain, SqliteResult};
use super::file::Location;
use super::make::Sharing;
use super::nearby::other_stores;
use super::open::Connected;
use super::opened::Opened;
use super::siblings::Foreign;
use super::{Sqlite, migrate, open, retired};
use crate::directory;
use crate::error::{Error, Result, escape};
use crate::store::contract::Founder;
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

/// Most other stores that are named where a new one is made.
const OTHERS_MAX: usize = 3;

impl Sqlite {
    fn new(location: &Location, purpose: Purpose, opened: Opened) -> Self {
        Sqlite {
            location: location.clone(),
            purpose,
            opened: RefCell::new(opened),
            follows: true,
            reopened: Cell::new(0),
            cache_kib: None,
            notices: Vec::new(),
        }
    }

    /// Opens the store at `location` for reading. The file is not changed, and not made.
    pub fn open_to_read(location: &Location) -> Result<Self> {
        Self::reader(location, Purpose::Store, open::to_read)
    }

    /// Opens the private copy `file`, which will be moved to `path`, for reading. Messages name that.
    pub fn open_made(file: &Path, path: &Path) -> Result<Self> {
        let purpose = Purpose::Taken {
            copy: shown(path),
            directory: shown(directory::of(path)),
        };
        Self::reader(&Location::new(file)?, purpose, open::to_read)
    }

    /// Opens the store at `location` for reading by a process that lives long.
    pub(super) fn open_pooled(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        let opened = Opened::steadily(location, &path, || open::to_read((&path).into()))?;
        Ok(Self::new(location, Purpose::Store, opened))
    }

    /// Opens the store at `location` for reading by a server.
    pub(super) fn open_to_serve(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        let opened = Opened::steadily(location, &path, || open::to_serve((&path).into()))?;
        let mut store = Self::new(location, Purpose::Store, opened);
        store.follows = false;
        Ok(store)
    }

    /// Opens the store at `location` for reading. No file is changed, and while no other process has
    /// the store open, none is made.
    pub fn open_to_examine(location: &Location) -> Result<Self> {
        Self::reader(location, Purpose::Store, open::to_examine)
    }

    fn reader(
        location: &Location,
        purpose: Purpose,
        connect: impl FnOnce(Subject<'_>) -> Result<Connected>,
    ) -> Result<Self> {
        let path = location.existing()?;
        let connected = connect(Subject {
            path: &path,
            purpose: &purpose,
        })?;
        let opened = Opened::new(location, path, connected);
        Ok(Self::new(location, purpose, opened))
    }

    /// Opens the copy of a store at `location` for reading, as [`Sqlite::open_to_examine`] does, but
    /// without the siblings that its maker did not put there. Returns these.
    pub fn open_copy(location: &Location) -> Result<(Self, Vec<Foreign>)> {
        let path = location.existing_copy()?;
        let purpose = Purpose::Copy;
        let (connected, foreign) = open::copy(Subject {
            path: &path,
            purpose: &purpose,
        })?;
        let opened = Opened::new(location, path, connected);
        Ok((Self::new(location, purpose, opened), foreign))
    }

    /// Opens the store at `location` for changes, and migrates it if its schema is older.
    pub fn open_to_write(location: &Location) -> Result<Self> {
        let (mut store, _) = Self::writable(location, None)?;
        store.notices.extend(location.exposure());
        Ok(store)
    }

    /// Opens the store at `location` for changes that every schema allows, and does not migrate it.
    pub(super) fn open_to_stop(location: &Location) -> Result<Self> {
        let path = location.existing()?;
        let connect = || -> SqliteResult<Connection> {
            let connection = open::to_write(&path, BUSY_TIMEOUT, Empty::Refused)?;
            migrate::version(&connection)?;
            Ok(connection)
        };
        let connection = connect().explain(&path)?;
        retired::check(&connection, (&path).into())?;
        let opened = Opened::new(location, path, (connection, None));
        let mut store = Self::new(location, Purpose::Store, opened);
        store.notices.extend(location.exposure());
        Ok(store)
    }

    /// Opens the store at `location` for changes; where there is none, makes it, with `founder` as
    /// its first administrator.
    pub(super) fn open_or_create(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        location.ensure()?;
        let (mut store, made) = Self::writable(location, Some(founder))?;
        store.notices.extend(location.exposure());
        if made {
            let others = other_stores(location.path(), founder.usual, OTHERS_MAX);
            store.add_notices_of_making(founder, Sharing::AsDirectory, &others);
        }
        Ok(store)
    }

    /// Makes a store at `location`, where there must be none, with `founder` as its first administrator.
    pub(super) fn create(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        let sharing = founder.group.map_or(Sharing::AsDirectory, Sharing::Group);
        if !location.create(sharing)? {
            return Err(already_there(location));
        }
        let (mut store, _) = Self::writable(location, Some(founder))?;
        store.add_notices_of_making(founder, sharing, &[]);
        Ok(store)
    }

    fn add_notices_of_making(
        &mut self,
        founder: &Founder<'_>,
        sharing: Sharing,
        others: &[PathBuf],
    ) {
        let founder = self.known(founder.actor.clone());
        let others: Vec<String> = others.iter().map(|path| shown(path)).collect();
        let meant = match others.as_slice() {
            [] => String::new(),
            others => format!(
                "; if you meant the store at {}, name it with --db or KEYCTL_DB",
                others.join(" or ")
            ),
        };
        self.notices.push(format!(
            "made a new store at {}; its administrator is {}{meant}",
            self.location.shown(),
            escape(&founder.name)
        ));
        self.notices.extend(self.location.belongs_to(sharing));
    }

    /// Opens the store at `location` for reading or, where there is none, returns one in memory, as
    /// `founder` would make it: the arguments are checked before any file is made.
    pub(super) fn preview(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        if location.is_vacant() || Self::is_unfounded(location) {
            location.check_directory()?;
            return Self::blank(location, founder);
        }
        Self::open_to_read(location)
    }

    /// Tells whether the file at `location` is SQLite's and empty: another process is about to make it
    /// a store, or was killed at that.
    pub(super) fn is_unfounded(location: &Location) -> bool {
        location
            .existing()
            .is_ok_and(|path| open::holds_nothing(&path))
    }

    /// Makes a store in memory, as the one at `location` would be if `founder` made it.
    fn blank(location: &Location, founder: &Founder<'_>) -> Result<Self> {
        let path = location.path().to_owned();
        let mut connection = Connection::open_in_memory().explain(&path)?;
        migrate::migrate(&mut connection, (&path).into(), Some(founder)).explain(&path)?;
        let opened = Opened {
            connection,
            path,
            unlocked: None,
            held: None,
        };
        Ok(Self::new(location, Purpose::Store, opened))
    }

    fn writable(location: &Location, founder: Option<&Founder<'_>>) -> Result<(Self, bool)> {
        let path = location.existing()?;
        let opened = Self::try_writable(location, (&path).into(), founder).explain(&path)?;
        retired::check(&opened.0.opened.borrow().connection, (&path).into())?;
        Ok(opened)
    }

    /// Opens `subject`, the file at `location`, for changes. An empty file becomes a store of
    /// `founder`; without one it is refused. Returns true if it became a store: of several processes
    /// that make the same store, the one that fills the file is the founder, not the one that made it.
    pub(super) fn try_writable(
        location: &Location,
        subject: Subject<'_>,
        founder: Option<&Founder<'_>>,
    ) -> SqliteResult<(Self, bool)> {
        let empty = match founder {
            Some(_) => Empty::Taken,
            None => Empty::Refused,
        };
        let mut connection = open::to_write(subject.path, BUSY_TIMEOUT, empty)?;
        let made = migrate::migrate(&mut connection, subject, founder)?;
        let opened = Opened::new(location, subject.path.to_owned(), (connection, None));
        Ok((Self::new(location, subject.purpose.clone(), opened), made))
    }
}

/// Returns the error for a new store at a path where something is.
fn already_there(location: &Location) -> Error {
    if Sqlite::open_to_read(location).is_ok() {
        return Error::state(format!("the store {} already exists", location.shown()))
            .hint("it is ready to use; to make another one, name another file: --db PATH");
    }
    Error::state(format!("{} already exists", location.shown()))
        .hint("name another file: --db PATH")
}
