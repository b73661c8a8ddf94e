//! Text that somebody else chose, as a message, a terminal or a shell can take it.

use crate::url;

/// The longest part of a value, in characters, that an error repeats.
const QUOTED_MAX: usize = 64;

/// From this many letters and digits in a row on, of both cases, a part of a value is taken for a
/// token's secret whose other parts were mistyped.
const SECRET_MIN: usize = 32;

/// `text` in single quotes as an error names a value: escaped, cut at 64 characters, and without
/// what might be a secret.
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

/// `text` with every character that could move a cursor, recolour a terminal or turn the reading
/// direction written as `\u{…}`.
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

/// Tells whether `text` is printable ASCII, as nearly all is: it has no unprintable character then.
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

/// `text` as one word for a POSIX shell, quoted only if it has to be: for a command in a hint.
pub fn shell_word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(stands_for_itself) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Tells whether a POSIX shell takes `c` as it is, wherever in a word it stands.
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
