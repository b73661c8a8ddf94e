//! The audit log, line by line. All forms but the table stream.

use super::{Style, cell, instant, json};
use crate::event::Entry;
use crate::when::Timestamp;
use clap::ValueEnum;
use comfy_table::{Cell, Table};
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
    /// A JSON array.
    Json,
    /// A JSON object a line.
    Jsonl,
}

/// An event as JSON shows it.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    at: Option<Timestamp>,
    actor: &'a str,
    action: &'a str,
    key_id: Option<&'a str>,
    detail: Value,
    hash: String,
}

impl<'a> Line<'a> {
    fn new(entry: &'a Entry) -> Self {
        Line {
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
    body: Body,
    now: Timestamp,
    first: bool,
}

enum Body {
    Table(Box<Table>, Style),
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
            EntryFormat::Table => {
                let mut table = style.table();
                table.set_header(
                    ["SEQ", "AT", "ACTOR", "ACTION", "KEY", "DETAIL"]
                        .map(|title| style.title(title)),
                );
                Body::Table(Box::new(table), style)
            }
            EntryFormat::Json => {
                out.write_all(b"[")?;
                Body::Json
            }
            EntryFormat::Jsonl => Body::Jsonl,
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
            Body::Table(table, _) => {
                let at = Timestamp::from_millis(entry.at)
                    .map_or_else(|| "unreadable".to_owned(), |at| instant(Some(at), self.now));
                let cells = [
                    entry.seq.to_string(),
                    at,
                    cell(&entry.actor),
                    cell(&entry.action),
                    cell(entry.key_id.as_deref().unwrap_or_default()),
                    cell(&in_words(entry)),
                ];
                table.add_row(cells.map(Cell::new));
            }
            Body::Json => {
                if !self.first {
                    self.out.write_all(b",")?;
                }
                json::write(self.out, &Line::new(entry))?;
            }
            Body::Jsonl => {
                json::write(self.out, &Line::new(entry))?;
                self.out.write_all(b"\n")?;
            }
        }
        self.first = false;
        Ok(())
    }

    /// Ends the log. A table without a line is not drawn.
    pub fn finish(self) -> io::Result<()> {
        match self.body {
            Body::Table(table, style) if !self.first => {
                self.out.write_all(style.lines(*table).as_bytes())?
            }
            Body::Json => self.out.write_all(b"]\n")?,
            Body::Table(..) | Body::Jsonl => {}
        }
        self.out.flush()
    }
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
