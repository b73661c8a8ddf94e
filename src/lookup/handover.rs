//! Handovers of a new token to a command that were begun and not ended.

use super::unless_damaged;
use crate::error::Result;
use crate::event::{Action, Entry};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{LogFilter, Read};
use crate::when::{Span, Timestamp, When};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Field of the events that begin a handover. Its value has the field `deadline` and, for a rotation, `grace`.
pub const HANDOVER: &str = "handover";

/// Handover that was begun and not ended.
pub struct Unfinished {
    /// Key whose token goes to the command.
    pub key: Key,
    /// Rotated key, which still works. `None` if the key was created, or if the rotated key has stopped.
    pub old: Option<Key>,
    /// Grace that was asked for.
    pub grace: Span,
    /// Time from which no command runs any more.
    pub deadline: Timestamp,
}

/// Beginning of a handover, from the log.
struct Begun {
    new: KeyId,
    /// End of the grace of the old key, as written; `None` for a create.
    usable_until: Option<String>,
    detail: Value,
}

/// Finds the handovers that were begun and not ended, in the order of their keys. One pass over the log.
pub fn unfinished_handovers(store: &dyn Read, now: Timestamp) -> Result<Vec<Unfinished>> {
    let events = LogFilter {
        actions: vec![
            Action::Create,
            Action::Rotate,
            Action::Undo,
            Action::Handover,
        ],
        ..LogFilter::default()
    };
    // By the key that the last event of a handover is about: the old one of a rotation.
    let mut begun: BTreeMap<KeyId, Begun> = BTreeMap::new();
    let scanned = store.scan_log(&events, &mut |entry: Entry| {
        let id = entry.key_id.as_deref();
        if let Some(id) = id.and_then(|id| KeyId::parse(id.as_bytes())) {
            take(&mut begun, id, &entry);
        }
        Ok(ControlFlow::Continue(()))
    });
    let mut found = Vec::new();
    for (id, begun) in begun {
        found.extend(begun.unfinished(store, id, now)?);
    }
    scanned.map(|()| found)
}

fn take(begun: &mut BTreeMap<KeyId, Begun>, id: KeyId, entry: &Entry) {
    let is = |action: Action| entry.action == action.word();
    if is(Action::Undo) || is(Action::Handover) {
        begun.remove(&id);
        return;
    }
    // To read the detail of every event takes several times as long.
    if !entry.detail.contains("\"handover\":{") {
        return;
    }
    let mut detail = entry.fields();
    let text = |field: &Value| field.as_str().map(str::to_owned);
    let new = match is(Action::Rotate) {
        true => text(&detail["replaced_by"]).and_then(|id| KeyId::parse(id.as_bytes())),
        // The new key of a rotation has the field too.
        false => Some(id).filter(|_| detail["replaces"].is_null()),
    };
    if let Some(new) = new {
        let usable_until = text(&detail["usable_until"]);
        let detail = detail[HANDOVER].take();
        begun.insert(
            id,
            Begun {
                new,
                usable_until,
                detail,
            },
        );
    }
}

impl Begun {
    /// Returns the handover with its keys, unless what has happened to them since has ended it. `id` is the key of
    /// the event.
    fn unfinished(self, store: &dyn Read, id: KeyId, now: Timestamp) -> Result<Option<Unfinished>> {
        let get = |id| Ok(unless_damaged(store.get(id))?.flatten());
        let Some(key) = get(self.new)? else {
            return Ok(None);
        };
        let old = match &self.usable_until {
            None => None,
            Some(until) => {
                // Somebody has settled it: by the end of the grace, or by stopping the old key.
                let is_open = |old: &Key| {
                    let end = old.usable_until.map(|end| end.to_string());
                    end.as_ref() == Some(until)
                        && old.disabled_at.is_none()
                        && old.deleted_at.is_none()
                };
                let Some(old) = get(id)?.filter(is_open) else {
                    return Ok(None);
                };
                Some(old).filter(|old| old.is_in_grace(now))
            }
        };
        let is_unused = key.is_usable(now) && key.last_used_at.is_none();
        if old.is_none() && !(is_unused && key.usable_until.is_none()) {
            return Ok(None);
        }
        let deadline = self.detail["deadline"].as_str().map(str::parse);
        let deadline = match deadline {
            Some(Ok(When::At(at))) => at,
            // A damaged one has passed.
            _ => Timestamp::MIN,
        };
        let grace = self.detail["grace"].as_str().map(str::parse);
        let grace = grace.and_then(Result::ok).unwrap_or(Span::ZERO);
        Ok(Some(Unfinished {
            key,
            old,
            grace,
            deadline,
        }))
    }
}
