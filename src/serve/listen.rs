//! Sockets to listen on: TCP addresses, unix sockets, and those that systemd passes.

mod address;
mod file;
mod stream;

pub use address::ListenAddress;
pub use stream::{ClientStream, DetachedStream};

use crate::error::{Error, Result};
use file::SocketFile;
use listenfd::ListenFd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixSocket};

/// Maximum number of connections that wait to be accepted. The system may have a lower limit (`net.core.somaxconn`).
const BACKLOG: u32 = 1024;

/// Socket that accepts connections. When it is dropped, the file of a unix socket that it made is removed.
pub struct Listener {
    /// Removed before the socket is closed: in between, connections would be reset.
    _file: Option<SocketFile>,
    socket: ListenSocket,
    local: ListenAddress,
}

enum ListenSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Waits for the next connection. Must run on the runtime that the listener was made on.
    pub async fn accept(&self) -> io::Result<ClientStream> {
        match &self.socket {
            ListenSocket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A failure costs time alone.
                drop(stream.set_nodelay(true));
                Ok(ClientStream::Tcp(stream))
            }
            ListenSocket::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(ClientStream::Unix(stream))
            }
        }
    }

    /// Returns the address, with the real port if port 0 was asked for.
    pub fn local(&self) -> &ListenAddress {
        &self.local
    }

    /// Tells whether only this machine can connect.
    pub fn is_private(&self) -> bool {
        self.local.is_private()
    }

    fn tcp(listener: TcpListener) -> io::Result<Self> {
        Ok(Listener {
            _file: None,
            local: ListenAddress::Tcp(listener.local_addr()?),
            socket: ListenSocket::Tcp(listener),
        })
    }

    fn unix(listener: UnixListener, path: &Path, file: Option<SocketFile>) -> Self {
        Listener {
            _file: file,
            local: ListenAddress::Unix(path.to_owned()),
            socket: ListenSocket::Unix(listener),
        }
    }
}

/// Listens on `address`. Must run inside a tokio runtime.
///
/// The file of a unix socket gets the permission bits `mode`. A socket file on which nobody listens any more is replaced;
/// anything else at its path is an error.
pub async fn bind(address: &ListenAddress, mode: u32) -> Result<Listener> {
    match address {
        ListenAddress::Tcp(tcp) => bind_tcp(*tcp).map_err(|cause| tcp_error(*tcp, cause)),
        ListenAddress::Unix(path) => bind_unix(path, mode).await,
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // Without it, the address could not be used for a minute after a server that had open connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Listener::tcp(socket.listen(BACKLOG)?)
}

async fn bind_unix(path: &Path, mode: u32) -> Result<Listener> {
    let failed = |cause| unix_error(path, cause);
    let socket = match unix_socket(path) {
        Err(cause) if cause.kind() == ErrorKind::AddrInUse => {
            file::remove_stale(path).await?;
            unix_socket(path)
        }
        bound => bound,
    }
    .map_err(failed)?;
    let file = SocketFile::at(path).map_err(failed)?;
    // Nobody can connect before `listen`, so nobody can while the file has another mode.
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    Ok(Listener::unix(listener, path, Some(file)))
}

fn unix_socket(path: &Path) -> io::Result<UnixSocket> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    Ok(socket)
}

/// Takes over the sockets that systemd passes (`sd_listen_fds(3)`), if any, and removes the variables that announce them
/// from the environment. Must run inside a tokio runtime, before any thread reads the environment.
pub fn from_systemd() -> Result<Vec<Listener>> {
    let mut passed = ListenFd::from_env();
    let numbers = 0..passed.len();
    numbers.map(|at| passed_socket(&mut passed, at)).collect()
}

fn passed_socket(passed: &mut ListenFd, at: usize) -> Result<Listener> {
    let refused = |cause: io::Error| {
        Error::io(format!("cannot listen on socket {} of systemd", at + 1))
            .because(cause)
            .hint("in the socket unit, use ListenStream= and Accept=no")
    };
    if let Ok(Some(unix)) = passed.take_unix_listener(at) {
        return adopt_unix(unix).map_err(refused);
    }
    match passed.take_tcp_listener(at) {
        Ok(Some(tcp)) => adopt_tcp(tcp).map_err(refused),
        Ok(None) => Err(refused(ErrorKind::NotFound.into())),
        Err(cause) => Err(refused(cause)),
    }
}

fn adopt_tcp(tcp: std::net::TcpListener) -> io::Result<Listener> {
    check_listening(&tcp)?;
    tcp.set_nonblocking(true)?;
    Listener::tcp(TcpListener::from_std(tcp)?)
}

fn adopt_unix(unix: net::UnixListener) -> io::Result<Listener> {
    check_listening(&unix)?;
    unix.set_nonblocking(true)?;
    // An abstract socket has a name and no path.
    let path = unix.local_addr()?.as_pathname().map(Path::to_owned);
    let path = path.unwrap_or_else(|| PathBuf::from("@"));
    Ok(Listener::unix(UnixListener::from_std(unix)?, &path, None))
}

/// Refuses a connection, which systemd passes with `Accept=yes`: a socket that listens is never ready to be written to.
fn check_listening(socket: &impl AsFd) -> io::Result<()> {
    let mut asked = [PollFd::new(socket, PollFlags::OUT)];
    match poll(&mut asked, Some(&Timespec::default()))? {
        0 => Ok(()),
        _ => Err(io::Error::other("it does not listen")),
    }
}

fn tcp_error(address: SocketAddr, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        ErrorKind::AddrInUse => "another program listens there: stop it, or use another port",
        ErrorKind::AddrNotAvailable => {
            "use an address that this machine has, as 'ip address' shows"
        }
        ErrorKind::PermissionDenied => "use a port above 1023",
        _ => "use another address",
    };
    Error::io(format!("cannot listen on {address}"))
        .because(cause)
        .hint(hint)
}

fn unix_error(path: &Path, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        ErrorKind::NotFound => "create its directory first",
        ErrorKind::PermissionDenied => "use a directory that the server's user may write to",
        _ => "use another path",
    };
    Error::io(format!("cannot listen on {}", file::shown(path)))
        .because(cause)
        .hint(hint)
}

#[cfg(test)]
mod tests;
