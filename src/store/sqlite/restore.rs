//! Restore: a copy replaces the content of a store.
//!
//! It is written into the store's own file, not moved over it: processes that have the file open, or wait
//! for its lock, go on with the restored content. A kill at any moment leaves the old content or the new.

mod current;
mod intake;
mod replace;
mod words;

pub use self::intake::Intake;

use self::current::Current;
use self::replace::{REPLACED, in_place, with_kept, write_over};
use self::words::{directory_near, in_doubt, not_taken_in};
use super::actor::towards;
use super::aside::Aside;
use super::base::shown;
use super::commit::truncate_log;
use super::error::Explain;
use super::file::Location;
use super::identity::is_same;
use super::make::Sharing;
use super::parts::sibling;
use super::{Sqlite, migrate, open, wal};
use crate::env::Actor;
use crate::error::{Error, Result};
use crate::store::contract::{self, Store};
use crate::store::restoration::{Adjust, Decide, Restoration, Restored};
use crate::when::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// Restore of a copy over the store in a file.
pub struct FileRestoration {
    location: Location,
    actor: Actor,
    intake: Intake,
    current: Current,
}

impl FileRestoration {
    /// Opens the store at `location`, then the copy at `source`. Migrates an older store, and makes no file:
    /// the user may be asked next, and may end the command there.
    ///
    /// Checks first that `actor` may replace the store: otherwise an error could tell about the copy.
    pub fn prepare(location: &Location, source: &Path, actor: &Actor) -> Result<Self> {
        Self::open(location, source, actor, current::find)
    }

    /// Opens both as [`FileRestoration::prepare`] does, but to read only: changes no file, and migrates none.
    pub fn preview(location: &Location, source: &Path, actor: &Actor) -> Result<Self> {
        Self::open(location, source, actor, current::look)
    }

    fn open(
        location: &Location,
        source: &Path,
        actor: &Actor,
        find: impl FnOnce(&Location) -> Result<Current>,
    ) -> Result<Self> {
        let source = Location::new(source)?;
        let is_itself = |path: PathBuf| is_same(&path, location.path());
        if source.existing().is_ok_and(is_itself) {
            return Err(
                Error::state(format!("{} is the store itself", source.shown()))
                    .hint("name a copy of it"),
            );
        }
        let current = find(location)?;
        let actor = towards(actor.clone(), location.path());
        current.check_access(location, &actor)?;
        Ok(FileRestoration {
            location: location.clone(),
            actor,
            intake: Intake::open(source, directory_near(location))?,
            current,
        })
    }
}

impl Restoration for FileRestoration {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn notices(&self) -> Vec<String> {
        let mut notices = self.intake.unread();
        notices.extend(self.location.exposure());
        notices
    }

    fn source(&self) -> &Path {
        self.intake.path()
    }

    fn copy(&self) -> &dyn Store {
        self.intake.store()
    }

    fn current(&self) -> Option<&dyn Store> {
        match &self.current {
            Current::Store(store) => Some(&**store),
            Current::Nothing | Current::Damaged(_) => None,
        }
    }

    fn require_current(&self) -> Result<&dyn Store> {
        match &self.current {
            Current::Store(store) => Ok(&**store),
            Current::Damaged(damage) => Err(Error::damaged(damage)),
            Current::Nothing => Err(Error::unavailable(format!(
                "there is no store at {}",
                self.location.shown()
            ))),
        }
    }

    fn damage(&self) -> Option<&str> {
        match &self.current {
            Current::Damaged(damage) => Some(damage),
            Current::Nothing | Current::Store(_) => None,
        }
    }

    fn damage_of_copy(&self) -> Vec<&str> {
        self.intake.damage()
    }

    fn check(&mut self) -> Result<()> {
        self.intake.check()
    }

    fn take_in(&mut self) -> Result<()> {
        self.intake.take_in()
    }

