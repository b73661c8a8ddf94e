//! Facts about a store's file, its siblings and its directories.

use crate::error::shell_word;
use crate::store::sqlite::actor::ROOT;
use crate::store::sqlite::siblings::Ownership;

/// Metadata of a file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The path, escaped for messages.
    pub shown: String,
    /// The permission bits.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The size in bytes.
    pub size: u64,
    /// The number of hard links.
    pub names: u64,
}

impl Stat {
    /// The path as a word of a shell command.
    pub fn word(&self) -> String {
        shell_word(&self.shown)
    }

    fn ownership(&self) -> Ownership {
        Ownership {
            uid: self.uid,
            gid: self.gid,
            mode: self.mode,
        }
    }
}

/// First bytes of a store's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// SQLite's and keyctl's marks.
    Ours,
    /// No bytes.
    Empty,
    /// One byte, or only zeros.
    Blank,
    /// Anything else.
    Other,
}

/// Rollback journal of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The metadata.
    pub entry: Stat,
    /// True if it is a regular file.
    pub is_file: bool,
    /// True if SQLite would roll back a change with it.
    pub is_hot: bool,
}

/// Facts about a store's file, its siblings, and its directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSurroundings {
    /// The user's uid.
    pub you: u32,
    /// The path that was given, if it is a symbolic link.
    pub link: Option<String>,
    /// The store's file.
    pub store: Stat,
    /// The first bytes of the store's file.
    pub beginning: Beginning,
    /// True if the store's file is a mount point of its own.
    pub is_mounted_alone: bool,
    /// Log and index, if they are regular files.
    pub siblings: Vec<Stat>,
    /// Paths of log and index, if they are no regular files.
    pub odd: Vec<String>,
    /// The rollback journal.
    pub journal: Option<Journal>,
    /// Regular files that restores left: `<store>.replaced-…`.
    pub replaced: Vec<Stat>,
    /// Scratch directories of backups and restores.
    pub scratch: Vec<String>,
    /// The directory of the store.
    pub directory: Stat,
    /// The directories above that, and those above the link.
    pub above: Vec<Stat>,
}

impl FileSurroundings {
    /// Tells whether the store is refused because of a sibling.
    pub fn is_obstructed(&self) -> bool {
        let journal = self.journal.as_ref();
        !self.odd.is_empty()
            || self.siblings.iter().any(|file| self.is_foreign(file))
            || journal.is_some_and(|journal| self.is_foreign_journal(journal))
    }

    /// Tells whether an interrupted change has to be rolled back before any read.
    pub fn is_cut_short(&self) -> bool {
        let journal = self.journal.as_ref();
        journal.is_some_and(|journal| journal.is_hot && !self.is_foreign_journal(journal))
    }

    /// Tells whether SQLite must not open the regular file `entry` as a sibling.
    fn is_foreign(&self, entry: &Stat) -> bool {
        self.is_strangers_file(entry) || entry.names > 1
    }

    /// Tells whether SQLite must not open `journal`.
    pub fn is_foreign_journal(&self, journal: &Journal) -> bool {
        !journal.is_file || self.is_foreign(&journal.entry)
    }

    /// Tells whether the file has lost its content: it has none, but it has a log or an index. SQLite could
    /// remove them if it opened the file.
    pub fn is_ruined(&self) -> bool {
        let is_log = |file: &Stat| file.shown.ends_with("-wal") && file.size > 0;
        match self.beginning {
            Beginning::Empty => self.siblings.iter().any(is_log),
            Beginning::Blank => !self.siblings.is_empty(),
            Beginning::Ours | Beginning::Other => false,
        }
    }

    /// Tells whether `entry` belongs neither to the user, nor to root, nor to the store's owner.
    pub fn is_strangers(&self, entry: &Stat) -> bool {
        ![self.you, ROOT, self.store.uid].contains(&entry.uid)
    }

    /// Tells whether the sibling `entry` belongs to a user who may not write the store. If a group shares the
    /// store, any member of it may have made the sibling.
    pub fn is_strangers_file(&self, entry: &Stat) -> bool {
        let (store, directory) = (self.store.ownership(), self.directory.ownership());
        entry.ownership().is_strangers(store, directory, self.you)
    }
}
