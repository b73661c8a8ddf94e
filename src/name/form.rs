//! Unicode normal forms: one text can be written in several ways that look the same on every screen.

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
