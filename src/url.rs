//! URLs of servers in arguments and messages: recognised and shown without their passwords.

use crate::percent;
use std::borrow::Cow;

/// URL schemes of PostgreSQL.
const POSTGRES: [&str; 2] = ["postgres:", "postgresql:"];

/// Beginnings of a valid PostgreSQL URL.
const SERVERS: [&str; 2] = ["postgres://", "postgresql://"];

/// Parameter with a password, in a URL and in a connection string.
const PASSWORD: &str = "password=";

/// Tells whether `text` names a server, even with a typo. Anything with `://` counts: no sensible path
/// contains that.
pub fn is_url(text: &str) -> bool {
    text.contains("://") || names_postgres(text)
}

/// Tells whether `text` is, even with a typo, a PostgreSQL URL or a connection string with a password
/// (`host=… password=…`).
pub fn names_postgres(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let begin = text.trim_start_matches(|c: char| c.is_whitespace() || "'\"".contains(c));
    text.contains(PASSWORD)
        || begin.starts_with("postgresql+")
        || POSTGRES.iter().any(|scheme| begin.starts_with(scheme))
}

/// Tells whether `text` begins as a valid PostgreSQL URL.
pub fn is_server(text: &str) -> bool {
    SERVERS.iter().any(|server| text.starts_with(server))
}

/// Tells whether `text`, which names a server, contains a password.
///
/// A password may contain '/', '?', '#' or '@': everything before the last '@' counts as credentials.
pub fn has_password(text: &str) -> bool {
    let user = text.rsplit_once('@').map_or("", |(before, _)| {
        before.rsplit_once("//").map_or(before, |(_, user)| user)
    });
    // The name of a parameter may be percent-encoded.
    let decoded = percent::decode(text).map_or(Cow::Borrowed(text), Cow::Owned);
    user.contains(':') || decoded.to_ascii_lowercase().contains(PASSWORD)
}

/// Cuts `text` before the credentials of a URL and after `password=`; returns other text unchanged.
pub fn without_password(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let behind = |part: &str| lower.find(part).map(|at| at + part.len());
    let server = POSTGRES.iter().find_map(|scheme| behind(scheme));
    let server = [behind("://"), server].into_iter().flatten().max();
    let begin = server.filter(|&at| text[at..].contains('@'));
    match [begin, behind(PASSWORD)].into_iter().flatten().min() {
        Some(at) if at < text.len() => Cow::Owned(format!("{}…", &text[..at])),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_from_a_path() {
        for url in [
            "postgres://u:pw@h/d",
            "POSTGRESQL://h/d",
            "postgresql+psycopg2://h/d",
            "postgres:/u:pw@h/d",
            " postgres:u:pw@h/d",
            "'mysql://u:pw@h'",
            "KEYCTL_DB=sqlite:///k.db",
            "host=h user=u Password=pw",
        ] {
            assert!(is_url(url), "{url}");
        }
        for path in ["k.db", "/srv/a:b/k.db", "C:/k.db", "a//b", "postgres/k.db"] {
            assert!(!is_url(path), "{path}");
        }
    }

    #[test]
    fn nothing_behind_the_scheme_is_shown_where_a_user_may_stand_there() {
        for (text, shown) in [
            ("postgres://u:pw@h/d", "postgres://…"),
            ("see https://u:p/w@h and more", "see https://…"),
            ("postgres:/u:pw@h/d", "postgres:…"),
            ("POSTGRES:u:pw@h", "POSTGRES:…"),
            ("postgres://h/d?password=pw", "postgres://h/d?password=…"),
            ("host=h Password=pw", "host=h Password=…"),
            ("https://h/d", "https://h/d"),
            ("ü@h", "ü@h"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }

    #[test]
    fn a_user_alone_is_no_password() {
        for url in [
            "postgres://u:pw@h/d",
            "postgres://u:p@w@h",
            "host=h password=pw",
            "postgres://h/d?p%61ssword=pw",
            "postgres://h/d?password=pw&user=%zz",
        ] {
            assert!(has_password(url), "{url}");
        }
        for url in ["postgres://u@h:5432/d", "postgres://h:5432/d"] {
            assert!(!has_password(url), "{url}");
        }
    }
}
