//! The audit log, line by line. All forms but the table stream.

use super::{Column, Sheet, Style, cell, instant, json, left_out};
use crate::event::Entry;
use crate::when::Timestamp;
use clap::ValueEnum;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// The form of a log.
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
    /// The titles of the columns that a log of this form leaves out in this style, since the terminal is too
    /// narrow for them.
    pub fn left_out(self, style: Style) -> Vec<&'static str> {
        match self {
            EntryFormat::Table => left_out(style, &COLUMNS),
            _ => Vec::new(),
        }
    }
}

/// The columns of a log: what was done and when is shown on every terminal.
const COLUMNS: [Column; 6] = [
    Column::new("SEQ", 66, false),
    Column::new("AT", 0, true),
    Column::new("ACTOR", 60, false),
    Column::new("ACTION", 38, true),
    Column::new("KEY", 52, true),
    Column::new("DETAIL", 80, false),
];

/// An event as JSON shows it.
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
            // A detail that somebody has made unreadable is shown as the text that it is.
            detail: serde_json::from_str(&entry.detail)
                .unwrap_or_else(|_| entry.detail.as_str().into()),
            hash: HEXLOWER.encode(&entry.hash),
        }
    }
}

/// A log that is being written.
pub struct Entries<'a> {
    out: &'a mut dyn Write,
    body: LogBody,
    now: Timestamp,
    first: bool,
}

enum LogBody {
    Table(Box<Sheet<6>>),
    Lines,
    Json,
    Jsonl,
}

impl<'a> Entries<'a> {
    /// Begins a log on `out`, with times as distances from `now`.
    pub fn begin(
        format: EntryFormat,
        out: &'a mut dyn Write,
        style: Style,
        now: Timestamp,
    ) -> io::Result<Self> {
        let body = match format {
            EntryFormat::Table => LogBody::Table(Box::new(Sheet::new(style, COLUMNS))),
            EntryFormat::Lines => LogBody::Lines,
            EntryFormat::Json => {
                out.write_all(b"[")?;
                LogBody::Json
            }
            EntryFormat::Jsonl => LogBody::Jsonl,
        };
        Ok(Entries {
            out,
            body,
            now,
            first: true,
        })
    }

    /// Adds an event.
    pub fn push(&mut self, entry: &Entry) -> io::Result<()> {
        match &mut self.body {
            LogBody::Table(table) => {
                let cells = [
                    entry.seq.to_string(),
                    time(entry, self.now),
                    cell(&entry.actor),
                    cell(&entry.action),
                    cell(entry.key_id.as_deref().unwrap_or_default()),
                    cell(&in_words(entry)),
                ];
                table.row(cells);
            }
            LogBody::Lines => self.out.write_all(line(entry, self.now).as_bytes())?,
            LogBody::Json => {
                if !self.first {
                    self.out.write_all(b",")?;
                }
                json::write(self.out, &LogLine::new(entry))?;
            }
            LogBody::Jsonl => {
                json::write(self.out, &LogLine::new(entry))?;
                self.out.write_all(b"\n")?;
            }
        }
        self.first = false;
        Ok(())
    }

    /// Ends the log. A table without a line is not drawn.
    pub fn finish(self) -> io::Result<()> {
        match self.body {
            LogBody::Table(table) if !self.first => self.out.write_all(table.text().as_bytes())?,
            LogBody::Json => self.out.write_all(b"]\n")?,
            LogBody::Table(..) | LogBody::Lines | LogBody::Jsonl => {}
        }
        self.out.flush()
    }
}

/// When it happened, and how long ago that is.
fn time(entry: &Entry, now: Timestamp) -> String {
    Timestamp::from_millis(entry.at)
        .map_or_else(|| "unreadable".to_owned(), |at| instant(Some(at), now))
}

/// The event as one line.
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

/// The detail as `name=value`, without what every event has.
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
