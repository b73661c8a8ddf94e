//! `keyctl rotate KEY --undo`

use crate::access::Access;
use crate::cmd::confirm::{confirm, name_keys};
use crate::cmd::keys::{self, KeyGiven};
use crate::cmd::values::Format;
use crate::cmd::{Cx, next, taken};
use crate::env::Actor;
use crate::error::{DONE, Error, Result, escape, quote};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind};
use crate::lookup::{self, LINEAGE_MAX, live_successor};
use crate::output::{Record, instant, unwritable};
use crate::store::{self, LogFilter, Read, Tx};
use crate::when::Timestamp;
use serde_json::json;

/// Arguments of an undo.
pub struct UndoRequest<'a> {
    /// The old key or its successor, as given.
    pub key: &'a KeyGiven,
    /// Skip the confirmation.
    pub yes: bool,
    /// The reason for the audit log.
    pub reason: Option<&'a str>,
    /// Format of the old key's record; text prints none.
    pub format: Format,
}

/// Two keys of one rotation.
#[derive(Clone)]
pub struct Pair {
    /// Key that was rotated.
    pub old: Key,
    /// Successor.
    pub new: Key,
}

impl UndoRequest<'_> {
    /// Deletes the successor and makes the old key live again, in one transaction.
    pub fn run(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let mut store = cx.open_to_write()?;
        let text = keys::resolve_one(cx, &*store, self.key)?;
        let actor = store.actor(cx.env);
        let (found, lost) = store::read(&*store, |store| {
            let now = cx.env.now();
            let key = cx.lookup_to_change(&actor, now).key(store, &text)?;
            let pair = Pair::of(store, key, now)?;
            // Refuses what would be refused later before it asks.
            pair.clone().undo(store, &actor, now)?;
            let lost = pair.lost_changes(store)?;
            Ok((pair, lost))
        })?;
        self.ask(cx, &found, lost.as_deref())?;
        let (undone, lost, now) = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            // Read again: either key may have changed while the question waited for its answer.
            let id = found.old.id;
            let old = tx.get(id)?.ok_or_else(|| lookup::none(id.as_str()))?;
            let before = Pair::with_successor(&*tx, old, found.new.id, now)?;
            let mut after = before.clone();
            after.undo(&*tx, &actor, now)?;
            let lost = before.lost_changes(&*tx)?;
            before.record_undo(tx, &actor, now, &after, |event| event.because(self.reason))?;
            Ok((after, lost, now))
        })?;
        self.report(cx, &undone, lost.as_deref(), now)
    }

    fn ask(&self, cx: &mut Cx<'_>, Pair { old, new }: &Pair, lost: Option<&str>) -> Result<()> {
        let now = cx.env.now();
        if cx.env.terminal.interactive() && !self.yes {
            cx.notice("this key will be deleted, and whatever uses it will fail:");
            name_keys(cx, std::slice::from_ref(new), now);
            if let Some(lost) = lost {
                cx.notice(format_args!(
                    "  these changes since the rotation will be lost: {lost}"
                ));
            }
            cx.notice("this key takes its place again:");
            name_keys(cx, std::slice::from_ref(old), now);
            cx.notice(format_args!(
                "  it expires {}",
                instant(old.expires_at, now)
            ));
        }
        confirm(cx, self.yes, "undo", "Undo the rotation?")
    }

    fn report(
        &self,
        cx: &mut Cx<'_>,
        Pair { old, new }: &Pair,
        lost: Option<&str>,
        now: Timestamp,
    ) -> Result<u8> {
        cx.status(format_args!("deleted {} ({})", new.id, escape(&new.name)));
        if let (true, Some(lost)) = (self.yes, lost) {
            cx.status(format_args!(
                "  these changes since the rotation are lost: {lost}"
            ));
        }
        cx.status(format_args!(
            "{} ({}) is {} again, expires {}",
            old.id,
            escape(&old.name),
            old.state(now),
            instant(old.expires_at, now)
        ));
        if self.format == Format::Json {
            let mut record = Record::new(old, now).json().map_err(unwritable)?;
            record.push(b'\n');
            cx.print(&record)?;
        }
        Ok(DONE)
    }
}

impl Pair {
    /// Finds the rotation that `key` stands for: the one that phased it out, else the one that made it.
    fn of(store: &dyn Read, key: Key, now: Timestamp) -> Result<Self> {
        if let Some(successor) = key.replaced_by {
            return Pair::with_successor(store, key, successor, now);
        }
        let Some(predecessor) = key.replaces else {
            return Err(
                Error::state(format!("{} was not rotated", key.label())).hint(
                    run!("list --state phased-out")
                        .in_quotes()
                        .and(" shows the keys that were"),
                ),
            );
        };
        match store.get(predecessor)? {
            Some(old) => Ok(Pair { old, new: key }),
            None => Err(Error::state(format!(
                "the rotation that made {} cannot be undone: {predecessor}, which it replaced, was purged",
                key.label()
            ))
            .hint(Hint::from("to replace it: ").and(run!("rotate {}", key.id)))),
        }
    }

    /// Adds the successor of `old`. A purged one is refused.
    fn with_successor(store: &dyn Read, old: Key, id: KeyId, now: Timestamp) -> Result<Self> {
        match store.get(id)? {
            Some(new) => Ok(Pair { old, new }),
            None => {
                let error = old.undo_refusal(&format!("its successor {id} was purged"));
                Err(error.hint(instead(store, &old, now)?))
            }
        }
    }

