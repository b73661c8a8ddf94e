//! Worker of a batch: one thread with its own connection to the store and its own memory to hash in.

use super::{Note, Request, Required, Verified, Verifier};
use crate::env::{Clock, Random};
use crate::error::Result;
use crate::store::{self, Address, Mode, Store};
use crate::token::Token;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Settings that all workers of a batch share.
pub struct Shared<'a> {
    /// The store.
    pub address: &'a Address,
    /// Number of workers.
    pub workers: NonZeroUsize,
    /// Permissions that every key must have.
    pub required: &'a Required,
    /// The time.
    pub clock: &'a Clock,
    /// Source of salts, if notes are to be made; `None` makes no notes.
    pub random: Option<Mutex<&'a mut (dyn Random + Send + 'static)>>,
}

/// Verdicts on the tokens of a chunk, and the notes on them.
pub struct Outcome {
    /// A verdict for each token, in order.
    pub verified: Vec<Verified>,
    /// Notes to write to the store.
    pub notes: Vec<Note>,
}

/// One thread's verifier, and its connection to the store.
pub struct Worker<'a> {
    shared: &'a Shared<'a>,
    verifier: Verifier,
    store: Option<Box<dyn Store>>,
}

impl<'a> Worker<'a> {
    /// A worker that opens the store when the first chunk comes.
    pub fn new(shared: &'a Shared<'a>) -> Self {
        Worker {
            shared,
            verifier: Verifier::default(),
            store: None,
        }
    }

    /// Verifies the tokens of a chunk, all at one moment.
    pub fn verify(&mut self, tokens: &[Token]) -> Result<Outcome> {
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

    /// Returns the connection to the store, which the first chunk opens.
    fn take_store(&mut self) -> Result<Box<dyn Store>> {
        match self.store.take() {
            Some(store) => Ok(store),
            None => store::open(self.shared.address, Mode::Pooled(self.shared.workers)),
        }
    }

    /// Returns the note on a token. An error makes none: the verdict stands without it.
    fn note(&mut self, store: &dyn Store, token: &Token, verified: &Verified) -> Option<Note> {
        let mut random = Locked(self.shared.random.as_ref()?);
        let note = self.verifier.note(store, verified, token, &mut random);
        note.ok().flatten()
    }
}

/// Random generator that several threads share.
struct Locked<'a>(&'a Mutex<&'a mut (dyn Random + Send + 'static)>);

impl Random for Locked<'_> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        // A panic in another thread leaves the generator usable.
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill(bytes)
    }
}
