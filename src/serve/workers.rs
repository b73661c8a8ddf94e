//! Threads that serve connections, each with a runtime of its own.
//!
//! tokio's runtime with several threads would cost every command: it needs libm, which is then loaded at each start of
//! the program.

use super::listen::{ClientStream, DetachedStream};
use crate::error::{Error, Result};
use std::future::pending;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use tokio::runtime::{Builder, Handle, Runtime};

/// Maximum number of threads.
const THREADS_MAX: usize = 4;

/// Threads that serve connections in turn.
pub struct Workers {
    runtimes: Vec<Handle>,
    next: AtomicUsize,
}

/// Returns a runtime of one thread.
pub fn runtime() -> Result<Runtime> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|cause| Error::io("cannot wait for connections").because(cause))
}

impl Workers {
    /// Starts a thread for each of `cores`, up to a maximum. They run until the process ends.
    pub fn start(cores: NonZeroUsize) -> Result<Self> {
        let count = cores.get().min(THREADS_MAX);
        let runtimes: Result<Vec<Handle>> = (0..count).map(|_| start()).collect();
        Ok(Workers {
            runtimes: runtimes?,
            next: AtomicUsize::new(0),
        })
    }

    /// Lets the next thread `serve` a connection that another runtime has accepted.
    ///
    /// # Errors
    ///
    /// Fails if the connection cannot be taken away from that runtime.
    pub fn spawn<F>(
        &self,
        stream: ClientStream,
        serve: impl FnOnce(ClientStream) -> F + Send + 'static,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stream = stream.detach()?;
        let turn = self.next.fetch_add(1, Relaxed);
        if let Some(runtime) = self.runtimes.get(turn % self.runtimes.len().max(1)) {
            runtime.spawn(attached(stream, serve));
        }
        Ok(())
    }
}

/// Serves a connection on the runtime of this thread.
async fn attached<F: Future<Output = ()>>(
    stream: DetachedStream,
    serve: impl FnOnce(ClientStream) -> F,
) {
    // On an error the connection is closed: there is no room to wait for one more descriptor.
    if let Ok(stream) = stream.attach() {
        serve(stream).await;
    }
}

fn start() -> Result<Handle> {
    let runtime = runtime()?;
    let handle = runtime.handle().clone();
    let thread = thread::Builder::new().name("connections".to_owned());
    match thread.spawn(move || runtime.block_on(pending::<()>())) {
        Ok(_) => Ok(handle),
        Err(cause) => Err(Error::io("cannot start a thread").because(cause)),
    }
}
