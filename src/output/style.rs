//! Style of output for people: colours, and the width of tables.

use crate::key::State;
use comfy_table::{Attribute, Cell, Color, Table, presets};
use crossterm::style::force_color_output;

/// Style of output for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// True if the output is coloured.
    pub color: bool,
    /// Width of the terminal in characters; `None` if lines may have any length.
    pub width: Option<u16>,
}

impl Style {
    /// Empty table without borders.
    pub fn table(self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if self.color {
            table.enforce_styling();
            // The crate that draws colours obeys NO_COLOR, but --color always overrules it.
            force_color_output(true);
        } else {
            table.force_no_tty();
        }
        table
    }

    /// Cell for a title.
    pub fn title(self, text: &str) -> Cell {
        let cell = Cell::new(text);
        if self.color {
            cell.add_attribute(Attribute::Bold)
        } else {
            cell
        }
    }

    /// Cell for a state, in its colour.
    ///
    /// The eight dark colours can be read on every terminal's background; the bright ones are hardly
    /// visible on a light background.
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
