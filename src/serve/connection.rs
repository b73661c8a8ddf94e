//! Connections: accepted up to a maximum, served over HTTP/1.1, and ended when the server shuts down.

use super::listen::{ClientStream, Listener};
use super::metrics::Metrics;
use super::service::Service;
use super::timed::{Progress, Timed};
use super::workers::Workers;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

/// Maximum length of a head in bytes.
const HEAD_MAX: usize = 16 << 10;

/// Time to wait where no connection can be accepted: descriptors or memory have run out.
const PAUSE: Duration = Duration::from_millis(100);

/// Time that a new connection has to send its first request when the server shuts down.
const FIRST: Duration = Duration::from_secs(1);

/// Listener whose connections are accepted.
pub struct Accepting {
    /// Listener.
    pub listener: Listener,
    /// Service of its connections.
    pub service: Service,
    /// Threads that serve them.
    pub workers: Arc<Workers>,
    /// Number of connections that may be open. More are closed at once.
    pub limit: Arc<Semaphore>,
    /// Becomes true when no more connections are to be accepted, and those that are open are to end.
    pub stop: watch::Receiver<bool>,
}

impl Accepting {
    /// Accepts connections until it is stopped.
    pub async fn run(mut self) {
        loop {
            let accepted = select! {
                accepted = self.listener.accept() => accepted,
                () = stopped(&mut self.stop) => return,
            };
            match accepted {
                Ok(stream) => self.open(stream),
                Err(cause) if is_of_one(&cause) => {}
                Err(cause) => {
                    let message = format!("cannot accept a connection: {cause}");
                    self.service.core.log.message("accept", &message);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn open(&self, stream: ClientStream) {
        let metrics = &self.service.core.metrics;
        match Arc::clone(&self.limit).try_acquire_owned() {
            Ok(permit) => {
                let open = Open::new(permit, metrics);
                let (service, stop) = (self.service.clone(), self.stop.clone());
                let serve = |stream| serve(stream, service, stop, open);
                // On an error the connection is closed: the system has refused to say whose it is.
                drop(self.workers.spawn(stream, serve));
            }
            Err(_) => drop(metrics.connections_refused.inc()),
        }
    }
}

/// Tells whether an error of accept is about one connection, not the listener (accept(2)).
fn is_of_one(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

/// Open connection, counted until it is dropped.
struct Open {
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn new(permit: OwnedSemaphorePermit, metrics: &Arc<Metrics>) -> Self {
        metrics.connections.inc();
        Open {
            metrics: Arc::clone(metrics),
            _permit: permit,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

/// Serves one connection to its end. When the server shuts down, answers the request that is open.
async fn serve(
    stream: ClientStream,
    service: Service,
    mut stop: watch::Receiver<bool>,
    _open: Open,
) {
    let progress = Arc::new(Progress::default());
    let stream = Timed::new(stream, Arc::clone(&progress));
    let first = Arc::new(Notify::new());
    let asked = Arc::clone(&first);
    let answer = service_fn(move |request| {
        let has_fragment = progress.head_is_read();
        asked.notify_one();
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request, has_fragment).await) }
    });
    let connection = Builder::new()
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    // An error ends this connection only: the client has closed it, or was too slow.
    select! {
        ended = connection.as_mut() => return drop(ended),
        () = stopped(&mut stop) => {}
    }
    // hyper closes a connection on which nothing was read yet. Its client may have sent a request, and no other server
    // would get that.
    select! {
        ended = connection.as_mut() => return drop(ended),
        () = first.notified() => {}
        () = sleep(FIRST) => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(connection.await);
}

/// Waits until the server shuts down.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server has ended.
    drop(stop.wait_for(|is_stopped| *is_stopped).await);
}
