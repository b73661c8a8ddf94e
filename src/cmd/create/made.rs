//! Keys that were created, in the log and on standard error.

use super::lines::Line;
use crate::cmd::Cx;
use crate::cmd::words::{labels, networks, scopes};
use crate::env::Actor;
use crate::error::{escape, quote};
use crate::event::{Action, Event};
use crate::hint::run;
use crate::key::{Key, Kind, State};
use crate::lookup::Unfinished;
use crate::output::instant;
use crate::when::Timestamp;
use serde_json::json;
use std::path::Path;

/// Event of the creation of `key`.
pub fn created(key: &Key, now: Timestamp, actor: &Actor) -> Event {
    let event = Event::new(now, actor, Action::Create, Some(key.id))
        .with("name", key.name.clone())
        .with("owner", key.owner.clone())
        .with("kind", key.kind.word())
        .with("scopes", json!(key.scopes))
        .with("labels", json!(key.labels))
        .with("expires_at", json!(key.expires_at));
    let event = match key.allow_from.is_empty() {
        true => event,
        false => event.with("allow_from", json!(key.allow_from)),
    };
    match key.replaces {
        Some(old) => event.with("replaces", old.to_string()),
        None => event,
    }
}

/// Prints the new keys on standard error, with what they have in common.
pub fn announce_many(cx: &mut Cx<'_>, keys: &[Key], now: Timestamp) {
    cx.status(format_args!("created {} keys", keys.len()));
    for key in keys {
        cx.status(format_args!("  {}  {}", key.id, escape(&key.name)));
    }
    if let Some(key) = keys.first() {
        let abilities = match key.kind {
            Kind::Api => format!("scopes {}", scopes(key)),
            Kind::Legacy => "kind legacy".to_owned(),
        };
        let from = match key.allow_from.is_empty() {
            true => String::new(),
            false => format!(", from {}", networks(key)),
        };
        let labels = match key.labels.is_empty() {
            true => String::new(),
            false => format!(", labels {}", labels(key)),
        };
        cx.status(format_args!(
            "all of them: owner {}, {abilities}{labels}{from}, expires {}",
            escape(&key.owner),
            instant(key.expires_at, now)
        ));
    }
}

/// Prints on standard error that an expired key gave its name to a new one.
pub fn announce_replaced(cx: &mut Cx<'_>, expired: &Key, now: Timestamp) {
    cx.status(format_args!(
        "deleted {} ({}), which expired at {}",
        expired.id,
        escape(&expired.name),
        instant(expired.expires_at, now)
    ));
}

/// Prints on standard error how many keys have their tokens in files of `directory` and, at a terminal, which.
pub fn announce_files(cx: &mut Cx<'_>, keys: &[Key], directory: &Path, now: Timestamp) {
    let (count, s) = (keys.len(), if keys.len() == 1 { "" } else { "s" });
    let directory = quote(&directory.to_string_lossy());
    cx.status(format_args!(
        "created {count} key{s}, with a file for each token in {directory}"
    ));
    if !cx.env.terminal.stderr {
        return;
    }
    for key in keys {
        cx.status(format_args!(
            "  {}  {}  of {}, expires {}",
            key.id,
            escape(&key.name),
            escape(&key.owner),
            instant(key.expires_at, now)
        ));
    }
}

/// Prints on standard error which lines are left out since a live key holds the name. Warns if that key does not work,
/// or if it is among `unfinished`.
pub fn announce_left_out(
    cx: &mut Cx<'_>,
    skipped: &[(&Line, Key)],
    unfinished: &[Unfinished],
    now: Timestamp,
) {
    for (line, holder) in skipped {
        let state = holder.state(now);
        let text = format!(
            "left out {}: {} already has a key named {}: {} ({state})",
            line.shown(),
            quote(&holder.owner),
            quote(&holder.name),
            holder.id
        );
        if state != State::Active {
            cx.notice(format_args!("warning: {text}, which does not work"));
        } else if unfinished.iter().any(|it| it.key.id == holder.id) {
            cx.notice(format_args!(
                "warning: {text}, whose token a command may not have got"
            ));
            cx.notice_hint(run!("doctor").in_quotes().and(" names the ways to mend it"));
        } else {
            cx.status(text);
        }
    }
}
