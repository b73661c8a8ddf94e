//! Connections to the store that verdict threads share.
//!
//! SQLite keeps one index of the log for all connections of a process. Where that file was removed, only a
//! connection that is opened when no other is open reads the new one: so all are closed together.

use crate::error::{Error, Result};
use crate::store::{self, Address, Mode};
use crate::verify::Resident;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest time to wait for other threads to give older connections back.
const PATIENCE: Duration = Duration::from_millis(500);

/// Connections to the store at one address.
pub struct Seats {
    address: Address,
    connections: NonZeroUsize,
    rows: usize,
    state: Mutex<State>,
    /// Signalled when an older connection is closed.
    closed: Condvar,
}

#[derive(Default)]
struct State {
    free: Vec<Resident>,
    /// Number of resets so far.
    epoch: u64,
    /// Number of connections in use that were opened since the last reset.
    used: usize,
    /// Number of connections in use that were opened before it.
    stale: usize,
}

/// Connection in use. Returned when dropped.
pub struct Seat<'a> {
    seats: &'a Seats,
    epoch: u64,
    resident: Option<Resident>,
}

impl Seats {
    /// Creates seats for up to `connections` threads, without opening the store. Each keeps up to `rows` rows.
    pub fn new(address: Address, connections: NonZeroUsize, rows: usize) -> Self {
        Seats {
            address,
            connections,
            rows,
            state: Mutex::default(),
            closed: Condvar::new(),
        }
    }

    /// Takes a connection; opens one if none is free.
    ///
    /// After a reset, waits until all older connections are closed.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be opened, and if a thread does not give an older connection back in time.
    pub fn take(&self) -> Result<Seat<'_>> {
        let mut seat = {
            let state = self.state();
            let waited = self
                .closed
                .wait_timeout_while(state, PATIENCE, |state| state.stale > 0);
            let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                return Err(Error::busy("the store is being opened again"));
            }
            state.used += 1;
            Seat {
                seats: self,
                epoch: state.epoch,
                resident: state.free.pop(),
            }
        };
        if seat.resident.is_none() {
            let store = store::open_to_send(&self.address, Mode::Served(self.connections))?;
            seat.resident = Some(Resident::new(store, self.rows));
        }
        Ok(seat)
    }

    /// Opens another connection and reads over it.
    pub fn check(&self) -> Result<()> {
        let store = store::open(&self.address, Mode::Served(NonZeroUsize::MIN))?;
        store::read(&*store, |snapshot| snapshot.policy().map(drop))
    }

    /// Reads over a connection that is open, or over a new one. After a failure, all connections are closed.
    pub fn probe(&self) -> Result<()> {
        let mut seat = self.take()?;
        let read = store::read(seat.resident()?.store(), |snapshot| {
            snapshot.policy().map(drop)
        });
        drop(seat);
        if read.is_err() {
            self.reset();
        }
        read
    }

    /// Closes all connections: the free ones now, those in use when they are returned.
    pub fn reset(&self) {
        let mut state = self.state();
        state.free.clear();
        state.epoch += 1;
        state.stale += state.used;
        state.used = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another thread does not make the numbers invalid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// The connection.
    pub fn resident(&mut self) -> Result<&mut Resident> {
        self.resident
            .as_mut()
            .ok_or_else(|| Error::unavailable("the store is not open"))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.seats.state();
        // Closed under the lock: another one is opened only when no older one is open.
        match (state.epoch == self.epoch, self.resident.take()) {
            (true, resident) => {
                state.used -= 1;
                state.free.extend(resident);
            }
            (false, resident) => {
                drop(resident);
                state.stale -= 1;
                self.seats.closed.notify_all();
            }
        }
    }
}
