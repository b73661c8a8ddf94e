//! Tables that are drawn page by page: the first page is seen at once, and memory stays constant.

use super::Style;
use comfy_table::{Cell, ColumnConstraint, Table, Width};
use std::io::{self, Write};

/// Rows of a page.
const PAGE: usize = 500;

/// Blanks between two columns.
const GAP: u16 = 2;

/// Column of a table. All widths are in characters.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    from: u16,
    least: u16,
    whole: u16,
    enough: Option<u16>,
}

impl Column {
    /// Column that terminals of at least the width `from` show, never narrower than `least`.
    ///
    /// A table without titles has no header.
    pub const fn new(title: &'static str, from: u16, least: u16) -> Self {
        Column {
            title,
            from,
            least,
            whole: least,
            enough: None,
        }
    }

    /// Keeps cells up to this width in one piece, and reserves the width on a full page, which others may
    /// follow.
    pub const fn whole(self, whole: u16) -> Self {
        Column { whole, ..self }
    }

    /// Gives the column its minimum or this width and nothing in between, unless there is room for its
    /// widest cell: a width in between would break a cell at an odd place.
    pub const fn enough(self, enough: u16) -> Self {
        let enough = Some(enough);
        Column { enough, ..self }
    }

    /// Maximal width of a cell that is always in one piece.
    #[cfg(test)]
    pub fn keeps(self) -> u16 {
        self.whole
    }

    /// Tells whether a table in `style` shows the column.
    fn is_shown(&self, style: Style) -> bool {
        style.width.is_none_or(|width| width >= self.from)
    }
}

/// Titles of those `columns` that a table in `style` leaves out.
pub fn left_out(style: Style, columns: &[Column]) -> Vec<&'static str> {
    let left_out = columns.iter().filter(|column| !column.is_shown(style));
    left_out.map(|column| column.title).collect()
}

/// Table that is being written.
pub struct Sheet<'a, const N: usize> {
    out: &'a mut dyn Write,
    style: Style,
    columns: [Column; N],
    /// Widths on the first page, below which no column of a later page goes.
    first: Vec<u16>,
    page: Table,
    rows: usize,
}

impl<'a, const N: usize> Sheet<'a, N> {
    /// Begins a table on `out`.
    pub fn begin(out: &'a mut dyn Write, style: Style, columns: [Column; N]) -> Self {
        let mut sheet = Sheet {
            out,
            style,
            columns,
            first: Vec::new(),
            page: style.table(),
            rows: 0,
        };
        if sheet.shown().any(|column| !column.title.is_empty()) {
            let titles = sheet.shown().map(|column| style.title(column.title));
            sheet.page.set_header(titles.collect::<Vec<_>>());
        }
        sheet
    }

    /// Adds a row, and draws the page that it fills.
    pub fn row(&mut self, cells: [impl Into<Cell>; N]) -> io::Result<()> {
        let cells = self.columns.iter().zip(cells);
        let shown = cells.filter(|(column, _)| column.is_shown(self.style));
        self.page.add_row(shown.map(|(_, cell)| cell));
        self.rows += 1;
        if self.rows == PAGE {
            self.draw()?;
        }
        Ok(())
    }

    /// Draws the last page. A table without rows is a header.
    pub fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 || self.page.header().is_some() {
            self.draw()?;
        }
        Ok(())
    }

    fn shown(&self) -> impl Iterator<Item = &Column> {
        let style = self.style;
        self.columns
            .iter()
            .filter(move |column| column.is_shown(style))
    }

    fn draw(&mut self) -> io::Result<()> {
        let is_first = self.first.is_empty();
        let widths = match self.style.width {
            // A later page of a pipe is not measured, which takes time: its columns grow as needed.
            None if !is_first => self.first.clone(),
            _ => self.widths(),
        };
        let last = widths.len().saturating_sub(1);
        for (index, (column, &width)) in self.page.column_iter_mut().zip(&widths).enumerate() {
            let gap = if index < last { GAP } else { 0 };
            column.set_padding((0, gap));
            let width = Width::Fixed(width + gap);
            column.set_constraint(match self.style.width {
                None => ColumnConstraint::LowerBoundary(width),
                Some(_) => ColumnConstraint::Absolute(width),
            });
        }
        for line in self.page.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        if is_first {
            self.first = widths;
        }
        self.page = self.style.table();
        self.rows = 0;
        self.out.flush()
    }

    fn widths(&self) -> Vec<u16> {
        let content = self.page.column_max_content_widths();
        let mut columns: Vec<Column> = self.shown().copied().collect();
        for (index, (column, &content)) in columns.iter_mut().zip(&content).enumerate() {
            column.least = match self.first.get(index) {
                Some(&first) => first,
                None if self.rows == PAGE => column.whole,
                None => content.min(column.whole).max(column.least),
            };
        }
        widths(&content, &columns, self.style.width)
    }
}

