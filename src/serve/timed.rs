//! Connection with limits on the time that a client may take.

use super::lines::RequestLines;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Maximum time from the first byte of a head to its last.
const HEAD: Duration = Duration::from_secs(5);

/// Maximum time between two requests: longer than nginx's 60 s, so that the gateway closes first. Otherwise it would
/// send a request on a connection that is being closed.
const IDLE: Duration = Duration::from_secs(75);

/// Maximum time that a client reads nothing.
const WRITE: Duration = Duration::from_secs(5);

/// Maximum time to read the rest of what a client sends, after the last answer.
const LINGER: Duration = Duration::from_secs(1);

/// Maximum number of bytes to read then.
const LINGER_MAX: usize = 1 << 20;

/// Events of one connection that its service reports.
#[derive(Default)]
pub struct Progress {
    /// Number of complete heads.
    heads: AtomicU64,
    /// Number of the first request with a `#` in its line, from 1; 0 while there is none.
    with_fragment: AtomicU64,
}

impl Progress {
    /// Reports that a head was read. Returns true if a `#` was in its request line.
    pub fn head_is_read(&self) -> bool {
        let number = self.heads.fetch_add(1, Relaxed) + 1;
        let first = self.with_fragment.load(Relaxed);
        first != 0 && first <= number
    }

    fn note_fragment(&self, number: u64) {
        // Nothing is answered after the first.
        let _ = self
            .with_fragment
            .compare_exchange(0, number, Relaxed, Relaxed);
    }
}

/// Stream that fails when its client takes too long.
///
/// Closing waits for the client to stop sending, for a short time: the system would discard an answer that is under
/// way if the connection were closed with unread bytes.
pub struct Timed<S> {
    stream: S,
    progress: Arc<Progress>,
    heads: u64,
    lines: RequestLines,
    /// Time since which nothing of a head has come.
    idle: Instant,
    /// Time of the first byte of the head that is being read.
    begun: Option<Instant>,
    /// Time since which no byte can be written.
    blocked: Option<Instant>,
    /// End of the linger time, and the number of bytes left to read.
    linger: Option<(Instant, usize)>,
    timer: Pin<Box<Sleep>>,
}

impl<S> Timed<S> {
    /// Watches `stream`, whose service reports to `progress`. Must be called in a runtime.
    pub fn new(stream: S, progress: Arc<Progress>) -> Self {
        let now = Instant::now();
        Timed {
            stream,
            progress,
            heads: 0,
            lines: RequestLines::default(),
            idle: now,
            begun: None,
            blocked: None,
            linger: None,
            timer: Box::pin(sleep_until(now + IDLE)),
        }
    }

    /// Fails if `deadline` has passed, else wakes the task then.
    ///
    /// The timer is moved only to an earlier time. When it fires too early, it is moved to the deadline.
    fn wait(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Time until which the client must send more.
    fn read_deadline(&mut self) -> Instant {
        let heads = self.progress.heads.load(Relaxed);
        if heads != self.heads {
            self.heads = heads;
            self.begun = None;
            self.idle = Instant::now();
        }
        match self.begun {
            Some(begun) => begun + HEAD,
            None => self.idle + IDLE,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let deadline = self.read_deadline();
        let before = buffer.filled().len();
        if Pin::new(&mut self.stream).poll_read(cx, buffer)?.is_ready() {
            let new = buffer.filled().get(before..).unwrap_or_default();
            if let Some(number) = self.lines.read(new) {
                self.progress.note_fragment(number);
            }
            self.begun.get_or_insert_with(Instant::now);
            return Poll::Ready(Ok(()));
        }
        self.wait(deadline, cx).map(Err)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Timed<S> {
    /// Reads and drops what the client still sends, until it stops or the limits are reached.
    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (deadline, mut left) = match self.linger {
            Some(linger) => linger,
            None => (Instant::now() + LINGER, LINGER_MAX),
        };
        let mut bytes = [0; 4096];
        while left > 0 {
            let mut buffer = ReadBuf::new(&mut bytes);
            self.linger = Some((deadline, left));
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return self.wait(deadline, cx).map(drop),
                Poll::Ready(Err(_)) => break,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => break,
                Poll::Ready(Ok(())) => left = left.saturating_sub(buffer.filled().len()),
            }
        }
        Poll::Ready(())
    }

    fn bound(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.blocked = None;
            return written;
        }
        let blocked = *self.blocked.get_or_insert_with(Instant::now);
        self.wait(blocked + WRITE, cx).map(Err)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bound(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.bound(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        self.drain(cx).map(Ok)
    }
}
