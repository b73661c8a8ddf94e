//! Unicode normal forms: the same visible text can be encoded in several ways.

use crate::error::Result;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use std::borrow::Cow;

/// Converts `text` to NFC, the form in which every new name is stored.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Returns the forms in which `text` may be stored, without repeats, in the order of a look-up.
///
/// They are the text itself, NFC and NFD. Older versions stored a name as it was typed.
pub fn forms(text: &str) -> Vec<Cow<'_, str>> {
    let mut forms = vec![Cow::Borrowed(text)];
    if !text.is_ascii() {
        let nfd = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
        for form in [nfc(text), nfd] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Calls `ask` with each of the [`forms`] of `text`, and returns the first answer.
pub fn find<T>(text: &str, mut ask: impl FnMut(&str) -> Result<Option<T>>) -> Result<Option<T>> {
    for form in forms(text) {
        if let Some(found) = ask(&form)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Returns the first of the [`forms`] of `text` that `is_stored` accepts, or else `text`.
pub fn as_stored(text: &str, mut is_stored: impl FnMut(&str) -> Result<bool>) -> Result<String> {
    if text.is_ascii() {
        // ASCII text has only one form: no look-up is needed.
        return Ok(text.to_owned());
    }
    let stored = find(text, |form| Ok(is_stored(form)?.then(|| form.to_owned())))?;
    Ok(stored.unwrap_or_else(|| text.to_owned()))
}

/// Part of a name to search for, in any case and in any Unicode form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part(String);

impl Part {
    /// Makes a part from the text that was typed.
    pub fn new(text: &str) -> Self {
        Part(folded(text))
    }

    /// Tells whether `name` has this part.
    pub fn is_in(&self, name: &str) -> bool {
        if name.is_ascii() && !self.0.is_ascii() {
            return false;
        }
        folded(name).contains(&self.0)
    }
}

/// Returns `text` without differences of case, in NFC.
///
/// Some letters have an upper case of several letters, and some have no upper case of their own. So each
/// letter goes to lower, upper and lower case again: `ẞ`, `ß` and `SS` all become `ss`.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let text = nfc(text);
    let folded: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    nfc(&folded).into_owned()
}

/// Returns `text` without what a file system may not tell apart: differences of case and of Unicode form, joiners and
/// variation selectors.
pub fn file_folded(text: &str) -> String {
    let is_ignored = |c: char| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}');
    folded(&text.chars().filter(|&c| !is_ignored(c)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_in_any_case_and_any_form() {
        for (part, name) in [
            ("DEPLOY", "ci-deploy-1"),
            ("ci", "CI"),
            ("GRÖSSE", "größe"),
            ("größe", "GRÖSSE"),
            ("ẞ", "strasse"),
            ("ΟΔΟΣ", "οδος"),
            ("οδοσ", "ΟΔΟΣ-1"),
            ("K", "\u{212a}ey"),
            ("e\u{301}t", "ÉTÉ"),
            ("été", "E\u{301}te\u{301}"),
            ("и", "БИТ"),
            ("鍵", "鍵-1"),
        ] {
            assert!(Part::new(part).is_in(name), "{part} in {name}");
        }
        for (part, name) in [
            ("b", "a"),
            ("é", "e"),
            ("a_b", "a-b"),
            ("%", "a"),
            ("ö", "o"),
        ] {
            assert!(!Part::new(part).is_in(name), "{part} in {name}");
        }
    }

    #[test]
    fn each_form_is_there_once_and_the_text_itself_first() {
        assert_eq!(forms("plain"), ["plain"]);
        assert_eq!(forms("日本"), ["日本"]);
        assert_eq!(forms("é"), ["é", "e\u{301}"]);
        assert_eq!(forms("e\u{301}"), ["e\u{301}", "é"]);
        // The ångström sign U+212B is in neither form.
        assert_eq!(
            forms("\u{212b}"),
            ["\u{212b}", "å".to_uppercase().as_str(), "A\u{30a}"]
        );
        assert_eq!(nfc("e\u{301}"), "é");
    }
}
