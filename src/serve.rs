//! `keyctl serve`: an HTTP endpoint that gateways ask whether to let a request in.
//!
//! A request goes from its connection (`connection`, `service`) through a queue to the verdict threads (`verdicts`),
//! which share connections to the store (`seats`). A request that needs a slow hash goes on to the pool (`hashing`)
//! and from there back to the queue. Notes are written behind the answers (`notes`).

mod answer;
pub mod client;
mod connection;
mod core;
mod fair;
mod hashing;
mod inquiry;
mod limits;
mod lines;
mod listen;
mod log;
mod metrics;
mod notes;
mod notify;
pub mod presented;
pub mod query;
mod queue;
mod ready;
mod seats;
mod service;
mod threads;
mod timed;
mod verdicts;
mod workers;

pub use listen::{ListenAddress, Listener, bind, from_systemd};
pub use log::LogLevel;
pub use service::Settings;
pub use workers::runtime;

use crate::env::{Actor, Clock, Random};
use crate::error::{Error, Result};
use crate::store::Address;
use crate::verify::MatchCache;
use connection::Accepting;
use core::Core;
use fair::FairQueue;
use hashing::Hashing;
use log::Log;
use metrics::Metrics;
use notes::{NoteSender, NoteWriter};
use queue::Queue;
use seats::Seats;
use service::Service;
use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use threads::Threads;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use workers::Workers;

/// Maximum number of comparisons of one client that wait for the pool.
const OF_CLIENT: usize = 8;

/// Maximum number of requests that wait for verdict threads, for each connection. A connection has one request at a
/// time, and may have given up others while the store was slow.
const QUEUE: usize = 4;

/// Maximum number of connections to the listener for metrics.
const METRICS_CONNECTIONS: usize = 64;

/// Number of processors for each thread that gives verdicts. A verdict takes microseconds, and each thread keeps rows
/// of its own.
const CORES_OF_VERDICTS: usize = 4;

/// Maximum number of threads that give verdicts: more would wait for the same locks.
const VERDICT_THREADS: usize = 2;

const NO_THREAD: &str = "cannot start a thread";

/// Sizes of the server's parts.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Number of processors.
    pub cores: NonZeroUsize,
    /// Number of threads that compute slow hashes.
    pub hash_threads: NonZeroUsize,
    /// Maximum number of comparisons that wait for them.
    pub hash_queue: usize,
    /// Maximum number of comparisons and of rows to keep.
    pub cache: usize,
    /// Maximum number of connections.
    pub connections: usize,
}

/// Server that is ready to start.
pub struct HttpServer {
    /// Store.
    pub address: Address,
    /// Settings for requests and answers.
    pub settings: Settings,
    /// Sizes.
    pub sizes: Sizes,
    /// Answers that are logged.
    pub log: LogLevel,
    /// Maximum time to answer open requests at the end.
    pub drain: Duration,
    /// Clock.
    pub clock: Arc<Clock>,
    /// User in whose name notes are written; `None` to write none.
    pub author: Option<Actor>,
}

