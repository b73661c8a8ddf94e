//! Tables that are drawn page by page: the first page is seen at once, and memory stays constant.

mod column;
mod layout;

pub use column::{Column, left_out};

use self::layout::{Layout, PAGE};
use super::Style;
use comfy_table::{Cell, ColumnConstraint, Table, Width};
use std::io::{self, Write};

/// Table that is being written.
pub struct Sheet<'a> {
    out: &'a mut dyn Write,
    style: Style,
    columns: Vec<Column>,
    /// Layout of the first page; `None` before that is drawn.
    layout: Option<Layout>,
    page: Table,
    /// Cells of the first page, one word a line, without the header.
    words: Table,
    rows: usize,
}

impl<'a> Sheet<'a> {
    /// Begins a table on `out`.
    pub fn begin(out: &'a mut dyn Write, style: Style, columns: impl Into<Vec<Column>>) -> Self {
        let columns = columns.into();
        let mut page = style.table();
        if columns.iter().any(|column| !column.title.is_empty()) {
            let titles = columns.iter().map(|column| style.title(column.title));
            page.set_header(titles.collect::<Vec<_>>());
        }
        Sheet {
            out,
            style,
            columns,
            layout: None,
            page,
            words: Style::default().table(),
            rows: 0,
        }
    }

    /// Lets a narrow terminal leave out the columns with these titles last.
    pub fn prefer(&mut self, titles: &[&str]) {
        for column in &mut self.columns {
            column.is_preferred = titles.contains(&column.title);
        }
    }

    /// Adds a row, and draws the page that it fills.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<Cell>>) -> io::Result<()> {
        let cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        if self.layout.is_none() {
            self.add_words(&cells);
        }
        self.page.add_row(cells);
        self.rows += 1;
        if self.rows == PAGE {
            self.draw()?;
        }
        Ok(())
    }

    /// Measures the words of columns that depend on them.
    fn add_words(&mut self, cells: &[Cell]) {
        let depends = |column: &Column| column.by_words || column.is_sparse;
        if !self.columns.iter().any(depends) {
            return;
        }
        let words = self.columns.iter().zip(cells);
        let words = words.map(|(column, cell)| match depends(column) {
            true => cell.content().replace(' ', "\n"),
            false => String::new(),
        });
        self.words.add_row(words);
    }

    /// Draws the last page. A table without rows is a header.
    pub fn finish(self) -> io::Result<()> {
        self.close().map(drop)
    }

    /// Draws the last page, and returns the titles of the columns for which the terminal is too narrow.
    pub fn close(mut self) -> io::Result<Vec<&'static str>> {
        if self.rows > 0 || self.page.header().is_some() {
            self.draw()?;
        }
        Ok(self
            .layout
            .map(|layout| layout.left_out)
            .unwrap_or_default())
    }

    fn draw(&mut self) -> io::Result<()> {
        let first = self.layout.take();
        let (layout, widths) = match (first, self.style.width) {
            // A later page of a pipe is not measured, which takes time: its columns grow as needed.
            (Some(first), None) => (first, None),
            (Some(first), Some(width)) => {
                let widths = first.later_widths(&self.columns, &self.page, width);
                (first, Some(widths))
            }
            (None, width) => {
                let layout = Layout::new(&self.columns, &self.page, &self.words, width);
                (layout, None)
            }
        };
        self.constrain(&layout.shown, widths.as_ref().unwrap_or(&layout.widths));
        for line in self.page.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.layout = Some(layout);
        self.page = self.style.table();
        self.rows = 0;
        self.out.flush()
    }

    /// Sets the widths of the columns of the page.
    fn constrain(&mut self, shown: &[bool], widths: &[u16]) {
        let last = shown.iter().rposition(|&shown| shown);
        let columns = self.page.column_iter_mut().zip(shown).zip(widths);
        for (index, ((column, &shown), &width)) in columns.enumerate() {
            if !shown {
                column.set_constraint(ColumnConstraint::Hidden);
                continue;
            }
            let gap = if Some(index) == last { 0 } else { Column::GAP };
            column.set_padding((0, gap));
            let width = Width::Fixed(width + gap);
            column.set_constraint(match self.style.width {
                None => ColumnConstraint::LowerBoundary(width),
                Some(_) => ColumnConstraint::Absolute(width),
            });
        }
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
}
