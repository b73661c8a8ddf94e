//! Facts about a store's file, its siblings and its directories, as they are judged.

use crate::error::shell_word;
use crate::store::sqlite::actor::ROOT;
use crate::store::sqlite::siblings::Ownership;

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its path as a message shows it.
    pub shown: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its size in bytes.
    pub size: u64,
    /// The number of its names (hard links).
    pub names: u64,
}

impl Stat {
    /// Its path as a word of a shell command.
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

/// Beginning of a store's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// SQLite's mark and keyctl's.
    Ours,
    /// It holds nothing.
    Empty,
    /// No more than a byte, or only zeros.
    Blank,
    /// Anything else.
    Other,
}

/// A rollback journal beside the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The file, or what lies there in its place.
    pub entry: Stat,
    /// True if it is an ordinary file.
    pub is_file: bool,
    /// True if SQLite has something to undo by it before anything is read.
    pub is_hot: bool,
}

/// A store's file, its siblings, and the directories around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The uid of who looks.
    pub you: u32,
    /// The path by which the store is reached, if that is a symbolic link.
    pub link: Option<String>,
    /// The store's file.
    pub store: Stat,
    /// Its beginning.
    pub beginning: Beginning,
    /// The store's file is a mount point of its own.
    pub is_mounted_alone: bool,
    /// The write-ahead log and its index, those that are there and ordinary files.
    pub siblings: Vec<Stat>,
    /// Those that are there and no ordinary files.
    pub odd: Vec<String>,
    /// The rollback journal, if there is one.
    pub journal: Option<Journal>,
    /// Files that restores have put aside: `<store>.replaced-…`, ordinary files.
    pub replaced: Vec<Stat>,
    /// The directories beside the store in which a backup or a restore works.
    pub scratch: Vec<String>,
    /// The directory.
    pub directory: Stat,
    /// The directories above it, and those above the link.
    pub above: Vec<Stat>,
}

impl Surroundings {
    /// Tells whether a sibling of the store keeps it from being opened.
    pub fn is_obstructed(&self) -> bool {
        let journal = self.journal.as_ref();
        !self.odd.is_empty()
            || self.siblings.iter().any(|file| self.is_foreign(file))
            || journal.is_some_and(|journal| self.is_foreign_journal(journal))
    }

    /// Tells whether something that was begun is to be undone before anything is read.
    pub fn is_cut_short(&self) -> bool {
        let journal = self.journal.as_ref();
        journal.is_some_and(|journal| journal.is_hot && !self.is_foreign_journal(journal))
    }

    /// Tells whether SQLite must not take the regular file `entry` for a part of the store.
    fn is_foreign(&self, entry: &Stat) -> bool {
        self.is_strangers_file(entry) || entry.names > 1
    }

    /// Tells whether `journal` is none of keyctl's.
    pub fn is_foreign_journal(&self, journal: &Journal) -> bool {
        !journal.is_file || self.is_foreign(&journal.entry)
    }

    /// Tells whether the file was a store, going by what lies beside it, and is none any more. To open it
    /// could remove what lies there.
    pub fn is_ruined(&self) -> bool {
        let is_log = |file: &Stat| file.shown.ends_with("-wal") && file.size > 0;
        match self.beginning {
            Beginning::Empty => self.siblings.iter().any(is_log),
            Beginning::Blank => !self.siblings.is_empty(),
            Beginning::Ours | Beginning::Other => false,
        }
    }

    /// Tells whether `entry` belongs to nobody who has to do with the store.
    pub fn is_strangers(&self, entry: &Stat) -> bool {
        ![self.you, ROOT, self.store.uid].contains(&entry.uid)
    }

    /// Tells whether `entry`, a file beside the store, belongs to somebody who may not write the
    /// store. In one that a group shares, whoever of them comes first makes it.
    pub fn is_strangers_file(&self, entry: &Stat) -> bool {
        let (store, directory) = (self.store.ownership(), self.directory.ownership());
        entry.ownership().is_strangers(store, directory, self.you)
    }
}
