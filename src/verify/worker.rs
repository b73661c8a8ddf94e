//! Worker of a batch: a thread with its own connection to the store and its own memory for hashing.

use super::{Note, Request, Required, Verified, Verifier};
use crate::env::{Clock, Random};
use crate::error::Result;
use crate::store::{self, Address, Mode, Store};
use crate::token::AnyToken;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Settings that all workers of a batch share.
pub struct Shared<'a> {
    /// Address of the store.
    pub address: &'a Address,
    /// Number of workers.
    pub workers: NonZeroUsize,
    /// Permissions that every key must have.
    pub required: &'a Required,
    /// Clock.
    pub clock: &'a Clock,
    /// Source of salts for rehashes; `None` if no notes are to be made.
    pub random: Option<Mutex<&'a mut (dyn Random + Send + 'static)>>,
}

/// Verdicts on the tokens of a chunk, and the notes on them.
pub struct Outcome {
    /// Verdict on each token, in order.
    pub verified: Vec<Verified>,
    /// Notes to write to the store.
    pub notes: Vec<Note>,
}

/// Verifier of one thread, with its connection to the store.
pub struct Worker<'a> {
    shared: &'a Shared<'a>,
    verifier: Verifier,
    store: Option<Box<dyn Store>>,
}

impl<'a> Worker<'a> {
    /// Creates a worker. It opens the store for its first chunk.
    pub fn new(shared: &'a Shared<'a>) -> Self {
        Worker {
            shared,
            verifier: Verifier::default(),
            store: None,
        }
    }

    /// Verifies the tokens of a chunk, all on one snapshot of the store.
    pub fn verify(&mut self, tokens: &[AnyToken]) -> Result<Outcome> {
        let required = self.shared.required;
        let requests: Vec<Request<'_>> = tokens
            .iter()
            .map(|token| Request { token, required })
            .collect();
        let store = self.take_store()?;
        let verified = self
            .verifier
            .verify(&*store, &requests, self.shared.clock)?;
        let pairs = tokens.iter().zip(&verified);
        let notes = pairs
            .filter_map(|(token, verified)| self.note(&*store, token, verified))
            .collect();
        self.store = Some(store);
        Ok(Outcome { verified, notes })
    }

    /// Takes the connection to the store; the first call opens it.
    fn take_store(&mut self) -> Result<Box<dyn Store>> {
        match self.store.take() {
            Some(store) => Ok(store),
            None => store::open(self.shared.address, Mode::Pooled(self.shared.workers)),
        }
    }

    /// Returns the note on a token; `None` also on an error, which must not affect the verdict.
    fn note(&mut self, store: &dyn Store, token: &AnyToken, verified: &Verified) -> Option<Note> {
        let mut random = Locked(self.shared.random.as_ref()?);
        let note = self.verifier.note(store, verified, token, &mut random);
        note.ok().flatten()
    }
}

/// Random generator shared by several threads.
struct Locked<'a>(&'a Mutex<&'a mut (dyn Random + Send + 'static)>);

impl Random for Locked<'_> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        // The generator stays usable after a panic of another thread.
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill(bytes)
    }
}
