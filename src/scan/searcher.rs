//! Search of a stream, in pieces.

use super::base64::{self, Encoded};
use super::place::{Spot, Track};
use super::{escapes, words};
use crate::hash::TokenDigest;
use crate::token::{self, Prefix, Token};
use std::io::{self, ErrorKind, Read};
use std::ops::{ControlFlow, Range};
use zeroize::Zeroizing;

/// Number of bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Number of bytes around the piece that is searched: as many as any candidate takes before and behind the byte at which
/// it is found.
const MARGIN: usize = 1024;

const _: () = assert!(
    token::BEFORE <= MARGIN
        && token::AFTER <= MARGIN
        && escapes::MARGIN <= MARGIN
        && base64::MARGIN <= MARGIN
        && words::MARGIN <= MARGIN
);

/// Text that may be a token of the store.
pub enum Candidate {
    /// Token of our own, with the right checksum.
    Own(Token),
    /// Digest of text that may be a token of another system.
    Foreign(TokenDigest),
}

/// Text to search for.
pub struct Sought {
    /// Searches for tokens in base64, one for each prefix that they may have.
    encoded: Vec<Encoded>,
    /// True if words that may be tokens of another system are sought too.
    foreign: bool,
}

impl Sought {
    /// Prepares a search for tokens with any prefix, for those in base64 with one of `prefixes`, and for `foreign` ones.
    pub fn new(prefixes: &[Prefix], foreign: bool) -> Self {
        Sought {
            encoded: prefixes.iter().map(Encoded::new).collect(),
            foreign,
        }
    }
}

/// Search by one thread, with its buffer.
pub struct Searcher<'a> {
    sought: &'a Sought,
    buffer: Zeroizing<Vec<u8>>,
}

impl<'a> Searcher<'a> {
    /// Makes a searcher for what is `sought`.
    pub fn new(sought: &'a Sought) -> Self {
        Self::with_buffer(sought, BUFFER)
    }

    /// Makes a searcher with a buffer of `size` bytes, more than twice [`MARGIN`].
    fn with_buffer(sought: &'a Sought, size: usize) -> Self {
        let buffer = Zeroizing::new(vec![0; size]);
        Searcher { sought, buffer }
    }

