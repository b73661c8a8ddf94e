use super::*;
use std::future::Future;
use std::io::IoSlice;
use std::os::unix::fs::MetadataExt;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Runs `test` on a runtime, with a directory of its own.
fn run<F: Future<Output = ()>>(test: impl FnOnce(PathBuf) -> F) {
    let directory = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test(directory.path().to_owned()));
}

async fn bound(address: &str) -> Result<Listener> {
    bind(&address.parse().unwrap(), 0o660).await
}

async fn bound_at(path: &Path) -> Result<Listener> {
    bind(&ListenAddress::Unix(path.to_owned()), 0o660).await
}

/// Error of a `bind`; a `Listener` has no `Debug`.
fn refused(bound: Result<Listener>) -> Error {
    bound.err().expect("it is listening")
}

/// Exchanges a byte each way with a client that has connected to `listener`.
async fn check_exchange(
    listener: &Listener,
    mut client: impl AsyncReadExt + AsyncWriteExt + Unpin,
) {
    let mut server = listener.accept().await.unwrap();
    client.write_all(b"a").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'a');
    let slices = [IoSlice::new(b"b"), IoSlice::new(b"c")];
    assert!(server.is_write_vectored());
    assert_eq!(server.write_vectored(&slices).await.unwrap(), 2);
    server.flush().await.unwrap();
    server.shutdown().await.unwrap();
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"bc");
}

fn tcp_port(listener: &Listener) -> SocketAddr {
    match listener.local() {
        ListenAddress::Tcp(address) => *address,
        ListenAddress::Unix(path) => panic!("{} is not TCP", path.display()),
    }
}

#[test]
fn bind_to_port_0_listens_on_a_free_port_and_tells_it() {
    run(|_| async {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = bound(address).await.unwrap();
            let local = tcp_port(&listener);
            assert_ne!(local.port(), 0);
            assert!(listener.is_private());
            let client = TcpStream::connect(local).await.unwrap();
            check_exchange(&listener, client).await;
        }
        assert!(!bound("0.0.0.0:0").await.unwrap().is_private());
    });
}

