//! Request lines in the bytes of a connection, to find those with a `#`.
//!
//! The HTTP library takes a `#` for the beginning of a fragment (RFC 3986, section 3.5) and drops the rest of the
//! line's target. No request line may have one (RFC 9112, section 3.2), and the rest could be a required scope.

/// Position in a connection whose requests have no bodies: after one with a body, nothing more is answered.
#[derive(Default)]
pub struct RequestLines {
    position: Position,
    /// Number of the request that is being read, from 1; 0 before the first.
    number: u64,
}

#[derive(Clone, Copy, Default)]
enum Position {
    /// Before a request, where empty lines are skipped.
    #[default]
    Between,
    RequestLine,
    /// At the start of a line in a head.
    LineStart,
    Header,
}

impl RequestLines {
    /// Reads the next bytes, and returns the number of the first request in whose line they have a `#`.
    pub fn read(&mut self, bytes: &[u8]) -> Option<u64> {
        let mut found = None;
        for &byte in bytes {
            self.position = match (self.position, byte) {
                (Position::Between, b'\r' | b'\n') => Position::Between,
                (Position::Between, _) => {
                    self.number += 1;
                    Position::RequestLine
                }
                (Position::RequestLine | Position::Header, b'\n') => Position::LineStart,
                (Position::LineStart, b'\n') => Position::Between,
                (Position::LineStart, b'\r') => Position::LineStart,
                (Position::LineStart, _) => Position::Header,
                (position, _) => position,
            };
            if byte == b'#' && matches!(self.position, Position::RequestLine) {
                found = found.or(Some(self.number));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Option<u64> {
        RequestLines::default().read(text.as_bytes())
    }

    #[test]
    fn a_hash_sign_counts_in_a_request_line_alone() {
        assert_eq!(found("GET /verify?project=a#b HTTP/1.1\r\n\r\n"), Some(1));
        assert_eq!(found("# / HTTP/1.1\r\n\r\n"), Some(1));
        let key = "GET /verify HTTP/1.1\r\nx-api-key: a#b\r\n#: #\r\n\r\n";
        assert_eq!(found(key), None);
        for end in ["\r\n", "\n"] {
            let two = format!("{key}{end}GET /#?scope=a HTTP/1.1\r\n\r\nGET /# HTTP/1.1\r\n\r\n");
            assert_eq!(found(&two.replace("\r\n", end)), Some(2), "{end:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_in_pieces_are_read_as_at_once(text in "(GET |/|#|a: b|\r\n|\n|\r\n\r\n|\n\n){0,30}", at: prop::sample::Index) {
            let (first, rest) = text.as_bytes().split_at(at.index(text.len() + 1));
            let mut lines = RequestLines::default();
            let in_pieces = lines.read(first).or_else(|| lines.read(rest));
            prop_assert_eq!(in_pieces, found(&text));
        }
    }
}
