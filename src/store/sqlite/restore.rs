//! Restore: a copy replaces the content of a store.
//!
//! It is written into the store's own file, not moved over it: processes that have the file open, or wait
//! for its lock, go on with the restored content. A kill at any moment leaves the old content or the new.

mod current;
mod replace;
mod words;

use self::current::Current;
use self::replace::{Adjust, Decide, REPLACED, in_place, with_kept, write_over};
use self::words::{directory_near, in_doubt, not_taken_in, room_in, unfit};
use super::actor::towards;
use super::aside::Aside;
use super::base::{Purpose, Subject, shown};
use super::commit::truncate_log;
use super::damage::Damage;
use super::error::Explain;
use super::file::Location;
use super::header::first_bytes;
use super::identity::is_same;
use super::make::Sharing;
use super::parts::sibling;
use super::scratch::Scratch;
use super::siblings::Foreign;
use super::{Sqlite, migrate, open, wal, write};
use crate::env::Actor;
use crate::error::{Error, ErrorSource, FailureKind, Result};
use crate::event::Head;
use crate::store::contract::{self, Store};
use crate::when::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the copy in the scratch directory.
const COPY: &str = "copy";

/// Restore that was prepared: the copy, and the store that it will replace.
pub struct Restoration {
    location: Location,
    source: Location,
    actor: Actor,
    /// The copy that was named; after [`Restoration::take_in`], the private copy of that.
    copy: Sqlite,
    /// Siblings of the named copy that a stranger put there. They are not read.
    foreign: Vec<Foreign>,
    /// Damage in records of single keys of the copy.
    damage_of_copy: Vec<Damage>,
    current: Current,
    // Dropped last: the private copy is closed before its directory is removed.
    scratch: Option<Scratch>,
}

/// Result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The path of the replaced store, if there was one, escaped for messages.
    pub kept: Option<String>,
    /// The place and hash of the restored log's last event.
    pub head: Head,
    /// Messages on a store that was made from the copy.
    pub notices: Vec<String>,
}

impl Restoration {
    /// Opens the store at `location`, then the copy at `source`. Migrates an older store, and makes no file:
    /// the user may be asked next, and may end the command there.
    ///
    /// Checks first that `actor` may replace the store: otherwise an error could tell about the copy.
    pub fn prepare(location: &Location, source: &Path, actor: &Actor) -> Result<Self> {
        Self::open(location, source, actor, current::find)
    }

