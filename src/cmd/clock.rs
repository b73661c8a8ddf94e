//! Check of this host's clock: against that of the store's server, or against the log.

use crate::error::Result;
use crate::store::{self, LogFilter, Read, Store};
use crate::when::{Span, Timestamp};

/// Hint for a clock that is wrong.
pub const HINT: &str = "compare the clock with another one: date -u";

/// Largest harmless difference from the clock of a server.
const TOLERANCE: Span = Span::seconds(2);

/// Returns a warning if the clock of this host, at `now`, is wrong.
///
/// It is compared with the clock of the store's server, if there is one. Else it must not be more than a minute before
/// the last line of the log: clocks of two hosts may differ by less.
pub fn flaw(store: &dyn Store, now: Timestamp) -> Result<Option<String>> {
    match store.clock()? {
        Some(server) => Ok(apart(server, now)),
        None => store::read(store, |store| behind(store, now)),
    }
}

/// Returns the same for a view of the store.
pub fn flaw_in(view: &dyn Read, now: Timestamp) -> Result<Option<String>> {
    match view.clock()? {
        Some(server) => Ok(apart(server, now)),
        None => behind(view, now),
    }
}

fn apart(server: Timestamp, now: Timestamp) -> Option<String> {
    let difference = now.apart(server);
    (difference > TOLERANCE).then(|| {
        let side = if now < server { "behind" } else { "ahead of" };
        format!("the clock of this host is {difference} {side} that of the store's server: keys expire by each host's own")
    })
}

fn behind(store: &dyn Read, now: Timestamp) -> Result<Option<String>> {
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
