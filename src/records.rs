//! Records of a file: JSON lines, or CSV with a header.
//!
//! Other programs write such a file, and its fields may hold tokens. So an error names a line and a field and
//! shows no value, and each value is wiped when it is dropped.

mod csv;
mod field;
mod json;
mod record;

pub use record::{Record, at_line};

use crate::error::{Error, Result};
use crate::hint::Hint;

/// Mark at the beginning of a UTF-8 file, which some programs write.
const MARK: &str = "\u{feff}";

/// Reads the records of `bytes`, in UTF-8. `known` are the fields that may occur.
///
/// A first character `{` is the beginning of JSON lines; everything else is CSV. Blank lines are left out, and so
/// are rows of CSV without any value.
pub fn read(bytes: &[u8], known: &[&'static str]) -> Result<Vec<Record>> {
    let text = text(bytes)?;
    let records = match text.trim_ascii_start().bytes().next() {
        Some(b'{') => json::read(text, known)?,
        Some(b'[') => {
            return Err(Error::usage("the input is a JSON array")
                .hint("give one object on each line: jq -c '.[]' makes that of an array"));
        }
        _ => csv::read(text, known)?,
    };
    if records.is_empty() {
        return Err(Error::usage("the input has no records")
            .hint("give JSON lines, or CSV whose first line names the fields"));
    }
    Ok(records)
}

/// Returns `bytes` as text without its mark. Refuses what neither format has: it is a sign of another encoding.
fn text(bytes: &[u8]) -> Result<&str> {
    let flawed = |end: usize, what: &str, hint: &str| {
        Err(at_line(line_of(bytes, end), Error::usage(what)).hint(Hint::from(hint)))
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(cause) => {
            return flawed(
                cause.valid_up_to(),
                "the text is not UTF-8",
                "save the file as UTF-8",
            );
        }
    };
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return flawed(at, "the text has a NUL byte", "save the file as UTF-8");
    }
    let mut pairs = bytes.iter().zip(bytes.iter().skip(1).chain([&0]));
    if let Some(at) = pairs.position(|(&byte, &next)| byte == b'\r' && next != b'\n') {
        return flawed(
            at,
            "the text has a carriage return without a line feed",
            "save the file with Unix line ends",
        );
    }
    Ok(text.strip_prefix(MARK).unwrap_or(text))
}

/// Number of the line that has the byte at `at`.
fn line_of(bytes: &[u8], at: usize) -> usize {
    let before = bytes.iter().take(at);
    1 + before.filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests;
