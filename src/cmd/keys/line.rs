//! Line of a list of KEYs.

use crate::error::{Error, quote};
use crate::hash::TokenDigest;
use crate::token::{ForeignToken, Redacted, Token, foreign_in_line, in_line, trim, without_mark};
use zeroize::Zeroizing;

/// Content of a line.
pub enum KeyLine {
    /// Token, alone or with quotes, a comma or a name around it.
    Token(Token),
    /// Text to look up. No part of it is shaped like a token of our own.
    Text(KeyText),
    /// Line that cannot be looked up.
    Flawed(LineFlaw),
}

/// Text that may be a name, an ID or a token of another system. Wiped on drop.
pub struct KeyText {
    /// Text.
    pub text: Zeroizing<String>,
    /// Digests of the foreign tokens that the line may hold; none if it can hold none.
    pub tokens: Vec<TokenDigest>,
}

impl KeyText {
    /// Takes an argument.
    pub fn new(text: &str) -> Self {
        KeyText {
            tokens: foreign_in_line(text.as_bytes()),
            text: Zeroizing::new(text.to_owned()),
        }
    }
}

/// Reason why a line cannot be looked up.
pub enum LineFlaw {
    /// Text shaped like a token of our own that is not one, in the form that may be shown, and the digests of the
    /// foreign tokens that the line may hold.
    Mistyped(Redacted, Vec<TokenDigest>),
    /// Bytes that are not UTF-8, in the form that may be shown.
    NotUtf8(String),
    /// The line may have been longer.
    Cut,
}

impl KeyLine {
    /// Reads a line; `None` if it is blank. Drops a byte-order mark from the `first` line, where it belongs to
    /// the file, and before a token. In other lines a name may begin with one.
    pub fn read(line: &[u8], first: bool) -> Option<Self> {
        let trimmed = match line.trim_ascii() {
            marked if !first && without_mark(marked) != marked => marked,
            unmarked => trim(unmarked),
        };
        if trim(line).is_empty() {
            return None;
        }
        if let Some(token) = in_line(line) {
            return Some(KeyLine::Token(token));
        }
        if let Some(found) = Redacted::find(line) {
            let tokens = foreign_in_line(line);
            return Some(KeyLine::Flawed(LineFlaw::Mistyped(found, tokens)));
        }
        Some(match std::str::from_utf8(trimmed) {
            Ok(text) => KeyLine::Text(KeyText {
                text: Zeroizing::new(text.to_owned()),
                tokens: foreign_in_line(line),
            }),
            Err(_) => {
                let text = String::from_utf8_lossy(trimmed);
                KeyLine::Flawed(LineFlaw::NotUtf8(match ForeignToken::may_be_in(&text) {
                    true => format!("of {} bytes", trimmed.len()),
                    false => quote(&text),
                }))
            }
        })
    }

    /// Reads a line whose end may be missing. Accepts only a token, which its checksum shows to be complete.
    pub fn read_cut(line: &[u8]) -> Option<Self> {
        match KeyLine::read(line, false)? {
            KeyLine::Token(token) => Some(KeyLine::Token(token)),
            KeyLine::Text(_) | KeyLine::Flawed(_) => Some(KeyLine::Flawed(LineFlaw::Cut)),
        }
    }
}

impl KeyLine {
    /// Returns the digests of the foreign tokens that the line may hold.
    pub fn tokens(&self) -> &[TokenDigest] {
        match self {
            KeyLine::Text(text) => &text.tokens,
            KeyLine::Flawed(flaw) => flaw.tokens(),
            KeyLine::Token(_) => &[],
        }
    }
}

impl LineFlaw {
    /// Returns the digests of the foreign tokens that the line may hold.
    pub fn tokens(&self) -> &[TokenDigest] {
        match self {
            LineFlaw::Mistyped(_, tokens) => tokens,
            LineFlaw::NotUtf8(_) | LineFlaw::Cut => &[],
        }
    }

    /// Error for the line. `place` follows the KEY in the message, as " on standard input".
    pub fn error(&self, place: &str) -> Error {
        let error = match self {
            LineFlaw::Mistyped(found, _) => {
                format!("{found}{place} is mistyped, cut short or inside other text")
            }
            LineFlaw::NotUtf8(shown) => format!("the KEY {shown}{place} is not UTF-8"),
            LineFlaw::Cut => format!("the KEY{place} is cut off"),
        };
        Error::usage(error).hint("give its key ID instead")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Random;
    use crate::error::Result;
    use crate::id::KeyId;
    use crate::token::Prefix;
    use proptest::prelude::*;
    use rand::rngs::ChaCha8Rng;
    use rand::{Rng, SeedableRng};

    struct Seeded(ChaCha8Rng);

    impl Random for Seeded {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
            self.0.fill_bytes(bytes);
            Ok(())
        }
    }

