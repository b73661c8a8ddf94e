//! Parts that the threads of the server share.

use super::hashing::Hashing;
use super::inquiry::Inquiry;
use super::log::Log;
use super::metrics::Metrics;
use super::notes::NoteSender;
use super::queue::Queue;
use super::seats::Seats;
use crate::env::Clock;
use crate::verify::MatchCache;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Parts that the threads of the server share.
pub struct Core {
    /// Clock.
    pub clock: Arc<Clock>,
    /// Requests that wait for a verdict.
    pub queue: Arc<Queue<Inquiry>>,
    /// Connections to the store.
    pub seats: Arc<Seats>,
    /// Comparisons that were made.
    pub cache: Arc<MatchCache>,
    /// Comparisons to make.
    pub hashing: Hashing,
    /// Notes to write.
    pub notes: NoteSender,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Log.
    pub log: Arc<Log>,
    /// Permit of the check whether the store can be read.
    pub readiness: Arc<Semaphore>,
}

impl Core {
    /// Records whether the store can be read, and logs that it can be read again.
    pub fn store_is_up(&self, is_up: bool) {
        let was_up = self.metrics.store_up.set(i64::from(is_up)) != 0;
        if is_up && !was_up {
            self.log.message("store", "the store can be read again");
        }
    }
}
