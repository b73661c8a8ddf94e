//! Details of one key, as text.

use super::changes::{changes, reason};
use super::{Column, Sheet, Style, cell, instant};
use crate::event::Entry;
use crate::key::{Key, State};
use crate::network;
use crate::when::Timestamp;
use comfy_table::Cell;
use std::io::{self, Write};

/// Columns for the names and the values of the fields. A key ID is not broken in two.
const COLUMNS: [Column; 2] = [Column::new("", 0, 0), Column::new("", 0, 12)];

/// Rotation whose grace runs, as its two keys tell it.
#[derive(Default)]
pub struct Changeover {
    /// Uses of both tokens, if the key is the old one.
    pub uses: Option<String>,
    /// The old key, if the key is the new one.
    pub old: Option<Key>,
}

/// Writes the details of `key` at `now`, its `changeover`, its last `events`, and a line about those before
/// them.
pub fn details(
    out: &mut dyn Write,
    key: &Key,
    changeover: &Changeover,
    events: &[Entry],
    more: Option<String>,
    style: Style,
    now: Timestamp,
) -> io::Result<()> {
    let mut sheet = Sheet::begin(out, style, COLUMNS);
    for (name, value) in fields(key, changeover.old.as_ref(), style, now) {
        if let Some(value) = value {
            sheet.row([style.title(name), value])?;
        }
    }
    if let Some(uses) = &changeover.uses {
        sheet.row([style.title("Rotation"), Cell::new(uses)])?;
    }
    sheet.finish()?;
    last_events(out, events, now)?;
    match more {
        Some(more) => writeln!(out, "  {more}"),
        None => Ok(()),
    }
}

/// Fields with their values; `None` if `key` has no such value. `old` is the key that it replaced, if that still
/// works.
fn fields(
    key: &Key,
    old: Option<&Key>,
    style: Style,
    now: Timestamp,
) -> [(&'static str, Option<Cell>); 18] {
    let at = |at| instant(Some(at), now);
    let by = |when, user: &String| format!("{} by {}", at(when), cell(user));
    let used = key.last_used_at.map(at);
    let labels = key
        .labels
        .iter()
        .map(|(label, value)| format!("{label}={value}"));
    let labels: Vec<String> = labels.collect();
    let disabled = key.disabled_at.zip(key.disabled_by.as_ref());
    // A key that was deleted during its grace did not stop at the end of the grace.
    let is_moot = |until| key.deleted_at.is_some_and(|at| at < until);
    let phased_out = key.usable_until.filter(|&until| !is_moot(until));
    let stops = match key.is_in_grace(now) {
        true => "works until",
        false => "stopped",
    };
    let text = |text: String| Some(Cell::new(text));
    [
        ("ID", text(key.id.to_string())),
        ("Name", text(cell(&key.name))),
        ("Owner", text(cell(&key.owner))),
        ("Kind", text(key.kind.word().to_owned())),
        ("State", Some(style.state(key.state(now)))),
        ("Usable", text(usable(key, now).to_owned())),
        ("Scopes", text(cell(&words(key.scopes.iter())))),
        (
            "Labels",
            text(cell(&words(labels.iter()))).filter(|_| !labels.is_empty()),
        ),
        (
            "Works from",
            text(network::join(&key.allow_from)).filter(|_| !key.allow_from.is_empty()),
        ),
        (
            "Imported",
            text("yes: another system made its token".to_owned()).filter(|_| key.imported),
        ),
        ("Created", text(by(key.created_at, &key.created_by))),
        ("Expires", text(instant(key.expires_at, now))),
        (
            "Last used",
            text(used.unwrap_or_else(|| "no use recorded".to_owned())),
        ),
        (
            "Disabled",
            disabled.and_then(|(when, user)| text(by(when, user))),
        ),
        ("Deleted", key.deleted_at.map(at).and_then(text)),
        (
            "Phased out",
            phased_out.and_then(|until| text(format!("{stops} {}", at(until)))),
        ),
        (
            "Replaces",
            match old {
                Some(old) => text(still_works(old, now)),
                None => key.replaces.map(Cell::new),
            },
        ),
        ("Replaced by", key.replaced_by.map(Cell::new)),
    ]
}

/// Names a key in its grace, with the end of it and the last use.
fn still_works(old: &Key, now: Timestamp) -> String {
    let used = old.last_used_at.map_or_else(
        || "no use recorded".to_owned(),
        |at| format!("last used {}", at.relative_to(now)),
    );
    format!(
        "{}, which works until {}, {used}",
        old.id,
        instant(old.stops_at(), now)
    )
}

fn last_events(out: &mut dyn Write, events: &[Entry], now: Timestamp) -> io::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nLast events")?;
    for event in events {
        let at = Timestamp::from_millis(event.at);
        writeln!(
            out,
            "  {}  {} by {}{}",
            at.map_or_else(
                || "at a time that cannot be read".to_owned(),
                |at| instant(Some(at), now)
            ),
            cell(&event.action),
            cell(&event.actor),
            reason(event)
        )?;
        for change in changes(event) {
            writeln!(out, "    {change}")?;
        }
    }
    Ok(())
}

fn usable(key: &Key, now: Timestamp) -> &'static str {
    match (key.is_usable(now), key.state(now)) {
        (true, State::PhasedOut) => "yes, until its grace ends",
        (true, _) => "yes",
        (false, _) => "no",
    }
}

fn words<'a>(words: impl Iterator<Item = &'a String>) -> String {
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}
