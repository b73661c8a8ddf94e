//! Many keys, one after the other. All forms but the table stream.

use super::{Record, Style, cell, json};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::when::{Span, Timestamp};
use clap::ValueEnum;
use comfy_table::{Cell, ColumnConstraint, Table, Width};
use std::io::{self, Write};

/// The form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    #[default]
    Table,
    /// A JSON array.
    Json,
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values (RFC 4180) under a line of titles.
    Csv,
    /// A key ID a line.
    Ids,
}

/// A list that is being written.
pub struct Listing<'a> {
    body: Body<'a>,
    now: Timestamp,
    count: u64,
}

enum Body<'a> {
    Table(Box<Table>, Vec<Column>, Style, &'a mut dyn Write),
    Json(&'a mut dyn Write),
    Jsonl(&'a mut dyn Write),
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Ids(&'a mut dyn Write),
}

impl<'a> Listing<'a> {
    /// Begins a list on `out` of keys as they are at `now`.
    pub fn begin(
        format: Format,
        out: &'a mut dyn Write,
        style: Style,
        now: Timestamp,
    ) -> io::Result<Self> {
        let body = match format {
            Format::Table => {
                let columns = Column::that_fit(style.width);
                Body::Table(Box::new(header(style, &columns)), columns, style, out)
            }
            Format::Json => {
                out.write_all(b"[")?;
                Body::Json(out)
            }
            Format::Jsonl => Body::Jsonl(out),
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(Record::FIELDS).map_err(unwrapped)?;
                Body::Csv(Box::new(csv))
            }
            Format::Ids => Body::Ids(out),
        };
        Ok(Listing {
            body,
            now,
            count: 0,
        })
    }

    /// Adds a key.
    pub fn push(&mut self, key: &Key) -> io::Result<()> {
        let now = self.now;
        match &mut self.body {
            Body::Table(table, columns, style, _) => {
                table.add_row(columns.iter().map(|column| column.cell(key, *style, now)));
            }
            Body::Json(out) => {
                if self.count > 0 {
                    out.write_all(b",")?;
                }
                json::write(*out, &Record::new(key, now))?;
            }
            Body::Jsonl(out) => {
                json::write(*out, &Record::new(key, now))?;
                out.write_all(b"\n")?;
            }
            Body::Csv(csv) => csv
                .write_record(Record::new(key, now).cells()?)
                .map_err(unwrapped)?,
            Body::Ids(out) => writeln!(out, "{}", key.id)?,
        }
        self.count += 1;
        Ok(())
    }

    /// Ends the list and returns how many keys it has. A table of none is not drawn.
    pub fn finish(self) -> io::Result<u64> {
        match self.body {
            Body::Table(table, _, _, out) => {
                if self.count > 0 {
                    for line in table.lines() {
                        writeln!(out, "{}", line.trim_end())?;
                    }
                }
                out.flush()?;
            }
            Body::Json(out) => {
                out.write_all(b"]\n")?;
                out.flush()?;
            }
            Body::Csv(mut csv) => csv.flush()?,
            Body::Jsonl(out) | Body::Ids(out) => out.flush()?,
        }
        Ok(self.count)
    }
}

/// The stream's own error, by whose kind a reader that has gone away is known.
fn unwrapped(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Name,
    Owner,
    State,
    Scopes,
    Expires,
    LastUsed,
}

impl Column {
    /// Every column, with the narrowest terminal that it is shown on.
    const ALL: [(Column, u16); 7] = [
        (Column::Id, 0),
        (Column::Name, 30),
        (Column::Owner, 74),
        (Column::State, 42),
        (Column::Scopes, 86),
        (Column::Expires, 56),
        (Column::LastUsed, 100),
    ];

    fn that_fit(width: Option<u16>) -> Vec<Column> {
        Column::ALL
            .into_iter()
            .filter(|&(_, least)| width.is_none_or(|width| width >= least))
            .map(|(column, _)| column)
            .collect()
    }

    fn title(self) -> &'static str {
        match self {
            Column::Id => "ID",
            Column::Name => "NAME",
            Column::Owner => "OWNER",
            Column::State => "STATE",
            Column::Scopes => "SCOPES",
            Column::Expires => "EXPIRES",
            Column::LastUsed => "LAST USED",
        }
    }

    fn cell(self, key: &Key, style: Style, now: Timestamp) -> Cell {
        match self {
            Column::Id => Cell::new(key.id),
            Column::Name => Cell::new(cell(&key.name)),
            Column::Owner => Cell::new(cell(&key.owner)),
            Column::State => style.state(key.state(now)),
            Column::Scopes => {
                let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
                Cell::new(cell(&scopes.join(" ")))
            }
            Column::Expires => Cell::new(end(key, now)),
            Column::LastUsed => Cell::new(
                key.last_used_at
                    .map_or_else(|| "no use recorded".to_owned(), |at| short(at, now)),
            ),
        }
    }
}

fn header(style: Style, columns: &[Column]) -> Table {
    let mut table = style.table();
    table.set_header(columns.iter().map(|column| style.title(column.title())));
    let widest = State::ALL
        .iter()
        .map(|state| state.word().len())
        .max()
        .unwrap_or(0);
    for (index, column) in columns.iter().enumerate() {
        let Some(drawn) = table.column_mut(index) else {
            continue;
        };
        drawn.set_padding((0, 2));
        let least = match column {
            // An ID or a state that is broken in two is of no use, and a date is hard to read.
            Column::Id => KeyId::LEN,
            Column::State => widest,
            Column::Expires => "2027-11-22 (in 365d)".len(),
            _ => continue,
        };
        drawn.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(
            u16::try_from(least + 2).unwrap_or(u16::MAX),
        )));
    }
    table
}

/// When a key stops on its own, or when and how it stopped.
fn end(key: &Key, now: Timestamp) -> String {
    let told = |word: &str, at: Timestamp| format!("{word} {}", short(at, now));
    match (key.deleted_at, key.usable_until, key.expires_at) {
        (Some(at), _, _) => told("deleted", at),
        (None, Some(until), _) if key.is_in_grace(now) => told("works until", until),
        (None, Some(until), _) => told("stopped", until),
        (None, None, Some(at)) => short(at, now),
        (None, None, None) => "never".to_owned(),
    }
}

/// A day, or within two days of now a minute, and how far away it is.
fn short(at: Timestamp, now: Timestamp) -> String {
    let text = at.to_string();
    let near = at.since(now).max(now.since(at)) < Span::days(2);
    // RFC 3339 begins with the ten characters of the day, sixteen with the minute.
    let (day, _) = text
        .split_at_checked(if near { 16 } else { 10 })
        .unwrap_or((&text, ""));
    let zone = if near { "Z" } else { "" };
    format!("{day}{zone} ({})", at.relative_to(now))
}
