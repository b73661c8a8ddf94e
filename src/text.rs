//! Text from outside, made safe for a message, a terminal or a shell.

use crate::url;

/// Maximum number of characters of a value that an error repeats.
const QUOTED_MAX: usize = 64;

/// Minimum length of a run of letters and digits, in both cases, that is hidden: it may be the secret
/// of a mistyped token.
const SECRET_MIN: usize = 32;

/// Quotes `text` as a value in an error: escaped, cut at 64 characters, without possible secrets.
pub fn quote(text: &str) -> String {
    let text = &without_secrets(&url::without_password(text));
    let mut cut: String = text.chars().take(QUOTED_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("'{}'", escape(&cut))
}

fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let run = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let secret = run.len() >= SECRET_MIN
            && run.bytes().any(|byte| byte.is_ascii_lowercase())
            && run.bytes().any(|byte| byte.is_ascii_uppercase());
        if secret {
            shown.push('…');
            shown.push_str(&piece[run.len()..]);
        } else {
            shown.push_str(piece);
        }
    }
    shown
}

/// Writes each unprintable character of `text` as `\u{…}`: it could move the cursor, change colours or
/// turn the reading direction.
pub fn escape(text: &str) -> String {
    if is_plain(text) || !text.chars().any(is_unprintable) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unprintable(c) {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Tells whether `text` is printable ASCII: a fast check that covers nearly all text.
pub fn is_plain(text: &str) -> bool {
    text.bytes()
        .fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
}

/// Tells whether `c` is a control, bidirectional-format or line-separator character
/// (Unicode categories Cc, Zl and Zp, and the property `Bidi_Control`).
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}

/// Writes `text` as one word of a POSIX shell, quoted only if necessary.
pub fn shell_word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(stands_for_itself) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Tells whether `c` needs no quotes in a POSIX shell, at any position in a word.
pub fn stands_for_itself(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_cut_and_escaped() {
        assert_eq!(quote("a\u{1b}[31mb"), "'a\\u{1b}[31mb'");
        assert_eq!(quote(&"x".repeat(64)), format!("'{}'", "x".repeat(64)));
        assert_eq!(quote(&"ü".repeat(65)), format!("'{}…'", "ü".repeat(64)));
    }

    #[test]
    fn what_might_be_a_secret_is_not_quoted() {
        let secret = "aB3".repeat(11);
        assert_eq!(quote(&format!("kc-{secret}, {secret}")), "'kc-…, …'");
        assert_eq!(quote(&secret[..31]), format!("'{}'", &secret[..31]));
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(quote(commit), format!("'{commit}'"));
    }

    #[test]
    fn what_is_plain_has_nothing_unprintable() {
        for c in '\0'..='\u{ffff}' {
            assert!(!(is_plain(&format!("a{c}b")) && is_unprintable(c)), "{c:?}");
        }
        assert!(is_plain(&(' '..='~').collect::<String>()));
    }

    #[test]
    fn what_turns_or_breaks_a_line_is_escaped() {
        for c in [
            '\u{7}', '\u{85}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{200f}',
        ] {
            assert_eq!(escape(&c.to_string()), format!("\\u{{{:x}}}", c as u32));
        }
        assert_eq!(escape("naïve \u{1f511}"), "naïve \u{1f511}");
    }
}
