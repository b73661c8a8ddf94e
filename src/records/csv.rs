//! Records as CSV with a header (RFC 4180).
//!
//! Stricter than a reader that takes whatever comes: a quote that is not closed would make all lines behind it
//! one cell. Blanks around a cell are left out, but for those within quotes.

use super::field;
use super::record::{Record, Text, Value, at_line, in_field, known_fields};
use crate::error::{Error, Result};

const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Reads the header and a record from each row behind it.
pub fn read(text: &str, known: &[&'static str]) -> Result<Vec<Record>> {
    let mut rows = Rows {
        rest: text,
        line: 1,
    };
    let mut records = Vec::new();
    let Some(first) = rows.next(&[])? else {
        return Ok(records);
    };
    let fields = header(&first.cells, known).map_err(|error| at_line(first.line, error))?;
    while let Some(row) = rows.next(&fields)? {
        let width = row.cells.len();
        let values = row.cells.into_iter().map(Value::Text);
        let record = Record::new(row.line, fields.iter().copied().zip(values));
        if record.is_empty() {
            continue;
        }
        if width != fields.len() {
            let error = Error::usage(format!(
                "cells in the row: {width}; fields in the header: {}",
                fields.len()
            ));
            return Err(at_line(record.line, error).hint("a cell with a comma in it needs quotes"));
        }
        records.push(record);
    }
    Ok(records)
}

/// Fields of a header.
fn header(cells: &[Text], known: &[&'static str]) -> Result<Vec<&'static str>> {
    let mut fields = Vec::with_capacity(cells.len());
    for (number, cell) in (1..).zip(cells) {
        let Some(field) = field::known(cell, known) else {
            return Err(field::unknown(cell, known).unwrap_or_else(|| {
                Error::usage(format!(
                    "the header's field {number} is not a field name; the first line must name the fields"
                ))
                .hint(known_fields(known).and(", with a comma between two"))
            }));
        };
        if fields.contains(&field) {
            return Err(in_field(field, "it is in the header twice"));
        }
        fields.push(field);
    }
    Ok(fields)
}

struct Row {
    /// Number of the line on which the row begins.
    line: usize,
    cells: Vec<Text>,
}

/// Text that is not read yet.
struct Rows<'a> {
    rest: &'a str,
    /// Number of the line on which it begins.
    line: usize,
}

impl<'a> Rows<'a> {
    /// Reads the next row that is not blank; `None` at the end. `fields` are the header's, for errors.
    fn next(&mut self, fields: &[&str]) -> Result<Option<Row>> {
        while let Some((line, rest)) = self.rest.split_once('\n')
            && line.trim_matches(BLANKS).is_empty()
        {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.trim_matches(BLANKS).is_empty() {
            return Ok(None);
        }
        let line = self.line;
        let mut cells = Vec::with_capacity(fields.len());
        loop {
            let begin = self.line;
            let cell = self.cell().map_err(|what| {
                let error = match fields.get(cells.len()) {
                    Some(field) => in_field(field, what),
                    None => Error::usage(format!("cell {}: {what}", cells.len() + 1)),
                };
                at_line(begin, error)
            })?;
            cells.push(cell);
            let mut rest = self.rest.chars();
            let end = rest.next();
            self.rest = rest.as_str();
            if end != Some(',') {
                self.line += usize::from(end.is_some());
                return Ok(Some(Row { line, cells }));
            }
        }
    }

    /// Reads a cell, up to the comma or the line feed behind it.
    fn cell(&mut self) -> std::result::Result<Text, &'static str> {
        if let Some(quoted) = self.rest.trim_start_matches(BLANKS).strip_prefix('"') {
            return self.quoted(quoted);
        }
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        if cell.contains('"') {
            return Err("a cell with a quote in it needs quotes around it, and the quote twice");
        }
        self.rest = rest;
        Ok(Text::new(cell.trim_matches(BLANKS).to_owned()))
    }

    /// Reads a cell behind its first quote.
    fn quoted(&mut self, text: &'a str) -> std::result::Result<Text, &'static str> {
        let mut end = 0;
        loop {
            let quote = text.get(end..).and_then(|rest| rest.find('"'));
            end += quote.ok_or("its quote is not closed")?;
            match text.get(end + 1..) {
                Some(rest) if rest.starts_with('"') => end += 2,
                _ => break,
            }
        }
        let (inner, rest) = text.split_at(end);
        // Allocated at full length: growing would leave a copy that is not wiped.
        let mut cell = Text::new(String::with_capacity(inner.len()));
        for (index, piece) in inner.split("\"\"").enumerate() {
            if index > 0 {
                cell.push('"');
            }
            cell.push_str(piece);
        }
        let rest = rest.get(1..).unwrap_or_default();
        let rest = rest.trim_start_matches(BLANKS);
        if !rest.is_empty() && !rest.starts_with([',', '\n']) {
            return Err("text follows its closing quote");
        }
        self.line += inner.matches('\n').count();
        self.rest = rest;
        Ok(cell)
    }
}
