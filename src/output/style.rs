//! What a terminal allows: colour, and how wide a table may be.

use crate::key::State;
use comfy_table::{Attribute, Cell, Color, Table, presets};
use crossterm::style::force_color_output;

/// Style of output for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// True where it is coloured.
    pub color: bool,
    /// Columns of the terminal; `None` where lines may be as long as they are.
    pub width: Option<u16>,
}

impl Style {
    /// A table without lines, in which nothing but blanks stands between columns.
    pub fn table(self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if self.color {
            table.enforce_styling();
            // What draws the colours looks at NO_COLOR too, which --color always overrules.
            force_color_output(true);
        } else {
            table.force_no_tty();
        }
        table
    }

    /// A table's column title.
    pub fn title(self, text: &str) -> Cell {
        let cell = Cell::new(text);
        if self.color {
            cell.add_attribute(Attribute::Bold)
        } else {
            cell
        }
    }

    /// A state, in its colour: one of the eight that each terminal chooses to be read on its own
    /// background. The brighter eight are hardly seen on a light one.
    pub fn state(self, state: State) -> Cell {
        let cell = Cell::new(state.word());
        if !self.color {
            return cell;
        }
        cell.fg(match state {
            State::Active => Color::DarkGreen,
            State::Disabled | State::Expired => Color::DarkYellow,
            State::PhasedOut => Color::DarkCyan,
            State::Deleted => Color::DarkRed,
        })
    }
}