    /// Names of the fields of the successor that were changed since the rotation; `None` if there are none.
    fn lost_changes(&self, store: &dyn Read) -> Result<Option<String>> {
        let Pair { old, new } = self;
        let mut changes = old.changes(new);
        changes.remove("usable_until");
        // A successor has an expiry of its own from the start.
        if changes.contains_key("expires_at") && !is_expiry_edited(store, new)? {
            changes.remove("expires_at");
        }
        let lost: Vec<&str> = changes.keys().map(String::as_str).collect();
        Ok((!lost.is_empty()).then(|| lost.join(", ")))
    }

    /// Undoes the rotation, unless access, the keys' states or another key of the name forbid it.
    fn undo(&mut self, store: &dyn Read, actor: &Actor, now: Timestamp) -> Result<()> {
        let Pair { old, new } = self;
        let access = store.access(actor)?;
        check_access(&access, old, new).map_err(|error| error.of_key(old.id))?;
        self.restore(store, &access, now)
    }

    /// Undoes the rotation, unless the keys' states or another key of the name forbid it.
    pub fn restore(&mut self, store: &dyn Read, access: &Access, now: Timestamp) -> Result<()> {
        let Pair { old, new } = self;
        if let Err(error) = old.undo_rotation(new, now, access) {
            let was_rotated = old.replaced_by == Some(new.id) && new.usable_until.is_some();
            let leads_nowhere = was_rotated && !can_be_undone(store, new, now)?;
            return Err(match error.hint {
                Some(_) if !leads_nowhere => error,
                _ => error.hint(instead(store, old, now)?),
            });
        }
        match taken::holder(store, &old.owner, &old.name)? {
            Some(holder) if ![old.id, new.id].contains(&holder.id) => Err(name_taken(old, &holder)),
            _ => Ok(()),
        }
    }

    /// Writes both keys as they are `after` the undo, and an event for each. `complete` adds to the events.
    pub fn record_undo(
        &self,
        tx: &mut dyn Tx,
        actor: &Actor,
        now: Timestamp,
        after: &Pair,
        complete: impl Fn(Event) -> Event,
    ) -> Result<()> {
        let (old, new) = (&after.old, &after.new);
        // The successor first: that frees the name for the old key.
        tx.update(new)?;
        tx.update(old)?;
        let cleared = |value: serde_json::Value| json!({ "old": value, "new": null });
        let undo = Event::new(now, actor, Action::Undo, Some(old.id))
            .with("replaced_by", cleared(json!(new.id.as_str())))
            .with("usable_until", cleared(json!(self.old.usable_until)));
        let delete = Event::new(now, actor, Action::Delete, Some(new.id))
            .with("replaces", old.id.to_string());
        tx.append(&complete(undo))?;
        tx.append(&complete(delete))
    }
}

/// Refuses an actor who may not rotate both keys.
fn check_access(access: &Access, old: &Key, new: &Key) -> Result<()> {
    access.for_owner(&old.owner)?;
    access.for_owner(&new.owner)?;
    match old.kind {
        Kind::Api => Ok(()),
        Kind::Legacy => access.administrator("undo the rotation of a legacy key"),
    }
}

fn name_taken(old: &Key, holder: &Key) -> Error {
    let (name, owner) = (quote(&old.name), quote(&old.owner));
    old.undo_refusal(&format!(
        "{owner} has another key named {name}: {}",
        holder.id
    ))
    .hint(Hint::from("free the name first: ").and(run!("edit {} --name OTHER", holder.id)))
}

/// Hint on what to use instead of `old`, whose rotation stays.
fn instead(store: &dyn Read, old: &Key, now: Timestamp) -> Result<Hint> {
    let how_it_stands = match old.usable_until {
        Some(until) if old.is_usable(now) => format!("its token works until {until}; "),
        _ => "its token stays stopped; ".to_owned(),
    };
    let successor = match live_successor(store, old)? {
        Some(live) if live.disabled_at.is_some() => {
            Hint::from(format!("its live successor {} is disabled: ", live.id))
                .and(run!("enable {}", live.id))
        }
        Some(live) => Hint::from(format!(
            "use the token of its live successor {}; if that is lost: ",
            live.id
        ))
        .and(run!("rotate {}", live.id)),
        None => next::no_successor(old),
    };
    Ok(Hint::from(how_it_stands).and(successor))
}

/// Tells whether the rotation of `key` can be undone, after those of its successors from the latest one on.
fn can_be_undone(store: &dyn Read, key: &Key, now: Timestamp) -> Result<bool> {
    let mut key = key.clone();
    for _ in 0..LINEAGE_MAX {
        let next = key.replaced_by.filter(|_| key.is_usable(now));
        key = match next.map(|id| store.get(id)).transpose()?.flatten() {
            Some(next) if next.is_live() => return Ok(true),
            Some(next) => next,
            None => return Ok(false),
        };
    }
    Ok(false)
}

/// Tells whether the expiry of `successor` is another than the rotation gave it.
fn is_expiry_edited(store: &dyn Read, successor: &Key) -> Result<bool> {
    let edits = store.find_events(&LogFilter {
        keys: vec![successor.id],
        actions: vec![Action::Edit],
        ..LogFilter::default()
    })?;
    let mut changes = edits.iter().map(|edit| edit.fields()["expires_at"].take());
    let first = changes.find(|change| !change.is_null());
    Ok(first.is_some_and(|first| first["old"] != json!(successor.expires_at)))
}
