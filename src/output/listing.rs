//! Output of a list of keys, in constant memory.

mod field;
mod line;
mod table;

pub use field::Field;
pub(super) use line::quote_if_several;
pub(super) use table::end;

use super::{Record, Sheet, Style};
use crate::key::Key;
use crate::when::Timestamp;
use clap::ValueEnum;
use std::io::{self, Write};

/// Format of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table for people.
    #[default]
    Table,
    /// One line per key, with every value labelled, for screen readers.
    Lines,
    /// A JSON array.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated values (RFC 4180) with a header line; a cell that begins with =, +, - or @ runs as a
    /// formula in a spreadsheet, since cells are as stored.
    Csv,
    /// One key ID per line.
    Ids,
}

impl ListFormat {
    /// Tells whether the user can choose the columns.
    pub fn has_columns(self) -> bool {
        matches!(
            self,
            ListFormat::Table | ListFormat::Lines | ListFormat::Csv
        )
    }
}

/// List that is being written.
pub struct Listing<'a> {
    body: ListBody<'a>,
    /// Columns that the user has chosen; empty for those of the format.
    fields: &'a [Field],
    style: Style,
    now: Timestamp,
    has_ids: bool,
    count: u64,
}

enum ListBody<'a> {
    Table(Box<Sheet<'a>>),
    Lines(&'a mut dyn Write),
    /// The buffer holds one record, which is written at once.
    Json(&'a mut dyn Write, Vec<u8>),
    Jsonl(&'a mut dyn Write, Vec<u8>),
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Ids(&'a mut dyn Write),
}

impl<'a> Listing<'a> {
    /// Begins a list on `out` of keys as they are at `now`, with these columns or, if there are none, with
    /// those of the format.
    pub fn begin(
        format: ListFormat,
        fields: &'a [Field],
        out: &'a mut dyn Write,
        style: Style,
        now: Timestamp,
    ) -> io::Result<Self> {
        let body = match format {
            ListFormat::Table => {
                let columns = match fields {
                    [] => table::COLUMNS.to_vec(),
                    fields => field::columns(fields),
                };
                ListBody::Table(Box::new(Sheet::begin(out, style, columns)))
            }
            ListFormat::Lines => ListBody::Lines(out),
            ListFormat::Json => {
                out.write_all(b"[")?;
                ListBody::Json(out, Vec::new())
            }
            ListFormat::Jsonl => ListBody::Jsonl(out, Vec::new()),
            ListFormat::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                match fields {
                    [] => csv.write_record(Record::FIELDS),
                    fields => csv.write_record(fields.iter().map(|field| field.name())),
                }
                .map_err(unwrapped)?;
                ListBody::Csv(Box::new(csv))
            }
            ListFormat::Ids => ListBody::Ids(out),
        };
        Ok(Listing {
            body,
            fields,
            style,
            now,
            has_ids: true,
            count: 0,
        })
    }

    /// Leaves the ID of each key out, since the keys are not made yet.
    pub fn without_ids(self) -> Self {
        Listing {
            has_ids: false,
            ..self
        }
    }

    /// Lets a narrow terminal leave out the columns of the table with these titles last.
    pub fn prefer(&mut self, titles: &[&str]) {
        if let ListBody::Table(sheet) = &mut self.body {
            sheet.prefer(titles);
        }
    }

    /// Adds a key.
    pub fn push(&mut self, key: &Key) -> io::Result<()> {
        let (now, has_ids) = (self.now, self.has_ids);
        if !self.fields.is_empty() {
            self.count += 1;
            return self.push_fields(key);
        }
        match &mut self.body {
            ListBody::Table(sheet) => sheet.row(table::row(key, self.style, now))?,
            ListBody::Lines(out) => out.write_all(line::line(key, now).as_bytes())?,
            ListBody::Json(out, record) => {
                record.clear();
                if self.count > 0 {
                    record.push(b',');
                }
                record_of(key, now, has_ids).write(record)?;
                out.write_all(record)?;
            }
            ListBody::Jsonl(out, record) => {
                record.clear();
                record_of(key, now, has_ids).write(record)?;
                record.push(b'\n');
                out.write_all(record)?;
            }
            ListBody::Csv(csv) => csv
                .write_record(record_of(key, now, has_ids).cells()?)
                .map_err(unwrapped)?,
            ListBody::Ids(out) => writeln!(out, "{}", key.id)?,
        }
        self.count += 1;
        Ok(())
    }

    /// Adds a key with the columns that the user has chosen.
    fn push_fields(&mut self, key: &Key) -> io::Result<()> {
        let (now, style) = (self.now, self.style);
        let record = Record::new(key, now);
        let fields = self.fields.iter();
        match &mut self.body {
            ListBody::Table(sheet) => {
                sheet.row(fields.map(|field| field.cell(key, &record, style, now)))
            }
            ListBody::Csv(csv) => {
                let cells: io::Result<Vec<String>> =
                    fields.map(|field| field.plain(&record)).collect();
                csv.write_record(cells?).map_err(unwrapped)
            }
            ListBody::Lines(out) => {
                let values: Vec<String> =
                    fields.map(|field| field.labelled(&record, now)).collect();
                writeln!(out, "{}", values.join(", "))
            }
            ListBody::Json(..) | ListBody::Jsonl(..) | ListBody::Ids(_) => {
                Err(io::Error::other("the format has no columns"))
            }
        }
    }

    /// Ends the list. A table without rows is not drawn. Returns the titles of the columns for which the
    /// terminal is too narrow.
    pub fn finish(self) -> io::Result<Vec<&'static str>> {
        match self.body {
            ListBody::Table(sheet) if self.count > 0 => return sheet.close(),
            ListBody::Table(_) => {}
            ListBody::Json(out, _) => {
                out.write_all(b"]\n")?;
                out.flush()?;
            }
            ListBody::Csv(mut csv) => csv.flush()?,
            ListBody::Lines(out) | ListBody::Jsonl(out, _) | ListBody::Ids(out) => out.flush()?,
        }
        Ok(Vec::new())
    }
}

/// Record of `key`, with its ID or without it.
fn record_of(key: &Key, now: Timestamp, has_id: bool) -> Record<'_> {
    let record = Record::new(key, now);
    match has_id {
        true => record,
        false => record.without_id(),
    }
}

/// Error of the stream below `csv`, since its kind tells a closed pipe from other failures.
pub(super) fn unwrapped(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}
