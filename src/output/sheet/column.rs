//! Column of a table: its title, and what of its cells stays in one piece.

use crate::output::Style;

/// Column of a table. All widths are in characters.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub(super) title: &'static str,
    from: u16,
    pub(super) least: u16,
    pub(super) whole: u16,
    pub(super) enough: Option<u16>,
    kept: u16,
    pub(super) by_words: bool,
    pub(super) is_optional: bool,
    pub(super) is_sparse: bool,
    pub(super) is_preferred: bool,
}

impl Column {
    /// Blanks between two columns.
    pub const GAP: u16 = 2;

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
            kept: 0,
            by_words: false,
            is_optional: false,
            is_sparse: false,
            is_preferred: false,
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

    /// Keeps the cells of the first page up to this width in one piece, if all columns that do so have room.
    pub const fn keep(self, kept: u16) -> Self {
        Column { kept, ..self }
    }

    /// As [`keep`](Self::keep) for each word of a cell: the cell may be broken between two words.
    pub const fn keep_words(self, kept: u16) -> Self {
        Column {
            kept,
            by_words: true,
            ..self
        }
    }

    /// Shows the column only if it and those before it keep their cells in one piece.
    pub const fn optional(self) -> Self {
        Column {
            is_optional: true,
            ..self
        }
    }

    /// Shows the column only if a cell of it on the first page has content.
    pub const fn sparse(self) -> Self {
        Column {
            is_sparse: true,
            ..self
        }
    }

    /// Title of the column.
    pub const fn title(self) -> &'static str {
        self.title
    }

    /// Column for terminals of at least the width `from`.
    pub const fn from(self, from: u16) -> Self {
        Column { from, ..self }
    }

    /// Maximal width of a cell that is always in one piece.
    pub const fn keeps(self) -> u16 {
        self.whole
    }

    /// Tells whether a terminal of this `width` is wide enough for the column.
    pub(super) fn is_shown(&self, width: Option<u16>) -> bool {
        width.is_none_or(|width| width >= self.from)
    }

    /// Width that keeps pieces of this width whole, as far as the column does.
    ///
    /// `is_full`: even if the column has a width that is enough.
    pub(super) fn claim(&self, piece: u16, is_full: bool) -> u16 {
        let kept = match self.enough {
            Some(enough) if !is_full => self.kept.min(enough),
            _ => self.kept,
        };
        piece.min(kept).max(self.least)
    }
}

/// Titles of those `columns` that a table in `style` leaves out.
pub fn left_out(style: Style, columns: &[Column]) -> Vec<&'static str> {
    let left_out = columns
        .iter()
        .filter(|column| !column.is_shown(style.width));
    left_out.map(|column| column.title).collect()
}
