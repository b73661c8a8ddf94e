//! Events for what `restore --keep-revoked` keeps: the restored log has the copy's lines only, and a second
//! restore reads from it what the store has stopped.

use crate::cmd::create::created;
use crate::cmd::purge::purged;
use crate::env::Actor;
use crate::error::Result;
use crate::event::{Action, Entry, Event, after};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{LogFilter, Read, Tx};
use crate::when::Timestamp;
use serde_json::{Value, json};

/// Writer of the events of one restore.
pub struct Journal<'a> {
    /// Time of the restore.
    pub now: Timestamp,
    /// User who restores.
    pub actor: &'a Actor,
    /// Reason of the restore: that of an event for which the replaced store has none.
    pub reason: Option<&'a str>,
}

impl Journal<'_> {
    /// Logs the changes that make `kept`, the restored record, from `copied`, that of the copy.
    pub fn changed(
        &self,
        store: &dyn Read,
        restored: &mut dyn Tx,
        copied: &Key,
        kept: &Key,
    ) -> Result<()> {
        let log = log_of(store, kept.id)?;
        for event in self.changes(copied, kept) {
            restored.append(&self.as_before(event, &log))?;
        }
        Ok(())
    }

    /// Logs that `copied`, a key of the copy, stays removed.
    pub fn removed(&self, store: &dyn Read, restored: &mut dyn Tx, copied: &Key) -> Result<()> {
        let event = purged(copied, self.now, self.actor);
        restored.append(&self.as_before(event, &log_of(store, copied.id)?))
    }

    /// Logs that `key` came along from `store`.
    pub fn added(&self, store: &dyn Read, restored: &mut dyn Tx, key: &Key) -> Result<()> {
        let log = log_of(store, key.id)?;
        // The copy has a damaged record of a key that its log has.
        let is_new = restored.count_events(key.id)? == 0;
        let live = Key {
            grace_from: None,
            usable_until: None,
            replaced_by: None,
            disabled_at: None,
            disabled_by: None,
            deleted_at: None,
            ..key.clone()
        };
        let before = match is_new {
            true => {
                let event = created(&live, self.now, self.actor);
                restored.append(&self.as_before(event, &log))?;
                live
            }
            false => Key::new(key.id, key.name.clone(), key.owner.clone(), key.created_at),
        };
        for event in self.changes(&before, key) {
            restored.append(&self.as_before(event, &log))?;
        }
        Ok(())
    }

    /// Logs that the key `id`, of which `store` has only the log, is purged: through its event, the keys that
    /// came after it are found to descend from a key of the copy.
    pub fn gone(&self, store: &dyn Read, restored: &mut dyn Tx, id: KeyId) -> Result<()> {
        let log = log_of(store, id)?;
        let mut event = Event::new(self.now, self.actor, Action::Purge, Some(id));
        for entry in &log {
            let detail = entry.fields();
            for field in ["name", "owner", "state", "replaces"] {
                if let Some(text) = after(&detail[field]) {
                    event = event.with(field, text);
                }
            }
        }
        restored.append(&self.as_before(event, &log))
    }

    /// Returns the events that lead from `before` to `kept`, in the order in which they can happen.
    fn changes(&self, before: &Key, kept: &Key) -> Vec<Event> {
        let event = |action| Event::new(self.now, self.actor, action, Some(kept.id));
        let mut fields = before.changes(kept);
        let mut events = Vec::new();
        let cleared = |value: Value| json!({ "old": value, "new": null });
        match (before.usable_until, kept.usable_until) {
            (Some(until), None) => {
                fields.remove("usable_until");
                let undo = event(Action::Undo)
                    .with("replaced_by", cleared(json!(id_text(before.replaced_by))))
                    .with("usable_until", cleared(json!(until)));
                events.push(undo);
            }
            (then, Some(until)) if then.is_none() || before.replaced_by != kept.replaced_by => {
                fields.remove("usable_until");
                let rotate = event(Action::Rotate)
                    .with("replaced_by", json!(id_text(kept.replaced_by)))
                    .with("usable_until", json!(until));
                events.push(rotate);
            }
            _ => {}
        }
        if !fields.is_empty() {
            let mut edit = event(Action::Edit);
            edit.detail.extend(fields);
            events.insert(0, edit);
        }
        if kept.disabled_at.is_some() && kept.disabled_at != before.disabled_at {
            events.push(event(Action::Disable));
        }
        if kept.deleted_at.is_some() && kept.deleted_at != before.deleted_at {
            events.push(event(Action::Delete));
        }
        events
    }

    /// Adds to `event` the reason, the actor and the time of the one that it repeats, from the `log` of the key in
    /// the replaced store.
    fn as_before(&self, event: Event, log: &[Entry]) -> Event {
        let repeated = log.iter().rev().find(|entry| repeats(&event, entry));
        let Some(entry) = repeated else {
            return event.because(self.reason);
        };
        let detail = entry.fields();
        let event = match &detail["original"] {
            // The entry repeats one itself.
            Value::Object(original) => event.with("original", original.clone()),
            _ => event.with(
                "original",
                json!({ "actor": entry.actor, "at": Timestamp::from_millis(entry.at) }),
            ),
        };
        event.because(detail["reason"].as_str().or(self.reason))
    }
}

/// Tells whether `event` repeats `entry`: the same action; of an edit, on one of the same fields.
fn repeats(event: &Event, entry: &Entry) -> bool {
    if entry.action != event.action.word() {
        return false;
    }
    let detail = entry.fields();
    let has = |field: &String| detail[field.as_str()].get("new").is_some();
    event.action != Action::Edit || event.detail.keys().any(has)
}

fn id_text(id: Option<KeyId>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn log_of(store: &dyn Read, id: KeyId) -> Result<Vec<Entry>> {
    store.find_events(&LogFilter {
        keys: vec![id],
        ..LogFilter::default()
    })
}
