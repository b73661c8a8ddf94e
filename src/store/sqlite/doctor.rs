//! Examination of a store: its file, siblings and directories, and its content.

mod files;
mod look;
mod surroundings;

pub use self::files::GroupName;

use self::files::{Groups, move_and_restore};
use self::surroundings::{Beginning, FileSurroundings};
use super::actor::towards;
use super::damage::{self, Damage, Extent};
use super::error::Explain;
use super::file::Location;
use super::read;
use super::tx::SqliteTx;
use super::{Sqlite, migrate};
use crate::env::Actor;
use crate::error::{FailureKind, Result};
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::store::contract::Read;
use crate::store::examined::{Examine, Examined, VisitHash};
use crate::store::filter::LogFilter;
use crate::store::remarks::{DAMAGE, Remarks};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

struct SqliteExamined<'a>(&'a SqliteTx<'a>);

impl Examined for SqliteExamined<'_> {
    fn store(&self) -> &dyn Read {
        self.0
    }

    fn is_current(&self) -> Result<bool> {
        migrate::is_current(self.0.connection()).explain(self.0.subject())
    }

    fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()> {
        read::scan_hashes(self.0.connection(), visit).explain(self.0.subject())
    }

    fn users(&self) -> Result<Option<BTreeSet<String>>> {
        Ok(None)
    }
}

/// Adds to `remarks` what is wrong with the files of the store at `location`, damage of its content, and what
/// `content` finds. The content is read in one transaction. Groups are named as `group_name` does.
///
/// # Errors
///
/// Fails if there is no store, or if it cannot be opened for another reason than damage.
pub fn examine(
    location: &Location,
    actor: &Actor,
    group_name: &GroupName<'_>,
    remarks: &mut Remarks,
    content: &mut Examine<'_>,
) -> Result<()> {
    let you = towards(actor.clone(), location.path()).uid;
    let place = look::gather(location, you)?;
    files::judge(&place, remarks);
    let note = |sharing, remarks: &mut Remarks| {
        let name = group_name;
        files::note(&place, &Groups { name, sharing }, remarks);
    };
    if place.is_ruined() {
        // Not opened: SQLite could remove the log beside it.
        note(None, remarks);
        return Ok(());
    }
    if place.is_cut_short() {
        // Not opened: SQLite would roll the change back, and doctor changes nothing.
        note(None, remarks);
        unread("an interrupted change has to be undone first", remarks);
        return Ok(());
    }
    match open(location, &place, remarks) {
        Ok(Some(store)) => {
            *remarks = store.in_transaction(|tx| {
                let mut all = remarks.clone();
                note(group_of_making(tx.connection()), &mut all);
                add_damage(damage::find(tx.connection())?, &mut all);
                content(&SqliteExamined(tx), &mut all)?;
                Ok(all)
            })?;
            Ok(())
        }
        Ok(None) => {
            note(None, remarks);
            Ok(())
        }
        // A foreign sibling is reported already, and the store is not opened with it.
        Err(error) if error.kind == FailureKind::Unavailable && place.is_obstructed() => {
            note(None, remarks);
            unread(&error.to_string(), remarks);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Returns the gid of the group for which `init` made the store, from the first event of its log. `None` if that
/// names none, or cannot be read: then a note is all that comes of it.
fn group_of_making(connection: &Connection) -> Option<u32> {
    let mut gid = None;
    let scanned = read::scan_log(connection, &LogFilter::default(), &mut |event| {
        if event.action == Action::Init.word() {
            gid = event.fields()["group"].as_u64();
        }
        Ok(ControlFlow::Break(()))
    });
    scanned.ok().and(gid)?.try_into().ok()
}

/// Notes that the content was not examined.
fn unread(why: &str, remarks: &mut Remarks) {
    remarks.note(
        "unread",
        format!("the content of the store was not checked: {why}"),
        "fix the files beside it, then run doctor again",
    );
}

/// Opens the store. Adds a finding if damage prevents that.
fn open(
    location: &Location,
    place: &FileSurroundings,
    remarks: &mut Remarks,
) -> Result<Option<Sqlite>> {
    match Sqlite::open_to_examine(location) {
        Err(error) if error.kind == FailureKind::Damaged => {
            let message = error.to_string();
            // `restore` replaces only a file with keyctl's mark.
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

fn add_damage(damage: Vec<Damage>, remarks: &mut Remarks) {
    let all = |extent| damage.iter().all(|damage| damage.extent == extent);
    let is_apart = |damage: &Damage| damage.extent != Extent::Whole;
    let hint = match damage.iter().all(is_apart) {
        true if all(Extent::Index) => {
            Hint::from("every key works; to rebuild the index, restore a new backup: ")
                .and(run!("backup PATH"))
                .and(", then ")
                .and(run!("restore PATH"))
        }
        true => or_restore(
            Hint::from("the other keys work; delete such a key by its ID (")
                .and(run!("delete ID"))
                .and(")"),
        ),
        false => or_restore(Hint::from("repair it if you know the cause")),
    };
    let last = damage.len().saturating_sub(1);
    for (i, damage) in damage.into_iter().enumerate() {
        let hint = (i == last).then(|| hint.clone());
        remarks.finding(DAMAGE, damage.what, hint);
    }
}

/// Adds to `hint` that a backup can be restored.
fn or_restore(hint: Hint) -> Hint {
    hint.and(", or restore a backup: ")
        .and(run!("restore PATH"))
}
