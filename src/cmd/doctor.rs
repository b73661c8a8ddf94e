//! `keyctl doctor`

mod files;
mod keys;
mod look;
mod names;
mod place;
mod program;
mod report;

use self::files::move_and_restore;
use self::keys::Tally;
use self::place::{Beginning, Place};
use self::report::Report;
use super::values::Format;
use super::{Cx, clock};
use crate::error::{DONE, Error, FOUND, Kind, Result};
use crate::event::Flaw;
use crate::hash::Stored;
use crate::hint::{Hint, run};
use crate::output::unwritable;
use crate::store::{self, Extent, Location, Store};
use std::ops::ControlFlow;

/// Check the store for problems
///
/// Changes nothing. A finding needs fixing: damage, an interrupted restore, a broken log, files
/// that others can read or write or that somebody else put there, a parent directory through which
/// another user could replace the store, keys that policy does not allow, a clock that stands
/// before the log's last line. A note is for information: what a group may do, files left beside
/// the store by a restore or backup, keys unused for 90 days, hashes that do not match policy,
/// names that may look like others, another keyctl that the shell finds first.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  no findings
  1  at least one finding
  2  usage: a bad flag or value
  5  there is no store, it cannot be opened, or memory ran out

Examples:
  $ keyctl doctor
  $ keyctl doctor --format json | jq -r '.findings[].code'")]
pub struct Args {
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Args {
    /// Examines the store.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let report = examine(cx)?;
        let printed = match self.format {
            Format::Text => report.text(cx.called).into_bytes(),
            Format::Json => report.json(cx.called).map_err(|cause| unwritable(&cause))?,
        };
        cx.print(&printed)?;
        cx.status(&report);
        Ok(if report.findings.is_empty() {
            DONE
        } else {
            FOUND
        })
    }
}

fn examine(cx: &Cx<'_>) -> Result<Report> {
    let mut report = Report::default();
    let location = cx.location()?;
    let place = look::at_place(&location, cx.env.actor.uid)?;
    files::judge(&place, &mut report);
    if place.is_ruined() {
        // There is nothing more to be said of it.
    } else if place.is_cut_short() {
        unread("what was begun has to be undone first", &mut report);
    } else {
        match content(cx, &location, &place, &mut report) {
            // SQLite does not open a store with such neighbours.
            Err(error) if error.kind == Kind::Store && place.is_obstructed() => {
                unread(&error.message, &mut report);
            }
            examined => examined?,
        }
    }
    if let (Some(own), Some(path)) = (&cx.env.program, cx.env.var("PATH")) {
        let finds = |name: &str| look::for_program(&path, name, own);
        program::judge(&cx.called.name, finds, &look::shown(own), &mut report);
    }
    Ok(report)
}

fn unread(why: &str, report: &mut Report) {
    report.note(
        "unread",
        format!("what is in the store was not looked at: {why}"),
        "run doctor again once what is beside it is mended",
    );
}

/// Examines what is in the store.
fn content(cx: &Cx<'_>, location: &Location, place: &Place, report: &mut Report) -> Result<()> {
    let opened = store::open_to_examine(location).map_err(|error| match error.kind {
        // A restore replaces nothing but what bears the mark.
        Kind::Damaged if place.beginning != Beginning::Ours => error.hint(move_and_restore()),
        _ => error,
    });
    let Some(store) = sound(opened, report)? else {
        return Ok(());
    };
    let damage = store.damage()?;
    let is_damaged = !damage.is_empty();
    let of_keys = damage.iter().all(|damage| damage.extent != Extent::Whole);
    let last = damage.len().saturating_sub(1);
    for (i, damage) in damage.into_iter().enumerate() {
        let hint = (i == last).then(|| cure(of_keys));
        report.finding("damage", damage.what, hint);
    }
    match sound(store.check_log(None), report)? {
        // That the log's head is not there is damage, and was told.
        Some(Err(Flaw::Endless(_))) if is_damaged => {}
        Some(Err(flaw)) => report.finding(
            "log",
            format!("the log is broken ({}): {flaw}", flaw.word()),
            "keep a copy of the store as it is, and compare it with a backup",
        ),
        Some(Ok(_)) | None => {}
    }
    if let Some(Some(behind)) = sound(clock::behind(&*store, cx.env.now()), report)? {
        report.finding("clock", behind, clock::HINT);
    }
    sound(count(cx, &*store, report), report)?;
    if let (Some(members), Some(administrators)) = (
        sound(store.members(None, None), report)?,
        sound(store.administrators(None), report)?,
    ) {
        names::judge(&members, &administrators, report);
    }
    if sound(store.is_current(), report)? == Some(false) {
        report.note(
            "schema",
            "the store is of an older version; the next change brings it up to date",
            None,
        );
    }
    Ok(())
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

/// Examines the keys.
fn count(cx: &Cx<'_>, store: &dyn Store, report: &mut Report) -> Result<()> {
    let policy = store.policy()?;
    let mut tally = Tally::new(&policy, cx.env.now());
    store.scan_hashes(&mut |key, hash| {
        tally.take(&key, hash.as_deref().and_then(Stored::parse).as_ref());
        Ok(ControlFlow::Continue(()))
    })?;
    tally.report(report);
    Ok(())
}

/// What `read` gave; that damage kept it from giving anything is a finding, unless damage was found
/// already.
fn sound<T>(read: Result<T>, report: &mut Report) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Error {
            kind: Kind::Damaged,
            message,
            hint,
            ..
        }) => {
            if report
                .findings
                .iter()
                .all(|finding| finding.code != "damage")
            {
                report.finding("damage", message, hint);
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
