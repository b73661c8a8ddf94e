//! The columns of a table of keys.

use crate::key::Key;
use crate::output::{Column, Style, cell};
use crate::when::{Span, Timestamp};
use comfy_table::Cell;

/// Columns: an ID, a state or a date that is broken in two is of no use.
pub const COLUMNS: [Column; 7] = [
    Column::new("ID", 0, 12),
    Column::new("NAME", 30, 4),
    Column::new("OWNER", 74, 5),
    Column::new("STATE", 42, 10),
    Column::new("SCOPES", 86, 6),
    Column::new("EXPIRES", 56, 20),
    Column::new("LAST USED", 100, 17),
];

/// Cells of `key` as it is at `now`.
pub fn row(key: &Key, style: Style, now: Timestamp) -> [Cell; 7] {
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
    ]
}

/// When a key stops on its own, or when and how it stopped.
pub fn end(key: &Key, now: Timestamp) -> String {
    let past = |word: &str, at: Timestamp| format!("{word} {}", short(at, now));
    match (key.deleted_at, key.usable_until, key.expires_at) {
        (Some(at), _, _) => past("deleted", at),
        (None, Some(until), _) if key.is_in_grace(now) => past("works until", until),
        (None, Some(until), _) => past("stopped", until),
        (None, None, Some(at)) => short(at, now),
        (None, None, None) => "never".to_owned(),
    }
}

/// A day, or within two days of now a minute, and how far away it is.
pub fn short(at: Timestamp, now: Timestamp) -> String {
    let text = at.to_string();
    let near = at.since(now).max(now.since(at)) < Span::days(2);
    // RFC 3339 begins with the ten characters of the day, sixteen with the minute.
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
        let width = |column: usize| COLUMNS[column].least().into();
        assert_eq!(Some(width(3)), states.into_iter().max());
        assert_eq!(width(0), KeyId::LEN);
    }
}
