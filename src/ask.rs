//! Client of `keyctl serve`: asks a running server for its verdict on one token.
//!
//! One request over HTTP/1.1 without TLS. No redirect is followed and no proxy is used, so that the token goes to the
//! address that was given and nowhere else.

mod answer;
mod question;
mod server;

pub use answer::{Denial, Origin, RemoteAnswer, RemoteKey, RemoteScopes, RemoteVerdict};
pub use question::{ClientAddress, Question};
pub use server::{ServerHost, ServerUrl};

use crate::error::{Error, ErrorSource, Result};
use crate::hint::{Hint, run};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::fmt::Display;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Time for the whole exchange, from the look-up of the host to the head of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// AskFailure to get an answer.
enum AskFailure {
    /// No connection.
    Connect(io::Error),
    /// A connection, but no HTTP response.
    Exchange(hyper::Error),
}

/// Asks `server` and waits for its answer.
///
/// # Errors
///
/// Fails if there is no answer within 5 seconds, or if it has no verdict; then nothing is known about the token. No
/// error shows the token.
pub fn ask(server: &ServerUrl, question: &Question<'_>) -> Result<RemoteAnswer> {
    let request = question.request(server)?;
    let runtime = runtime()?;
    let exchanged = runtime.block_on(async { timeout(TIMEOUT, exchange(server, request)).await });
    // A look-up of the host may still run; its thread is not waited for.
    runtime.shutdown_background();
    let response = match exchanged {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => return Err(failed(server, failure)),
        Err(_) => return Err(silent(server)),
    };
    answer::read(server, response.status().as_u16(), response.headers())
}

fn runtime() -> Result<Runtime> {
    let built = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build();
    built.map_err(|cause| Error::io("cannot wait for an answer").because(cause))
}

async fn exchange(
    server: &ServerUrl,
    request: Request<Empty<Bytes>>,
) -> std::result::Result<Response<Incoming>, AskFailure> {
    match server {
        ServerUrl::Unix(path) => {
            let stream = UnixStream::connect(path)
                .await
                .map_err(AskFailure::Connect)?;
            send(stream, request).await
        }
        ServerUrl::Tcp(host, port) => {
            let connected = connect(host, *port).await;
            send(connected.map_err(AskFailure::Connect)?, request).await
        }
    }
}

async fn connect(host: &ServerHost, port: u16) -> io::Result<TcpStream> {
    match host {
        ServerHost::Address(address) => TcpStream::connect((*address, port)).await,
        ServerHost::Localhost => {
            let addresses = ServerHost::LOCALHOST.map(|address| (address, port).into());
            TcpStream::connect(&addresses[..]).await
        }
        ServerHost::Name(name) => TcpStream::connect((name.as_str(), port)).await,
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Empty<Bytes>>,
) -> std::result::Result<Response<Incoming>, AskFailure> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(AskFailure::Exchange)?;
    // Its errors come back through the sender.
    tokio::spawn(connection);
    sender
        .send_request(request)
        .await
        .map_err(AskFailure::Exchange)
}

/// Error for a failed exchange.
fn failed(server: &ServerUrl, failure: AskFailure) -> Error {
    match failure {
        AskFailure::Connect(cause) => {
            let hint = advice(server, cause.kind());
            let error = Error::unavailable(format!("cannot connect to {server}"));
            error.because(cause).hint(hint)
        }
        AskFailure::Exchange(cause) => {
            let error = Error::unavailable(format!("{server} gave no answer in HTTP"));
            error.because(ErrorSource::of(cause)).hint(
                "look at the log of the server; another server may listen there, or it has as many connections as it takes",
            )
        }
    }
}

/// Hint for a failure to connect.
fn advice(server: &ServerUrl, kind: io::ErrorKind) -> Hint {
    match (kind, server) {
        (io::ErrorKind::PermissionDenied, ServerUrl::Unix(_)) => {
            "only the socket's owner and its group may ask: look at its mode, and at the --socket-mode of the server".into()
        }
        (_, ServerUrl::Tcp(ServerHost::Name(_), _)) => {
            "check the name and the port, and that the server listens on an address of that machine".into()
        }
        (_, ServerUrl::Tcp(ServerHost::Localhost, port)) => start(format_args!("127.0.0.1:{port}")),
        (_, server) => start(server),
    }
}

/// Hint that names the command to start a server that listens on `address`.
fn start(address: impl Display) -> Hint {
    let address = address.to_string();
    let address = address.strip_prefix("http://").unwrap_or(&address);
    Hint::from("the server may not run there: ")
        .and(run!("serve --listen {}", address))
        .and(" starts it")
}

/// Error for a server that has not answered in time.
fn silent(server: &ServerUrl) -> Error {
    let seconds = TIMEOUT.as_secs();
    Error::busy(format!(
        "{server} has not answered within {seconds} seconds"
    ))
    .hint("try again; if it stays so, look at the log and the load of its machine")
}