    /// Opens both as [`Restoration::prepare`] does, but to read only: changes no file, and migrates none.
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
        let path = source.existing_copy().map_err(unfit)?;
        check_readable(&path)?;
        // A copy may have hard links, as backup tools make them: nobody writes to it.
        let (copy, foreign) = Sqlite::open_copy(&source).map_err(unfit)?;
        Ok(Restoration {
            location: location.clone(),
            source,
            actor,
            copy,
            foreign,
            damage_of_copy: Vec::new(),
            current,
            scratch: None,
        })
    }

    /// Refuses a copy with damage, unless all damage is in single keys and restorable.
    pub fn check(&mut self) -> Result<()> {
        match self.copy.inspect().map_err(|error| self.advise(error))? {
            Ok(inventory) => {
                self.damage_of_copy = inventory.damage;
                Ok(())
            }
            Err(damage) => Err(unfit(Error::damaged(format!(
                "the copy {} is damaged: {damage}",
                self.source.shown()
            )))),
        }
    }

    /// Copies the copy to a scratch directory, where no other process can change it, migrates its schema,
    /// checks it and makes its index of scopes anew. Does nothing when called again.
    ///
    /// Call [`Restoration::check`] before: the migration can drop damaged values.
    pub fn take_in(&mut self) -> Result<()> {
        if self.scratch.is_some() {
            return Ok(());
        }
        let directory = directory_near(&self.location);
        let scratch = Scratch::new(&directory)
            .map_err(|cause| self.location.failed("cannot make a file beside", cause))?;
        let made = self.copy.copy_into(&scratch, COPY).map_err(unfit)?;
        let taken = made.map_err(|error| error.hint(room_in(&directory)))?;
        let purpose = Purpose::Taken {
            copy: self.source.shown(),
            directory: shown(&directory),
        };
        let subject = Subject {
            path: &taken,
            purpose: &purpose,
        };
        let opened = Sqlite::try_writable(&Location::new(&taken)?, subject, None);
        self.scratch = Some(scratch);
        let (copy, _) = opened
            .explain(subject)
            .map_err(|error| self.advise(error))?;
        self.copy = copy;
        self.check()?;
        let rebuilt = write::rebuild_index_of_scopes(&mut self.copy.opened.get_mut().connection);
        rebuilt.explain(subject).map_err(|error| self.advise(error))
    }

    /// Adds advice to an error about the copy. Once there is a private copy, its directory may be at fault.
    fn advise(&self, error: Error) -> Error {
        match self.scratch {
            Some(_) if !matches!(error.kind, FailureKind::Damaged | FailureKind::Memory) => {
                error.hint(room_in(&directory_near(&self.location)))
            }
            _ => unfit(error),
        }
    }

    /// The user who restores, as the store's owner sees them.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Messages for the user: siblings that are not read, a directory that others may write.
    pub fn notices(&self) -> Vec<String> {
        let unread = |foreign: &Foreign| {
            format!(
                "warning: {} is ignored: it {}",
                foreign.shown(),
                foreign.reason()
            )
        };
        let unread = self.foreign.iter().map(unread);
        unread.chain(self.location.exposure()).collect()
    }

    /// The path of the copy.
    pub fn source(&self) -> &Path {
        self.source.path()
    }

    /// The copy.
    pub fn copy(&self) -> &dyn Store {
        &self.copy
    }

    /// The store that will be replaced; `None` if there is none that can be read.
    pub fn current(&self) -> Option<&dyn Store> {
        match &self.current {
            Current::Store(store) => Some(&**store),
            Current::Nothing | Current::Damaged(_) => None,
        }
    }

    /// Damage in records of single keys of the copy, as of its last check.
    pub fn damage_of_copy(&self) -> &[Damage] {
        &self.damage_of_copy
    }

    /// The damage for which the store that will be replaced cannot be read, if there is any, as a sentence.
    pub fn damage(&self) -> Option<&str> {
        match &self.current {
            Current::Damaged(damage) => Some(damage),
            Current::Nothing | Current::Store(_) => None,
        }
    }

    /// Returns the store that will be replaced. Fails if there is none that can be read.
    pub fn require_current(&self) -> Result<&dyn Store> {
        match &self.current {
            Current::Store(store) => Ok(&**store),
            Current::Damaged(damage) => Err(Error::damaged(damage)),
            Current::Nothing => Err(Error::unavailable(format!(
                "there is no store at {}",
                self.location.shown()
            ))),
        }
    }

    /// Replaces the content of the store by the copy's. Calls `decide` under the write lock with the store, if
    /// it can be read, and the copy; appends the event that it returns to the restored log. Before that, calls
    /// `adjust`, if the store can be read.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Uncertain`] if the copy may have been written all the same. The replaced store is kept
    /// then, and the message has its path.
    pub fn run(
        mut self,
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
            kept: kept.as_deref().map(shown),
            head,
            notices,
        })
    }

    /// Replaces a store that can be read. Returns the path of the replaced store.
    fn replace_store(
        &mut self,
        now: Timestamp,
        decide: &mut Decide<'_>,
        adjust: &mut Adjust<'_>,
    ) -> Result<PathBuf> {
        let (Current::Store(store), Some(scratch)) = (&mut self.current, &self.scratch) else {
            return Err(not_taken_in());
        };
        let aside = Aside::new(&store.opened.get_mut().path, now);
        in_place(store, &self.copy, scratch, aside, decide, adjust)
    }

    /// Replaces a store that cannot be read. Returns the path of the replaced store.
    fn replace_damaged(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> Result<PathBuf> {
        let path = self.location.existing()?;
        let connection = open::exclusively(&path, true).explain(&path)?;
        let mut aside = Aside::new(&path, now);
        let scratch = self.scratch.as_ref().ok_or_else(not_taken_in)?;
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
        let event = contract::read(&self.copy, |copy| decide(None, copy))?;
        let event = with_kept(event, kept);
        let written = contract::write(&mut self.copy, |tx| tx.append(&event));
        written.map_err(|error| self.advise(error))
    }

    /// Writes the pages of the copy over those of `to`, which has an exclusive lock.
    fn overwrite(&self, mut to: Connection) -> Result<()> {
        let path = self.location.existing()?;
        write_over(&self.copy.opened.borrow().connection, &mut to).explain(&path)?;
        truncate_log(&to);
        // With an exclusive lock SQLite does not remove the journal, which holds replaced pages: it only
        // clears the header.
        drop(fs::remove_file(sibling(&path, "-journal")));
        Ok(())
    }
}

/// Refuses a copy that this user may not read. SQLite's error (SQLITE_CANTOPEN) would not name the cause.
fn check_readable(path: &Path) -> Result<()> {
    match first_bytes(path, 1) {
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            Err(Error::io(format!("cannot read the copy {}", shown(path)))
                .because(ErrorSource::new(cause, "permission denied"))
                .hint("nothing was changed; run the command as a user who may read it"))
        }
        // Other errors are reported by the open.
        _ => Ok(()),
    }
}
