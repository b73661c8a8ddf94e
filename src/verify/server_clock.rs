//! Comparison of the clock of this host with that of the store's server.

use crate::error::{Error, Result};
use crate::store::Read;
use crate::when::{Span, Timestamp};

/// Refuses to judge keys if the clock of this host, at `now`, and that of the store's server differ by more than a
/// minute: expired keys could work here.
pub fn check_clock(snapshot: &dyn Read, now: Timestamp) -> Result<()> {
    let Some(server) = snapshot.clock()? else {
        return Ok(());
    };
    if now.apart(server) <= Span::MINUTE {
        return Ok(());
    }
    Err(Error::unavailable(format!(
        "the clocks differ by more than a minute: {now} on this host, {server} on the store's server"
    ))
    .hint("set the wrong one right: compare both with 'date -u'"))
}
