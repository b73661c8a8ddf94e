//! Keys that were created, in the log and on standard error.

use crate::cmd::Cx;
use crate::cmd::words::{labels, networks, scopes};
use crate::env::Actor;
use crate::error::escape;
use crate::event::{Action, Event};
use crate::key::{Key, Kind};
use crate::output::instant;
use crate::when::Timestamp;
use serde_json::json;

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
