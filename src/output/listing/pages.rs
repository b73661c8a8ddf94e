//! Keys as a table, drawn page by page: the first is seen at once, and no more than one is held.

use crate::id::KeyId;
use crate::key::{Key, State};
use crate::output::{Style, cell};
use crate::when::{Span, Timestamp};
use comfy_table::{Cell, ColumnConstraint, Table, Width};
use std::io::{self, Write};

/// The keys on a page.
const PAGE: usize = 500;

/// A table that is being written.
pub struct Pages<'a> {
    out: &'a mut dyn Write,
    style: Style,
    now: Timestamp,
    columns: Vec<KeyColumn>,
    /// The columns that each takes at least: on all pages but the first, what it took there.
    least: Vec<u16>,
    page: Table,
    keys: usize,
}

impl<'a> Pages<'a> {
    /// The titles of the columns that a table in this style leaves out.
    pub fn left_out(style: Style) -> Vec<&'static str> {
        let shown = KeyColumn::that_fit(style.width);
        let all = KeyColumn::ALL.into_iter().map(|(column, _)| column);
        all.filter(|column| !shown.contains(column))
            .map(KeyColumn::title)
            .collect()
    }

    /// Begins a table on `out` of keys as they are at `now`.
    pub fn begin(out: &'a mut dyn Write, style: Style, now: Timestamp) -> Self {
        let columns = KeyColumn::that_fit(style.width);
        let mut page = style.table();
        page.set_header(columns.iter().map(|column| style.title(column.title())));
        Pages {
            out,
            style,
            now,
            least: columns
                .iter()
                .enumerate()
                .map(|(index, &column)| match least(column) {
                    0 => 0,
                    content => content + gap(index, &columns),
                })
                .collect(),
            columns,
            page,
            keys: 0,
        }
    }

    /// Adds a key, and draws the page that it fills.
    pub fn push(&mut self, key: &Key) -> io::Result<()> {
        let cells = self
            .columns
            .iter()
            .map(|column| column.cell(key, self.style, self.now));
        self.page.add_row(cells);
        self.keys += 1;
        if self.keys == PAGE {
            self.draw()
        } else {
            Ok(())
        }
    }

    /// Draws what is left. A table of no keys is not drawn.
    pub fn finish(mut self) -> io::Result<()> {
        if self.keys > 0 {
            self.draw()?;
        }
        self.out.flush()
    }

    /// Gives the end of a key, which may be a phrase, of the room that the other columns leave enough
    /// for all of it, or for its time: otherwise it would be broken as on a narrower terminal.
    fn make_room(&mut self) {
        let of_ends = |&column: &KeyColumn| column == KeyColumn::Expires;
        let (Some(width), Some(ends)) = (self.style.width, self.columns.iter().position(of_ends))
        else {
            return;
        };
        let mut room = width;
        let mut wanted = 0;
        let needed = self.page.column_max_content_widths().into_iter();
        for (index, (content, &least)) in needed.zip(&self.least).enumerate() {
            let takes = content.saturating_add(gap(index, &self.columns)).max(least);
            if index == ends {
                wanted = takes;
            } else {
                room = room.saturating_sub(takes);
            }
        }
        let minute = columns_of("2026-11-22T09:31Z (in 47h)") + gap(ends, &self.columns);
        if let Some(fits) = [wanted, minute].into_iter().find(|&takes| takes <= room) {
            self.least[ends] = self.least[ends].max(fits.min(wanted));
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let is_first = self.page.header().is_some();
        if is_first {
            self.make_room();
        }
        for (index, (column, &least)) in self.page.column_iter_mut().zip(&self.least).enumerate() {
            column.set_padding((0, gap(index, &self.columns)));
            if least > 0 {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            }
        }
        for (index, line) in self.page.lines().enumerate() {
            if is_first
                && index == 0
                && let Some(drawn) = drawn(&line, &self.columns)
            {
                self.least = drawn;
            }
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.page = self.style.table();
        self.keys = 0;
        self.out.flush()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyColumn {
    Id,
    Name,
    Owner,
    State,
    Scopes,
    Expires,
    LastUsed,
}

impl KeyColumn {
    /// Every column, with the narrowest terminal that it is shown on.
    const ALL: [(KeyColumn, u16); 7] = [
        (KeyColumn::Id, 0),
        (KeyColumn::Name, 30),
        (KeyColumn::Owner, 74),
        (KeyColumn::State, 42),
        (KeyColumn::Scopes, 86),
        (KeyColumn::Expires, 56),
        (KeyColumn::LastUsed, 100),
    ];

    fn that_fit(width: Option<u16>) -> Vec<KeyColumn> {
        KeyColumn::ALL
            .into_iter()
            .filter(|&(_, least)| width.is_none_or(|width| width >= least))
            .map(|(column, _)| column)
            .collect()
    }

    fn title(self) -> &'static str {
        match self {
            KeyColumn::Id => "ID",
            KeyColumn::Name => "NAME",
            KeyColumn::Owner => "OWNER",
            KeyColumn::State => "STATE",
            KeyColumn::Scopes => "SCOPES",
            KeyColumn::Expires => "EXPIRES",
            KeyColumn::LastUsed => "LAST USED",
        }
    }

    fn cell(self, key: &Key, style: Style, now: Timestamp) -> Cell {
        match self {
            KeyColumn::Id => Cell::new(key.id),
            KeyColumn::Name => Cell::new(cell(&key.name)),
            KeyColumn::Owner => Cell::new(cell(&key.owner)),
            KeyColumn::State => style.state(key.state(now)),
            KeyColumn::Scopes => {
                let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
                Cell::new(cell(&scopes.join(" ")))
            }
            KeyColumn::Expires => Cell::new(end(key, now)),
            KeyColumn::LastUsed => Cell::new(
                key.last_used_at
                    .map_or_else(|| "no use recorded".to_owned(), |at| short(at, now)),
            ),
        }
    }
}

/// The columns that the content of `column` takes at least.
fn least(column: KeyColumn) -> u16 {
    match column {
        // An ID or a state that is broken in two is of no use, and a date is hard to read.
        KeyColumn::Id => u16::try_from(KeyId::LEN).unwrap_or(u16::MAX),
        KeyColumn::State => State::ALL
            .map(|state| columns_of(state.word()))
            .into_iter()
            .max()
            .unwrap_or(0),
        KeyColumn::Expires => columns_of("2027-11-22 (in 365d)"),
        _ => 0,
    }
}

/// The columns that ASCII takes.
fn columns_of(text: &str) -> u16 {
    u16::try_from(text.len()).unwrap_or(u16::MAX)
}

/// The blanks behind a column: none behind the last.
fn gap(index: usize, columns: &[KeyColumn]) -> u16 {
    if index + 1 < columns.len() { 2 } else { 0 }
}

/// The columns that each of `columns` takes in the first line of a table, which has their titles; `None`
/// where one was too narrow for its title.
fn drawn(line: &str, columns: &[KeyColumn]) -> Option<Vec<u16>> {
    let plain: String = line
        .split("\u{1b}[")
        .enumerate()
        .map(|(index, piece)| match piece.split_once('m') {
            Some((_, text)) if index > 0 => text,
            _ => piece,
        })
        .collect();
    let mut bounds = Vec::new();
    for column in columns {
        let from = bounds.last().copied().unwrap_or(0);
        let word = column.title().split(' ').next()?;
        bounds.push(from + plain.get(from..)?.find(word)?);
    }
    bounds.push(plain.len());
    bounds
        .windows(2)
        .map(|pair| u16::try_from(pair[1] - pair[0]).ok())
        .collect()
}

/// When a key stops on its own, or when and how it stopped.
pub fn end(key: &Key, now: Timestamp) -> String {
    let told = |word: &str, at: Timestamp| format!("{word} {}", short(at, now));
    match (key.deleted_at, key.usable_until, key.expires_at) {
        (Some(at), _, _) => told("deleted", at),
        (None, Some(until), _) if key.is_in_grace(now) => told("works until", until),
        (None, Some(until), _) => told("stopped", until),
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
    use crate::key::Kind;
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::ErrorKind;

    /// Takes so many flushes, as often as a page is to be seen, and then nothing more.
    struct Reader {
        pages: usize,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.pages {
                0 => Err(ErrorKind::BrokenPipe.into()),
                _ => Ok(bytes.len()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.pages -= 1;
            Ok(())
        }
    }

    fn key() -> Key {
        let at = Timestamp::MIN;
        Key {
            id: KeyId::parse(b"7h2m9qxw4d1e").unwrap(),
            name: "ci".to_owned(),
            owner: "alice".to_owned(),
            kind: Kind::Api,
            scopes: BTreeSet::new(),
            labels: BTreeMap::new(),
            created_at: at,
            created_by: "alice".to_owned(),
            expires_at: None,
            last_used_at: None,
            grace_from: None,
            usable_until: None,
            disabled_at: None,
            disabled_by: None,
            deleted_at: None,
            replaces: None,
            replaced_by: None,
        }
    }

    #[test]
    fn a_page_is_seen_once_it_is_full_and_is_the_last_if_nobody_reads_on() {
        let mut reader = Reader { pages: 1 };
        let mut pages = Pages::begin(&mut reader, Style::default(), Timestamp::MIN);
        for _ in 1..2 * PAGE {
            pages.push(&key()).unwrap();
        }
        let full = pages.push(&key()).map_err(|error| error.kind());
        assert_eq!(full, Err(ErrorKind::BrokenPipe));
    }

    #[test]
    fn the_first_line_tells_how_wide_the_columns_are() {
        let columns = [KeyColumn::Id, KeyColumn::Name, KeyColumn::LastUsed];
        let line = "ID            NAME  LAST USED     ";
        assert_eq!(drawn(line, &columns), Some(vec![14, 6, 14]));
        let line = "\u{1b}[1mID            \u{1b}[0m\u{1b}[1mNAME  \u{1b}[0m\u{1b}[1mLAST USED     \u{1b}[0m";
        assert_eq!(drawn(line, &columns), Some(vec![14, 6, 14]));
        assert_eq!(drawn("ID            NA  LAST", &columns), None);
    }
}
