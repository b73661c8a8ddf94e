//! Token in the headers of a request.

use crate::token::{AnyToken, trim};

/// Scheme of an `Authorization` header that holds a token (RFC 6750, section 2.1).
const SCHEME: &[u8] = b"Bearer";

/// Result of the search for a token in the headers of a request.
pub enum Credential {
    /// No header holds anything.
    Missing,
    /// Two headers, or two values of one, differ.
    Several,
    /// The value is not a token.
    Malformed,
    /// The only token, perhaps repeated.
    Token(AnyToken),
}

/// Finds the token in the values of the header for keys and of `Authorization`. Each value is read as `keyctl verify`
/// reads its input.
///
/// An empty value counts as absent, and so does an `Authorization` of another scheme than `Bearer`: the application may
/// use that. Pass no value of `Authorization` to ignore it.
pub fn find<'a>(
    keys: impl Iterator<Item = &'a [u8]>,
    authorization: impl Iterator<Item = &'a [u8]>,
) -> Credential {
    let mut given = keys
        .chain(authorization.filter(|value| is_bearer(value)))
        .filter(|value| !is_empty(value));
    let Some(first) = given.next() else {
        return Credential::Missing;
    };
    if given.any(|other| trim(other) != trim(first)) {
        return Credential::Several;
    }
    AnyToken::presented(first).map_or(Credential::Malformed, Credential::Token)
}

/// Tells whether the scheme is `Bearer`, in any case, whichever blank follows.
fn is_bearer(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    value
        .split_at_checked(SCHEME.len())
        .is_some_and(|(scheme, rest)| {
            scheme.eq_ignore_ascii_case(SCHEME) && rest.first().is_none_or(u8::is_ascii_whitespace)
        })
}

/// Tells whether nothing stands in `value`, or only the scheme.
fn is_empty(value: &[u8]) -> bool {
    let value = trim(value);
    value.is_empty() || value.eq_ignore_ascii_case(SCHEME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const TOKEN: &str = "sk-0123456789abcdef";
    const OTHER: &str = "sk-0123456789abcdeg";

    /// Describes what is found: the token, or a word.
    fn found(keys: &[&str], authorization: &[&str]) -> String {
        let bytes = |values: &[&str]| values.iter().map(|it| it.as_bytes().to_vec()).collect();
        found_in(bytes(keys), bytes(authorization))
    }

    fn found_in(keys: Vec<Vec<u8>>, authorization: Vec<Vec<u8>>) -> String {
        let authorization = authorization.iter().map(Vec::as_slice);
        match find(keys.iter().map(Vec::as_slice), authorization) {
            Credential::Missing => "missing".to_owned(),
            Credential::Several => "several".to_owned(),
            Credential::Malformed => "malformed".to_owned(),
            Credential::Token(token) => String::from_utf8(token.secret().to_vec()).unwrap(),
        }
    }

    #[test]
    fn find_takes_a_token_from_either_header() {
        for key in [TOKEN, &format!(" {TOKEN}\t"), &format!("Bearer {TOKEN}")] {
            assert_eq!(found(&[key], &[]), TOKEN, "{key:?}");
        }
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
            assert_eq!(
                found(&[], &[&format!("{scheme} {TOKEN}")]),
                TOKEN,
                "{scheme:?}"
            );
        }
    }

    #[test]
    fn find_takes_nothing_from_an_authorization_of_another_scheme() {
        for other in [
            TOKEN,
            "Basic a2V5OnNlY3JldC1zZWNyZXQ=",
            "BearerX x",
            "Digest Bearer x",
        ] {
            assert_eq!(found(&[], &[other]), "missing", "{other:?}");
            assert_eq!(found(&[TOKEN], &[other]), TOKEN, "{other:?}");
        }
    }

    #[test]
    fn find_counts_an_empty_value_as_absent() {
        for empty in ["", " \t", "Bearer", "bearer ", "\u{feff}"] {
            assert_eq!(found(&[empty], &[]), "missing", "{empty:?}");
            assert_eq!(found(&[], &[empty]), "missing", "{empty:?}");
            assert_eq!(found(&[empty, TOKEN], &[empty]), TOKEN, "{empty:?}");
        }
        assert_eq!(found(&[], &[]), "missing");
    }

    #[test]
    fn find_takes_equal_tokens_as_one_and_different_ones_as_several() {
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(found(&[TOKEN, TOKEN], &[&bearer, &bearer]), TOKEN);
        assert_eq!(found(&[TOKEN, OTHER], &[]), "several");
        assert_eq!(found(&[OTHER], &[&bearer]), "several");
        assert_eq!(found(&[TOKEN], &[&bearer, "Bearer x"]), "several");
        assert_eq!(found(&["x", TOKEN, "x"], &[]), "several");
    }

    #[test]
    fn find_calls_a_value_that_is_no_token_malformed() {
        let long = "x".repeat(513);
        let spaced = format!("{}{TOKEN}", " ".repeat(600));
        let tab = format!("Bearer\t{TOKEN}");
        let list = format!("{TOKEN}, {OTHER}");
        let ours = format!("kc_0123456789ab_{}", "A".repeat(49));
        for bad in [
            "x",
            &long,
            &spaced,
            &tab,
            &list,
            &ours,
            "sk-0123456789abcde\u{e9}",
        ] {
            assert_eq!(found(&[bad], &[]), "malformed", "{bad:?}");
        }
        assert_eq!(found(&[], &[&tab]), "malformed");
        assert_eq!(found(&[], &["Bearer x"]), "malformed");
        assert_eq!(found(&["x", "x"], &[]), "malformed");
    }

    proptest! {
        #[test]
        fn find_never_panics(keys in vec(vec(any::<u8>(), 0..40), 0..4), authorization in vec(vec(any::<u8>(), 0..40), 0..4)) {
            drop(found_in(keys, authorization));
        }

        #[test]
        fn find_agrees_with_verify_about_one_value(value in "( |\t|\u{feff}|[Bb]earer |x|[!-~]{0,9}|[a-f]{16}|\u{e9})*") {
            let read = AnyToken::presented(value.as_bytes());
            let read = read.map(|token| String::from_utf8(token.secret().to_vec()).unwrap());
            let key = found(&[&value], &[]);
            prop_assert_eq!(read.is_none(), key == "missing" || key == "malformed");
            if let Some(read) = read {
                prop_assert_eq!(&read, &key);
            }
            let bearer = found(&[], &[&value]);
            prop_assert!(bearer == key || bearer == "missing");
        }
    }
}
