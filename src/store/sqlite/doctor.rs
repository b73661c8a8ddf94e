//! Remarks on a store's file, its siblings and directories, and on the content.

mod files;
mod look;
mod surroundings;

use self::files::move_and_restore;
use self::surroundings::{Beginning, Surroundings};
use super::actor::towards;
use super::damage::{self, Damage, Extent};
use super::error::Explain;
use super::file::Location;
use super::read::{self, VisitHash};
use super::tx::SqliteTx;
use super::{Sqlite, migrate};
use crate::env::Actor;
use crate::error::{FailureKind, Result};
use crate::hint::{Hint, run};
use crate::store::contract::Read;
use crate::store::remarks::{DAMAGE, Remarks};

/// A store that is examined, at one moment.
pub struct Examined<'a>(&'a SqliteTx<'a>);

/// Callback of an examination: adds what is wrong with the store's content, the damage of which was added.
/// May run again, with the remarks of before.
pub type Examine<'a> = dyn FnMut(&Examined<'_>, &mut Remarks) -> Result<()> + 'a;

impl Examined<'_> {
    /// View of the store.
    pub fn store(&self) -> &dyn Read {
        self.0
    }

    /// Tells whether its schema is this version's.
    pub fn is_current(&self) -> Result<bool> {
        migrate::is_current(self.0.connection()).explain(self.0.subject())
    }

    /// Calls `visit` for every key that can be read and its PHC string, which is `None` once it is
    /// wiped, oldest first, in constant memory.
    pub fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()> {
        read::scan_hashes(self.0.connection(), visit).explain(self.0.subject())
    }
}

/// Adds to `remarks` what is wrong with the place of the store at `location` and with its content, of
/// which `content` tells what is no damage. All of the content is seen at one moment.
///
/// # Errors
///
/// Fails where there is no store, or it cannot be opened for a reason that does not lie in it.
pub fn examine(
    location: &Location,
    actor: &Actor,
    remarks: &mut Remarks,
    content: &mut Examine<'_>,
) -> Result<()> {
    let you = towards(actor.clone(), location.path()).uid;
    let place = look::around(location, you)?;
    files::judge(&place, remarks);
    if place.is_ruined() {
        // There is nothing more to be said of it.
        return Ok(());
    }
    if place.is_cut_short() {
        unread("what was begun has to be undone first", remarks);
        return Ok(());
    }
    match open(location, &place, remarks) {
        Ok(Some(store)) => examine_content(&store, remarks, content),
        Ok(None) => Ok(()),
        // SQLite does not open a store with such siblings.
        Err(error) if error.kind == FailureKind::Unavailable && place.is_obstructed() => {
            unread(&error.to_string(), remarks);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn examine_content(store: &Sqlite, remarks: &mut Remarks, content: &mut Examine<'_>) -> Result<()> {
    *remarks = store.at_one_moment(|moment| {
        let mut all = remarks.clone();
        tell_damage(damage::find(moment.connection())?, &mut all);
        content(&Examined(moment), &mut all)?;
        Ok(all)
    })?;
    Ok(())
}

fn unread(why: &str, remarks: &mut Remarks) {
    remarks.note(
        "unread",
        format!("what is in the store was not looked at: {why}"),
        "run doctor again once what is beside it is mended",
    );
}

/// Opens the store; where damage keeps it from being opened, that is a finding.
fn open(
    location: &Location,
    place: &Surroundings,
    remarks: &mut Remarks,
) -> Result<Option<Sqlite>> {
    match Sqlite::open_to_examine(location) {
        Err(error) if error.kind == FailureKind::Damaged => {
            let message = error.to_string();
            // A restore replaces nothing but what has the mark.
            let hint = match place.beginning {
                Beginning::Ours => error.hint,
                _ => Some(move_and_restore()),
            };
            remarks.finding(DAMAGE, message, hint);
            Ok(None)
        }
        opened => opened.map(Some),
    }
}

fn tell_damage(damage: Vec<Damage>, remarks: &mut Remarks) {
    let of_keys = damage.iter().all(|damage| damage.extent != Extent::Whole);
    let last = damage.len().saturating_sub(1);
    for (i, damage) in damage.into_iter().enumerate() {
        let hint = (i == last).then(|| cure(of_keys));
        remarks.finding(DAMAGE, damage.what, hint);
    }
}

/// Advice on damage, which may lie in the records of single keys alone.
fn cure(of_keys: bool) -> Hint {
    let hint = match of_keys {
        true => Hint::from("the other keys work; delete such a key by its ID (")
            .and(run!("delete ID"))
            .and(")"),
        false => Hint::from("repair it if you know the cause"),
    };
    hint.and(", or restore a backup: ")
        .and(run!("restore PATH"))
}
