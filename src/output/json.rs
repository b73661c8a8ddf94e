//! JSON that a terminal can show: what could move its cursor or turn its reading direction is
//! written as `\u…`, which is the same value.

use crate::error::is_unprintable;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Writes `value` as compact JSON.
pub fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Printable);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// `value` as compact JSON.
pub fn bytes(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes, value)?;
    Ok(bytes)
}

/// `value` as compact JSON on a line of its own.
pub fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = bytes(value)?;
    line.push(b'\n');
    Ok(line)
}

struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_unprintable(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            // Every one of them lies in the Basic Multilingual Plane: one unit of UTF-16.
            write!(writer, "\\u{:04x}", u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_reads_back() {
        let text = "a\u{7f}b\u{9b}c\u{202e}d\u{2028}\u{1b}\"é\u{1f511}";
        let json = String::from_utf8(bytes(&text).unwrap()).unwrap();
        assert_eq!(
            json,
            "\"a\\u007fb\\u009bc\\u202ed\\u2028\\u001b\\\"é\u{1f511}\""
        );
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
