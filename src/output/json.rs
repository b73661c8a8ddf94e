//! JSON that is safe to show on a terminal: control characters and those that change the reading
//! direction are written as `\u…`, which is the same value.

use crate::error::{is_plain, is_unprintable};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Writes `value` to `out` as compact JSON.
pub fn write(out: &mut (impl Write + ?Sized), value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Printable);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Compact JSON of `value`.
pub fn bytes(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes, value)?;
    Ok(bytes)
}

/// Compact JSON of `value`, with a line feed.
pub fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = bytes(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Appends `text` to `out` as a JSON string. Text without escapes, which is nearly all, is copied at once.
pub fn string(out: &mut Vec<u8>, text: &str) -> io::Result<()> {
    let escaped = text
        .bytes()
        .fold(false, |any, byte| any | matches!(byte, b'"' | b'\\'));
    if escaped || !is_plain(text) {
        return write(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if is_plain(fragment) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_unprintable(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            // All of these lie in the Basic Multilingual Plane: one UTF-16 unit is enough.
            write!(writer, "\\u{:04x}", u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_string_is_what_serde_makes_of_it(text in "[ -~\u{80}\n]{0,8}\\PC{0,3}") {
            let mut out = b"[".to_vec();
            string(&mut out, &text).unwrap();
            prop_assert_eq!(&out[1..], bytes(&text).unwrap());
        }
    }

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