impl HttpServer {
    /// Serves until SIGTERM, SIGINT or SIGHUP, and then answers the open requests. Log lines go to `stderr`. Calls
    /// `ready` as soon as requests are answered and signals handled.
    ///
    /// # Errors
    ///
    /// Fails only at the start. Whatever happens later is answered with 503.
    pub async fn run(
        self,
        listeners: Vec<Listener>,
        for_metrics: Option<Listener>,
        stderr: Box<dyn Write + Send>,
        random: Box<dyn Random + Send>,
        ready: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let connections = limits::raise_descriptors(self.sizes.connections);
        let ended = stop_signal()?;
        let (sizes, drain) = (self.sizes, self.drain);
        let (draining, is_draining) = watch::channel(false);
        let (service, threads) = self.start(stderr, random, is_draining.clone())?;
        let core = Arc::clone(&service.core);
        let workers = Arc::new(Workers::start(sizes.cores)?);
        if connections < sizes.connections {
            let message = format!(
                "the limit of open descriptors leaves room for {connections} connections of {}",
                sizes.connections
            );
            core.log.message("limit", &message);
        }
        let limit = Arc::new(Semaphore::new(connections));
        let accepting: Vec<_> = listeners
            .into_iter()
            .map(|listener| Accepting {
                listener,
                service: service.clone(),
                workers: Arc::clone(&workers),
                limit: Arc::clone(&limit),
                stop: is_draining.clone(),
            })
            .map(|accepting| tokio::spawn(accepting.run()))
            .collect();
        // Answers as long as the process lives, also that it shuts down.
        let (_never, running) = watch::channel(false);
        if let Some(listener) = for_metrics {
            let accepting = Accepting {
                listener,
                service: service.for_metrics(),
                workers,
                limit: Arc::new(Semaphore::new(METRICS_CONNECTIONS)),
                stop: running,
            };
            tokio::spawn(accepting.run());
        }
        ready()?;
        notify::ready();
        select! {
            () = ended => {}
            () = notify::stay_alive(Arc::clone(&core)) => {}
        }
        notify::stopping();
        core.log.message("end", "shutting down");
        draining.send_replace(true);
        for task in accepting {
            drop(task.await);
        }
        let all = u32::try_from(connections).unwrap_or(u32::MAX);
        drop(timeout(drain, limit.acquire_many(all)).await);
        threads.end(&core);
        Ok(())
    }

    /// Starts the threads, and returns the service for connections.
    fn start(
        self,
        stderr: Box<dyn Write + Send>,
        mut random: Box<dyn Random + Send>,
        draining: watch::Receiver<bool>,
    ) -> Result<(Service, Threads)> {
        let sizes = self.sizes;
        let metrics = Arc::new(Metrics::new((self.clock)()));
        // It was read before the sockets were opened.
        metrics.store_up.set(1);
        let log = Log::start(self.log, stderr, Arc::clone(&self.clock));
        let log = Arc::new(log.map_err(|cause| Error::io(NO_THREAD).because(cause))?);
        let cache = Arc::new(MatchCache::new(sizes.cache, &mut *random)?);
        let queue = Arc::new(Queue::new(QUEUE.saturating_mul(sizes.connections)));
        // Without the client's address all requests are those of one client.
        let of_client = match self.settings.client_header {
            Some(_) => OF_CLIENT,
            None => sizes.hash_queue,
        };
        let verdict_threads = sizes.cores.get() / CORES_OF_VERDICTS;
        let verdict_threads = NonZeroUsize::new(verdict_threads.clamp(1, VERDICT_THREADS))
            .unwrap_or(NonZeroUsize::MIN);
        let seats = Seats::new(self.address.clone(), verdict_threads, sizes.cache);
        let seats = Arc::new(seats);
        let (notes, received) = NoteSender::new(&metrics);
        let writer = self.author.map(|actor| NoteWriter {
            received,
            address: self.address,
            seats: Arc::clone(&seats),
            actor,
            random,
            cache: Arc::clone(&cache),
        });
        let comparisons = FairQueue::new(sizes.hash_queue, of_client);
        let core = Arc::new(Core {
            clock: self.clock,
            seats,
            hashing: Hashing::new(comparisons, &queue, &cache, &metrics, &log),
            queue,
            cache,
            notes,
            metrics,
            log,
            readiness: Arc::new(Semaphore::new(1)),
        });
        let threads = Threads::start(&core, verdict_threads, sizes.hash_threads, writer)?;
        let service = Service {
            core,
            settings: Arc::new(self.settings),
            draining,
            is_for_metrics: false,
        };
        Ok((service, threads))
    }
}

/// Waits for a signal that ends the server.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let on = |kind| signal(kind).map_err(|cause| Error::io("cannot handle signals").because(cause));
    let mut terminate = on(SignalKind::terminate())?;
    let mut interrupt = on(SignalKind::interrupt())?;
    let mut hangup = on(SignalKind::hangup())?;
    Ok(async move {
        select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
