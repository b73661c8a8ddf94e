//! How keys look on standard output: a table for people, JSON and CSV for programs.

mod details;
mod entries;
pub mod json;
mod listing;
mod record;
mod style;

pub use details::details;
pub use entries::{Entries, EntryFormat};
pub use listing::{Format, Listing};
pub use record::Record;
pub use style::Style;

use crate::error::Error;
use crate::when::Timestamp;
use std::io;

/// What is said when standard output takes no more.
pub fn unwritable(cause: &io::Error) -> Error {
    Error::store(format!("cannot write to standard output: {cause}"))
}

/// An instant and how far away it is: `2027-02-20T12:00:00Z (in 90d)`, or `never`.
pub fn instant(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(
        || "never".to_owned(),
        |at| format!("{at} ({})", at.relative_to(now)),
    )
}