    fn run(
        mut self: Box<Self>,
        now: Timestamp,
        decide: &mut Decide<'_>,
        adjust: &mut Adjust<'_>,
    ) -> Result<Restored> {
        self.take_in()?;
        let kept = match &self.current {
            Current::Store(_) => Some(self.replace_store(now, decide, adjust)?),
            Current::Damaged(_) => Some(self.replace_damaged(now, decide)?),
            Current::Nothing => self.create_from_copy(now, decide)?,
        };
        let head = Sqlite::open_to_write(&self.location)
            .and_then(|restored| contract::read(&restored, |store| store.head()))
            .map_err(|error| in_doubt(error, kept.as_deref()))?;
        let mut notices = Vec::new();
        if matches!(self.current, Current::Nothing) {
            notices.push(format!("made a new store at {}", self.location.shown()));
            notices.extend(self.location.belongs_to(Sharing::AsDirectory));
        }
        Ok(Restored {
            kept: kept.map(|path| format!("at {}", shown(&path))),
            head,
            notices,
        })
    }
}

impl FileRestoration {
    /// Replaces a store that can be read. Returns the path of the replaced store.
    fn replace_store(
        &mut self,
        now: Timestamp,
        decide: &mut Decide<'_>,
        adjust: &mut Adjust<'_>,
    ) -> Result<PathBuf> {
        let (Current::Store(store), Some(scratch)) = (&mut self.current, self.intake.scratch())
        else {
            return Err(not_taken_in());
        };
        let aside = Aside::new(&store.opened.get_mut().path, now);
        in_place(store, self.intake.copy(), scratch, aside, decide, adjust)
    }

    /// Replaces a store that cannot be read. Returns the path of the replaced store.
    fn replace_damaged(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> Result<PathBuf> {
        let path = self.location.existing()?;
        let connection = open::exclusively(&path, true).explain(&path)?;
        let mut aside = Aside::new(&path, now);
        let scratch = self.intake.scratch().ok_or_else(not_taken_in)?;
        // Open until the end: closing a descriptor of the store's file would drop SQLite's lock (fcntl(2)).
        let _read = aside.copy_files(scratch, REPLACED)?;
        self.append_restore_event(decide, Some(aside.path()))?;
        let overwritten = self.overwrite(connection);
        // Kept even after an error: a write that failed may have reached the disk.
        let kept = aside.keep();
        overwritten.map_err(|error| in_doubt(error, Some(&kept)))?;
        Ok(kept)
    }

    /// Makes a store from the copy. Returns the path of a log that a missing store left behind.
    fn create_from_copy(
        &mut self,
        now: Timestamp,
        decide: &mut Decide<'_>,
    ) -> Result<Option<PathBuf>> {
        let aside = Aside::new(self.location.path(), now);
        let orphan = match self.location.path().exists() {
            true => None,
            false => aside.move_orphans()?,
        };
        self.location.ensure()?;
        let path = self.location.existing()?;
        let connection = open::exclusively(&path, false).explain(&path)?;
        let is_empty = migrate::is_empty(&connection).explain(&path)?;
        if !is_empty || wal::holds_commit(&path, &connection) {
            return Err(Error::state(format!(
                "another process has made a store at {} meanwhile",
                self.location.shown()
            ))
            .hint("run the command again"));
        }
        self.append_restore_event(decide, None)?;
        self.overwrite(connection)
            .map_err(|error| in_doubt(error, orphan.as_deref()))?;
        Ok(orphan)
    }

    /// Appends the restore event, which `decide` makes, to the log of the copy.
    fn append_restore_event(&mut self, decide: &mut Decide<'_>, kept: Option<&Path>) -> Result<()> {
        let event = contract::read(self.intake.copy(), |copy| decide(None, copy))?;
        let event = with_kept(event, kept);
        let written = contract::write(self.intake.copy_mut(), |tx| tx.append(&event));
        written.map_err(|error| self.intake.advise(error))
    }

    /// Writes the pages of the copy over those of `to`, which has an exclusive lock.
    fn overwrite(&self, mut to: Connection) -> Result<()> {
        let path = self.location.existing()?;
        write_over(&self.intake.copy().opened.borrow().connection, &mut to).explain(&path)?;
        truncate_log(&to);
        // With an exclusive lock SQLite does not remove the journal, which holds replaced pages: it only
        // clears the header.
        drop(fs::remove_file(sibling(&path, "-journal")));
        Ok(())
    }
}
