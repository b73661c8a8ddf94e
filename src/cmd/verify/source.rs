//! Input of a batch, with a way to interrupt a read when another part fails.

use crate::env::Input;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, PipeReader, Read};

/// Input stream that also ends when its stop pipe closes. So a batch that has failed does not wait for a line
/// that may never come.
pub struct TokenSource<'a> {
    input: &'a mut (dyn Input + Send),
    /// Stop pipe: `poll` returns it once its other end is closed.
    stop: PipeReader,
}

impl<'a> TokenSource<'a> {
    /// Reads `input` until the other end of `stop` is closed.
    pub fn new(input: &'a mut (dyn Input + Send), stop: PipeReader) -> Self {
        TokenSource { input, stop }
    }

    /// Waits for input; returns `false` if the stop pipe was closed.
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

impl Read for TokenSource<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.is_wanted()? {
            match self.input.read(bytes) {
                // Another process that shares the stream made it non-blocking. Poll again.
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
        Ok(0)
    }
}
