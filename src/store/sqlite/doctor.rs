//! Remarks on a store's file, its siblings and directories, and on the content.

mod files;
mod look;
mod place;

use self::files::move_and_restore;
use self::place::{Beginning, Place};
use super::actor::towards;
use super::damage::{self, Damage, Extent};
use super::file::Location;
use super::read::{self, VisitHash};
use super::{Sqlite, error};
use crate::env::Actor;
use crate::error::{Kind, Result};
use crate::hint::{Hint, run};
use crate::store::contract::Store;
use crate::store::remarks::{DAMAGE, Remarks};

/// A store that was opened to be examined.
pub struct Examined(Sqlite);

impl Examined {
    /// The store.
    pub fn store(&self) -> &dyn Store {
        &self.0
    }

    /// Calls `visit` for every key that can be read and its PHC string, which is `None` once it is
    /// wiped, oldest first, in constant memory. Where it fails, what was visited may be wrong.
    pub fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()> {
        let mut runs = 0;
        self.0.at_one_moment(|moment| {
            runs += 1;
            match runs {
                1 => read::scan_hashes(moment.connection(), visit),
                _ => Err(error::Error::Told(error::keeps_changing(moment.subject()))),
            }
        })
    }
}

/// Adds to `remarks` what is wrong with the place of the store at `location` and with its content.
/// Returns the store, unless there is nothing in it that could be read.
///
/// # Errors
///
/// Where there is no store, or it cannot be opened for a reason that does not lie in it.
pub fn examine(
    location: &Location,
    actor: &Actor,
    remarks: &mut Remarks,
) -> Result<Option<Examined>> {
    let you = towards(actor.clone(), location.path()).uid;
    let place = look::at_place(location, you)?;
    files::judge(&place, remarks);
    if place.is_ruined() {
        // There is nothing more to be said of it.
        return Ok(None);
    }
    if place.is_cut_short() {
        unread("what was begun has to be undone first", remarks);
        return Ok(None);
    }
    match open(location, &place, remarks) {
        // SQLite does not open a store with such siblings.
        Err(error) if error.kind == Kind::Unavailable && place.is_obstructed() => {
            unread(&error.to_string(), remarks);
            Ok(None)
        }
        opened => opened,
    }
}

fn unread(why: &str, remarks: &mut Remarks) {
    remarks.note(
        "unread",
        format!("what is in the store was not looked at: {why}"),
        "run doctor again once what is beside it is mended",
    );
}

fn open(location: &Location, place: &Place, remarks: &mut Remarks) -> Result<Option<Examined>> {
    let store = match Sqlite::open_to_examine(location) {
        Ok(store) => store,
        Err(error) if error.kind == Kind::Damaged => {
            let message = error.to_string();
            // A restore replaces nothing but what has the mark.
            let hint = match place.beginning {
                Beginning::Ours => error.hint,
                _ => Some(move_and_restore()),
            };
            remarks.finding(DAMAGE, message, hint);
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    tell_damage(
        store.at_one_moment(|moment| damage::find(moment.connection()))?,
        remarks,
    );
    Ok(Some(Examined(store)))
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
