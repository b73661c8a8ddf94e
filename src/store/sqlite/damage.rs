//! What is wrong with a store's content. A check goes on where the one before it failed, reads row
//! by row, and takes nothing of what it reads on trust.

mod pages;
mod rows;
mod schema;

use super::error::{Error, Result};
use super::read;
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
const LINES: usize = 20;

/// The most characters in a line.
const LINE_MAX: usize = 300;

/// Finds the damage in the store behind `connection`, inside a transaction: none in a sound one.
/// Fails only where it cannot be read for a reason that does not lie in it.
pub fn find(connection: &Connection) -> Result<Vec<Damage>> {
    let mut found = Found::default();
    found.run("its schema", connection, schema::check)?;
    if !found.lines.is_empty() {
        // To look further would be to evaluate what somebody else has put there.
        return Ok(found.lines);
    }
    let checks: [(&str, Check); 8] = [
        ("its pages", pages::check),
        ("its references", rows::references),
        ("its scopes", rows::scopes),
        ("its policy", policy),
        ("its users", rows::users),
        ("the head of its log", head),
        // Last: however many keys are damaged, what all need was looked at.
        ("its keys", rows::keys),
        ("its keys' scopes", rows::scopes_of_keys),
    ];
    for (what, check) in checks {
        found.run(what, connection, check)?;
    }
    Ok(found.lines)
}

type Check = fn(&Connection, &mut Found) -> Result<()>;

/// What was found so far.
#[derive(Default)]
struct Found {
    lines: Vec<Damage>,
    is_full: bool,
}

impl Found {
    /// Runs `check`, which looks at `what`. That it could not go on is one more thing found, if
    /// what it met is to blame.
    fn run(&mut self, what: &str, connection: &Connection, check: Check) -> Result<()> {
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
    fn tell(&mut self, line: impl ToString) {
        self.push(line, Extent::Whole);
    }

    /// Tells of what is wrong with the record of one key.
    fn tell_of_key(&mut self, line: impl ToString) {
        self.push(line, Extent::Key);
    }

    fn push(&mut self, line: impl ToString, extent: Extent) {
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

fn policy(connection: &Connection, _: &mut Found) -> Result<()> {
    read::policy(connection).map(drop)
}

fn head(connection: &Connection, found: &mut Found) -> Result<()> {
    match read::head(connection) {
        // It names the head itself.
        Err(Error::Damaged(what)) => found.tell(what),
        head => drop(head?),
    }
    Ok(())
}
