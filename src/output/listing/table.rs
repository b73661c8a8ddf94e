//! Table of keys: its columns and its cells.

use crate::key::Key;
use crate::output::{Column, Style, cell};
use crate::when::{Span, Timestamp};
use comfy_table::Cell;
use std::collections::BTreeMap;

/// Columns, wide enough to keep each ID, state and date in one piece.
///
/// Every terminal shows the state: a disabled key must not look like an active one. A terminal that is too
/// narrow for the values of the other columns leaves the last of these out, so as not to break values.
pub const COLUMNS: [Column; 8] = [
    Column::new("ID", 0, 12),
    Column::new("NAME", 33, 4).whole(7).keep(45),
    Column::new("OWNER", 0, 5).keep(40).optional(),
    Column::new("STATE", 24, 10),
    Column::new("SCOPES", 0, 6).keep_words(40).optional(),
    Column::new("EXPIRES", 56, 20).enough(27).keep(40),
    Column::new("LAST USED", 0, 9).whole(17).keep(27).optional(),
    Column::new("LABELS", 0, 6)
        .keep_words(40)
        .optional()
        .sparse(),
];

/// Cells for `key` with its state at `now`.
pub fn row(key: &Key, style: Style, now: Timestamp) -> [Cell; 8] {
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    let used = key
        .last_used_at
        .map_or_else(|| "no use recorded".to_owned(), |at| short(at, now));
    [
        Cell::new(key.id),
        Cell::new(cell(&key.name)),
        Cell::new(cell(&key.owner)),
        style.state(key.state(now)),
        Cell::new(cell(&scopes.join(" "))),
        Cell::new(end(key, now)),
        Cell::new(used),
        Cell::new(labels(&key.labels)),
    ]
}

/// Labels as `KEY=VALUE`, with a blank between two of them.
pub fn labels(labels: &BTreeMap<String, String>) -> String {
    let labels = labels
        .iter()
        .map(|(label, value)| format!("{label}={value}"));
    cell(&labels.collect::<Vec<_>>().join(" "))
}

/// End of a key: when it expires, or when and why it stops or stopped.
pub fn end(key: &Key, now: Timestamp) -> String {
    let worded = |word: &str, at: Timestamp| format!("{word} {}", short(at, now));
    match (key.deleted_at, key.usable_until, key.expires_at) {
        (Some(at), _, _) => worded("deleted", at),
        (None, Some(until), _) if key.is_in_grace(now) => worded("works until", until),
        (None, Some(until), _) => worded("stopped", until),
        (None, None, Some(at)) => short(at, now),
        (None, None, None) => "never".to_owned(),
    }
}

/// Date of `at`, or its minute if it is less than two days from `now`, with the distance.
pub fn short(at: Timestamp, now: Timestamp) -> String {
    let text = at.to_string();
    let near = at.since(now).max(now.since(at)) < Span::days(2);
    // In RFC 3339 the date has 10 characters; with hour and minute it has 16.
    let (day, _) = text
        .split_at_checked(if near { 16 } else { 10 })
        .unwrap_or((&text, ""));
    let zone = if near { "Z" } else { "" };
    format!("{day}{zone} ({})", at.relative_to(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyId;
    use crate::key::State;

    #[test]
    fn columns_keep_every_id_and_state_whole() {
        let states = State::ALL.map(|state| state.word().len());
        let width = |column: usize| COLUMNS[column].keeps().into();
        assert_eq!(Some(width(3)), states.into_iter().max());
        assert_eq!(width(0), KeyId::LEN);
    }
}
