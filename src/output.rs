//! Output of commands: tables and text for people, JSON and CSV for programs.

mod details;
mod entries;
pub mod json;
mod listing;
mod record;
mod sheet;
mod style;
mod value;
pub mod verdict;

pub use details::details;
pub use entries::{Entries, EntryFormat};
pub use listing::{ListFormat, Listing};
pub use record::Record;
pub use sheet::{Column, Sheet, left_out, table};
pub use style::Style;

use crate::error::{Error, escape};
use crate::when::Timestamp;
use std::io;

/// Maximum of characters of a value in a table: a longer one takes too long to draw.
const CELL_MAX: usize = 4096;

/// Escapes `text` for a table, and cuts it if it is longer than any value that keyctl writes.
pub fn cell(text: &str) -> String {
    match text.char_indices().nth(CELL_MAX) {
        Some((end, _)) => format!("{}…", escape(&text[..end])),
        None => escape(text),
    }
}

/// Error for a failed write to standard output.
pub fn unwritable(cause: io::Error) -> Error {
    Error::io("cannot write to standard output").because(cause)
}

/// Instant with its distance from `now`: `2027-02-20T12:00:00Z (in 90d)`, or `never`.
pub fn instant(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(
        || "never".to_owned(),
        |at| format!("{at} ({})", at.relative_to(now)),
    )
}
