//! Reader of lines in chunks, with bounded memory for lines of any length.

use crate::token::PRESENTED_MAX;
use std::io::{self, ErrorKind, Read};
use std::mem;
use zeroize::{Zeroize, Zeroizing};

/// Size of a read in bytes.
const PIECE: usize = 64 << 10;

/// Chunk of whole lines.
pub struct Chunk {
    /// Text of the lines. Lines that are too long may be cut.
    text: Zeroizing<Vec<u8>>,
    /// Number of bytes of the input that it took, with line ends and bytes that were cut off.
    pub bytes: u64,
}

impl Chunk {
    /// Lines without their ends. A line that is too long for a token is cut to one byte more than a token may
    /// have.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        text.split(|&byte| byte == b'\n')
            .map(|line| &line[..line.len().min(PRESENTED_MAX + 1)])
    }
}

/// Iterator over chunks of lines of a stream. Returns the lines that are there before it waits for more.
pub struct Chunks<R> {
    source: R,
    /// Largest number of lines in a chunk.
    most: usize,
    /// Bytes that were read, up to `filled`. The bytes before `taken` were returned.
    buffer: Zeroizing<Vec<u8>>,
    taken: usize,
    filled: usize,
    /// Number of bytes that were dropped from the line at `taken`, because it is too long.
    dropped: u64,
    ended: bool,
}

impl<R: Read> Chunks<R> {
    /// Reads `source` in chunks of at most `most` lines.
    pub fn new(source: R, most: usize) -> Self {
        Chunks {
            source,
            most,
            buffer: Zeroizing::new(vec![0; PIECE]),
            taken: 0,
            filled: 0,
            dropped: 0,
            ended: false,
        }
    }

    /// Returns the next complete lines in the buffer, at most `most`; `None` if there are none.
    fn buffered(&mut self) -> Option<Chunk> {
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
        // Wiped now: the wait for the next line may be long.
        self.buffer[self.taken..][..end].zeroize();
        self.taken += end;
        Some(Chunk {
            text,
            bytes: end as u64 + mem::take(&mut self.dropped),
        })
    }

    /// Reads once, and waits if there is nothing to read. The buffer must not hold a complete line.
    fn fill(&mut self) -> io::Result<()> {
        let read = self.filled;
        self.buffer.copy_within(self.taken..read, 0);
        self.filled -= mem::take(&mut self.taken);
        self.buffer[self.filled..read].zeroize();
        if self.filled > PRESENTED_MAX {
            // This line is too long for a token already.
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

impl<R: Read> Iterator for Chunks<R> {
    type Item = io::Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(chunk) = self.buffered() {
                return Some(Ok(chunk));
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

    /// Source that returns these pieces, one for each read.
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
        for chunk in Chunks::new(Pieces(pieces), most) {
            let chunk = chunk.unwrap();
            assert!((1..=most).contains(&chunk.lines().count()));
            assert!(chunk.text.len() <= PIECE);
            lines.extend(chunk.lines().map(<[u8]>::to_vec));
            bytes += chunk.bytes;
        }
        (lines, bytes)
    }

    fn cut(line: &[u8]) -> Vec<u8> {
        line[..line.len().min(PRESENTED_MAX + 1)].to_vec()
    }

    proptest! {
        #[test]
        fn chunks_hold_the_lines_of_the_text_however_it_is_split(
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
            // Text after the last line end is a line unless it is empty.
            let mut expected: Vec<Vec<u8>> =
                text.split(|&byte| byte == b'\n').map(cut).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            prop_assert_eq!(read(pieces, most), (expected, text.len() as u64));
        }
    }

    #[test]
    fn chunks_cut_a_long_line_and_take_no_more_memory_for_it() {
        let long = vec![b'x'; 1 << 20];
        let (lines, bytes) = read(vec![long.clone(), b"\ny".to_vec()], 8);
        assert_eq!(lines, [cut(&long), b"y".to_vec()]);
        assert_eq!(bytes, (1 << 20) + 2);
    }

    #[test]
    fn chunks_end_with_a_read_error_that_comes_once_and_behind_what_was_read() {
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
        let mut chunks = Chunks::new(Broken(false), 8);
        assert_eq!(chunks.next().unwrap().unwrap().lines().count(), 1);
        assert!(chunks.next().unwrap().is_err());
        assert!(chunks.next().is_none());
    }
}
