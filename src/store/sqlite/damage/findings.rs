//! Collection of the damage that is found.

use crate::store::sqlite::error::SqliteResult;
use rusqlite::Connection;

/// Damage in one place of a store's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The description, one line.
    pub what: String,
    /// The extent.
    pub extent: Extent,
}

/// Extent of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The whole store.
    Whole,
    /// The record of one key. Verification and the other commands read the same of it, so that it is known if
    /// the key works. The other keys work.
    Key,
    /// A part of one key's record that verification does not read: the key may work.
    Unseen,
    /// The index of scopes, which a restore makes anew.
    Index,
}

impl Damage {
    /// Tells whether a store with this damage can be copied and restored: the damage is in one key, and it is
    /// known if that works, so that no revoked key becomes valid unnoticed.
    pub fn is_restorable(&self) -> bool {
        matches!(self.extent, Extent::Key | Extent::Index)
    }
}

/// Most lines of damage. With more, the user needs a backup, not a list.
pub const LINES: usize = 20;

/// Most characters of a line.
const LINE_MAX: usize = 300;

/// Check of a store's content.
pub type Check = fn(&Connection, &mut Findings) -> SqliteResult<()>;

/// Damage that was found so far.
#[derive(Default)]
pub struct Findings {
    /// The damage, in the order of the checks.
    pub lines: Vec<Damage>,
    /// True once there are [`LINES`]: no more is added.
    pub is_full: bool,
}

impl Findings {
    /// Runs `check` of `part`. If damage keeps the check from going on, adds that.
    pub fn run(&mut self, part: &str, connection: &Connection, check: Check) -> SqliteResult<()> {
        if self.is_full {
            return Ok(());
        }
        match check(connection, self) {
            Err(error) if error.is_damage() => {
                self.tell(format_args!("{part} cannot be read: {}", error.in_words()));
                Ok(())
            }
            result => result,
        }
    }

    /// Adds damage of the whole store.
    pub fn tell(&mut self, line: impl ToString) {
        self.push(line, Extent::Whole);
    }

    /// Adds damage in the record of one key.
    pub fn tell_of_key(&mut self, line: impl ToString) {
        self.push(line, Extent::Key);
    }

    /// Adds a line, unless there are too many. The last one is "and more".
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
