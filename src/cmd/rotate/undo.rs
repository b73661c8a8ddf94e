//! `keyctl rotate KEY --undo`

use crate::access::Access;
use crate::cmd::confirm::{confirm, name_keys};
use crate::cmd::values::Format;
use crate::cmd::{Cx, next, taken};
use crate::env::Actor;
use crate::error::{DONE, Error, Result, escape, quote};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind};
use crate::lookup::{self, live_successor};
use crate::output::{Record, instant, unwritable};
use crate::store::{self, Read, Tx};
use crate::when::Timestamp;
use serde_json::json;

/// Arguments of an undo.
pub struct UndoRequest<'a> {
    /// The old key or its successor, as given.
    pub text: &'a str,
    /// Skip the confirmation.
    pub yes: bool,
    /// The reason for the audit log.
    pub reason: Option<&'a str>,
    /// Format of the old key's record; text prints none.
    pub format: Format,
}

/// Two keys of one rotation.
#[derive(Clone)]
struct Pair {
    old: Key,
    new: Key,
}

impl UndoRequest<'_> {
    /// Deletes the successor and makes the old key live again, in one transaction.
    pub fn run(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let mut store = cx.open_to_write()?;
        let actor = store.actor(cx.env);
        let found = store::read(&*store, |store| {
            let now = cx.env.now();
            let key = cx.lookup_to_change(&actor, now).key(store, self.text)?;
            let pair = Pair::of(store, key, now)?;
            // Refuses what would be refused later before it asks.
            pair.clone().undo(store, &actor, now)?;
            Ok(pair)
        })?;
        self.ask(cx, &found)?;
        let (undone, now) = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            // Read again: either key may have changed while the question waited for its answer.
            let id = found.old.id;
            let old = tx.get(id)?.ok_or_else(|| lookup::none(id.as_str()))?;
            let before = Pair::with_successor(&*tx, old, found.new.id, now)?;
            let mut after = before.clone();
            after.undo(&*tx, &actor, now)?;
            self.record(tx, &actor, now, &before, &after)?;
            Ok((after, now))
        })?;
        self.report(cx, &undone, now)
    }

    fn ask(&self, cx: &mut Cx<'_>, Pair { old, new }: &Pair) -> Result<()> {
        let now = cx.env.now();
        if cx.env.terminal.interactive() && !self.yes {
            cx.notice("this key will be deleted, and whatever uses it will fail:");
            name_keys(cx, std::slice::from_ref(new), now);
            if let Some(lost) = lost_changes(old, new) {
                cx.notice(format_args!(
                    "  these changes since the rotation will be lost: {lost}"
                ));
            }
            cx.notice("this key takes its place again:");
            name_keys(cx, std::slice::from_ref(old), now);
        }
        confirm(cx, self.yes, "undo", "Undo the rotation?")
    }

    /// Writes both keys and an event for each.
    fn record(
        &self,
        tx: &mut dyn Tx,
        actor: &Actor,
        now: Timestamp,
        before: &Pair,
        after: &Pair,
    ) -> Result<()> {
        let (old, new) = (&after.old, &after.new);
        // The successor first: that frees the name for the old key.
        tx.update(new)?;
        tx.update(old)?;
        let cleared = |value: serde_json::Value| json!({ "old": value, "new": null });
        let undo = Event::new(now, actor, Action::Undo, Some(old.id))
            .with("replaced_by", cleared(json!(new.id.as_str())))
            .with("usable_until", cleared(json!(before.old.usable_until)));
        let delete = Event::new(now, actor, Action::Delete, Some(new.id))
            .with("replaces", old.id.to_string());
        tx.append(&undo.because(self.reason))?;
        tx.append(&delete.because(self.reason))
    }

    fn report(&self, cx: &mut Cx<'_>, Pair { old, new }: &Pair, now: Timestamp) -> Result<u8> {
        cx.status(format_args!("deleted {} ({})", new.id, escape(&new.name)));
        if let (true, Some(lost)) = (self.yes, lost_changes(old, new)) {
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

    /// Undoes the rotation, unless access, the keys' states or another key of the name forbid it.
    fn undo(&mut self, store: &dyn Read, actor: &Actor, now: Timestamp) -> Result<()> {
        let Pair { old, new } = self;
        let access = store.access(actor)?;
        let id = old.id;
        check_access(&access, old, new).map_err(|error| error.of_key(id))?;
        if let Err(error) = old.undo_rotation(new, now, &access) {
            return Err(match error.hint {
                Some(_) => error,
                None => error.hint(instead(store, old, now)?),
            });
        }
        match taken::holder(store, &old.owner, &old.name)? {
            Some(holder) if ![old.id, new.id].contains(&holder.id) => Err(name_taken(old, &holder)),
            _ => Ok(()),
        }
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

/// Names of the fields of `new` that were changed since the rotation of `old`; `None` if there are none.
fn lost_changes(old: &Key, new: &Key) -> Option<String> {
    // A successor has an expiry of its own from the start.
    let own = ["expires_at", "usable_until"];
    let changes = old.changes(new);
    let changed = changes.keys().map(String::as_str);
    let lost: Vec<&str> = changed.filter(|field| !own.contains(field)).collect();
    (!lost.is_empty()).then(|| lost.join(", "))
}
