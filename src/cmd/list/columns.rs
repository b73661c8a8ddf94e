//! The flag `--columns` of `list`.

use crate::error::{Error, Result};
use crate::output::{Field, ListFormat, Record};
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
    let error = Error::usage(format!("--columns does not go with --format {format}"));
    Err(error.hint(format!(
        "use --format csv --columns {names}, or leave --columns out"
    )))
}
