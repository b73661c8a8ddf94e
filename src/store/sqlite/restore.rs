//! A copy takes a store's place: in the store's own file, so that whoever has it open, or waits for
//! its lock, goes on with what was restored, and a kill at any moment leaves the old or the new.

mod current;
mod replace;
mod words;

use self::current::{Current, look};
use self::replace::{Decide, REPLACED, in_place, with_kept, write_over};
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
use super::{Sqlite, migrate, open, wal};
use crate::env::Actor;
use crate::error::{Error, ErrorSource, FailureKind, Result};
use crate::event::Head;
use crate::store::contract::{self, Store};
use crate::when::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the copy in the scratch directory.
const COPY: &str = "copy";

/// A copy, and what it is to replace.
pub struct Restoration {
    location: Location,
    source: Location,
    actor: Actor,
    /// The original, until it is taken in.
    copy: Sqlite,
    /// Files beside the original that are not its maker's, and are not read.
    foreign: Vec<Foreign>,
    /// The damage in records of single keys in it.
    damage_of_copy: Vec<Damage>,
    current: Current,
    // Last: what is open in it is closed before it goes.
    scratch: Option<Scratch>,
}

/// Result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The place where what was replaced is kept, if anything was, as a message shows it.
    pub kept: Option<String>,
    /// The place and the hash of the restored log's last line.
    pub head: Head,
    /// Sentences about a store that was made of the copy.
    pub notices: Vec<String>,
}

impl Restoration {
    /// Opens the copy at `source`, and looks at what is at `location`, which is not changed but for
    /// an older schema. Nothing is made anywhere, so that whoever is asked next may take all the
    /// time there is, and may end it. One who may not replace the store is told nothing of the copy.
    pub fn prepare(location: &Location, source: &Path, actor: &Actor) -> Result<Self> {
        let source = Location::new(source)?;
        let is_itself = |path: PathBuf| is_same(&path, location.path());
        if source.existing().is_ok_and(is_itself) {
            return Err(
                Error::state(format!("{} is the store itself", source.shown()))
                    .hint("name a copy of it"),
            );
        }
        let current = look(location)?;
        let actor = towards(actor.clone(), location.path());
        current.check_access(location, &actor)?;
        let path = source.existing_copy().map_err(unfit)?;
        check_readable(&path)?;
        // Copies that lie there for long are often linked to one another, and none is in use.
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

    /// Refuses a copy that is not sound, but for the records of single keys.
    pub fn check(&mut self) -> Result<()> {
        match self.copy.inspect().map_err(|error| self.of_taken(error))? {
            Ok(inventory) => {
                self.damage_of_copy = inventory.damage;
                Ok(())
            }
            Err(what) => Err(unfit(Error::damaged(format!(
                "the copy {} is damaged: {what}",
                self.source.shown()
            )))),
        }
    }

    /// Takes the copy in, brings its schema up to date, and checks it: from here on nobody else
    /// changes it. Done once, however often it is called.
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
            .map_err(|error| self.of_taken(error))?;
        self.copy = copy;
        self.check()
    }

    /// `error` with what to do about it: once the copy is taken in, the fault may be in the place that
    /// it was taken to.
    fn of_taken(&self, error: Error) -> Error {
        match self.scratch {
            Some(_) if !matches!(error.kind, FailureKind::Damaged | FailureKind::Memory) => {
                error.hint(room_in(&directory_near(&self.location)))
            }
            _ => unfit(error),
        }
    }

