//! What one core does of a batch.

use super::lines;
use super::presented;
use super::report::in_json;
use crate::env::{Clock, Random};
use crate::error::{DONE, FOUND, Result};
use crate::output::unwritable;
use crate::store::{self, Address, Mode, Store};
use crate::token::Token;
use crate::verify::{Note, Reason, Request, Required, Verdict, Verified, Verifier};
use crate::when::Timestamp;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What all workers have in common.
pub struct Shared<'a> {
    /// The store.
    pub address: &'a Address,
    /// Where the tokens are read from; `None` is standard input.
    pub file: Option<&'a Path>,
    /// How many there are.
    pub workers: NonZeroUsize,
    /// What is required of every key.
    pub required: &'a Required,
    /// The time.
    pub clock: &'a Clock,
    /// Where salts come from, if anything is to be noted in the store.
    pub random: Option<Mutex<&'a mut (dyn Random + Send + 'static)>>,
}

/// A lot of tokens that were verified.
pub struct Done {
    /// The verdicts in JSON, one a line.
    pub text: Vec<u8>,
    /// How many tokens there were.
    pub count: Count,
    /// What is to be noted.
    pub notes: Vec<Note>,
    /// How many bytes of the input it was.
    pub bytes: u64,
}

/// How many tokens were verified, and what came of it.
#[derive(Clone, Copy, Default)]
pub struct Count {
    valid: u64,
    rejected: u64,
}

impl Count {
    /// Counts those of `other` too.
    pub fn add(&mut self, other: Count) {
        self.valid += other.valid;
        self.rejected += other.rejected;
    }

    /// Success only if there was a token and none was rejected.
    pub fn exit_code(self) -> u8 {
        if self.valid > 0 && self.rejected == 0 {
            DONE
        } else {
            FOUND
        }
    }

    fn take(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Valid(_) => self.valid += 1,
            Verdict::Rejected(..) => self.rejected += 1,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.valid + self.rejected {
            0 => f.write_str("no tokens"),
            1 => write!(
                f,
                "1 token: {} valid, {} rejected",
                self.valid, self.rejected
            ),
            all => write!(
                f,
                "{all} tokens: {} valid, {} rejected",
                self.valid, self.rejected
            ),
        }
    }
}

/// One thread's own connection to the store, and memory to hash in.
pub struct Worker<'a> {
    shared: &'a Shared<'a>,
    verifier: Verifier,
    store: Option<Box<dyn Store>>,
}

impl<'a> Worker<'a> {
    /// One that opens the store once it is given something to do.
    pub fn new(shared: &'a Shared<'a>) -> Self {
        Worker {
            shared,
            verifier: Verifier::default(),
            store: None,
        }
    }

    fn open(&self) -> Result<Box<dyn Store>> {
        store::open(self.shared.address, Mode::Pooled(self.shared.workers))
    }

    /// Verifies the tokens of a lot.
    pub fn verify(&mut self, lot: io::Result<lines::Lot>) -> Result<Done> {
        let lot = lot.map_err(|cause| presented::unreadable(self.shared.file, cause))?;
        let store = match self.store.take() {
            Some(store) => store,
            None => self.open()?,
        };
        let store = self.store.insert(store);
        let lines: Vec<Option<Token>> = lot.lines().map(presented::parse).collect();
        let shapes: Vec<bool> = lines.iter().map(Option::is_some).collect();
        let tokens: Vec<Token> = lines.into_iter().flatten().collect();
        let required = self.shared.required;
        let requests: Vec<Request<'_>> = tokens
            .iter()
            .map(|token| Request { token, required })
            .collect();
        let verified = self
            .verifier
            .verify(&**store, &requests, self.shared.clock)?;
        let mut verified = tokens.iter().zip(verified);
        let mut done = Done {
            text: Vec::new(),
            count: Count::default(),
            notes: Vec::new(),
            bytes: lot.bytes,
        };
        for is_token in shapes {
            match is_token.then(|| verified.next()).flatten() {
                Some((token, verified)) => {
                    done.tell(&verified.verdict, Some(verified.at))?;
                    done.notes.extend(self.note(token, &verified));
                }
                None => done.tell(&Verdict::Rejected(Reason::Malformed, None), None)?,
            }
        }
        Ok(done)
    }

    /// What is to be noted of a token. What cannot be is not: the verdict stands without it.
    fn note(&mut self, token: &Token, verified: &Verified) -> Option<Note> {
        let random = self.shared.random.as_ref()?;
        let store = self.store.as_deref()?;
        let mut random = Locked(random);
        let note = self.verifier.note(store, verified, token, &mut random);
        note.ok().flatten()
    }
}

impl Done {
    fn tell(&mut self, verdict: &Verdict, at: Option<Timestamp>) -> Result<()> {
        in_json(&mut self.text, verdict, at).map_err(unwritable)?;
        self.count.take(verdict);
        Ok(())
    }
}

/// A generator that others use too.
struct Locked<'a>(&'a Mutex<&'a mut (dyn Random + Send + 'static)>);

impl Random for Locked<'_> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        // A panic elsewhere has left the generator as it was.
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill(bytes)
    }
}
