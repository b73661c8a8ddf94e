//! Layout of a table: which of its columns are shown, and how wide.

use super::column::Column;
use comfy_table::Table;

/// Rows of a page.
pub const PAGE: usize = 500;

const GAP: u16 = Column::GAP;

/// Layout of a table, for each of its columns.
pub struct Layout {
    /// Columns that are shown.
    pub shown: Vec<bool>,
    /// Their widths; 0 for the others.
    pub widths: Vec<u16>,
    /// Titles of columns that have content, but for which the terminal is too narrow.
    pub left_out: Vec<&'static str>,
}

impl Layout {
    /// Chooses the columns and their widths by the content of the first page, and by its cells with one word
    /// a line.
    pub fn new(columns: &[Column], page: &Table, words: &Table, width: Option<u16>) -> Self {
        let content = page.column_max_content_widths();
        let is_full = page.row_count() == PAGE;
        let mut columns: Vec<Column> = columns.to_vec();
        for (column, &content) in columns.iter_mut().zip(&content) {
            column.least = match is_full {
                true => column.whole,
                false => content.min(column.whole).max(column.least),
            };
        }
        let shown = Shown::choose(&columns, &content, words, width);
        if let Some(claims) = shown.claims {
            for (column, claim) in columns.iter_mut().zip(claims) {
                column.least = claim;
            }
        }
        Layout {
            widths: widths_of_shown(&shown.shown, &content, &columns, width),
            shown: shown.shown,
            left_out: shown.left_out,
        }
    }

    /// Widths of the columns of a later page, none of them below that on the first.
    pub fn later_widths(&self, columns: &[Column], page: &Table, width: u16) -> Vec<u16> {
        let content = page.column_max_content_widths();
        let mut columns = columns.to_vec();
        for (column, &least) in columns.iter_mut().zip(&self.widths) {
            column.least = least;
        }
        widths_of_shown(&self.shown, &content, &columns, Some(width))
    }
}

/// Choice of columns.
struct Shown {
    shown: Vec<bool>,
    left_out: Vec<&'static str>,
    /// Widths that keep cells in one piece, if there is room for that.
    claims: Option<Vec<u16>>,
}

impl Shown {
    fn choose(columns: &[Column], content: &[u16], words: &Table, width: Option<u16>) -> Self {
        let pieces = pieces(columns, content, words);
        let claims = |is_full: bool| -> Vec<u16> {
            let pieces = columns.iter().zip(&pieces);
            let claims = pieces.map(|(column, &piece)| column.claim(piece, is_full));
            claims.collect()
        };
        let (enough, full) = (claims(false), claims(true));
        let room = width.map_or(usize::MAX, usize::from);
        let has_room = |column: &Column| column.is_shown(width);
        let mut shown: Vec<bool> = columns
            .iter()
            .map(|column| has_room(column) && !column.is_optional)
            .collect();
        let has_content = |index: usize| !columns[index].is_sparse || has_content(words, index);
        // A stable sort: the preferred columns first, each group in its order.
        let mut optional: Vec<usize> = (0..columns.len()).collect();
        optional.retain(|&index| columns[index].is_optional && has_room(&columns[index]));
        optional.sort_by_key(|&index| !columns[index].is_preferred);
        for index in optional.into_iter().filter(|&index| has_content(index)) {
            shown[index] = true;
            shown[index] = taken(&shown, &enough) <= room;
        }
        let columns_left_out = (0..columns.len()).filter(|&index| !shown[index]);
        let left_out = columns_left_out.filter(|&index| has_content(index));
        let left_out = left_out.map(|index| columns[index].title).collect();
        let mut claims = [full, enough].into_iter();
        let claims = claims.find(|claims| taken(&shown, claims) <= room);
        Shown {
            shown,
            left_out,
            claims,
        }
    }
}

/// Widths of the pieces into which the cells of each column may be broken.
fn pieces(columns: &[Column], content: &[u16], words: &Table) -> Vec<u16> {
    let words = words.column_max_content_widths();
    let pieces = columns.iter().zip(content).enumerate();
    let pieces = pieces.map(|(index, (column, &content))| match words.get(index) {
        Some(&word) if column.by_words => word.max(title_width(column)),
        _ => content,
    });
    pieces.collect()
}

/// Tells whether a cell of a column has content.
fn has_content(page: &Table, index: usize) -> bool {
    let mut rows = page.row_iter();
    rows.any(|row| {
        let cell = row.cell_iter().nth(index);
        cell.is_some_and(|cell| !cell.content().is_empty())
    })
}

/// Width of a column's title.
fn title_width(column: &Column) -> u16 {
    u16::try_from(column.title.len()).unwrap_or(u16::MAX)
}

/// Width of the columns that are shown and of the gaps between them.
fn taken(shown: &[bool], widths: &[u16]) -> usize {
    let widths = shown.iter().zip(widths).filter(|(shown, _)| **shown);
    let gap = usize::from(GAP);
    let taken: usize = widths.map(|(_, &width)| usize::from(width) + gap).sum();
    taken.saturating_sub(gap)
}

/// [`widths`] of the columns that are shown; 0 for the others.
fn widths_of_shown(
    shown: &[bool],
    content: &[u16],
    columns: &[Column],
    width: Option<u16>,
) -> Vec<u16> {
    let both = shown.iter().zip(content.iter().zip(columns));
    let both = both.filter(|(shown, _)| **shown).map(|(_, both)| both);
    let (content, columns): (Vec<u16>, Vec<Column>) = both.unzip();
    let mut narrow = widths(&content, &columns, width).into_iter();
    let all = shown.iter().map(|&shown| match shown {
        true => narrow.next().unwrap_or_default(),
        false => 0,
    });
    all.collect()
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
