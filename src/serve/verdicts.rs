//! Threads that give verdicts: each takes all requests that wait, and looks at the store once for them.

use super::core::Core;
use super::inquiry::{Answered, Failure, Inquiry};
use super::log::HashUse;
use super::metrics::FactKind;
use crate::error::{Error, FailureKind, Result};
use crate::verify::{Presented, Reads, Step};
use std::time::Instant;

/// Maximum number of requests that are judged on one snapshot.
const BATCH: usize = 128;

/// Gives verdicts until the queue is closed.
pub fn work(core: &Core) {
    while let Some(mut inquiries) = core.queue.take(BATCH) {
        let now = Instant::now();
        for late in inquiries.extract_if(.., |inquiry| inquiry.is_abandoned(now)) {
            late.answer(Err(Failure::Busy));
        }
        if !inquiries.is_empty() {
            judge(core, inquiries);
        }
    }
}

/// Gives a verdict on each inquiry, or a failure.
fn judge(core: &Core, inquiries: Vec<Inquiry>) {
    match verify(core, &inquiries) {
        Ok(steps) => {
            for (inquiry, step) in inquiries.into_iter().zip(steps) {
                take_step(core, inquiry, step);
            }
        }
        // Damage of one record must not stop the others.
        Err(error) if error.kind == FailureKind::Damaged && inquiries.len() > 1 => {
            for inquiry in inquiries {
                judge(core, vec![inquiry]);
            }
        }
        Err(error) => {
            core.log.failure(&error);
            for inquiry in inquiries {
                inquiry.answer(Err(Failure::Store));
            }
        }
    }
}

/// Verifies inquiries over one connection.
///
/// If the store fails, closes all connections and tries once more: another store may be in its place.
fn verify(core: &Core, inquiries: &[Inquiry]) -> Result<Vec<Result<Step>>> {
    let presented = inquiries.iter().map(|inquiry| Presented {
        request: inquiry.request(),
        token: core.cache.fingerprint(&inquiry.token, ""),
        compared: inquiry.compared,
    });
    let presented: Vec<Presented<'_>> = presented.collect();
    let verified = attempt(core, &presented)
        .or_else(|error| match is_of_connection(&error) {
            true => attempt(core, &presented),
            false => Err(error),
        })
        .inspect_err(|error| {
            if is_of_connection(error) {
                core.store_is_up(false);
            }
        })?;
    let (steps, reads) = verified;
    count(core, reads);
    Ok(steps)
}

/// Tells whether an error may be one of the connection. The damage of one record is not.
fn is_of_connection(error: &Error) -> bool {
    error.key.is_none()
}

fn attempt(core: &Core, presented: &[Presented<'_>]) -> Result<(Vec<Result<Step>>, Reads)> {
    // If none can be opened, those of other threads may work.
    let mut seat = core.seats.take()?;
    let verified = seat
        .resident()?
        .verify(presented, &core.cache, &*core.clock);
    drop(seat);
    if let Err(error) = &verified
        && is_of_connection(error)
    {
        core.seats.reset();
    }
    verified
}

fn count(core: &Core, reads: Reads) {
    core.store_is_up(true);
    core.metrics.rows_read.inc_by(reads.rows);
    core.metrics.fast_hashes(reads.fast_hashes);
    core.metrics.fact_hits(FactKind::Match, reads.matches);
    core.metrics.fact_hits(FactKind::Mismatch, reads.mismatches);
    core.metrics
        .store_changes
        .inc_by(u64::from(reads.has_changed));
}

fn take_step(core: &Core, inquiry: Inquiry, step: Result<Step>) {
    match step {
        Ok(Step::Judged {
            verified,
            is_cached,
        }) => {
            let hash = match is_cached {
                true => HashUse::Cached,
                false => HashUse::Computed,
            };
            let noted = verified.noteworthy().is_some().then(|| verified.clone());
            let token = inquiry.answer(Ok(Answered { verified, hash }));
            if let Some(verified) = noted {
                core.notes.send(&verified, token);
            }
        }
        Ok(Step::Compare { fingerprint, phc }) => {
            core.hashing.submit(inquiry, fingerprint, phc);
        }
        Err(error) => {
            let failure = failure(core, &error);
            inquiry.answer(Err(failure));
        }
    }
}

fn failure(core: &Core, error: &Error) -> Failure {
    core.log.failure(error);
    match error.kind {
        FailureKind::Usage => Failure::Usage,
        _ => Failure::Store,
    }
}
