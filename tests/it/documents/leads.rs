//! The lead of every page in `docs`: what a reader passes before the first example is at most two screens.
//!
//! A table counts as an example: a page that is looked up, such as the one of states, shows nothing else.

use super::links::{pages, root};
use std::fs;

/// The lines of two screens.
const TWO_SCREENS: usize = 80;

/// The columns of a screen.
const COLUMNS: usize = 110;

/// The lines on a screen that stand before the first block or table of a page; all of its lines if it has
/// neither. A line that is too long for the screen takes several.
fn lead(text: &str) -> usize {
    text.lines()
        .take_while(|line| !line.trim_start().starts_with("```") && !line.starts_with('|'))
        .map(|line| line.chars().count().div_ceil(COLUMNS).max(1))
        .sum()
}

#[test]
fn every_page_has_an_example_within_two_screens() {
    let mut long = Vec::new();
    let documents = root().join("docs");
    for page in pages(root())
        .iter()
        .filter(|page| page.starts_with(&documents))
    {
        let lines = lead(&fs::read_to_string(page).unwrap());
        if lines > TWO_SCREENS {
            long.push(format!("{}: {lines} lines", page.display()));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn a_lead_ends_at_a_block_or_a_table_and_a_long_line_takes_several() {
    assert_eq!(lead("# A\n\nb\n```sh\nc\n```\n"), 3);
    assert_eq!(lead("# A\n\n| b |\n"), 2);
    assert_eq!(lead("- a\n\n  ```sh\n  b\n  ```\n"), 2);
    assert_eq!(
        lead(&format!("{}\n{}\n", "a".repeat(110), "é".repeat(111))),
        3
    );
    assert_eq!(lead(""), 0);
}
