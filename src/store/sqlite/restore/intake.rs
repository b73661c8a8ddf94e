//! The copy that a restore takes in.

#[cfg(feature = "postgres")]
mod for_server;

use super::words::{room_in, unfit};
use crate::error::{Error, ErrorSource, FailureKind, Result};
use crate::store::contract::Store;
use crate::store::sqlite::base::{Purpose, Subject, shown};
use crate::store::sqlite::damage::Damage;
use crate::store::sqlite::error::Explain;
use crate::store::sqlite::file::Location;
use crate::store::sqlite::header::first_bytes;
use crate::store::sqlite::scratch::Scratch;
use crate::store::sqlite::siblings::Foreign;
use crate::store::sqlite::{Sqlite, retired, write};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the copy in the scratch directory.
const COPY: &str = "copy";

/// Copy that will be restored.
pub struct Intake {
    source: Location,
    /// Directory for the private copy.
    directory: PathBuf,
    /// The copy that was named; after [`Intake::take_in`], the private copy of that.
    copy: Sqlite,
    /// Siblings of the named copy that a stranger put there. They are not read.
    foreign: Vec<Foreign>,
    /// Damage in records of single keys, as of the last check.
    damage: Vec<Damage>,
    // Dropped last: the private copy is closed before its directory is removed.
    scratch: Option<Scratch>,
}

impl Intake {
    /// Opens the copy at `source`. A private copy of it will be made in `directory`.
    pub fn open(source: Location, directory: PathBuf) -> Result<Self> {
        let path = source.existing_copy().map_err(unfit)?;
        check_readable(&path)?;
        // A copy may have hard links, as backup tools make them: nobody writes to it.
        let (copy, foreign) = Sqlite::open_copy(&source).map_err(unfit)?;
        Ok(Intake {
            source,
            directory,
            copy,
            foreign,
            damage: Vec::new(),
            scratch: None,
        })
    }

    /// Refuses a copy with damage, unless all damage is in single keys and restorable.
    pub fn check(&mut self) -> Result<()> {
        match self.copy.inspect().map_err(|error| self.advise(error))? {
            Ok(inventory) => {
                self.damage = inventory.damage;
                Ok(())
            }
            Err(damage) => Err(unfit(Error::damaged(format!(
                "the copy {} is damaged: {damage}",
                self.shown()
            )))),
        }
    }

    /// Copies the copy to a scratch directory, where no other process can change it, migrates its schema,
    /// checks it and makes its index of scopes anew. Does nothing when called again.
    ///
    /// Call [`Intake::check`] before: the migration can drop damaged values.
    pub fn take_in(&mut self) -> Result<()> {
        if self.scratch.is_some() {
            return Ok(());
        }
        let scratch = Scratch::new(&self.directory).map_err(|cause| {
            Error::io(format!(
                "cannot make a private copy of {} in {}",
                self.shown(),
                shown(&self.directory)
            ))
            .because(cause)
            .hint(room_in(&self.directory))
        })?;
        let made = self.copy.copy_into(&scratch, COPY).map_err(unfit)?;
        let taken = made.map_err(|error| error.hint(room_in(&self.directory)))?;
        let purpose = Purpose::Taken {
            copy: self.shown(),
            directory: shown(&self.directory),
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
        let connection = &mut self.copy.opened.get_mut().connection;
        let rebuilt =
            write::rebuild_index_of_scopes(connection).and_then(|()| retired::unmark(connection));
        rebuilt.explain(subject).map_err(|error| self.advise(error))
    }

    /// Adds advice to an error about the copy. Once there is a private copy, its directory may be at fault.
    pub fn advise(&self, error: Error) -> Error {
        match self.scratch {
            Some(_) if !matches!(error.kind, FailureKind::Damaged | FailureKind::Memory) => {
                error.hint(room_in(&self.directory))
            }
            _ => unfit(error),
        }
    }

    /// The copy.
    pub fn copy(&self) -> &Sqlite {
        &self.copy
    }

    /// The copy, to be changed.
    pub fn copy_mut(&mut self) -> &mut Sqlite {
        &mut self.copy
    }

    /// The copy as any store.
    pub fn store(&self) -> &dyn Store {
        &self.copy
    }

    /// Directory of the private copy; `None` before that is made.
    pub fn scratch(&self) -> Option<&Scratch> {
        self.scratch.as_ref()
    }

    /// Path of the copy.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Path of the copy, escaped for messages.
    pub fn shown(&self) -> String {
        self.source.shown()
    }

    /// Damage in records of single keys, as of the last check.
    pub fn damage(&self) -> Vec<&str> {
        let damage = self.damage.iter();
        damage.map(|damage| damage.what.as_str()).collect()
    }

    /// Messages on siblings that are not read.
    pub fn unread(&self) -> Vec<String> {
        let unread = |foreign: &Foreign| {
            format!(
                "warning: {} is ignored: it {}",
                foreign.shown(),
                foreign.reason()
            )
        };
        self.foreign.iter().map(unread).collect()
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
