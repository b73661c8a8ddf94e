//! Unicode normal forms: one text can be written in several ways that look the same on every screen.

use crate::error::Result;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use std::borrow::Cow;

/// `text` in NFC, the form that every new name is stored in.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The forms in which `text` may be stored, in the order in which they are looked up: as it is, in NFC,
/// and in NFD, which an older version took as it came. Each is there once.
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

/// Asks for each of the forms of `text`, and returns the first answer.
pub fn find<T>(text: &str, mut ask: impl FnMut(&str) -> Result<Option<T>>) -> Result<Option<T>> {
    for form in forms(text) {
        if let Some(found) = ask(&form)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The first of the forms of `text` that `is_stored`; `text` itself where none is.
pub fn as_stored(text: &str, mut is_stored: impl FnMut(&str) -> Result<bool>) -> Result<String> {
    if text.is_ascii() {
        // One form needs no look.
        return Ok(text.to_owned());
    }
    let stored = find(text, |form| Ok(is_stored(form)?.then(|| form.to_owned())))?;
    Ok(stored.unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_there_once_and_the_text_itself_first() {
        assert_eq!(forms("plain"), ["plain"]);
        assert_eq!(forms("日本"), ["日本"]);
        assert_eq!(forms("é"), ["é", "e\u{301}"]);
        assert_eq!(forms("e\u{301}"), ["e\u{301}", "é"]);
        // The ångström sign is neither.
        assert_eq!(
            forms("\u{212b}"),
            ["\u{212b}", "å".to_uppercase().as_str(), "A\u{30a}"]
        );
        assert_eq!(nfc("e\u{301}"), "é");
    }
}
