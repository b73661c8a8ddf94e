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
mod make;
mod migrate;
mod modes;
mod mount;
mod nearby;
mod nearest;
mod open;
mod opened;
mod owner;
mod parts;
mod place;
mod query;
mod read;
#[cfg(feature = "postgres")]
mod receive;
mod restore;
mod retire;
mod retired;
mod row;
mod schema;
mod scratch;
#[cfg(feature = "postgres")]
mod send;
mod siblings;
mod tx;
mod wal;
mod write;

pub use self::copy::{Copied, back_up};
pub use self::doctor::{GroupName, examine};
pub use self::file::Location;
pub use self::parts::is_part;
#[cfg(feature = "postgres")]
pub use self::receive::receive;
pub use self::restore::FileRestoration;
#[cfg(feature = "postgres")]
pub use self::restore::Intake;
pub use self::retire::retire;
#[cfg(feature = "postgres")]
pub use self::retire::retirement;
pub use self::scratch::Scratch;

use self::base::{Purpose, Subject, shown};
use self::content::Empty;
use self::error::{Explain, SqliteError, SqliteResult, keeps_changing};
use self::identity::Comparison;
use self::opened::{Opened, check_same, replaced};
use self::tx::SqliteTx;
use super::contract::{Job, Look, Store};
use super::mode::Mode;
use crate::env::{Actor, Env};
use crate::error::{Error, Result};
use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Most times that a read without locks is repeated because the file changed meanwhile.
const RETRIES: u32 = 10;

/// Size of the page caches of all connections of a pool together, in KiB: most pages of a store with a
/// hundred thousand keys, and the inner pages of a larger one.
const POOL_CACHE_KIB: usize = 64 << 10;

/// Opens the store at `location` in `mode`.
pub fn open(location: &Location, mode: Mode<'_>) -> Result<Sqlite> {
    match mode {
        Mode::Read => Sqlite::open_to_read(location),
        Mode::Pooled(connections) => Sqlite::open_pooled(location)?.caching(connections),
        Mode::Served(connections) => Sqlite::open_to_serve(location)?.caching(connections),
        Mode::Write => Sqlite::open_to_write(location),
        Mode::Stop => Sqlite::open_to_stop(location),
        Mode::Ensure(founder) => Sqlite::open_or_create(location, founder),
        Mode::Create(founder) => Sqlite::create(location, founder),
        Mode::Preview(founder) => Sqlite::preview(location, founder),
    }
}

/// Open SQLite store.
pub struct Sqlite {
    location: Location,
    purpose: Purpose,
    opened: RefCell<Opened>,
    /// True if a file that takes the place of this one is opened.
    follows: bool,
    /// Number of times that the file was opened again, since another file took its place.
    reopened: Cell<u64>,
    /// Size of the page cache in KiB; `None` for SQLite's default.
    cache_kib: Option<i64>,
    notices: Vec<String>,
}

impl Sqlite {
    /// Runs `read`. Repeats it if the file was opened `immutable` and changed meanwhile: without locks,
    /// `read` may have seen half of a commit.
    fn read_unchanged<T>(&self, mut read: impl FnMut(&Opened) -> SqliteResult<T>) -> Result<T> {
        for _ in 0..RETRIES {
            let opened = self.opened.borrow();
            let result = read(&opened);
            let unlocked = opened.unlocked;
            if unlocked.is_none_or(|before| before.still_holds(&opened.path)) {
                return result.explain(opened.subject(&self.purpose));
            }
            drop(opened);
            self.reopen()?;
        }
        let opened = self.opened.borrow();
        Err(keeps_changing(opened.subject(&self.purpose)))
    }

    /// Runs `look` in one read transaction, possibly again, as [`Sqlite::read_unchanged`] does. If another
    /// file took the place of the store's, opens that first.
    fn in_transaction<T>(
        &self,
        mut look: impl FnMut(&SqliteTx<'_>) -> SqliteResult<T>,
    ) -> Result<T> {
        let compared = self.opened.borrow().compare(&self.location)?;
        if compared == Comparison::Replaced && !self.follows {
            return Err(replaced(&self.opened.borrow().path));
        }
        if compared == Comparison::Replaced {
            self.reopen()?;
        }
        self.read_unchanged(|opened| {
            let subject = opened.subject(&self.purpose);
            if !opened.connection.is_autocommit() {
                return Err(SqliteError::Final(being_read(subject)));
            }
            let transaction = opened.connection.unchecked_transaction()?;
            // Rolled back when dropped, since nothing was written: a COMMIT fails on a damaged file.
            look(&SqliteTx::view(
                &transaction,
                subject,
                opened.unlocked,
                self.reopened.get(),
            ))
        })
    }

    /// Refuses to write if the open files are no longer those at the store's path.
    fn check_writable(&self) -> Result<()> {
        let opened = self.opened.borrow();
        if self.reopened.get() > 0 {
            // A read has reopened the store, for reading only.
            return Err(replaced(&opened.path));
        }
        check_same(opened.compare(&self.location), &opened.path)
    }

    /// Closes the file, and opens for reading the one that is at the store's path now.
    fn reopen(&self) -> Result<()> {
        let path = self.location.existing()?;
        let subject = Subject {
            path: &path,
            purpose: &self.purpose,
        };
        // Fails inside another read, which has borrowed the connection.
        let mut current = self
            .opened
            .try_borrow_mut()
            .map_err(|_| being_read(subject))?;
        *current = Opened::steadily(&self.location, &path, || open::to_read(subject))?;
        drop(current);
        self.reopened.set(self.reopened.get().wrapping_add(1));
        self.set_cache()
    }

    /// Gives the connection its share of the page cache of `connections`.
    fn caching(mut self, connections: NonZeroUsize) -> Result<Self> {
        self.cache_kib = i64::try_from(POOL_CACHE_KIB / connections).ok();
        self.set_cache()?;
        Ok(self)
    }

    /// Sets the size of the connection's page cache.
    fn set_cache(&self) -> Result<()> {
        let Some(kib) = self.cache_kib else {
            return Ok(());
        };
        let opened = self.opened.borrow();
        // SQLite takes a negative value for KiB, a positive one for pages.
        let set = opened.connection.pragma_update(None, "cache_size", -kib);
        set.explain(opened.subject(&self.purpose))
    }

    /// Returns `actor` as the user namespace of the file's owner knows them.
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
        self.in_transaction(|tx| Ok(look(tx)?))
    }

    fn write(&mut self, job: Job<'_>) -> Result<()> {
        self.check_writable()?;
        let opened = self.opened.get_mut();
        let job: Job<'_> = Box::new(|tx| {
            // Again, under the lock: the store may have been replaced while this process waited for it.
            check_same(opened.compare(&self.location), &opened.path)?;
            job(tx)
        });
        commit::run(&opened.connection, opened.subject(&self.purpose), job)
    }

    fn write_if_free(&mut self, job: Job<'_>) -> Result<()> {
        let opened = self.opened.get_mut();
        check_same(opened.compare(&self.location), &opened.path)?;
        let subject = opened.subject(&self.purpose);
        // A second connection: the first may be open for reading only, and waits for locks.
        let connection = open::to_write(&opened.path, Duration::ZERO, Empty::Refused)
            .and_then(|connection| migrate::check_current(&connection).map(|()| connection))
            .explain(subject)?;
        commit::run(&connection, subject, job)
    }
}

/// Returns the error for a read inside another read of the same store. A bug, if it ever occurs.
fn being_read(subject: Subject<'_>) -> Error {
    Error::busy(format!("{} is being read already", subject.file())).hint("run the command again")
}
