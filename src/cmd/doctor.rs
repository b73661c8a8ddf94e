//! `keyctl doctor`

mod handovers;
mod keys;
mod names;
mod owners;
mod program;
mod report;

use self::keys::Tally;
use self::owners::Owners;
use super::values::Format;
use super::{Cx, clock};
use crate::error::{DONE, FOUND, FailureKind, Result};
use crate::event::Flaw;
use crate::hash::Stored;
use crate::hint::{Hint, run};
use crate::lookup::unfinished_handovers;
use crate::output::unwritable;
use crate::project::Member;
use crate::store::{self, Address, DAMAGE, Examined, Read, Remarks};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// Check the store for problems
///
/// Changes nothing, and says which store it checked. A finding needs fixing: damage, an interrupted restore, a broken log, files
/// that others can read or write or that somebody else put there, a parent directory through which
/// another user could replace the store, keys that policy does not allow, a clock that is
/// behind the log's last line, a --exec that was cut short. A note is for information: what a group may do, unless 'init --group'
/// set it up, files left beside the store by a restore or backup, keys unused for 90 days, hashes that
/// do not match policy, names that may look like others, usable keys whose owner is not a user of this
/// machine, another keyctl that the shell finds first.
///
/// On a server: roles and grants that differ from those that 'init' made, a database that anybody
/// may connect to, commits that wait for no standby, or for one that is not connected, keys of no role. Hashes are
/// checked for administrators only.
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
        let store = cx.address()?;
        let remarks = examine(cx, &store)?;
        let printed = match self.format {
            Format::Text => report::text(&remarks, cx.called).into_bytes(),
            Format::Json => report::json(&remarks, &store, cx.called).map_err(unwritable)?,
        };
        cx.print(&printed)?;
        cx.status(format_args!("store {store}: {}", report::summary(&remarks)));
        Ok(if remarks.findings.is_empty() {
            DONE
        } else {
            FOUND
        })
    }
}

fn examine(cx: &Cx<'_>, store: &Address) -> Result<Remarks> {
    let (mut remarks, mut owners, mut users) = (Remarks::default(), Owners::default(), None);
    store::examine(
        store,
        &cx.env.actor,
        &cx.env.group_name,
        &mut remarks,
        &mut |examined, remarks| {
            // May be a further run, after the file changed.
            owners = Owners::default();
            users = examined.users()?;
            content(examined, cx.env.now(), remarks, &mut owners)
        },
    )?;
    match users {
        Some(users) => owners.judge(
            |user| Some(users.contains(user)),
            "no role of the server",
            &mut remarks,
        ),
        // After the examination, since a query to the system's user database may be slow.
        None => owners.judge(&cx.env.user, "not a user of this machine", &mut remarks),
    }
    if let (Some(own), Some(path)) = (&cx.env.program, cx.env.var("PATH")) {
        let finds = |name: &str| program::find(&path, name, own);
        program::judge(&cx.called.name, finds, &program::shown(own), &mut remarks);
    }
    Ok(remarks)
}

/// Examines the content of the store. Its damage was added to `remarks` before.
fn content(
    examined: &dyn Examined,
    now: Timestamp,
    remarks: &mut Remarks,
    owners: &mut Owners,
) -> Result<()> {
    let store = examined.store();
    match sound(store.check_log(None), remarks)? {
        // A missing head of the log is damage, which was added.
        Some(Err(Flaw::Endless(_))) if remarks.has_damage() => {}
        Some(Err(flaw)) => remarks.finding(
            "log",
            format!("the log is broken ({}): {flaw}", flaw.word()),
            "keep a copy of the store as it is, and compare it with a backup",
        ),
        Some(Ok(_)) | None => {}
    }
    if let Some(Some(flaw)) = sound(clock::flaw_in(store, now), remarks)? {
        remarks.finding("clock", flaw, clock::HINT);
    }
    if let Some(handovers) = sound(unfinished_handovers(store, now), remarks)? {
        handovers::judge(&handovers, now, remarks);
    }
    sound(count(examined, now, remarks, owners), remarks)?;
    if let Some((members, administrators)) = sound(users(store), remarks)? {
        names::judge(&members, &administrators, remarks);
    }
    if sound(examined.is_current(), remarks)? == Some(false) {
        remarks.note(
            "schema",
            "the store is of an older version; the next change other than disable or delete upgrades it",
            Hint::from("to upgrade it now: ").and(run!("init --upgrade")),
        );
    }
    if let Some(retired) = sound(store.retired(), remarks)?.flatten() {
        remarks.note("retired", retired.to_string(), retired.advice());
    }
    Ok(())
}

/// Returns the members of all projects, and the administrators.
fn users(store: &dyn Read) -> Result<(Vec<Member>, Vec<String>)> {
    Ok((store.members(None, None)?, store.administrators(None)?))
}

/// Examines each key that can be read.
fn count(
    examined: &dyn Examined,
    now: Timestamp,
    remarks: &mut Remarks,
    owners: &mut Owners,
) -> Result<()> {
    let policy = examined.store().policy()?;
    let mut tally = Tally::new(&policy, now);
    examined.scan_hashes(&mut |key, hash| {
        owners.take(&key, now);
        tally.take(&key, hash.as_deref().and_then(Stored::parse).as_ref());
        Ok(ControlFlow::Continue(()))
    })?;
    tally.report(remarks);
    Ok(())
}

/// Returns the result of a `read`; `None` if damage made it fail, which is a finding unless there is one of
/// damage already.
fn sound<T>(read: Result<T>, remarks: &mut Remarks) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind == FailureKind::Damaged => {
            if !remarks.has_damage() {
                remarks.finding(DAMAGE, error.to_string(), error.hint);
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
