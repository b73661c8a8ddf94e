//! Percent-encoding (RFC 3986, section 2.1) of values in URLs and headers.

/// Encodes every byte of `text` that is not unreserved in a URL: a letter, a digit, `-`, `.`, `_` or `~`.
pub fn encode(text: &str) -> String {
    encode_but(text, |byte| {
        byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
    })
}

/// Encodes every byte of `text` that is not a visible ASCII character, and `%`.
pub fn encode_invisible(text: &str) -> String {
    encode_but(text, |byte| byte.is_ascii_graphic() && byte != b'%')
}

/// Encodes every byte of `text` but those that are `plain`.
fn encode_but(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Decodes `text`. `None` if a `%` is not followed by two hexadecimal digits, or if the result is not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encode_invisible_leaves_visible_ascii_that_decodes_to_the_text(
            text in "\\PC*|%[0-9a-f]{2}",
        ) {
            let encoded = encode_invisible(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(decode(&encoded), Some(text));
        }

        #[test]
        fn decode_gives_back_what_was_encoded(text: String) {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic() && !b"&#+/?=, ".contains(&byte)));
            prop_assert_eq!(decode(&encoded), Some(text));
        }
    }

    #[test]
    fn decode_takes_either_case_and_refuses_a_cut_escape_and_what_is_not_utf_8() {
        assert_eq!(decode("a%2fb%2F+c").as_deref(), Some("a/b/+c"));
        for bad in ["%", "a%4", "%zz", "%+1", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
