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
mod nearest;
mod open;
mod opened;
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

use self::base::{Purpose, Subject, shown};
use self::content::Empty;
use self::error::{Explain, SqliteError, SqliteResult, keeps_changing};
use self::identity::Comparison;
use self::opened::{Opened, check_same, replaced};
use self::tx::SqliteTx;
use super::contract::{Job, Look, Store, Version};
use super::mode::Mode;
use crate::env::{Actor, Env};
use crate::error::{Error, Result};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// Most times that a reader without locks starts again because the file changed under it.
const RETRIES: u32 = 10;

/// Size of the page caches of all connections of a pool together, in KiB: much of a store with a
/// hundred thousand keys, and of larger ones the upper parts of their trees.
const POOL_CACHE_KIB: usize = 64 << 10;

/// Opens the store at `location` for the purpose that `mode` names.
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

impl Sqlite {
    /// Runs `read`. Repeats it if the file was opened without locks and has changed meanwhile: `read` may
    /// have seen half of a change.
    fn reading<T>(&self, mut read: impl FnMut(&Opened) -> SqliteResult<T>) -> Result<T> {
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

    /// Runs `look` in one transaction over the store's file, which is opened anew if another file took
    /// its place. May run it again.
    fn at_one_moment<T>(
        &self,
        mut look: impl FnMut(&SqliteTx<'_>) -> SqliteResult<T>,
    ) -> Result<T> {
        let compared = self.opened.borrow().compare(&self.location)?;
        if compared == Comparison::Replaced {
            self.reopen()?;
        }
        self.reading(|opened| {
            let subject = opened.subject(&self.purpose);
            if !opened.connection.is_autocommit() {
                return Err(SqliteError::Final(being_read(subject)));
            }
            let moment = opened.connection.unchecked_transaction()?;
            // Nothing was written, so the transaction is dropped: a COMMIT would fail on a damaged file.
            look(&SqliteTx::view(&moment, subject, opened.unlocked))
        })
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
        let connected = open::to_read(subject)?;
        *current = Opened::new(&self.location, path, connected);
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
        set.explain(opened.subject(&self.purpose))
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
        let opened = self.opened.get_mut();
        let job: Job<'_> = Box::new(|tx| {
            // Under the lock: another file may have taken the place while this process waited for it.
            check_same(opened.compare(&self.location), &opened.path)?;
            job(tx)
        });
        commit::run(&opened.connection, opened.subject(&self.purpose), job)
    }

    fn write_if_free(&mut self, job: Job<'_>) -> Result<()> {
        let opened = self.opened.get_mut();
        check_same(opened.compare(&self.location), &opened.path)?;
        let subject = opened.subject(&self.purpose);
        // The reader's connection stays as it is: this one may write, and does not wait.
        let connection = open::to_write(&opened.path, Duration::ZERO, Empty::Refused)
            .and_then(|connection| migrate::check_current(&connection).map(|()| connection))
            .explain(subject)?;
        commit::run(&connection, subject, job)
    }
}

/// Returns the error for a look at a store from within another look at it, which would be a mistake of
/// ours.
fn being_read(subject: Subject<'_>) -> Error {
    Error::busy(format!("{} is being read already", subject.file())).hint("run the command again")
}