    /// The user who restores, as the store that is to be replaced knows them.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Sentences that one who restores is to be told.
    pub fn notices(&self) -> Vec<String> {
        let unread = |foreign: &Foreign| {
            format!(
                "warning: {} is not read: it {}",
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

    /// The copy: the original, or what was taken in.
    pub fn copy(&self) -> &dyn Store {
        &self.copy
    }

    /// The store that is to be replaced; `None` where there is none, or none that can be read.
    pub fn current(&self) -> Option<&dyn Store> {
        match &self.current {
            Current::Store(store) => Some(&**store),
            Current::Nothing | Current::Damaged(_) => None,
        }
    }

    /// The damage in records of single keys in the copy, as it was checked last.
    pub fn damage_of_copy(&self) -> &[Damage] {
        &self.damage_of_copy
    }

    /// The damage of the store that is to be replaced, if there is any.
    pub fn damage(&self) -> Option<&str> {
        match &self.current {
            Current::Damaged(what) => Some(what),
            Current::Nothing | Current::Store(_) => None,
        }
    }

    /// Puts the copy in the store's place, having taken it in. Under the lock, `decide` is given
    /// the store as it is, and the copy; it returns the event that the restored log is to end with.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Uncertain`] where the store may hold the copy all the same; then what was replaced
    /// is kept, and the message says where.
    pub fn run(mut self, now: Timestamp, decide: &mut Decide<'_>) -> Result<Restored> {
        self.take_in()?;
        let kept = match &self.current {
            Current::Store(_) => Some(self.replace_store(now, decide)?),
            Current::Damaged(_) => Some(self.replace_damaged(now, decide)?),
            Current::Nothing => self.fill(now, decide)?,
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

    /// Puts the copy in the place of a store that can be read. Returns where that is kept.
    fn replace_store(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> Result<PathBuf> {
        let (Current::Store(store), Some(scratch)) = (&mut self.current, &self.scratch) else {
            return Err(not_taken_in());
        };
        let aside = Aside::new(&store.opened.get_mut().path, now);
        in_place(store, &self.copy, scratch, aside, decide)
    }

    /// Puts the copy in the place of a store that cannot be read. Returns where that is kept.
    fn replace_damaged(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> Result<PathBuf> {
        let path = self.location.existing()?;
        let connection = open::alone(&path, true).explain(&path)?;
        let mut aside = Aside::new(&path, now);
        let scratch = self.scratch.as_ref().ok_or_else(not_taken_in)?;
        // Until the end: closing what was read would let go of the lock.
        let _read = aside.copy_files(scratch, REPLACED)?;
        self.end_log(decide, Some(aside.path()))?;
        let overwritten = self.overwrite(connection);
        // Whatever was said: a write that failed may have reached the disk.
        let kept = aside.keep();
        overwritten.map_err(|error| in_doubt(error, Some(&kept)))?;
        Ok(kept)
    }

    /// Makes a store of the copy where there is none. Returns where what lay about is kept.
    fn fill(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> Result<Option<PathBuf>> {
        let aside = Aside::new(self.location.path(), now);
        let orphan = match self.location.path().exists() {
            true => None,
            false => aside.move_orphans()?,
        };
        self.location.ensure()?;
        let path = self.location.existing()?;
        let connection = open::alone(&path, false).explain(&path)?;
        let is_empty = migrate::is_empty(&connection).explain(&path)?;
        if !is_empty || wal::holds_commit(&path, &connection) {
            return Err(Error::state(format!(
                "a store came to be at {} meanwhile",
                self.location.shown()
            ))
            .hint("run the command again"));
        }
        self.end_log(decide, None)?;
        self.overwrite(connection)
            .map_err(|error| in_doubt(error, orphan.as_deref()))?;
        Ok(orphan)
    }

    /// Lets the copy's log end with what `decide` says.
    fn end_log(&mut self, decide: &mut Decide<'_>, kept: Option<&Path>) -> Result<()> {
        let event = contract::read(&self.copy, |copy| decide(None, copy))?;
        let event = with_kept(event, kept);
        let written = contract::write(&mut self.copy, |tx| tx.append(&event));
        written.map_err(|error| self.of_taken(error))
    }

    /// Writes the copy over the file behind `to`, which nobody else has open.
    fn overwrite(&self, mut to: Connection) -> Result<()> {
        let path = self.location.existing()?;
        write_over(&self.copy.opened.borrow().connection, &mut to).explain(&path)?;
        truncate_log(&to);
        // SQLite leaves an emptied one behind in this mode, with what was replaced still in it.
        drop(fs::remove_file(sibling(&path, "-journal")));
        Ok(())
    }
}

/// Refuses a copy that may not be read: of SQLite's words for it, nobody could tell.
fn check_readable(path: &Path) -> Result<()> {
    match first_bytes(path, 1) {
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            Err(Error::io(format!("cannot read the copy {}", shown(path)))
                .because(ErrorSource::new(cause, "permission denied"))
                .hint("nothing was changed; run the command as a user who may read it"))
        }
        // Whatever else there is, opening it as a store tells.
        _ => Ok(()),
    }
}
