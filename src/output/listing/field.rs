//! Fields of a record as columns that the user has chosen.

use super::table::short;
use crate::error::{Error, Result, quote};
use crate::key::Key;
use crate::near;
use crate::network;
use crate::output::value::Value;
use crate::output::{Column, Record, Style, cell};
use crate::when::Timestamp;
use comfy_table::Cell;
use std::str::FromStr;

/// Field of a record of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Index in [`Record::FIELDS`].
    index: usize,
}

impl FromStr for Field {
    type Err = Error;

    /// Reads the name of a field, with `-` or `_` between its words.
    fn from_str(text: &str) -> Result<Self> {
        let name = text.replace('-', "_");
        let mut fields = Record::FIELDS.iter();
        if let Some(index) = fields.position(|field| *field == name) {
            return Ok(Field { index });
        }
        let names = format!("the columns are: {}", Record::FIELDS.join(", "));
        let hint = match near::suggestion(&name, &Record::FIELDS) {
            Some(question) => format!("{question} {names}"),
            None => names,
        };
        Err(Error::usage(format!("there is no column {}", quote(text))).hint(hint))
    }
}

impl Field {
    /// Name of the field.
    pub fn name(self) -> &'static str {
        Record::FIELDS[self.index]
    }

    /// Cell of the field for CSV.
    pub fn plain(self, record: &Record<'_>) -> std::io::Result<String> {
        record.value(self.index).cell()
    }

    /// Cell of the field for people.
    pub fn cell(self, key: &Key, record: &Record<'_>, style: Style, now: Timestamp) -> Cell {
        match self.name() {
            "state" => style.state(key.state(now)),
            _ => Cell::new(self.text(record, now)),
        }
    }

    /// Value of the field with its label, as in `owner alice`.
    pub fn labelled(self, record: &Record<'_>, now: Timestamp) -> String {
        let title = self.column().title();
        let text = self.text(record, now);
        match (title, &*text) {
            ("ID", text) => format!("ID {text}"),
            (title, "") => format!("{} none", title.to_lowercase()),
            (title, text) if text.contains(',') => format!("{} '{text}'", title.to_lowercase()),
            (title, text) => format!("{} {text}", title.to_lowercase()),
        }
    }

    fn text(self, record: &Record<'_>, now: Timestamp) -> String {
        match record.value(self.index) {
            Value::Absent => absent(self.name(), record).to_owned(),
            Value::Flag(true) => "yes".to_owned(),
            Value::Flag(false) => "no".to_owned(),
            Value::Text(text) => cell(text),
            Value::Id(id) => id.to_string(),
            Value::Time(at) => short(*at, now),
            Value::Scopes(scopes) => {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                cell(&scopes.join(" "))
            }
            Value::Networks(networks) if networks.is_empty() => "any".to_owned(),
            Value::Networks(networks) => network::join(networks),
            Value::Labels(labels) => super::table::labels(labels),
        }
    }

    /// Column of the field in a table.
    fn column(self) -> Column {
        let name = self.name();
        let mut columns = COLUMNS.iter();
        let column = columns.find(|(field, _)| *field == name);
        column.map_or(Column::new("", 0, 0), |(_, column)| *column)
    }
}

/// Columns of `fields`. On a terminal that is too narrow for all of them, the last ones are left out, but
/// never the first.
pub fn columns(fields: &[Field]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut before: u16 = 0;
    for field in fields {
        let column = field.column();
        let from = before.saturating_add(column.keeps());
        columns.push(column.from(if columns.is_empty() { 0 } else { from }));
        before = from.saturating_add(Column::GAP);
    }
    columns
}

/// Text for a field of `record` without a value.
fn absent(field: &str, record: &Record<'_>) -> &'static str {
    match field {
        "expires_at" => "never",
        // An older schema stored the last use only.
        "first_used_at" if record.is_used() => "not recorded",
        "last_used_at" | "first_used_at" => "no use recorded",
        _ => "",
    }
}

/// Width of an ID.
const ID: u16 = 12;

/// Width of a date with its distance, and of a minute with its distance.
const TIME: u16 = 20;
const MINUTE: u16 = 27;

/// Column of each field, as narrow as its title; on a terminal it has room for a value.
const COLUMNS: [(&str, Column); Record::FIELDS.len()] = [
    ("id", narrow("ID").whole(ID)),
    ("name", narrow("NAME").whole(8).keep(45)),
    ("owner", narrow("OWNER").keep(40)),
    ("kind", narrow("KIND").whole(6)),
    ("state", narrow("STATE").whole(10)),
    ("usable", narrow("USABLE")),
    ("scopes", narrow("SCOPES").keep_words(40)),
    ("labels", narrow("LABELS").keep_words(40)),
    ("allow_from", narrow("ALLOW FROM").keep_words(43)),
    ("imported", narrow("IMPORTED")),
    ("created_at", time("CREATED")),
    ("created_by", narrow("CREATED BY").keep(40)),
    ("expires_at", time("EXPIRES")),
    ("first_used_at", time("FIRST USED")),
    ("last_used_at", time("LAST USED")),
    ("usable_until", time("USABLE UNTIL")),
    ("disabled_at", time("DISABLED")),
    ("deleted_at", time("DELETED")),
    ("replaces", narrow("REPLACES").whole(ID)),
    ("replaced_by", narrow("REPLACED BY").whole(ID)),
];

const fn narrow(title: &'static str) -> Column {
    // No title is longer than 255 characters.
    Column::new(title, 0, title.len() as u16)
}

const fn time(title: &'static str) -> Column {
    narrow(title).whole(TIME).enough(MINUTE).keep(MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_column() {
        assert_eq!(COLUMNS.map(|(name, _)| name), Record::FIELDS);
    }
}