    fn token(seed: u64, prefix: &str) -> Token {
        let mut random = Seeded(ChaCha8Rng::seed_from_u64(seed));
        let id = KeyId::generate(&mut random).unwrap();
        let prefix: Prefix = prefix.parse().unwrap();
        Token::generate(&prefix, id, &mut random).unwrap()
    }

    /// Token in `line`.
    fn read(line: &str) -> Option<Vec<u8>> {
        match KeyLine::read(line.as_bytes(), false) {
            Some(KeyLine::Token(token)) => Some(token.expose().to_vec()),
            _ => None,
        }
    }

    /// Texts to put before and after a value.
    fn frame() -> impl Strategy<Value = (String, String)> {
        let name = "[A-Za-z_][A-Za-z0-9_.-]{0,12}";
        prop_oneof![
            Just(("\"".to_owned(), "\"".to_owned())),
            Just(("'".to_owned(), "'".to_owned())),
            Just((String::new(), ",".to_owned())),
            Just(("Bearer ".to_owned(), String::new())),
            Just(("\u{feff}".to_owned(), String::new())),
            "[ \t]{1,2}".prop_map(|blanks| (blanks.clone(), blanks)),
            ("(export )?", name, " ?= ?")
                .prop_map(|(export, name, is)| { (format!("{export}{name}{is}"), String::new()) }),
            ("[\"']?", name, " ?: ?").prop_map(|(quote, name, is)| {
                (format!("{quote}{name}{quote}{is}"), String::new())
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_token_is_found_in_any_nest_of_frames(
            seed: u64,
            prefix in "[a-z][a-z0-9]{0,4}(_[a-z0-9]{1,4}){0,2}",
            frames in prop::collection::vec(frame(), 0..6),
        ) {
            let token = token(seed, &prefix);
            let mut line = String::from_utf8(token.expose().to_vec()).unwrap();
            for (before, behind) in frames {
                line = format!("{before}{line}{behind}");
            }
            prop_assert_eq!(read(&line), Some(token.expose().to_vec()));
        }

        #[test]
        fn a_frame_around_anything_else_stays(
            text in "[a-z][a-z0-9_/-]{0,20}",
            frames in prop::collection::vec(frame(), 0..6),
        ) {
            let mut line = text;
            for (before, behind) in frames {
                line = format!("{before}{line}{behind}");
            }
            let kept = String::from_utf8(trim(line.as_bytes()).to_vec()).unwrap();
            let is_kept = matches!(
                KeyLine::read(line.as_bytes(), true),
                Some(KeyLine::Text(text)) if *text.text == kept
            );
            prop_assert!(is_kept, "{}", line);
        }

        #[test]
        fn a_token_with_more_beside_it_is_none(
            seed: u64,
            before in "[a-z0-9]{0,3}[-=:\" ]{0,2}",
            behind in "[;.}\\])a-z]{1,3}",
        ) {
            let token = token(seed, "kc");
            let text = String::from_utf8(token.expose().to_vec()).unwrap();
            let line = format!("{before}{text}{behind}");
            prop_assert_eq!(read(&line), None);
            let is_shown = matches!(
                KeyLine::read(line.as_bytes(), true),
                Some(KeyLine::Flawed(LineFlaw::Mistyped(..)))
            );
            prop_assert!(is_shown);
        }

        #[test]
        fn a_line_that_is_cut_off_counts_only_as_a_whole_token(seed: u64, len in 1_usize..66) {
            let token = token(seed, "kc");
            let cut = KeyLine::read_cut(&token.expose()[..len]);
            match cut {
                Some(KeyLine::Token(_)) => prop_assert_eq!(len, 65),
                Some(KeyLine::Flawed(LineFlaw::Cut)) => prop_assert!(len < 65),
                _ => prop_assert!(false),
            }
        }

        #[test]
        fn no_bytes_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), first: bool) {
            drop(KeyLine::read(&bytes, first));
        }
    }

    #[test]
    fn a_mark_before_the_first_line_is_no_part_of_a_name() {
        let text = |line: &str, first| match KeyLine::read(line.as_bytes(), first) {
            Some(KeyLine::Text(text)) => text.text.to_string(),
            _ => panic!("no text: {line}"),
        };
        assert_eq!(text("\u{feff}web", true), "web");
        assert_eq!(text("\u{feff}web\r", false), "\u{feff}web");
        assert!(KeyLine::read("\u{feff} \r".as_bytes(), false).is_none());
    }

    #[test]
    fn a_line_of_millions_of_frames_is_read_at_once() {
        for part in [",", "\"", "\u{feff}", "a=", "Bearer "] {
            let line = part.repeat(1 << 20);
            drop(KeyLine::read(line.as_bytes(), true));
        }
    }
}