#[test]
fn bind_sets_nodelay_on_tcp_connections() {
    run(|_| async {
        let listener = bound("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(tcp_port(&listener)).await.unwrap();
        match listener.accept().await.unwrap() {
            ClientStream::Tcp(stream) => assert!(stream.nodelay().unwrap()),
            ClientStream::Unix(_) => panic!("a unix socket"),
        }
    });
}

#[test]
fn bind_to_a_port_in_use_is_an_error_with_exit_code_5() {
    run(|_| async {
        let first = bound("127.0.0.1:0").await.unwrap();
        let error = refused(bound(&first.local().to_string()).await);
        assert_eq!(error.kind.exit_code(), 5);
        let local = first.local();
        assert_eq!(
            error.to_string(),
            format!("cannot listen on {local}: Address already in use")
        );
        assert!(error.hint.is_some());
    });
}

#[test]
fn bind_to_a_port_with_old_connections_listens_again() {
    run(|_| async {
        let first = bound("127.0.0.1:0").await.unwrap();
        let local = tcp_port(&first);
        let mut client = TcpStream::connect(local).await.unwrap();
        // The side that closes first keeps the port in the state TIME_WAIT.
        drop(first.accept().await.unwrap());
        drop(first);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        drop(client);
        assert!(bound(&local.to_string()).await.is_ok());
    });
}

#[test]
fn bind_to_a_path_makes_a_socket_with_the_mode_and_drop_removes_it() {
    run(|directory| async move {
        let path = directory.join("socket");
        for mode in [0o660, 0o600, 0o666] {
            let address = ListenAddress::Unix(path.clone());
            let listener = bind(&address, mode).await.unwrap();
            let found = std::fs::metadata(&path).unwrap();
            assert_eq!(found.mode() & 0o7777, mode);
            assert_eq!(listener.local(), &address);
            assert!(listener.is_private());
            check_exchange(&listener, UnixStream::connect(&path).await.unwrap()).await;
            drop(listener);
            assert!(!path.exists());
        }
    });
}

#[test]
fn bind_replaces_a_socket_that_refuses_connections() {
    run(|directory| async move {
        let path = directory.join("socket");
        drop(net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let listener = bound_at(&path).await.unwrap();
        check_exchange(&listener, UnixStream::connect(&path).await.unwrap()).await;
    });
}

#[test]
fn bind_leaves_a_socket_on_which_another_program_listens() {
    run(|directory| async move {
        let path = directory.join("socket");
        let other = net::UnixListener::bind(&path).unwrap();
        let error = refused(bound_at(&path).await);
        assert_eq!(error.kind.exit_code(), 5);
        assert!(
            error.message.ends_with("another program listens there"),
            "{error}"
        );
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
        // The connection that found it out.
        assert!(other.accept().is_ok());
        assert!(net::UnixStream::connect(&path).is_ok());
    });
}

/// Other systems refuse the connection then, as if nobody listened.
#[cfg(target_os = "linux")]
#[test]
fn bind_leaves_a_socket_whose_queue_is_full() {
    run(|directory| async move {
        let path = directory.join("socket");
        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&path).unwrap();
        let _other = socket.listen(0).unwrap();
        let mut waiting = Vec::new();
        // Linux lets one more wait than the number given.
        while let Ok(stream) = UnixSocket::new_stream().unwrap().connect(&path).await {
            waiting.push(stream);
            assert!(waiting.len() < 10);
        }
        let error = refused(bound_at(&path).await);
        assert!(error.message.starts_with("cannot tell whether"), "{error}");
        assert!(path.exists());
    });
}

#[test]
fn bind_leaves_whatever_is_no_socket() {
    run(|directory| async move {
        let (file, link) = (directory.join("file"), directory.join("link"));
        std::fs::write(&file, "text").unwrap();
        let socket = directory.join("socket");
        drop(net::UnixListener::bind(&socket).unwrap());
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for path in [&file, &link, &directory] {
            let error = refused(bound_at(path).await);
            assert_eq!(error.kind.exit_code(), 5);
            assert!(
                error.message.ends_with("a file that is no socket is there"),
                "{error}"
            );
            assert!(error.hint.is_some());
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "text");
        assert!(link.is_symlink() && socket.exists());
    });
}

#[test]
fn bind_in_a_missing_directory_is_an_error_that_names_the_path() {
    run(|directory| async move {
        let path = directory.join("missing/socket");
        let error = refused(bound_at(&path).await);
        assert_eq!(error.kind.exit_code(), 5);
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
        assert_eq!(error.hint, Some("create its directory first".into()));
    });
}

#[test]
fn drop_leaves_a_file_that_has_taken_the_place_of_the_socket() {
    run(|directory| async move {
        let path = directory.join("socket");
        let listener = bound_at(&path).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let second = bound_at(&path).await.unwrap();
        drop(listener);
        check_exchange(&second, UnixStream::connect(&path).await.unwrap()).await;
    });
}

#[test]
fn sockets_of_systemd_are_taken_over_and_their_files_stay() {
    run(|directory| async move {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = adopt_tcp(tcp).unwrap();
        let client = TcpStream::connect(tcp_port(&listener)).await.unwrap();
        check_exchange(&listener, client).await;

        let path = directory.join("socket");
        let listener = adopt_unix(net::UnixListener::bind(&path).unwrap()).unwrap();
        assert_eq!(listener.local(), &ListenAddress::Unix(path.clone()));
        check_exchange(&listener, UnixStream::connect(&path).await.unwrap()).await;
        drop(listener);
        assert!(path.exists());
    });
}

#[test]
fn a_connection_of_systemd_is_not_taken_for_a_listener() {
    let (one, _other) = net::UnixStream::pair().unwrap();
    assert!(adopt_unix(std::os::fd::OwnedFd::from(one).into()).is_err());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(adopt_tcp(std::os::fd::OwnedFd::from(client).into()).is_err());
    assert!(check_listening(&listener).is_ok());
}
