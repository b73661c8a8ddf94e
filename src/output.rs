//! Output of commands: tables and text for people, JSON and CSV for programs.

#[cfg(feature = "serve")]
pub mod answer;
mod changes;
mod details;
mod entries;
pub mod exposition;
mod findings;
pub mod json;
mod listing;
mod record;
mod sheet;
mod style;
mod value;
pub mod verdict;
mod waits;

pub use details::{Changeover, details};
pub use entries::{Entries, EntryFormat};
pub use findings::{Finding, write as write_findings};
pub use listing::{Field, ListFormat, Listing};
pub use record::Record;
pub use sheet::{Column, Sheet, left_out, table};
pub use style::Style;
pub use waits::waits_for;

use crate::error::{Error, Result, escape};
use crate::when::Timestamp;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::ops::ControlFlow;

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

/// Bytes that are written at once: as many as a pipe holds.
const BUFFER: usize = 64 << 10;

/// Runs `write` with a buffer for `out`; `None` if the reader has closed the pipe, since it has seen enough.
pub fn buffered<T>(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> Result<Option<T>> {
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let written = write(&mut out);
    // A plain drop would try again to write what could not be written.
    drop(out.into_parts());
    match written {
        Ok(result) => Ok(Some(result)),
        Err(cause) if cause.kind() == ErrorKind::BrokenPipe => Ok(None),
        Err(cause) => Err(unwritable(cause)),
    }
}

/// Ends a scan once its output has failed.
pub fn unless_failed(output: &io::Result<()>) -> ControlFlow<()> {
    match output {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Instant with its distance from `now`: `2027-02-20T12:00:00Z (in 90d)`, or `never`.
pub fn instant(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(
        || "never".to_owned(),
        |at| format!("{at} ({})", at.relative_to(now)),
    )
}
