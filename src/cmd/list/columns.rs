//! Columns of `list`: the flag `--columns`, and those that the other flags are about.

use crate::error::{Error, Result};
use crate::output::{Field, ListFormat, Record};
use crate::store::{Filter, Sort};
use clap::ValueEnum;
use clap::builder::{NonEmptyStringValueParser, PossibleValue, TypedValueParser};
use std::ffi::OsStr;

/// Value parser for a column.
pub fn column() -> impl TypedValueParser<Value = Field> {
    ColumnParser
}

/// Parser that reads a column, and offers all of them to the help and to completion.
#[derive(Clone)]
struct ColumnParser;

impl TypedValueParser for ColumnParser {
    type Value = Field;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> std::result::Result<Field, clap::Error> {
        let parser = NonEmptyStringValueParser::new().try_map(|text| text.parse::<Field>());
        parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Record::FIELDS.iter().map(PossibleValue::new)))
    }
}

/// Refuses columns for a format that has none.
pub fn check(columns: &[Field], format: ListFormat) -> Result<()> {
    if columns.is_empty() || format.has_columns() {
        return Ok(());
    }
    let format = format
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned());
    let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
    let names = names.join(",");
    let error = Error::usage(format!("--columns cannot be used with --format {format}"));
    Err(error.hint(format!(
        "use --format csv --columns {names}, or leave out --columns"
    )))
}

/// Titles of the columns of the table that `filter` is about: a user who asks for unused keys wants to see when
/// they were used.
pub fn asked_about(filter: &Filter) -> Vec<&'static str> {
    let is_about = [
        ("OWNER", !filter.owners.is_empty()),
        (
            "SCOPES",
            !filter.scopes.is_empty() || !filter.any_scopes.is_empty(),
        ),
        (
            "LAST USED",
            filter.unused_since.is_some() || filter.sort == Sort::LastUsed,
        ),
        ("LABELS", !filter.labels.is_empty()),
    ];
    let asked = is_about.into_iter().filter(|(_, is_about)| *is_about);
    asked.map(|(title, _)| title).collect()
}
