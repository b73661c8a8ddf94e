//! Handovers of a token to a command that were cut short.

use crate::hint::{Hint, run};
use crate::key::{Key, Kind};
use crate::lookup::Unfinished;
use crate::store::Remarks;
use crate::when::Timestamp;

/// Code of the remarks.
const CODE: &str = "handover";

/// Most handovers with a remark of their own.
const NAMED: usize = 10;

/// Adds a finding on each of `handovers` whose deadline has passed at `now`, and a note on each other.
pub fn judge(handovers: &[Unfinished], now: Timestamp, remarks: &mut Remarks) {
    let (running, cut_short): (Vec<_>, Vec<_>) = handovers
        .iter()
        .partition(|handover| now < handover.deadline);
    for handover in cut_short.iter().take(NAMED) {
        let (message, hint) = describe(handover, now);
        remarks.finding(CODE, message, hint);
    }
    if cut_short.len() > NAMED {
        let more = cut_short.len() - NAMED;
        remarks.finding(
            CODE,
            format!("{more} more handovers of a token were cut short"),
            "mend those above, then run this again",
        );
    }
    for handover in running.iter().take(NAMED) {
        let (_, mend) = describe(handover, now);
        remarks.note(
            CODE,
            format!(
                "a command may be taking the token of {} until {}",
                handover.key.label(),
                handover.deadline
            ),
            Hint::from("wait until then, or, if neither keyctl nor the command runs any more: ")
                .and(mend),
        );
    }
}

/// Describes a handover that was cut short, and the ways to mend it.
fn describe(handover: &Unfinished, now: Timestamp) -> (String, Hint) {
    let Unfinished { key, old, .. } = handover;
    let Some(old) = old else {
        let stop = match key.kind {
            Kind::Api => run!("delete {}", key.id),
            Kind::Legacy => run!("disable {}", key.id),
        };
        return (
            format!(
                "{} was made for a command, which may not have got its token",
                key.label()
            ),
            Hint::from("if the token was not stored: ")
                .and(stop)
                .and("; if it was, its first use or a rotation ends this finding"),
        );
    };
    let until = old.stops_at().unwrap_or(Timestamp::MAX);
    let grace = old.shorter_grace(now, handover.grace);
    let end = run!("edit {} --grace {}", old.id, grace);
    let undo = run!("rotate {} --undo", key.id);
    let (stands, hint) = match Successor::of(key, now) {
        Successor::Works => (
            format!("so does {}", key.id),
            Hint::from("if the new token was not stored: ")
                .and(undo)
                .and("; if it was: ")
                .and(end),
        ),
        Successor::Disabled => (
            format!("{} is disabled", key.id),
            Hint::from("to let the old token go on: ")
                .and(run!("enable {}", key.id))
                .and(", then ")
                .and(undo)
                .and("; to stop it too: ")
                .and(end),
        ),
        Successor::Rotated => (
            format!("{} was rotated", key.id),
            Hint::from("once a newer token is stored for sure: ").and(end),
        ),
        Successor::Stopped => (
            format!("{} is {}", key.id, key.state(now)),
            Hint::from("create a new key before then; to stop the old token too: ").and(end),
        ),
    };
    let message = format!(
        "the rotation of {} for a command was cut short: it works until {until}, and {stands}",
        old.label()
    );
    (message, hint)
}

/// State of the key that a rotation made.
enum Successor {
    Works,
    Disabled,
    Rotated,
    /// It is deleted, or has expired.
    Stopped,
}

impl Successor {
    fn of(key: &Key, now: Timestamp) -> Self {
        match () {
            () if key.deleted_at.is_some() => Successor::Stopped,
            () if key.usable_until.is_some() => Successor::Rotated,
            () if key.disabled_at.is_some() => Successor::Disabled,
            () if key.is_usable(now) => Successor::Works,
            () => Successor::Stopped,
        }
    }
}
