//! Where a batch's tokens come from.

use crate::env::Input;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, PipeReader, Read};

/// A stream that ends where it ends, or once nobody wants any more of it: one who has failed does not
/// wait for a line that may never come.
pub struct Source<'a> {
    input: &'a mut (dyn Input + Send),
    /// Ready as soon as its other end is let go.
    stop: PipeReader,
}

impl<'a> Source<'a> {
    /// `input` until the other end of `stop` is let go.
    pub fn new(input: &'a mut (dyn Input + Send), stop: PipeReader) -> Self {
        Source { input, stop }
    }

    /// Waits until there is something to be read; `false` if nobody wants it.
    fn is_wanted(&self) -> io::Result<bool> {
        let Some(input) = self.input.descriptor() else {
            return Ok(true);
        };
        loop {
            let mut ready = [
                PollFd::new(&input, PollFlags::IN),
                PollFd::new(&self.stop, PollFlags::IN),
            ];
            match poll(&mut ready, None) {
                Ok(_) => return Ok(ready[1].revents().is_empty()),
                Err(Errno::INTR) => {}
                Err(cause) => return Err(cause.into()),
            }
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.is_wanted()? {
            match self.input.read(bytes) {
                // Another process shares the stream, and does not wait on it.
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
        Ok(0)
    }
}
