//! Invisible characters: two names that differ in one of them only look the same.

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic,
    JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
/// Variation selector 16: shows the character before it as a picture.
const AS_PICTURE: char = '\u{fe0f}';
/// Combining enclosing keycap, after a digit.
const KEYCAP: char = '\u{20e3}';

/// Returns the first character of `text` that is invisible, or a blank other than the plain space.
///
/// An invisible character that changes how its neighbours are shown does not count.
pub fn invisible(text: &str) -> Option<char> {
    if text.is_ascii() {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let is_lost = |&at: &usize| is_invisible(chars[at]) && !changes_others(&chars, at);
    (0..chars.len()).find(is_lost).map(|at| chars[at])
}

fn is_invisible(c: char) -> bool {
    let is_blank = c.is_whitespace() && c != ' ';
    is_blank
        || is_other_blank(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Tells whether `c` is invisible although Unicode lists it neither as white space nor as ignorable.
///
/// These are the empty Braille pattern, the null notehead, interlinear annotation marks, controls and
/// blanks of Egyptian hieroglyphs, and the Khitan filler.
fn is_other_blank(c: char) -> bool {
    matches!(
        c,
        '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{13442}' | '\u{16fe4}'
    )
}

/// Tells whether the invisible character at `at` changes how its neighbours are shown.
///
/// That is a joiner where RFC 5892 (A.1 and A.2) allows one, a joiner between pictographs, and U+FE0F
/// after an emoji.
fn changes_others(chars: &[char], at: usize) -> bool {
    let (before, after) = (&chars[..at], &chars[at + 1..]);
    match chars[at] {
        NON_JOINER => is_after_virama(before) || breaks_a_joint(before, after),
        JOINER => is_after_virama(before) || joins_pictographs(before, after),
        AS_PICTURE => match before.last() {
            Some('0'..='9' | '#' | '*') => after.first() == Some(&KEYCAP),
            Some(&c) => is_pictograph(c) || is_skin_tone(c),
            None => false,
        },
        _ => false,
    }
}

fn is_after_virama(before: &[char]) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    let is_virama = |&c: &char| class.get(c) == CanonicalCombiningClass::Virama;
    before.last().is_some_and(is_virama)
}

/// Tells whether the nearest letters on both sides would be joined; marks between them are skipped.
fn breaks_a_joint(before: &[char], after: &[char]) -> bool {
    let joining = CodePointMapData::<JoiningType>::new();
    let is_letter = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let mut before = before.iter().rev().map(|&c| joining.get(c));
    let mut after = after.iter().map(|&c| joining.get(c));
    let (left, right) = (before.find(is_letter), after.find(is_letter));
    matches!(
        left,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    ) && matches!(
        right,
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

fn joins_pictographs(before: &[char], after: &[char]) -> bool {
    let extends = |c: &&char| **c == AS_PICTURE || is_skin_tone(**c);
    let mut base = before.iter().rev().skip_while(extends);
    base.next().is_some_and(|&c| is_pictograph(c))
        && after.first().is_some_and(|&c| is_pictograph(c))
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

fn is_skin_tone(c: char) -> bool {
    CodePointSetData::new::<EmojiModifier>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_properties::props::{GeneralCategory, PrependedConcatenationMark};

    #[test]
    fn a_format_character_is_seen_only_where_it_stands_before_a_number() {
        let category = CodePointMapData::<GeneralCategory>::new();
        let prepended = CodePointSetData::new::<PrependedConcatenationMark>();
        for c in '\0'..=char::MAX {
            if category.get(c) == GeneralCategory::Format {
                assert_eq!(is_invisible(c), !prepended.contains(c), "{c:?}");
            }
        }
    }

    #[test]
    fn what_changes_nothing_that_is_shown_is_found() {
        for text in [
            "a\u{200b}",
            "a\u{2060}b",
            "a\u{ad}b",
            "a\u{34f}b",
            "\u{3164}",
            "a\u{2800}b",
            "a\u{180e}b",
            "a\u{fff9}b",
            "\u{feff}a",
            "a\u{e0041}",
            "\u{115f}",
            "\u{1160}",
            "\u{ffa0}",
            "a\u{a0}b",
            "a\u{2003}b",
            "a\u{3000}b",
            "a\u{200c}b",
            "a\u{200d}b",
            "a\u{200c}",
            "\u{200d}",
            "a\u{fe0f}",
            "1\u{fe0f}",
            "ب\u{200d}ب",
            "ا\u{200c}ب",
            "🔑\u{200d}",
            "🔑\u{200d}a",
            "🔑\u{fe0f}\u{fe0f}",
            "🔑\u{fe0e}",
            "क\u{200d}ष",
            "\u{17b4}",
            "\u{1d159}",
            "\u{13441}",
        ] {
            assert!(invisible(text).is_some(), "{text:?}");
        }
        assert_eq!(invisible("a\u{200b}\u{ad}"), Some('\u{200b}'));
    }

    #[test]
    fn what_changes_its_neighbours_is_left() {
        for text in [
            "ci deploy",
            "größe",
            "می\u{200c}خواهم",
            "ب\u{64e}\u{200c}\u{64e}ب",
            "क\u{94d}\u{200d}ष",
            "क\u{94d}\u{200c}ष",
            "👩\u{200d}💻",
            "👩🏽\u{200d}🚀",
            "🏳\u{fe0f}\u{200d}🌈",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "🕵🏻\u{200d}♂\u{fe0f}",
            "🇯🇵",
            "\u{e000}",
            "한국어",
        ] {
            assert_eq!(invisible(text), None, "{text:?}");
        }
    }
}
