//! Output of the audit log, in constant memory.

use super::{Column, Sheet, Style, cell, instant, json, left_out};
use crate::event::Entry;
use crate::when::Timestamp;
use clap::ValueEnum;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// Output format of the command `log`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EntryFormat {
    /// A table for people.
    #[default]
    Table,
    /// One line per event, with every value labelled, for screen readers.
    Lines,
    /// A JSON array.
    Json,
    /// One JSON object per line.
    Jsonl,
}

impl EntryFormat {
    /// Titles of the columns for which the terminal is too narrow.
    pub fn left_out(self, style: Style) -> Vec<&'static str> {
        match self {
            EntryFormat::Table => left_out(style, &COLUMNS),
            _ => Vec::new(),
        }
    }
}

/// Columns. Every terminal shows the action and its time.
const COLUMNS: [Column; 6] = [
    Column::new("SEQ", 66, 3).whole(7),
    Column::new("AT", 0, 20).enough(20),
    Column::new("ACTOR", 60, 5),
    Column::new("ACTION", 38, 6).whole(13),
    Column::new("KEY", 52, 3).whole(12),
    Column::new("DETAIL", 80, 6),
];

/// JSON object of an event.
#[derive(Serialize)]
struct LogLine<'a> {
    seq: i64,
    at: Option<Timestamp>,
    actor: &'a str,
    action: &'a str,
    key_id: Option<&'a str>,
    detail: Value,
    hash: String,
}

impl<'a> LogLine<'a> {
    fn new(entry: &'a Entry) -> Self {
        LogLine {
            seq: entry.seq,
            at: Timestamp::from_millis(entry.at),
            actor: &entry.actor,
            action: &entry.action,
            key_id: entry.key_id.as_deref(),
            // A damaged detail is shown as a string.
            detail: serde_json::from_str(&entry.detail)
                .unwrap_or_else(|_| entry.detail.as_str().into()),
            hash: HEXLOWER.encode(&entry.hash),
        }
    }
}

/// Log that is being written.
pub struct Entries<'a> {
    body: LogBody<'a>,
    now: Timestamp,
    first: bool,
}

enum LogBody<'a> {
    Table(Box<Sheet<'a, 6>>),
    Lines(&'a mut dyn Write),
    Json(&'a mut dyn Write),
    Jsonl(&'a mut dyn Write),
}

impl<'a> Entries<'a> {
    /// Begins a log on `out`, with the distance of each time from `now`.
    pub fn begin(
        format: EntryFormat,
        out: &'a mut dyn Write,
        style: Style,
        now: Timestamp,
    ) -> io::Result<Self> {
        let body = match format {
            EntryFormat::Table => LogBody::Table(Box::new(Sheet::begin(out, style, COLUMNS))),
            EntryFormat::Lines => LogBody::Lines(out),
            EntryFormat::Json => {
                out.write_all(b"[")?;
                LogBody::Json(out)
            }
            EntryFormat::Jsonl => LogBody::Jsonl(out),
        };
        Ok(Entries {
            body,
            now,
            first: true,
        })
    }

    /// Adds an event.
    pub fn push(&mut self, entry: &Entry) -> io::Result<()> {
        match &mut self.body {
            LogBody::Table(table) => table.row([
                entry.seq.to_string(),
                time(entry, self.now),
                cell(&entry.actor),
                cell(&entry.action),
                cell(entry.key_id.as_deref().unwrap_or_default()),
                cell(&in_words(entry)),
            ])?,
            LogBody::Lines(out) => out.write_all(line(entry, self.now).as_bytes())?,
            LogBody::Json(out) => {
                if !self.first {
                    out.write_all(b",")?;
                }
                json::write(out, &LogLine::new(entry))?;
            }
            LogBody::Jsonl(out) => {
                json::write(out, &LogLine::new(entry))?;
                out.write_all(b"\n")?;
            }
        }
        self.first = false;
        Ok(())
    }

    /// Ends the log. A table without rows is not drawn.
    pub fn finish(self) -> io::Result<()> {
        match self.body {
            LogBody::Table(table) if !self.first => table.finish(),
            LogBody::Table(_) => Ok(()),
            LogBody::Json(out) => {
                out.write_all(b"]\n")?;
                out.flush()
            }
            LogBody::Lines(out) | LogBody::Jsonl(out) => out.flush(),
        }
    }
}

/// Time of the event, with its distance from `now`.
fn time(entry: &Entry, now: Timestamp) -> String {
    Timestamp::from_millis(entry.at)
        .map_or_else(|| "unreadable".to_owned(), |at| instant(Some(at), now))
}

/// Line for the event, in which each value is labelled.
fn line(entry: &Entry, now: Timestamp) -> String {
    let mut line = format!(
        "event {}, at {}, {} by {}",
        entry.seq,
        time(entry, now),
        cell(&entry.action),
        cell(&entry.actor)
    );
    if let Some(id) = &entry.key_id {
        line.push_str(&format!(", key {}", cell(id)));
    }
    let detail = in_words(entry);
    if !detail.is_empty() {
        line.push_str(&format!(", {}", cell(&detail)));
    }
    line.push('\n');
    line
}

/// Detail of the event as `name=value`, without the uid, which every event has.
fn in_words(entry: &Entry) -> String {
    let Ok(Value::Object(detail)) = serde_json::from_str(&entry.detail) else {
        return entry.detail.clone();
    };
    detail
        .iter()
        .filter(|(name, _)| *name != "uid")
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            value => format!("{name}={value}"),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;

    #[test]
    fn columns_keep_every_action_whole() {
        let actions = Action::ALL.map(|action| action.word().len());
        let width = COLUMNS[3].keeps().into();
        assert_eq!(actions.into_iter().max(), Some(width));
    }
}