/// Table of `rows`, as text.
pub fn table<const N: usize>(
    style: Style,
    columns: [Column; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    let mut sheet = Sheet::begin(&mut lines, style, columns);
    for row in rows {
        sheet.row(row)?;
    }
    sheet.finish()?;
    Ok(lines)
}

/// Widths of `columns` with this much `content` on a terminal of this `width`.
///
/// On a terminal that is too narrow, the widest columns are cut to one width, but none below its minimum.
fn widths(content: &[u16], columns: &[Column], width: Option<u16>) -> Vec<u16> {
    let cut = |most: u16| {
        let columns = content.iter().zip(columns);
        columns.map(move |(&content, column)| match column.enough {
            _ if content <= most => content.max(column.least),
            None => most.max(column.least),
            Some(enough) if enough <= most => enough.max(column.least),
            Some(_) => column.least,
        })
    };
    let gaps = content.len().saturating_sub(1) * usize::from(GAP);
    let room = width.map_or(usize::MAX, |width| usize::from(width).saturating_sub(gaps));
    let taken = |most: u16| cut(most).map(usize::from).sum::<usize>();
    let widest = content.iter().copied().max().unwrap_or(0);
    let most = (1..=widest).rev().find(|&most| taken(most) <= room);
    let most = most.unwrap_or(1);
    let mut widths: Vec<u16> = cut(most).collect();
    // The columns that were cut to this width share the rest of the room.
    let spare = room.saturating_sub(taken(most));
    let mut narrow: Vec<_> = (widths.iter_mut().zip(content).zip(columns))
        .filter(|((width, content), column)| {
            column.enough.is_none() && **width == most && most < **content
        })
        .map(|(cut, _)| cut)
        .collect();
    let shares = narrow.len();
    for (index, (width, content)) in narrow.iter_mut().enumerate() {
        let share = (spare + shares - 1 - index) / shares;
        **width = u16::try_from(share).map_or(**content, |share| (most + share).min(**content));
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    const COLUMNS: [Column; 3] = [
        Column::new("SEQ", 0, 3).whole(7),
        Column::new("NAME", 0, 4),
        Column::new("STATE", 0, 10),
    ];

    fn row(seq: usize, name: &str) -> [String; 3] {
        [seq.to_string(), name.to_owned(), "active".to_owned()]
    }

    /// Reader that closes its pipe after so many pages; each page ends with a flush.
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

    #[test]
    fn row_shows_a_full_page_at_once_and_fails_if_nobody_reads_the_next() {
        let mut reader = Reader { pages: 1 };
        let mut sheet = Sheet::begin(&mut reader, Style::default(), COLUMNS);
        for seq in 1..2 * PAGE {
            sheet.row(row(seq, "ci")).unwrap();
        }
        let full = sheet.row(row(2 * PAGE, "ci"));
        let full = full.map_err(|error| error.kind());
        assert_eq!(full, Err(ErrorKind::BrokenPipe));
    }

    #[test]
    fn table_lines_up_columns_between_pages_and_draws_one_header() {
        for width in [None, Some(40), Some(25)] {
            let style = Style {
                width,
                ..Style::default()
            };
            // Numbers on later pages are longer.
            let rows = (PAGE - 10..3 * PAGE + 20).map(|seq| row(seq * seq, "ci"));
            let lines = String::from_utf8(table(style, COLUMNS, rows).unwrap()).unwrap();
            let mut lines = lines.lines();
            let state = lines.next().unwrap().find("STATE").unwrap();
            assert_eq!(lines.clone().count(), 2 * PAGE + 30);
            for line in lines {
                assert_eq!(line.find("active"), Some(state), "{width:?}: {line}");
            }
        }
    }

    #[test]
    fn table_lines_up_with_its_header_again_after_a_page_with_a_wide_cell() {
        let wide = "n".repeat(100);
        for width in [None, Some(200)] {
            let style = Style {
                width,
                ..Style::default()
            };
            let rows = (0..3 * PAGE).map(|seq| match seq == PAGE {
                true => row(seq, &wide),
                false => row(seq, "ci"),
            });
            let lines = String::from_utf8(table(style, COLUMNS, rows).unwrap()).unwrap();
            let state = lines.lines().next().unwrap().find("STATE");
            assert_eq!(lines.lines().last().unwrap().find("active"), state);
            assert!(lines.contains(&wide));
        }
    }

    #[test]
    fn widths_cuts_the_widest_columns_and_none_below_its_minimum() {
        let content = [12, 128, 40, 3];
        let columns = [12, 4, 20, 3].map(|least| Column::new("", 0, least));
        let on = |width| widths(&content, &columns, width);
        assert_eq!(on(None), content);
        assert_eq!(on(Some(200)), [12, 128, 40, 3]);
        assert_eq!(on(Some(100)), [12, 40, 39, 3]);
        assert_eq!(on(Some(60)), [12, 19, 20, 3]);
        assert_eq!(on(Some(45)), [12, 4, 20, 3]);
        assert_eq!(on(Some(1)), [12, 4, 20, 3]);
    }

    #[test]
    fn widths_gives_a_column_all_it_needs_or_enough() {
        let columns = [Column::new("", 0, 20).enough(26), Column::new("", 0, 0)];
        let on = |width| widths(&[38, 100], &columns, Some(width));
        assert_eq!(on(40), [20, 18]);
        assert_eq!(on(50), [20, 28]);
        assert_eq!(on(70), [26, 42]);
        assert_eq!(on(90), [38, 50]);
    }
}
