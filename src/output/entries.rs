//! Output of the audit log, in constant memory.

use super::listing::{quote_if_several, unwrapped};
use super::{Column, Sheet, Style, cell, instant, json, left_out};
use crate::error::escape;
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
    /// Comma-separated values (RFC 4180) with a header line; a cell that begins with =, +, - or @ runs as a
    /// formula in a spreadsheet, since cells are as stored.
    Csv,
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
const COLUMNS: [Column; 7] = [
    Column::new("SEQ", 66, 3).whole(7),
    Column::new("AT", 0, 20).enough(20),
    Column::new("ACTOR", 60, 5),
    Column::new("ACTION", 38, 6).whole(13),
    Column::new("KEY", 52, 3).whole(12),
    Column::new("NAME", 72, 4),
    Column::new("DETAIL", 100, 20),
];

/// JSON object of an event.
#[derive(Serialize)]
struct LogLine<'a> {
    seq: i64,
    at: Option<Timestamp>,
    actor: &'a str,
    action: &'a str,
    key_id: Option<&'a str>,
    key_name: Option<&'a str>,
    detail: Value,
    hash: String,
}

/// Columns of CSV: the fields of [`LogLine`].
const FIELDS: [&str; 8] = [
    "seq", "at", "actor", "action", "key_id", "key_name", "detail", "hash",
];

impl<'a> LogLine<'a> {
    fn new(entry: &'a Entry, key_name: Option<&'a str>) -> Self {
        LogLine {
            seq: entry.seq,
            at: Timestamp::from_millis(entry.at),
            actor: &entry.actor,
            action: &entry.action,
            key_id: entry.key_id.as_deref(),
            key_name,
            // A damaged detail is shown as a string.
            detail: serde_json::from_str(&entry.detail)
                .unwrap_or_else(|_| entry.detail.as_str().into()),
            hash: HEXLOWER.encode(&entry.hash),
        }
    }

    /// Cells in CSV. An absent value is an empty cell; control characters are escaped.
    fn cells(&self) -> io::Result<[String; 8]> {
        let maybe = |text: Option<&str>| text.map(escape).unwrap_or_default();
        Ok([
            self.seq.to_string(),
            self.at.map(|at| at.to_string()).unwrap_or_default(),
            escape(self.actor),
            escape(self.action),
            maybe(self.key_id),
            maybe(self.key_name),
            String::from_utf8_lossy(&json::bytes(&self.detail)?).into_owned(),
            self.hash.clone(),
        ])
    }
}

/// Log that is being written.
pub struct Entries<'a> {
    body: LogBody<'a>,
    now: Timestamp,
    first: bool,
}

enum LogBody<'a> {
    Table(Box<Sheet<'a>>),
    Lines(&'a mut dyn Write),
    Json(&'a mut dyn Write),
    Jsonl(&'a mut dyn Write),
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
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
            EntryFormat::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(FIELDS).map_err(unwrapped)?;
                LogBody::Csv(Box::new(csv))
            }
        };
        Ok(Entries {
            body,
            now,
            first: true,
        })
    }

    /// Adds an event of the key named `name`.
    pub fn push(&mut self, entry: &Entry, name: Option<&str>) -> io::Result<()> {
        match &mut self.body {
            LogBody::Table(table) => table.row([
                entry.seq.to_string(),
                time(entry, self.now),
                cell(&entry.actor),
                cell(&entry.action),
                cell(entry.key_id.as_deref().unwrap_or_default()),
                cell(name.unwrap_or_default()),
                cell(&in_words(entry)),
            ])?,
            LogBody::Lines(out) => out.write_all(line(entry, name, self.now).as_bytes())?,
            LogBody::Json(out) => {
                if !self.first {
                    out.write_all(b",")?;
                }
                json::write(out, &LogLine::new(entry, name))?;
            }
            LogBody::Jsonl(out) => {
                json::write(out, &LogLine::new(entry, name))?;
                out.write_all(b"\n")?;
            }
            LogBody::Csv(csv) => csv
                .write_record(LogLine::new(entry, name).cells()?)
                .map_err(unwrapped)?,
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
            LogBody::Csv(mut csv) => csv.flush(),
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
fn line(entry: &Entry, name: Option<&str>, now: Timestamp) -> String {
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
    if let Some(name) = name {
        line.push_str(&format!(", name {}", quote_if_several(name)));
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
