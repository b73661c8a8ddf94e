//! A table that is drawn at once. On a narrow terminal it leaves columns out rather than break what
//! is of no use in two pieces.

use super::Style;
use comfy_table::{Cell, ColumnConstraint, Table, Width};

/// The longest word that is kept whole, in characters: longer than any that keyctl writes where it
/// matters.
const WORD_MAX: usize = 24;

/// A column of a sheet.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Title above it.
    title: &'static str,
    /// The narrowest terminal on which it is shown.
    from: u16,
    /// True if its words are kept whole.
    whole: bool,
}

impl Column {
    /// A column with this title, on terminals of at least so many columns; with whole words or not.
    pub const fn new(title: &'static str, from: u16, whole: bool) -> Self {
        Column { title, from, whole }
    }

    /// Tells whether a sheet in this style has it.
    fn is_shown(self, style: Style) -> bool {
        style.width.is_none_or(|width| width >= self.from)
    }
}

/// The titles of those of `columns` that a sheet in this style leaves out.
pub fn left_out(style: Style, columns: &[Column]) -> Vec<&'static str> {
    let left_out = columns.iter().filter(|column| !column.is_shown(style));
    left_out.map(|column| column.title).collect()
}

/// A table of so many columns that is being filled.
pub struct Sheet<const N: usize> {
    style: Style,
    /// The least width of each column, in characters; `None` for one that is not shown.
    least: [Option<usize>; N],
    columns: [Column; N],
    table: Table,
}

impl<const N: usize> Sheet<N> {
    /// A table with nothing but titles.
    pub fn new(style: Style, columns: [Column; N]) -> Self {
        let mut table = style.table();
        let titles = columns.into_iter().filter(|column| column.is_shown(style));
        table.set_header(titles.map(|column| style.title(column.title)));
        Sheet {
            style,
            least: columns.map(|column| column.is_shown(style).then_some(0)),
            columns,
            table,
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; N]) {
        let mut shown = Vec::with_capacity(N);
        for ((cell, column), least) in cells.into_iter().zip(self.columns).zip(&mut self.least) {
            if let Some(least) = least {
                if column.whole {
                    let words = cell.split(' ').map(|word| word.chars().count());
                    *least = words.fold(*least, usize::max).min(WORD_MAX);
                }
                shown.push(Cell::new(cell));
            }
        }
        self.table.add_row(shown);
    }

    /// The table as lines.
    pub fn text(mut self) -> String {
        // In a pipe no word is broken, and a column takes what it needs.
        if self.style.width.is_some() {
            let least = self.least.into_iter().flatten();
            for (column, least) in self.table.column_iter_mut().zip(least) {
                if least > 0 {
                    let width = u16::try_from(least + 2).unwrap_or(u16::MAX);
                    column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
                }
            }
        }
        self.style.lines(self.table)
    }
}
