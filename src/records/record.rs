//! Record of a file, field by field.

use crate::error::{Error, Result, quote};
use crate::hint::Hint;
use zeroize::Zeroizing;

/// Text of a field. It may be a token.
pub type Text = Zeroizing<String>;

/// Value of a field.
pub enum Value {
    /// Cell of CSV, or a string of JSON.
    Text(Text),
    /// `true` or `false`.
    Flag(bool),
    /// Whole number that is not negative.
    Number(u64),
    /// Array of strings.
    List(Vec<Text>),
    /// Object of strings, with its names in order.
    Map(Vec<(String, Text)>),
    /// `null`.
    Null,
    /// Other number, or an array or object that holds more than strings.
    Other,
}

impl Value {
    /// True for an empty value. It counts as absent in each format, since CSV has no other way to say so.
    fn is_empty(&self) -> bool {
        match self {
            Value::Text(text) => text.trim_ascii().is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Null => true,
            Value::Flag(_) | Value::Number(_) | Value::Other => false,
        }
    }
}

/// Record of a file, field by field. It has no `Debug`, since a field may hold a token.
///
/// Errors name the field, and leave it to the caller to name the line, as [`at_line`] does.
///
/// An empty field counts as absent: a blank cell or string, `null`, `[]` and `{}`.
pub struct Record {
    /// Number of the line on which it begins.
    pub line: usize,
    fields: Vec<(&'static str, Value)>,
}

impl Record {
    /// Creates a record; its fields have distinct names.
    pub fn new(line: usize, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
        Record {
            line,
            fields: fields.collect(),
        }
    }

    /// True if no field has a value.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// True if `field` has a value.
    pub fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    /// Value of `field` as text: a cell or a string.
    pub fn text(&self, field: &str) -> Result<Option<&str>> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Number(_)) => {
                Err(in_field(field, "it is a number, not text").hint("put it in quotes"))
            }
            Some(_) => Err(in_field(field, "it is not text")),
        }
    }

    /// Value of `field` as a list: an array of strings, also as the text of a cell, or text that is split at commas
    /// and blanks.
    pub fn list(&self, field: &str) -> Result<Vec<String>> {
        match self.value(field) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => Ok(items.iter().map(|item| item.to_string()).collect()),
            Some(Value::Text(text)) if text.trim_ascii_start().starts_with('[') => {
                serde_json::from_str(text)
                    .map_err(|_| in_field(field, "it is not a JSON array of strings"))
            }
            Some(Value::Text(text)) => Ok(text
                .split(|c: char| c == ',' || c.is_ascii_whitespace())
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()),
            Some(_) => Err(in_field(field, "it is no list of strings")),
        }
    }

    /// Value of `field` as labels: an object of strings, also as the text of a cell, or `K=V` between commas. A label
    /// may occur twice.
    pub fn labels(&self, field: &str) -> Result<Vec<(String, String)>> {
        match self.value(field) {
            None => Ok(Vec::new()),
            Some(Value::Map(entries)) => Ok(owned(entries)),
            Some(Value::Text(text)) if text.trim_ascii_start().starts_with('{') => {
                match serde_json::from_str(text) {
                    Ok(Value::Map(entries)) => Ok(owned(&entries)),
                    _ => Err(in_field(field, "it is not a JSON object of strings")),
                }
            }
            Some(Value::Text(text)) => {
                let labels = text.split(',').map(|label| {
                    let (label, value) = label.trim_ascii().split_once('=')?;
                    Some((label.to_owned(), value.to_owned()))
                });
                labels.collect::<Option<_>>().ok_or_else(|| {
                    in_field(field, "a label has no '='")
                        .hint("write labels as team=search,stage=live or as a JSON object")
                })
            }
            Some(_) => Err(in_field(field, "it is no object of strings")),
        }
    }

    /// Value of `field` as true or false; text and numbers also as 1, 0, yes, no, t, f.
    pub fn flag(&self, field: &str) -> Result<Option<bool>> {
        let flag = match self.value(field) {
            None => return Ok(None),
            Some(Value::Flag(flag)) => Some(*flag),
            Some(Value::Number(0)) => Some(false),
            Some(Value::Number(1)) => Some(true),
            Some(Value::Text(text)) => match text.trim_ascii().to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "1" => Some(true),
                "false" | "f" | "no" | "0" => Some(false),
                _ => None,
            },
            Some(_) => None,
        };
        let flag = flag.ok_or_else(|| in_field(field, "it is neither true nor false"))?;
        Ok(Some(flag))
    }

    fn value(&self, field: &str) -> Option<&Value> {
        let mut fields = self.fields.iter();
        fields
            .find(|(name, _)| *name == field)
            .map(|(_, value)| value)
    }
}

fn owned(entries: &[(String, Text)]) -> Vec<(String, String)> {
    let entries = entries.iter();
    entries
        .map(|(label, value)| (label.clone(), value.to_string()))
        .collect()
}

/// Error for the value of `field`, which must be a known name.
pub fn in_field(field: &str, what: &str) -> Error {
    Error::usage(format!("field {}: {what}", quote(field)))
}

/// Puts the number of a line before the message of `error`.
pub fn at_line(line: usize, error: Error) -> Error {
    Error {
        message: format!("line {line}: {}", error.message),
        ..error
    }
}

/// Hint that names the fields that may occur.
pub fn known_fields(known: &[&str]) -> Hint {
    Hint::from(format!("the fields are {}", known.join(", ")))
}
