//! Tokens that come one a line, in bounded memory however long the lines are.

use crate::token::PRESENTED_MAX;
use std::io::{self, ErrorKind, Read};
use std::mem;
use zeroize::{Zeroize, Zeroizing};

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// Some lines, and how many bytes of the input they were.
pub struct Lot {
    /// As they came, but for what was dropped of a line that is too long.
    text: Zeroizing<Vec<u8>>,
    /// Bytes of the input that were read for them, line ends and all.
    pub bytes: u64,
}

impl Lot {
    /// The lines without their ends. One that is longer than a token may be is cut to one byte more.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        text.split(|&byte| byte == b'\n')
            .map(|line| &line[..line.len().min(PRESENTED_MAX + 1)])
    }
}

/// The lines of `source` in lots of at most so many, each handed on as soon as no more is there to be
/// read.
pub struct Lots<R> {
    source: R,
    most: usize,
    /// What was read, up to `filled`; what lies before `taken` was handed on.
    buffer: Zeroizing<Vec<u8>>,
    taken: usize,
    filled: usize,
    /// Bytes of the line at `taken` that were dropped since it is too long.
    dropped: u64,
    ended: bool,
}

impl<R: Read> Lots<R> {
    /// Lots of at most `most` lines of `source`.
    pub fn new(source: R, most: usize) -> Self {
        Lots {
            source,
            most,
            buffer: Zeroizing::new(vec![0; PIECE]),
            taken: 0,
            filled: 0,
            dropped: 0,
            ended: false,
        }
    }

    /// The lines that were read whole, `most` of them at most; `None` if there are none.
    fn buffered(&mut self) -> Option<Lot> {
        let rest = &self.buffer[self.taken..self.filled];
        let ends = rest.iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
        let end = match ends.take(self.most).last() {
            Some((at, _)) => at + 1,
            None if self.ended => rest.len(),
            None => 0,
        };
        if end == 0 {
            return None;
        }
        let text = Zeroizing::new(rest[..end].to_vec());
        // Nothing stays here while the next line is waited for.
        self.buffer[self.taken..][..end].zeroize();
        self.taken += end;
        Some(Lot {
            text,
            bytes: end as u64 + mem::take(&mut self.dropped),
        })
    }

    /// Reads what is there, and waits where nothing is. The buffer has no whole line.
    fn fill(&mut self) -> io::Result<()> {
        let read = self.filled;
        self.buffer.copy_within(self.taken..read, 0);
        self.filled -= mem::take(&mut self.taken);
        self.buffer[self.filled..read].zeroize();
        if self.filled > PRESENTED_MAX {
            // So much is no token, whatever comes.
            self.dropped += (self.filled - PRESENTED_MAX - 1) as u64;
            self.filled = PRESENTED_MAX + 1;
        }
        loop {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(read) => {
                    self.filled += read;
                    self.ended = read == 0;
                    return Ok(());
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
    }
}

impl<R: Read> Iterator for Lots<R> {
    type Item = io::Result<Lot>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(lot) = self.buffered() {
                return Some(Ok(lot));
            }
            if self.ended {
                return None;
            }
            if let Err(cause) = self.fill() {
                self.ended = true;
                self.filled = self.taken;
                return Some(Err(cause));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// A source that gives as much at once as it was told.
    struct Pieces(Vec<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let Some(first) = self.0.first_mut() else {
                return Ok(0);
            };
            let count = first.len().min(bytes.len());
            bytes[..count].copy_from_slice(&first[..count]);
            first.drain(..count);
            if first.is_empty() {
                self.0.remove(0);
            }
            Ok(count)
        }
    }

    fn read(pieces: Vec<Vec<u8>>, most: usize) -> (Vec<Vec<u8>>, u64) {
        let mut lines = Vec::new();
        let mut bytes = 0;
        for lot in Lots::new(Pieces(pieces), most) {
            let lot = lot.unwrap();
            assert!((1..=most).contains(&lot.lines().count()));
            assert!(lot.text.len() <= PIECE);
            lines.extend(lot.lines().map(<[u8]>::to_vec));
            bytes += lot.bytes;
        }
        (lines, bytes)
    }

    fn cut(line: &[u8]) -> Vec<u8> {
        line[..line.len().min(PRESENTED_MAX + 1)].to_vec()
    }

    proptest! {
        #[test]
        fn the_lines_are_those_of_the_text_however_it_comes(
            lines in vec(vec(any::<u8>().prop_filter("no end", |&byte| byte != b'\n'), 0..1500), 0..12),
            is_ended: bool,
            sizes in vec(1_usize..2000, 1..8),
            most in 1_usize..5,
        ) {
            let mut text = lines.join(&b'\n');
            if is_ended && !lines.is_empty() {
                text.push(b'\n');
            }
            let mut rest = &text[..];
            let mut pieces = Vec::new();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at(rest.len().min(*size));
                pieces.push(piece.to_vec());
                rest = after;
            }
            // What follows the last line end is a line if there is any of it.
            let mut expected: Vec<Vec<u8>> =
                text.split(|&byte| byte == b'\n').map(cut).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            prop_assert_eq!(read(pieces, most), (expected, text.len() as u64));
        }
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory() {
        let long = vec![b'x'; 1 << 20];
        let (lines, bytes) = read(vec![long.clone(), b"\ny".to_vec()], 8);
        assert_eq!(lines, [cut(&long), b"y".to_vec()]);
        assert_eq!(bytes, (1 << 20) + 2);
    }

    #[test]
    fn a_failure_to_read_is_told_once_behind_what_was_read() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                if mem::replace(&mut self.0, true) {
                    return Err(ErrorKind::Other.into());
                }
                bytes[..3].copy_from_slice(b"a\nb");
                Ok(3)
            }
        }
        let mut lots = Lots::new(Broken(false), 8);
        assert_eq!(lots.next().unwrap().unwrap().lines().count(), 1);
        assert!(lots.next().unwrap().is_err());
        assert!(lots.next().is_none());
    }
}
