//! Pool of threads that compute slow hashes, so that verdicts that need none never wait for one.

use super::fair::{FairQueue, Refusal};
use super::inquiry::{Failure, Inquiry};
use super::log::Log;
use super::metrics::{Metrics, Shed};
use super::queue::Queue;
use crate::error::Result;
use crate::hash::Memory;
use crate::verify::{Fingerprint, Match, MatchCache, compare};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Queue of the comparisons to make, and what its threads share with others.
pub struct Hashing {
    state: Mutex<State>,
    arrived: Condvar,
    verdicts: Arc<Queue<Inquiry>>,
    cache: Arc<MatchCache>,
    metrics: Arc<Metrics>,
    log: Arc<Log>,
}

struct State {
    queue: FairQueue<Comparison>,
    /// Requests that wait for each comparison that is queued or under way, by its fingerprint.
    waiting: HashMap<Fingerprint, Vec<Inquiry>>,
    is_closed: bool,
}

/// Comparison to make. The token is that of the first request that waits for it.
pub struct Comparison {
    fingerprint: Fingerprint,
    phc: String,
}

impl Hashing {
    /// Creates a pool over an empty `queue`. Requests whose comparison is made go back to `verdicts`.
    pub fn new(
        queue: FairQueue<Comparison>,
        verdicts: &Arc<Queue<Inquiry>>,
        cache: &Arc<MatchCache>,
        metrics: &Arc<Metrics>,
        log: &Arc<Log>,
    ) -> Self {
        Hashing {
            state: Mutex::new(State {
                queue,
                waiting: HashMap::new(),
                is_closed: false,
            }),
            arrived: Condvar::new(),
            verdicts: Arc::clone(verdicts),
            cache: Arc::clone(cache),
            metrics: Arc::clone(metrics),
            log: Arc::clone(log),
        }
    }

    /// Queues a comparison for `inquiry`, which waits until it is made. One for a comparison that is queued or
    /// under way waits for that one. One for which there is no room is answered.
    pub fn submit(&self, inquiry: Inquiry, fingerprint: Fingerprint, phc: String) {
        let mut state = self.state();
        if let Some(waiting) = state.waiting.get_mut(&fingerprint) {
            waiting.push(inquiry);
            return;
        }
        let comparison = Comparison { fingerprint, phc };
        match state.queue.push(inquiry.client, comparison) {
            Ok(()) => {
                state.waiting.insert(fingerprint, vec![inquiry]);
                self.metrics.hash_queue_jobs.set(state.queue.len() as i64);
                drop(state);
                self.arrived.notify_one();
            }
            Err((refusal, _)) => {
                drop(state);
                self.metrics.shed(match refusal {
                    Refusal::Full => Shed::Full,
                    Refusal::Client => Shed::Client,
                });
                inquiry.answer(Err(Failure::Busy));
            }
        }
    }

    /// Makes comparisons until the queue is closed. Run by each thread of the pool.
    pub fn work(&self) {
        let mut memory = Memory::default();
        while let Some(comparison) = self.next() {
            self.make(&comparison, &mut memory);
        }
    }

