//! Queue of jobs from many senders to several threads, which take all that wait at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Queue of jobs, with a maximum for new ones.
pub struct Queue<T> {
    most: usize,
    waiting: Mutex<Waiting<T>>,
    arrived: Condvar,
}

struct Waiting<T> {
    jobs: VecDeque<T>,
    /// Number of times that jobs were taken.
    taken: u64,
    /// Number of threads that wait for jobs. Without one, none is woken: that is a system call.
    sleeping: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// Creates an empty queue that takes new jobs while fewer than `most` wait.
    pub fn new(most: usize) -> Self {
        Queue {
            most,
            waiting: Mutex::new(Waiting {
                jobs: VecDeque::new(),
                taken: 0,
                sleeping: 0,
                is_closed: false,
            }),
            arrived: Condvar::new(),
        }
    }

    /// Adds a new job. Returns false if too many wait.
    pub fn offer(&self, job: T) -> bool {
        let mut waiting = self.waiting();
        if waiting.jobs.len() >= self.most {
            return false;
        }
        waiting.jobs.push_back(job);
        self.wake(waiting);
        true
    }

    /// Adds a job that has been in the queue before.
    pub fn push(&self, job: T) {
        let mut waiting = self.waiting();
        waiting.jobs.push_back(job);
        self.wake(waiting);
    }

    /// Wakes a thread for the job that was added, if one sleeps.
    fn wake(&self, waiting: MutexGuard<'_, Waiting<T>>) {
        let sleeps = waiting.sleeping > 0;
        drop(waiting);
        if sleeps {
            self.arrived.notify_one();
        }
    }

    /// Waits for jobs and takes up to `most` of them; `None` once the queue is closed and empty.
    pub fn take(&self, most: usize) -> Option<Vec<T>> {
        let mut waiting = self.waiting();
        while waiting.jobs.is_empty() {
            if waiting.is_closed {
                return None;
            }
            waiting.sleeping += 1;
            waiting = self
                .arrived
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
            waiting.sleeping -= 1;
        }
        waiting.taken += 1;
        let count = most.min(waiting.jobs.len());
        Some(waiting.jobs.drain(..count).collect())
    }

    /// Number of times that jobs were taken; `None` if none waits.
    pub fn progress(&self) -> Option<u64> {
        let waiting = self.waiting();
        (!waiting.jobs.is_empty()).then_some(waiting.taken)
    }

    /// Ends the threads that take jobs, once none waits.
    pub fn close(&self) {
        self.waiting().is_closed = true;
        self.arrived.notify_all();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        // A panic of another thread does not make the list invalid.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    #[test]
    fn take_gives_what_waits_in_order_and_ends_when_closed() {
        let queue = Arc::new(Queue::new(4));
        (0..4).for_each(|job| assert!(queue.offer(job)));
        assert!(!queue.offer(4));
        queue.push(4);
        assert_eq!(queue.take(3), Some(vec![0, 1, 2]));
        assert_eq!(queue.take(3), Some(vec![3, 4]));
        let taker = thread::spawn({
            let queue = Arc::clone(&queue);
            move || (queue.take(3), queue.take(3))
        });
        queue.push(5);
        queue.close();
        assert_eq!(taker.join().unwrap(), (Some(vec![5]), None));
    }

    #[test]
    fn every_job_is_taken_by_threads_that_sleep_and_wake() {
        let queue = Arc::new(Queue::new(usize::MAX));
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let mut taken = Vec::new();
                    while let Some(jobs) = queue.take(2) {
                        taken.extend(jobs);
                    }
                    taken
                })
            })
            .collect();
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    for job in 0..1000 {
                        assert!(queue.offer(sender * 1000 + job));
                        if job % 7 == 0 {
                            thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        senders
            .into_iter()
            .for_each(|sender| sender.join().unwrap());
        queue.close();
        let mut all: Vec<i32> = takers
            .into_iter()
            .flat_map(|taker| taker.join().unwrap())
            .collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..4000));
    }
}
