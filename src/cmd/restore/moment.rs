//! Content of both stores when a restore was announced.

use crate::error::{Error, FailureKind, Result};
use crate::event::{Action, Head};
use crate::store::{LogFilter, Read};

/// Events that change neither a key's rights nor its state.
const HARMLESS: [Action; 3] = [Action::Rehash, Action::Reuse, Action::Refuse];

/// Heads of the logs of both stores. `None` if there is no store, or if its head cannot be read.
#[derive(Default)]
pub struct Moment {
    current: Option<Head>,
    copy: Option<Head>,
}

impl Moment {
    /// Reads both heads.
    pub fn of(current: Option<&dyn Read>, copy: &dyn Read) -> Result<Self> {
        Ok(Moment {
            current: match current {
                Some(current) => head(current)?,
                None => None,
            },
            copy: head(copy)?,
        })
    }

    /// Refuses stores of which one was changed since: what was announced may hold no more.
    pub fn check(&self, current: Option<&dyn Read>, copy: &dyn Read) -> Result<()> {
        let both = [
            ("store", current, self.current),
            ("copy", Some(copy), self.copy),
        ];
        for (what, store, then) in both {
            if let (Some(store), Some(then)) = (store, then)
                && has_changed(store, then)?
            {
                return Err(
                    Error::state(format!("the {what} was changed while you were asked"))
                        .hint("nothing was changed; run the command again"),
                );
            }
        }
        Ok(())
    }
}

fn head(store: &dyn Read) -> Result<Option<Head>> {
    match store.head() {
        Err(error) if error.kind == FailureKind::Damaged => Ok(None),
        head => head.map(Some),
    }
}

/// Tells whether the log has an event after `then` that changed the content, or has lost that line.
fn has_changed(store: &dyn Read, then: Head) -> Result<bool> {
    let head = store.head()?;
    if head == then {
        return Ok(false);
    }
    let added = u64::try_from(head.seq.saturating_sub(then.seq)).unwrap_or_default();
    if added == 0 || store.event_at(then.seq)?.is_some_and(|line| line != then) {
        return Ok(true);
    }
    let since = store.find_events(&LogFilter {
        limit: Some(added),
        ..LogFilter::default()
    })?;
    let is_harmless = |word: &str| HARMLESS.iter().any(|action| action.word() == word);
    Ok(!since.iter().all(|event| is_harmless(&event.action)))
}
