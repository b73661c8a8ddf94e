//! What access or policy refuses is logged: a refusal changes nothing, but somebody tried.

use super::Cx;
use crate::error::Result;
use crate::error::{Error, Kind};
use crate::event::{Action, Event};
use crate::store::{LogFilter, Read, Store};
use crate::when::{Span, Timestamp};

/// Logs that `command` was refused with `error`, if it is a refusal by access or policy, at most
/// once a minute an actor and command. That the store cannot be written changes nothing.
pub fn log(cx: &Cx<'_>, command: &str, error: &Error) {
    if matches!(error.kind, Kind::Access | Kind::Policy) {
        drop(append(cx, command, error));
    }
}

fn append(cx: &Cx<'_>, command: &str, error: &Error) -> Result<()> {
    let mut store: Box<dyn Store> = cx.open_to_write()?;
    store.write_if_free(&mut |tx| {
        let now = cx.env.now();
        if is_logged(&*tx, &cx.env.actor.name, command, now)? {
            return Ok(());
        }
        let event = Event::new(now, &cx.env.actor, Action::Refuse, None)
            .with("command", command)
            .with("code", error.kind.word())
            .with("message", error.message.clone());
        tx.append(&event)
    })
}

/// Whether a refusal of `command` to `actor` within the last minute is logged.
fn is_logged(store: &dyn Read, actor: &str, command: &str, now: Timestamp) -> Result<bool> {
    let minute_ago = now.before(Span::MINUTE);
    let last = store.find_events(&LogFilter {
        actor: Some(actor.to_owned()),
        action: Some(Action::Refuse),
        since: Some(minute_ago),
        ..LogFilter::default()
    })?;
    Ok(last.iter().any(|event| {
        event.at > minute_ago.millis()
            && serde_json::from_str::<serde_json::Value>(&event.detail)
                .is_ok_and(|detail| detail["command"] == command)
    }))
}
