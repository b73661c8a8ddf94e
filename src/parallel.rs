//! Work for every core, with its results in the order of the jobs.

use crate::error::Result;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, Scope};

/// Most jobs that a worker may be ahead of the result that is waited for.
const AHEAD: usize = 4;

/// A job, and where its result goes.
type Assignment<J, R> = (J, SyncSender<R>);

/// Runs `jobs` on `workers` threads, each with a closure of its own that `start_worker` returns, and
/// calls `take` on this thread with each result, in the order of the jobs.
///
/// A result is taken as soon as it is there and those before it were taken. Jobs are drawn on a thread of
/// their own, and only so many ahead that no worker waits: memory is bounded, however many there are.
/// With one worker, or where the system gives no threads, everything runs on this one. `take` is dropped
/// before the threads are joined.
///
/// # Errors
///
/// The first that `take` returns. What is done by then is not taken, and a job that is just being drawn
/// is waited for.
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
    // A lock, since a thread that cannot be started would take the jobs with it.
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

/// Starts threads, as many workers as the system gives, and returns the results that are to come, in
/// order; `None` where there is to be no thread, or can be none.
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
    let (to_workers, orders) = sync_channel::<Assignment<J, R>>(workers);
    let (to_taker, results) = sync_channel(workers * AHEAD);
    let orders = Arc::new(Mutex::new(orders));
    let started = (0..workers).take_while(|_| {
        let orders = Arc::clone(&orders);
        let worker = Builder::new().spawn_scoped(scope, move || {
            let mut work = start_worker();
            while let Some((job, answer)) = next(&orders) {
                // Where nobody waits for it any more, the next is not drawn either.
                drop(answer.send(work(job)));
            }
        });
        worker.is_ok()
    });
    if started.count() == 0 {
        return None;
    }
    let feeder = Builder::new().spawn_scoped(scope, move || {
        for job in locked(jobs).by_ref() {
            let (answer, result) = sync_channel(1);
            if to_taker.send(result).is_err() || to_workers.send((job, answer)).is_err() {
                return;
            }
        }
    });
    feeder.ok().map(|_| results)
}

fn next<T>(orders: &Mutex<Receiver<T>>) -> Option<T> {
    locked(orders).recv().ok()
}

/// Locks, and takes what another thread has left in a panic for as good.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
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