    /// Searches `input` to its end, or until `found` breaks it off, and returns the number of bytes that it had.
    ///
    /// Calls `found` with each candidate and its spot, which `track` tells, in their order. Memory is constant: a candidate
    /// across the edge of the buffer is found when the next bytes are there.
    ///
    /// # Errors
    ///
    /// Fails if `input` does. What was found before that was passed to `found`.
    pub fn search(
        &mut self,
        input: &mut dyn Read,
        track: &mut dyn Track,
        found: &mut dyn FnMut(Spot, Candidate) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<(), u64>> {
        let mut piece = Piece::default();
        let mut total = 0;
        loop {
            let read = match input.read(&mut self.buffer[piece.filled..]) {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                read => read,
            };
            let count = *read.as_ref().unwrap_or(&0);
            piece.filled += count;
            total += count as u64;
            let limit = match count {
                0 => piece.filled,
                _ => piece.filled.saturating_sub(MARGIN).max(piece.searched),
            };
            for (at, candidate) in
                self.candidates(&self.buffer[..piece.filled], piece.searched..limit)
            {
                piece.track(&self.buffer, at, track);
                if found(track.spot(), candidate).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            piece.searched = limit;
            if count == 0 {
                return read.map(|_| ControlFlow::Continue(total));
            }
            if piece.filled == self.buffer.len() {
                self.make_room(&mut piece, track);
            }
        }
    }

    /// Searches a short text, such as the name of a file.
    pub fn search_text(
        &self,
        text: &[u8],
        mut found: impl FnMut(Candidate) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let candidates = self.candidates(text, 0..text.len()).into_iter();
        candidates
            .map(|(_, candidate)| found(candidate))
            .try_for_each(|gone_on| gone_on)
    }

    /// Returns the candidates that are found within `range` of `bytes`, with their offsets, in order.
    fn candidates(&self, bytes: &[u8], range: Range<usize>) -> Vec<(usize, Candidate)> {
        let mut candidates = Vec::new();
        let mut own = |at, token| candidates.push((at, Candidate::Own(token)));
        token::search(bytes, range.clone(), &mut own);
        escapes::search(bytes, range.clone(), &mut own);
        for encoded in &self.sought.encoded {
            encoded.search(bytes, range.clone(), &mut own);
        }
        if self.sought.foreign {
            words::search(bytes, range, |at, digest| {
                candidates.push((at, Candidate::Foreign(digest)));
            });
        }
        candidates.sort_by_key(|(at, _)| *at);
        candidates
    }

    /// Drops the start of the buffer, which was searched.
    fn make_room(&mut self, piece: &mut Piece, track: &mut dyn Track) {
        let dropped = piece.searched.saturating_sub(MARGIN);
        piece.track(&self.buffer, dropped, track);
        self.buffer.copy_within(dropped..piece.filled, 0);
        piece.filled -= dropped;
        piece.searched -= dropped;
        piece.tracked -= dropped;
    }
}

/// Piece of the input that is in the buffer.
#[derive(Default)]
struct Piece {
    /// Number of bytes in the buffer.
    filled: usize,
    /// Number of bytes that were searched.
    searched: usize,
    /// Number of bytes that the position in the stream has passed.
    tracked: usize,
}

impl Piece {
    /// Advances the position in the stream to `at`, unless it is there already.
    fn track(&mut self, buffer: &[u8], at: usize, track: &mut dyn Track) {
        if at > self.tracked {
            track.advance(&buffer[self.tracked..at]);
            self.tracked = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Lines;
    use super::*;
    use crate::env::Random;
    use crate::error::Result;
    use crate::id::KeyId;
    use data_encoding::{BASE64, BASE64URL_NOPAD};
    use proptest::prelude::*;

    struct Numbers(u64);

    impl Random for Numbers {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
            for byte in bytes {
                self.0 = self
                    .0
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                *byte = (self.0 >> 56) as u8;
            }
            Ok(())
        }
    }

    fn token(seed: u64) -> String {
        let mut random = Numbers(seed);
        let id = KeyId::generate(&mut random).unwrap();
        let token = Token::generate(&Prefix::default(), id, &mut random).unwrap();
        String::from_utf8(token.expose().to_vec()).unwrap()
    }

    /// Forms in which a token may be written.
    #[derive(Clone, Copy, Debug)]
    enum Form {
        Plain,
        Utf16,
        Escaped,
        PartlyEscaped,
        Base64,
        WrappedBase64,
        Base64Url,
    }

    const FORMS: [Form; 7] = [
        Form::Plain,
        Form::Utf16,
        Form::Escaped,
        Form::PartlyEscaped,
        Form::Base64,
        Form::WrappedBase64,
        Form::Base64Url,
    ];

    impl Form {
        fn of(self, token: &str, before: &str) -> Vec<u8> {
            let escaped = |c: char| format!("\\u{:04X}", u32::from(c));
            match self {
                Form::Plain => token.as_bytes().to_vec(),
                Form::Utf16 => token.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                Form::Escaped => token.chars().map(escaped).collect::<String>().into_bytes(),
                Form::PartlyEscaped => token.replace('_', &escaped('_')).into_bytes(),
                Form::Base64 => BASE64
                    .encode(format!("{before}{token}").as_bytes())
                    .into_bytes(),
                Form::WrappedBase64 => {
                    let text = BASE64.encode(format!("{before}{token}").as_bytes());
                    let lines: Vec<&str> = [&text[..50], &text[50..]].into();
                    lines.join("\r\n").into_bytes()
                }
                Form::Base64Url => BASE64URL_NOPAD
                    .encode(format!("{before}{token}").as_bytes())
                    .into_bytes(),
            }
        }
    }

    /// Input that comes in pieces of some size.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(buffer.len()).min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn found(bytes: &[u8], buffer: usize, size: usize) -> Vec<(Spot, String)> {
        let mut tokens = Vec::new();
        let sought = Sought::new(&[Prefix::default()], false);
        let mut take = |spot, candidate| {
            if let Candidate::Own(token) = candidate {
                tokens.push((spot, String::from_utf8(token.expose().to_vec()).unwrap()));
            }
            ControlFlow::Continue(())
        };
        let read = Searcher::with_buffer(&sought, buffer)
            .search(&mut Slow(bytes, size), &mut Lines::default(), &mut take)
            .unwrap();
        assert_eq!(read, ControlFlow::Continue(bytes.len() as u64));
        tokens
    }

    proptest! {
                #[test]
        fn each_token_is_found_once_in_any_form_with_its_line(
            planted in proptest::collection::vec((0..4_000_usize, 0..FORMS.len(), "[a-z]{0,4}"), 1..20),
            buffer in 2 * MARGIN + 1..4 * MARGIN,
            size in 100_usize..5_000,
        ) {
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            for (number, (distance, form, before)) in planted.into_iter().enumerate() {
                bytes.resize(bytes.len() + distance, b'.');
                bytes.push(b'\n');
                let token = token(number as u64);
                bytes.extend(FORMS[form].of(&token, &before));
                // Line of the token's first byte, with the breaks of wrapped ones before it.
                expected.push(token);
                bytes.push(b'\n');
            }
            let found = found(&bytes, buffer, size);
            let tokens: Vec<&String> = found.iter().map(|(_, token)| token).collect();
            prop_assert_eq!(tokens, expected.iter().collect::<Vec<_>>());
            for (spot, token) in &found {
                let Some(at) = bytes.windows(token.len()).position(|window| window == token.as_bytes()) else {
                    continue;
                };
                let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
                prop_assert_eq!(spot, &Spot::Line(line as u64));
            }
        }
    }

    #[test]
    fn a_token_in_base64_is_found_wherever_its_lines_are_broken() {
        let prefixes = ["kc", "a_long_prefix"].map(|prefix| prefix.parse().unwrap());
        let sought = Sought::new(&prefixes, false);
        for prefix in &prefixes {
            let (id, random) = ("0123456789ab".parse().unwrap(), &mut Numbers(1));
            let token = Token::generate(prefix, id, random).unwrap();
            for (before, width, end) in (0..90).flat_map(|before| {
                [(64, "\n"), (76, "\r\n")].map(|(width, end)| (before, width, end))
            }) {
                let text = [&b"b".repeat(before), token.expose(), b"behind"].concat();
                let text = BASE64.encode(&text);
                let lines = text.as_bytes().chunks(width);
                let lines: Vec<u8> = lines
                    .flat_map(|line| [line, end.as_bytes()].concat())
                    .collect();
                let mut count = 0;
                let _ = Searcher::new(&sought).search_text(&lines, |_| {
                    count += 1;
                    ControlFlow::Continue(())
                });
                assert_eq!(count, 1, "{prefix} behind {before}, {width} a line");
            }
        }
    }

    #[test]
    fn a_token_at_each_distance_from_the_edge_of_the_buffer_is_found_once() {
        const SMALL: usize = 3 * MARGIN;
        for form in FORMS {
            let text = form.of(&token(1), "");
            for distance in SMALL - 2 * MARGIN - text.len()..SMALL + MARGIN {
                let mut bytes = vec![b'.'; distance];
                bytes.extend(&text);
                bytes.extend([b'.'; SMALL]);
                assert_eq!(
                    found(&bytes, SMALL, SMALL).len(),
                    1,
                    "{form:?} at {distance}"
                );
            }
        }
    }
}
