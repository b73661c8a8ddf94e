//! Token that another system made.

use super::Token;
use crate::hash::TokenDigest;
use zeroize::Zeroizing;

/// Token that another system made. Like [`Token`], it cannot be printed or copied, and is wiped on drop.
pub struct ForeignToken {
    text: Zeroizing<Vec<u8>>,
    digest: TokenDigest,
}

impl ForeignToken {
    /// Minimum length in bytes.
    pub const MIN: usize = 16;
    /// Maximum length in bytes.
    pub const MAX: usize = 512;

    /// Takes 16 to 512 visible ASCII characters; `None` for other text, and for a text that ends like one of our own
    /// tokens: that is mistyped, or something stands before it.
    pub fn parse(presented: &[u8]) -> Option<Self> {
        let is_possible = (Self::MIN..=Self::MAX).contains(&presented.len())
            && presented.iter().all(u8::is_ascii_graphic)
            && Token::split(presented).is_none();
        is_possible.then(|| ForeignToken {
            text: Zeroizing::new(presented.to_vec()),
            digest: TokenDigest::of(presented),
        })
    }

    /// Tells whether a token may stand anywhere in `text`: a run of visible ASCII characters as long as the shortest
    /// one. NULs do not end a run: UTF-16 has one in each character.
    pub fn may_be_in(text: &str) -> bool {
        let mut run = 0;
        text.chars().filter(|&c| c != '\0').any(|c| {
            run = if c.is_ascii_graphic() { run + 1 } else { 0 };
            run >= Self::MIN
        })
    }

    /// Returns the digest by which the store finds the token's key.
    pub fn digest(&self) -> &TokenDigest {
        &self.digest
    }

    /// Returns the whole token, which is hashed.
    pub fn expose(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_foreign(text: &str) -> bool {
        ForeignToken::parse(text.as_bytes()).is_some()
    }

    #[test]
    fn a_foreign_token_is_16_to_512_visible_characters() {
        assert!(is_foreign("sk-0123456789abc"));
        assert!(!is_foreign("sk-0123456789ab"));
        assert!(is_foreign(&"x".repeat(512)));
        assert!(!is_foreign(&"x".repeat(513)));
        assert!(is_foreign("!\"#$%&'()*+,-./~"));
        for odd in [" ", "\t", "\n", "\0", "\u{7f}", "é"] {
            assert!(!is_foreign(&format!("sk-0123456789abc{odd}d")), "{odd:?}");
        }
    }

    #[test]
    fn a_text_that_ends_like_our_tokens_is_not_foreign() {
        let text = format!("kc_0123456789ab_{}", "A".repeat(49));
        assert!(!is_foreign(&text));
        for before in ["_", "x-", "KC_", "token=", &"x".repeat(448)] {
            assert!(!is_foreign(&format!("{before}{text}")), "{before}");
        }
        assert!(is_foreign(&text[3..]));
        assert!(is_foreign(&text[..64]));
        assert!(is_foreign(&format!("{text}A")));
    }

    #[test]
    fn sixteen_visible_characters_anywhere_may_be_a_token() {
        let token = "sk-0123456789abc";
        for text in [
            token.to_owned(),
            format!("{{\"key\": \"{token}\"}}"),
            format!("caf\u{e9} {token} # x"),
            token.chars().flat_map(|c| [c, '\0']).collect(),
        ] {
            assert!(ForeignToken::may_be_in(&text), "{text}");
        }
        for text in [
            "",
            "web",
            &token[1..],
            "the key of the web server",
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert!(!ForeignToken::may_be_in(text), "{text}");
        }
    }
}
