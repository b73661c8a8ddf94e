//! Parallel work with its results in the order of the jobs.

use crate::error::Result;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, Scope};

/// Maximum number of finished or running jobs per worker that wait for an earlier result.
const AHEAD: usize = 4;

/// Job, and the channel for its result.
type Assignment<J, R> = (J, SyncSender<R>);

/// Runs `jobs` on `workers` threads, and calls `take` on this thread with each result, in the order of
/// the jobs.
///
/// Each worker runs its own closure, returned by `start_worker`. Another thread draws the jobs, a bounded
/// number ahead of `take`, so that memory is bounded too. With one worker, or if the system gives no
/// threads, everything runs on this thread. `take` is dropped before the threads are joined.
///
/// # Errors
///
/// The first error of `take`. Later results are dropped; a call of the iterator that is under way is
/// waited for.
pub fn in_order<J, R, W>(
    workers: NonZeroUsize,
    jobs: impl Iterator<Item = J> + Send,
    start_worker: impl Fn() -> W + Sync,
    take: impl FnMut(R) -> Result<()>,
) -> Result<()>
where
    J: Send,
    R: Send,
    W: FnMut(J) -> R,
{
    // Behind a lock, not moved: if no thread can be started, this one needs the jobs.
    let jobs = Mutex::new(jobs);
    thread::scope(|scope| match start(scope, workers, &jobs, &start_worker) {
        // A worker that dropped its sender panicked.
        Some(results) => results
            .into_iter()
            .map_while(|result| result.recv().ok())
            .try_for_each(take),
        None => locked(&jobs)
            .by_ref()
            .map(start_worker())
            .try_for_each(take),
    })
}

/// Starts up to `workers` worker threads and the thread that draws the jobs.
///
/// Returns the channels of the results, in the order of the jobs; `None` for one worker, or if the
/// system gives no threads.
fn start<'scope, J, R, W>(
    scope: &'scope Scope<'scope, '_>,
    workers: NonZeroUsize,
    jobs: &'scope Mutex<impl Iterator<Item = J> + Send>,
    start_worker: &'scope (impl Fn() -> W + Sync),
) -> Option<Receiver<Receiver<R>>>
where
    J: Send + 'scope,
    R: Send + 'scope,
    W: FnMut(J) -> R,
{
    if workers == NonZeroUsize::MIN {
        return None;
    }
    let workers = workers.get();
    let (queue, queued) = sync_channel::<Assignment<J, R>>(workers);
    let (ordered, results) = sync_channel(workers * AHEAD);
    let queued = Arc::new(Mutex::new(queued));
    let started = (0..workers).take_while(|_| {
        let queued = Arc::clone(&queued);
        let worker = Builder::new().spawn_scoped(scope, move || {
            let mut work = start_worker();
            while let Some((job, reply)) = next(&queued) {
                // An error means that `take` has failed; then the feeder stops too.
                drop(reply.send(work(job)));
            }
        });
        worker.is_ok()
    });
    if started.count() == 0 {
        return None;
    }
    let feeder = Builder::new().spawn_scoped(scope, move || {
        for job in locked(jobs).by_ref() {
            let (reply, result) = sync_channel(1);
            if ordered.send(result).is_err() || queue.send((job, reply)).is_err() {
                return;
            }
        }
    });
    feeder.ok().map(|_| results)
}

/// Takes the next job. A function, so that the lock is released before the job runs.
fn next<T>(queued: &Mutex<Receiver<T>>) -> Option<T> {
    locked(queued).recv().ok()
}

/// Locks; a panic of another thread does not make the content invalid.
pub fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn results_come_in_the_order_of_the_jobs_from_any_number_of_workers() {
        for workers in [1, 2, 3, 16] {
            let workers = NonZeroUsize::new(workers).unwrap();
            let mut taken = Vec::new();
            let start_worker = || |job: u32| job * 2;
            in_order(workers, 0..500, start_worker, |result| {
                taken.push(result);
                Ok(())
            })
            .unwrap();
            assert!(taken.into_iter().eq((0..500).map(|job| job * 2)));
        }
    }

    #[test]
    fn the_first_error_ends_it_and_no_more_is_drawn_than_fits_between() {
        for workers in [1, 2] {
            let workers = NonZeroUsize::new(workers).unwrap();
            let mut drawn = 0;
            let jobs = (0..).inspect(|_| drawn += 1);
            let taken = in_order(
                workers,
                jobs,
                || |job: u32| job,
                |job| match job {
                    7 => Err(Error::io("full")),
                    _ => Ok(()),
                },
            );
            assert!(taken.is_err());
            assert!(drawn < 100, "{drawn}");
        }
    }
}
