//! Records as JSON lines.

use super::field;
use super::record::{Record, Text, Value, at_line, in_field, known_fields};
use crate::error::{Error, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::fmt;

/// Reads one object from each line that is not blank.
pub fn read(text: &str, known: &[&'static str]) -> Result<Vec<Record>> {
    let lines = (1..).zip(text.split('\n'));
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(number, line)| record(number, line, known).map_err(|error| at_line(number, error)))
        .collect()
}

fn record(number: usize, line: &str, known: &[&'static str]) -> Result<Record> {
    let Object(entries) = serde_json::from_str(line).map_err(|cause| refused(&cause))?;
    let mut fields: Vec<(&str, Value)> = Vec::with_capacity(entries.len());
    for (index, (name, value)) in (1..).zip(entries) {
        let Some(name) = field::known(&name, known) else {
            return Err(field::unknown(&name, known).unwrap_or_else(|| {
                Error::usage(format!("the name of field {index} is not a field's"))
                    .hint(known_fields(known))
            }));
        };
        if fields.iter().any(|(other, _)| *other == name) {
            return Err(in_field(name, "it is given twice"));
        }
        fields.push((name, value));
    }
    Ok(Record::new(number, fields))
}

/// Error of the parser in our words. Its own words could show a value.
fn refused(cause: &serde_json::Error) -> Error {
    match cause.classify() {
        Category::Eof => Error::usage("the JSON object does not end on its line")
            .hint("give one object on each line: jq -c . makes that of any objects"),
        Category::Data => Error::usage("the line is not a JSON object"),
        Category::Syntax | Category::Io => Error::usage(format!(
            "the line is not JSON from column {} on",
            cause.column()
        )),
    }
}

/// Object with its fields in order.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Object, A::Error> {
        entries(map).map(Object)
    }
}

fn entries<'de, A: MapAccess<'de>>(
    mut map: A,
) -> std::result::Result<Vec<(String, Value)>, A::Error> {
    let mut entries = Vec::new();
    while let Some(entry) = map.next_entry()? {
        entries.push(entry);
    }
    Ok(entries)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::Text(Text::new(text.to_owned())))
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Value, A::Error> {
        let mut items = Vec::new();
        let mut is_text = true;
        while let Some(item) = list.next_element()? {
            match item {
                Value::Text(text) => items.push(text),
                _ => is_text = false,
            }
        }
        Ok(if is_text {
            Value::List(items)
        } else {
            Value::Other
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Value, A::Error> {
        let texts = entries(map)?.into_iter().map(|(name, value)| match value {
            Value::Text(text) => Some((name, text)),
            _ => None,
        });
        Ok(texts
            .collect::<Option<_>>()
            .map_or(Value::Other, Value::Map))
    }
}
