//! Check for a clock that is behind the log.

use crate::error::Result;
use crate::store::{LogFilter, Read};
use crate::when::{Span, Timestamp};

/// Hint for a clock that is behind the log.
pub const HINT: &str = "compare the clock with another one: date -u";

/// Returns a warning if `now` is more than a minute before the last line of the log. Clocks of two hosts may
/// differ by less.
pub fn behind(store: &dyn Read, now: Timestamp) -> Result<Option<String>> {
    let last = store.find_events(&LogFilter {
        limit: Some(1),
        ..LogFilter::default()
    })?;
    let last = last
        .last()
        .and_then(|event| Timestamp::from_millis(event.at));
    Ok(last.filter(|at| at.since(now) > Span::MINUTE).map(|at| {
        format!(
            "the clock is at {now}, earlier than the last line of the log ({at}): keys expire by this clock"
        )
    }))
}
