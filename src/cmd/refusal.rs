//! Log of refusals by access or policy, which show attempts.

use super::Cx;
use crate::error::{Error, FailureKind, Result};
use crate::event::{Action, Event};
use crate::store::{LogFilter, Read};
use crate::when::{Span, Timestamp};

/// Logs `error` if it is a refusal by access or policy, at most once a minute for an actor and a command. Gives
/// up without an error if the store cannot be written at once.
pub fn log(cx: &Cx<'_>, error: &Error) {
    if matches!(error.kind, FailureKind::Access | FailureKind::Policy) {
        drop(append(cx, error));
    }
}

fn append(cx: &Cx<'_>, error: &Error) -> Result<()> {
    let command = &cx.attempt.command;
    let key_id = error.key.as_deref().and_then(|id| id.parse().ok());
    // Opened to read, since opening to write would migrate the store for a refused command.
    let mut store = cx.open_to_read()?;
    let actor = store.actor(cx.env);
    store.write_if_free(Box::new(|tx| {
        let now = cx.env.now();
        if is_logged(&*tx, &actor.name, command, now)? {
            return Ok(());
        }
        let event = Event::new(now, &actor, Action::Refuse, key_id)
            .with("command", command.as_str())
            .with("code", error.kind.word())
            .with("message", error.to_string());
        tx.append(&event.because(cx.attempt.reason.as_deref()))
    }))
}

/// True if the log has a refusal of `command` to `actor` less than a minute away: in the past, or in the future
/// if the clock was set back.
fn is_logged(store: &dyn Read, actor: &str, command: &str, now: Timestamp) -> Result<bool> {
    let last = store.find_events(&LogFilter {
        actor: Some(actor.to_owned()),
        actions: vec![Action::Refuse],
        recent: Some(now.before(Span::MINUTE)),
        ..LogFilter::default()
    })?;
    Ok(last.iter().any(|event| {
        now.is_near(event.at)
            && serde_json::from_str::<serde_json::Value>(&event.detail)
                .is_ok_and(|detail| detail["command"] == command)
    }))
}
