//! Damage that was found so far.

use crate::store::sqlite::error::SqliteResult;
use rusqlite::Connection;

/// One thing that is wrong with a store's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// A description in plain words, one line.
    pub what: String,
    /// Its extent.
    pub extent: Extent,
}

/// Extent of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Whole,
    /// The record of one key. The others work, and verification sees of that one what others see.
    Key,
    /// A part of one key's record that verification does not read: the key may work all the same.
    Unseen,
}

impl Damage {
    /// Tells whether it touches one key alone, of which can be said whether it works: such a store can be
    /// copied and restored without making a key valid that was not.
    pub fn is_apart(&self) -> bool {
        self.extent == Extent::Key
    }
}

/// The most lines that say what is wrong: who meets more than these needs a backup, not a list.
pub const LINES: usize = 20;

/// The most characters in a line.
const LINE_MAX: usize = 300;

/// One check of a store's content.
pub type Check = fn(&Connection, &mut Findings) -> SqliteResult<()>;

/// Findings so far.
#[derive(Default)]
pub struct Findings {
    /// Each thing that is wrong, in order.
    pub lines: Vec<Damage>,
    /// There are too many: no more are taken.
    pub is_full: bool,
}

impl Findings {
    /// Runs `check`, which looks at `what`. That it could not go on is one more thing found, if
    /// what it met is to blame.
    pub fn run(&mut self, what: &str, connection: &Connection, check: Check) -> SqliteResult<()> {
        if self.is_full {
            return Ok(());
        }
        match check(connection, self) {
            Err(error) if error.is_damage() => {
                self.tell(format_args!("{what} cannot be read: {}", error.in_words()));
                Ok(())
            }
            result => result,
        }
    }

    /// Tells of what is wrong with the whole.
    pub fn tell(&mut self, line: impl ToString) {
        self.push(line, Extent::Whole);
    }

    /// Tells of what is wrong with the record of one key.
    pub fn tell_of_key(&mut self, line: impl ToString) {
        self.push(line, Extent::Key);
    }

    /// Adds a line, unless there are too many.
    pub fn push(&mut self, line: impl ToString, extent: Extent) {
        let what: String = match self.lines.len() < LINES {
            true => line.to_string().chars().take(LINE_MAX).collect(),
            false => "and more".to_owned(),
        };
        if !self.is_full {
            self.is_full = self.lines.len() >= LINES;
            self.lines.push(Damage { what, extent });
        }
    }
}
