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
                "{} was created for a command, which may not have got its token",
                key.label()
            ),
            Hint::from("if the token was not stored: ")
                .and(stop)
                .and("; if it was, its first use or a rotation ends this finding"),
        );
    };
    let until = old.stops_at().unwrap_or(Timestamp::MAX);
    let message = format!(
        "the rotation of {} for a command was cut short: it works until {until}, and so does {}",
        old.label(),
        key.id
    );
    let grace = old.shorter_grace(now, handover.grace);
    let end = run!("edit {} --grace {}", old.id, grace);
    (
        message,
        match can_undo(key) {
            true => Hint::from("if the new token was not stored: ")
                .and(run!("rotate {} --undo", key.id))
                .and("; if it was: ")
                .and(end),
            false => Hint::from("once a newer token is stored for sure: ").and(end),
        },
    )
}

/// Tells whether the rotation that made `key` can be undone.
fn can_undo(key: &Key) -> bool {
    key.is_live() && key.disabled_at.is_none()
}
