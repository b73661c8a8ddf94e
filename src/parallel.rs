//! Work for every core, with its results in the order of the jobs.

use crate::error::{Error, Result};
use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder, Scope};

/// How many jobs a worker may be ahead of the result that is waited for.
const AHEAD: usize = 4;

/// A job, and where its result goes.
type Order<J, R> = (J, SyncSender<R>);

/// Does `jobs` on `workers` threads, each with a worker of its own that `hire` makes, and gives
/// `take` the results on this thread, in the order of the jobs, each as soon as it is there and
/// those before it were taken. Jobs are drawn on a thread of their own, and only so many ahead that no
/// worker waits: memory is bounded, however many there are.
///
/// With one worker all is done on this thread.
///
/// # Errors
///
/// The first that `take` returns; what is done by then is not taken, and a job that is just being drawn
/// is waited for. Or that no thread could be started.
pub fn in_order<J, R, W>(
    workers: NonZeroUsize,
    jobs: impl Iterator<Item = J> + Send,
    hire: impl Fn() -> W + Sync,
    take: impl FnMut(R) -> Result<()>,
) -> Result<()>
where
    J: Send,
    R: Send,
    W: FnMut(J) -> R,
{
    if workers == NonZeroUsize::MIN {
        return jobs.map(hire()).try_for_each(take);
    }
    thread::scope(|scope| {
        let results = start(scope, workers.get(), jobs, &hire)
            .map_err(|cause| Error::store(format!("cannot start a thread: {cause}")))?;
        // Whoever ends without an answer has ended the program.
        results
            .into_iter()
            .map_while(|result| result.recv().ok())
            .try_for_each(take)
    })
}

/// Starts the threads and returns the results that are to come, in order.
fn start<'scope, J, R, W>(
    scope: &'scope Scope<'scope, '_>,
    workers: usize,
    jobs: impl Iterator<Item = J> + Send + 'scope,
    hire: &'scope (impl Fn() -> W + Sync),
) -> io::Result<Receiver<Receiver<R>>>
where
    J: Send + 'scope,
    R: Send + 'scope,
    W: FnMut(J) -> R,
{
    let (to_workers, orders) = sync_channel::<Order<J, R>>(workers);
    let (to_taker, results) = sync_channel(workers * AHEAD);
    let orders = Arc::new(Mutex::new(orders));
    for _ in 0..workers {
        let orders = Arc::clone(&orders);
        Builder::new().spawn_scoped(scope, move || {
            let mut work = hire();
            while let Some((job, answer)) = next(&orders) {
                // Where nobody waits for it any more, the next is not drawn either.
                drop(answer.send(work(job)));
            }
        })?;
    }
    drop(orders);
    Builder::new().spawn_scoped(scope, move || {
        for job in jobs {
            let (answer, result) = sync_channel(1);
            if to_taker.send(result).is_err() || to_workers.send((job, answer)).is_err() {
                return;
            }
        }
    })?;
    Ok(results)
}

fn next<T>(orders: &Mutex<Receiver<T>>) -> Option<T> {
    // A lock that another thread has left in a panic still guards a whole queue.
    let orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    orders.recv().ok()
}
