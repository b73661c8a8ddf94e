//! Changes that an event made, from its detail, in words.

use crate::error::escape;
use crate::event::{Action, Entry};
use serde_json::{Map, Value};

/// Maximum of characters of a value or a reason; 'keyctl log' shows all of it.
const VALUE_MAX: usize = 80;

/// Fields that are shown elsewhere, or that every event has.
const APART: [&str; 3] = ["uid", "login_uid", "reason"];

/// Reason of an event, after a colon and cut to fit a line; empty if the event has none.
pub fn reason(event: &Entry) -> String {
    match &event.fields()["reason"] {
        Value::String(reason) => format!(": {}", cut(reason)),
        _ => String::new(),
    }
}

/// Changes that the event made, one a line: `scopes: inference → inference,project`.
pub fn changes(event: &Entry) -> Vec<String> {
    let Value::Object(detail) = event.fields() else {
        return Vec::new();
    };
    let shown = detail
        .iter()
        .filter(|(field, _)| is_shown(&event.action, field));
    shown
        .map(|(field, value)| {
            let text = |value| text(field, value);
            match (value.get("old"), value.get("new")) {
                (Some(old), Some(new)) => format!("{}: {} → {}", cut(field), text(old), text(new)),
                _ => format!("{}: {}", cut(field), text(value)),
            }
        })
        .collect()
}

/// Tells whether a field of an event is a change that its key does not show.
fn is_shown(action: &str, field: &str) -> bool {
    let is = |known: Action| action == known.word();
    if is(Action::Create) || is(Action::Import) {
        // The values that a key began with are its own, or the old ones of an edit.
        return field == "replaces";
    }
    if is(Action::Refuse) {
        return field == "message";
    }
    !APART.contains(&field)
}

/// Value of `field` as text: lists are joined by commas, labels are `K=V`.
fn text(field: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Array(values) => join(values.iter().map(plain)),
        Value::Object(values) => join(pairs(values)),
        value => plain(value),
    };
    match text.is_empty() {
        true => absent(field).to_owned(),
        false => cut(&text),
    }
}

/// Word for a `field` without a value.
fn absent(field: &str) -> &'static str {
    match field {
        "allow_from" => "anywhere",
        "expires_at" => "never",
        _ => "none",
    }
}

fn pairs(values: &Map<String, Value>) -> impl Iterator<Item = String> {
    let pairs = values.iter();
    pairs.map(|(name, value)| format!("{name}={}", plain(value)))
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(",")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Escapes `text`, and cuts it to fit a line.
fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}…", escape(&text[..end])),
        None => escape(text),
    }
}