    /// Ends the threads of the pool.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.arrived.notify_all();
    }

    /// Makes a comparison, and hands its requests back to be verified with it.
    fn make(&self, comparison: &Comparison, memory: &mut Memory) {
        let fingerprint = comparison.fingerprint;
        let Some(inquiry) = self.first(fingerprint) else {
            return;
        };
        let claim = Claim {
            hashing: self,
            fingerprint,
            is_over: false,
        };
        let begin = Instant::now();
        let compared = compare(&inquiry.token, &comparison.phc, memory);
        self.metrics.slow_hash(begin.elapsed());
        if let Ok(matched) = compared {
            self.cache.insert(fingerprint, matched);
        }
        let mut inquiries = claim.end();
        inquiries.push(inquiry);
        self.hand_back(inquiries, fingerprint, compared);
    }

    fn hand_back(&self, inquiries: Vec<Inquiry>, made: Fingerprint, compared: Result<Match>) {
        if let Err(error) = &compared {
            self.log.failure(error);
        }
        for mut inquiry in inquiries {
            match compared {
                Ok(matched) => {
                    inquiry.compared = Some((made, matched));
                    self.verdicts.push(inquiry);
                }
                Err(_) => drop(inquiry.answer(Err(Failure::Store))),
            }
        }
    }

    /// Waits for a comparison; `None` once the queue is closed.
    fn next(&self) -> Option<Comparison> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(comparison) = state.queue.pop() {
                self.metrics.hash_queue_jobs.set(state.queue.len() as i64);
                return Some(comparison);
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes a request that still waits for this comparison. Without one the comparison is not made.
    fn first(&self, fingerprint: Fingerprint) -> Option<Inquiry> {
        let now = Instant::now();
        let mut state = self.state();
        let waiting = state.waiting.get_mut(&fingerprint)?;
        for late in waiting.extract_if(.., |inquiry| inquiry.is_abandoned(now)) {
            self.metrics.shed(Shed::Late);
            late.answer(Err(Failure::Busy));
        }
        let first = waiting.pop();
        if first.is_none() {
            state.waiting.remove(&fingerprint);
        }
        first
    }

    /// Takes the requests that wait for a comparison.
    fn waiting_for(&self, fingerprint: Fingerprint) -> Vec<Inquiry> {
        self.state()
            .waiting
            .remove(&fingerprint)
            .unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another thread does not make the queue invalid: at worst its requests get no answer.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Comparison under way. If its thread panics, the requests for it do not wait any longer.
struct Claim<'a> {
    hashing: &'a Hashing,
    fingerprint: Fingerprint,
    is_over: bool,
}

impl Claim<'_> {
    /// Takes the requests that have come for this comparison while it was made.
    fn end(mut self) -> Vec<Inquiry> {
        self.is_over = true;
        self.hashing.waiting_for(self.fingerprint)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            drop(self.hashing.waiting_for(self.fingerprint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{Clock, Random};
    use crate::serve::client::Bucket;
    use crate::serve::inquiry::Reply;
    use crate::serve::log::LogLevel;
    use crate::token::AnyToken;
    use crate::verify::Required;
    use crate::when::Timestamp;
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;
    use tokio::sync::oneshot::{self, Receiver, error::TryRecvError};

    /// PHC string of the smallest hash, of an unknown secret.
    const PHC: &str = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    struct Zeros;

    impl Random for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
            bytes.fill(0);
            Ok(())
        }
    }

    fn pool(most: usize) -> Hashing {
        let at = Timestamp::from_millis(1_795_000_000_000).unwrap();
        let clock: Arc<Clock> = Arc::new(move || at);
        let log = Log::start(LogLevel::None, Box::new(io::sink()), clock).unwrap();
        Hashing::new(
            FairQueue::new(most, most),
            &Arc::new(Queue::new(10)),
            &Arc::new(MatchCache::new(10, &mut Zeros).unwrap()),
            &Arc::new(Metrics::new(at)),
            &Arc::new(log),
        )
    }

    fn inquiry(wait: Duration) -> (Inquiry, Receiver<Reply>) {
        let (reply, replied) = oneshot::channel();
        let inquiry = Inquiry {
            token: AnyToken::parse(b"sk-0123456789abcdef").unwrap(),
            required: Required::default(),
            client: Bucket::from(None),
            deadline: Instant::now() + wait,
            compared: None,
            reply,
        };
        (inquiry, replied)
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn one_comparison_is_made_for_all_requests_that_need_it() {
        let pool = pool(10);
        let mut replies = Vec::new();
        for _ in 0..3 {
            let (inquiry, replied) = inquiry(LONG);
            pool.submit(inquiry, [1; 32], PHC.to_owned());
            replies.push(replied);
        }
        assert_eq!(pool.state().queue.len(), 1);
        let comparison = pool.next().unwrap();
        pool.make(&comparison, &mut Memory::default());
        let back = pool.verdicts.take(10).unwrap();
        let made = Some(([1; 32], Match::No));
        assert_eq!(back.len(), 3);
        assert!(back.iter().all(|inquiry| inquiry.compared == made));
        assert_eq!(pool.cache.get(&[1; 32]), Some(Match::No));
    }

    #[test]
    fn a_request_without_room_is_answered_at_once() {
        let pool = pool(1);
        let (first, _waits) = inquiry(LONG);
        let (second, mut answered) = inquiry(LONG);
        pool.submit(first, [1; 32], PHC.to_owned());
        pool.submit(second, [2; 32], PHC.to_owned());
        assert!(matches!(answered.try_recv(), Ok(Err(Failure::Busy))));
    }

    #[test]
    fn nothing_is_computed_for_requests_that_nobody_waits_for() {
        let pool = pool(10);
        let (late, mut answered) = inquiry(Duration::ZERO);
        pool.submit(late, [1; 32], PHC.to_owned());
        let (gone, replied) = inquiry(LONG);
        pool.submit(gone, [1; 32], PHC.to_owned());
        drop(replied);
        let comparison = pool.next().unwrap();
        pool.make(&comparison, &mut Memory::default());
        assert_eq!(pool.cache.get(&[1; 32]), None);
        assert!(pool.state().waiting.is_empty());
        assert!(matches!(answered.try_recv(), Ok(Err(Failure::Busy))));
    }

    #[test]
    fn an_unreadable_hash_is_a_failure_of_its_requests_alone() {
        let pool = pool(10);
        let (inquiry, mut replied) = inquiry(LONG);
        pool.submit(inquiry, [1; 32], "$argon2id$x".to_owned());
        let comparison = pool.next().unwrap();
        pool.make(&comparison, &mut Memory::default());
        assert!(matches!(replied.try_recv(), Ok(Err(Failure::Store))));
        assert_eq!(pool.cache.get(&[1; 32]), None);
    }

    #[test]
    fn requests_do_not_wait_for_a_thread_that_panicked() {
        let pool = pool(10);
        let (inquiry, mut replied) = inquiry(LONG);
        pool.submit(inquiry, [1; 32], PHC.to_owned());
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let _claim = Claim {
                hashing: &pool,
                fingerprint: [1; 32],
                is_over: false,
            };
            panic!("in the middle of a comparison");
        }));
        assert!(ended.is_err());
        assert!(matches!(replied.try_recv(), Err(TryRecvError::Closed)));
        assert!(pool.state().waiting.is_empty());
    }
}
