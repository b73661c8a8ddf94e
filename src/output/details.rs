//! One key, all that is known of it.

use super::{Style, cell, instant};
use crate::error::escape;
use crate::event::Entry;
use crate::key::{Key, State};
use crate::when::Timestamp;
use comfy_table::{Cell, ColumnConstraint, Width};
use serde_json::Value;
use std::io::{self, Write};

/// The columns that a key ID takes.
const ID_WIDTH: u16 = 12;

/// The most characters of a reason that are shown; 'keyctl log' shows all of it.
const REASON_MAX: usize = 80;

/// Writes all that is known of `key` at `now`, with its last events, the newest first.
pub fn details(
    out: &mut dyn Write,
    key: &Key,
    events: &[Entry],
    style: Style,
    now: Timestamp,
) -> io::Result<()> {
    let mut table = style.table();
    let mut row = |title: &str, cell: Cell| {
        table.add_row([style.title(title), cell]);
    };
    row("ID", Cell::new(key.id));
    row("Name", Cell::new(cell(&key.name)));
    row("Owner", Cell::new(cell(&key.owner)));
    row("Kind", Cell::new(key.kind.word()));
    row("State", style.state(key.state(now)));
    row("Usable", Cell::new(usable(key, now)));
    row("Scopes", Cell::new(cell(&words(key.scopes.iter()))));
    if !key.labels.is_empty() {
        let labels: Vec<String> = key
            .labels
            .iter()
            .map(|(label, value)| format!("{label}={value}"))
            .collect();
        row("Labels", Cell::new(cell(&words(labels.iter()))));
    }
    let created = format!(
        "{} by {}",
        instant(Some(key.created_at), now),
        cell(&key.created_by)
    );
    row("Created", Cell::new(created));
    row("Expires", Cell::new(instant(key.expires_at, now)));
    let used = key
        .last_used_at
        .map_or_else(|| "no use recorded".to_owned(), |at| instant(Some(at), now));
    row("Last used", Cell::new(used));
    if let (Some(at), Some(by)) = (key.disabled_at, &key.disabled_by) {
        row(
            "Disabled",
            Cell::new(format!("{} by {}", instant(Some(at), now), cell(by))),
        );
    }
    if let Some(at) = key.deleted_at {
        row("Deleted", Cell::new(instant(Some(at), now)));
    }
    // One that was deleted before its grace ended did not stop then.
    let is_moot = |until| key.deleted_at.is_some_and(|at| at < until);
    if let Some(until) = key.usable_until.filter(|&until| !is_moot(until)) {
        let word = if key.is_in_grace(now) {
            "works until"
        } else {
            "stopped"
        };
        row(
            "Phased out",
            Cell::new(format!("{word} {}", instant(Some(until), now))),
        );
    }
    if let Some(id) = key.replaces {
        row("Replaces", Cell::new(id));
    }
    if let Some(id) = key.replaced_by {
        row("Replaced by", Cell::new(id));
    }
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 2));
    }
    if let Some(column) = table.column_mut(1) {
        column.set_padding((0, 0));
        // An ID that is broken in two is of no use.
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(ID_WIDTH)));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    last_events(out, events, now)
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
                || "at an unreadable time".to_owned(),
                |at| instant(Some(at), now)
            ),
            cell(&event.action),
            cell(&event.actor),
            reason(event)
        )?;
    }
    Ok(())
}

/// Why it was done, if that was said: as much of it as a line has room for.
fn reason(event: &Entry) -> String {
    let Ok(Value::Object(detail)) = serde_json::from_str(&event.detail) else {
        return String::new();
    };
    match detail.get("reason") {
        Some(Value::String(reason)) => match reason.char_indices().nth(REASON_MAX) {
            Some((end, _)) => format!(": {}…", escape(&reason[..end])),
            None => format!(": {}", escape(reason)),
        },
        _ => String::new(),
    }
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
