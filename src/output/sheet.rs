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
    usual: u16,
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
            usual: least,
        }
    }

    /// Reserves this width on a full page, if there is room: a later page may need it.
    pub const fn usual(self, usual: u16) -> Self {
        Column { usual, ..self }
    }

    /// Fixed minimal width.
    #[cfg(test)]
    pub fn least(self) -> u16 {
        self.least
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
    /// Minimal width of each shown column: at first the fixed one, then the width on the first page.
    least: Vec<u16>,
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
            least: Vec::new(),
            page: style.table(),
            rows: 0,
        };
        sheet.least = sheet.shown().map(|column| column.least).collect();
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
        let is_first = self.page.header().is_some();
        let widths = match self.style.width {
            // A later page of a pipe is not measured, which takes time: its columns grow as needed.
            None if !is_first => self.least.clone(),
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
            self.least = widths;
        }
        self.page = self.style.table();
        self.rows = 0;
        self.out.flush()
    }

    fn widths(&self) -> Vec<u16> {
        let mut content = self.page.column_max_content_widths();
        if self.rows == PAGE {
            for (content, column) in content.iter_mut().zip(self.shown()) {
                *content = column.usual.max(*content);
            }
        }
        widths(&content, &self.least, self.style.width)
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

/// Widths of columns with this much `content` on a terminal of `width` columns.
///
/// On a terminal that is too narrow, the widest columns are cut to one width, but none below its `least`.
fn widths(content: &[u16], least: &[u16], width: Option<u16>) -> Vec<u16> {
    let cut = |most: u16| {
        let widths = content.iter().zip(least);
        widths.map(move |(&content, &least)| content.min(most).max(least))
    };
    let gaps = content.len().saturating_sub(1) * usize::from(GAP);
    let room = width.map_or(usize::MAX, |width| usize::from(width).saturating_sub(gaps));
    let taken = |most: u16| cut(most).map(usize::from).sum::<usize>();
    let widest = content.iter().copied().max().unwrap_or(0);
    let most = (1..=widest).rev().find(|&most| taken(most) <= room);
    let most = most.unwrap_or(1);
    let mut widths: Vec<u16> = cut(most).collect();
    // The rest of the room goes to the first columns that were cut, one character each.
    let cut = widths.iter_mut().zip(content);
    let cut = cut.filter(|(width, content)| **width < **content);
    cut.take(room.saturating_sub(taken(most)))
        .for_each(|(width, _)| *width += 1);
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    const COLUMNS: [Column; 3] = [
        Column::new("SEQ", 0, 3).usual(7),
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
        let (content, least) = ([12, 128, 40, 3], [12, 4, 20, 3]);
        assert_eq!(widths(&content, &least, None), content);
        assert_eq!(widths(&content, &least, Some(200)), [12, 128, 40, 3]);
        assert_eq!(widths(&content, &least, Some(100)), [12, 40, 39, 3]);
        assert_eq!(widths(&content, &least, Some(60)), [12, 19, 20, 3]);
        assert_eq!(widths(&content, &least, Some(45)), [12, 4, 20, 3]);
        assert_eq!(widths(&content, &least, Some(1)), [12, 4, 20, 3]);
    }
}
