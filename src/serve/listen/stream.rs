//! Connection of a client, over TCP or a unix socket.

use std::io::{self, IoSlice};
use std::net;
use std::os;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// Connection that a listener accepted.
pub enum ClientStream {
    /// Connection over TCP.
    Tcp(TcpStream),
    /// Connection over a unix socket.
    Unix(UnixStream),
}

/// Connection that no runtime waits for.
pub enum DetachedStream {
    /// Connection over TCP.
    Tcp(net::TcpStream),
    /// Connection over a unix socket.
    Unix(os::unix::net::UnixStream),
}

impl ClientStream {
    /// Takes the connection away from the runtime that waits for it.
    pub fn detach(self) -> io::Result<DetachedStream> {
        Ok(match self {
            ClientStream::Tcp(stream) => DetachedStream::Tcp(stream.into_std()?),
            ClientStream::Unix(stream) => DetachedStream::Unix(stream.into_std()?),
        })
    }
}

impl DetachedStream {
    /// Gives the connection to the runtime in which this is called.
    pub fn attach(self) -> io::Result<ClientStream> {
        Ok(match self {
            DetachedStream::Tcp(stream) => ClientStream::Tcp(TcpStream::from_std(stream)?),
            DetachedStream::Unix(stream) => ClientStream::Unix(UnixStream::from_std(stream)?),
        })
    }
}

/// Calls a method of the stream inside.
macro_rules! inner {
    ($stream:expr, $method:ident $(, $argument:expr)*) => {
        match $stream.get_mut() {
            ClientStream::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            ClientStream::Unix(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        inner!(self, poll_read, cx, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        inner!(self, poll_write, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inner!(self, poll_write_vectored, cx, slices)
    }

    /// Both kinds of sockets write several slices at once.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, poll_flush, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, poll_shutdown, cx)
    }
}
