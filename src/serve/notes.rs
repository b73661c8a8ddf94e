//! Writer of notes in the background: uses, reuses and renewed hashes, gathered for a second.

use super::metrics::{Metrics, NoteResult};
use super::seats::Seats;
use crate::env::{Actor, Random};
use crate::error::Result;
use crate::hash::Memory;
use crate::id::KeyId;
use crate::store::{self, Address, Mode, Store};
use crate::token::AnyToken;
use crate::verify::{Match, MatchCache, Note, Noteworthy, Verified};
use std::collections::HashSet;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Time to gather notes for one transaction, which waits for the disk.
const GATHER: Duration = Duration::from_secs(1);

/// Maximum number of notes that wait for the writer. More are dropped: no verdict waits for a note.
const WAITING_MAX: usize = 4096;

/// Maximum number of hashes to renew for one transaction. Others are renewed at a later use.
const REHASHES_MAX: usize = 16;

/// Time without notes after a write that failed: the store may be locked, or not writable by this user.
const PAUSE: Duration = Duration::from_secs(10);

/// Keys whose notes wait for the writer or are being written. A second note on one of these is left out.
type Pending = Arc<Mutex<HashSet<(KeyId, Noteworthy)>>>;

/// Verdict to make a note of.
struct Seen {
    verified: Verified,
    token: AnyToken,
    note: (KeyId, Noteworthy),
}

/// Sender of notes to the writer.
pub struct NoteSender {
    /// `None` if no notes are written, or no more.
    channel: Mutex<Option<SyncSender<Seen>>>,
    pending: Pending,
    metrics: Arc<Metrics>,
}

/// Receiver of notes, for the writer.
pub struct NoteReceiver {
    channel: Receiver<Seen>,
    pending: Pending,
    metrics: Arc<Metrics>,
}

impl NoteSender {
    /// Creates a sender and its receiver.
    pub fn new(metrics: &Arc<Metrics>) -> (Self, NoteReceiver) {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let pending = Pending::default();
        let receiver = NoteReceiver {
            channel: receiver,
            pending: Arc::clone(&pending),
            metrics: Arc::clone(metrics),
        };
        let sender = NoteSender {
            channel: Mutex::new(Some(sender)),
            pending,
            metrics: Arc::clone(metrics),
        };
        (sender, receiver)
    }

    /// Sends the note on a verdict to the writer, if there is one and no such note waits already. Never waits.
    pub fn send(&self, verified: &Verified, token: AnyToken) {
        let Some(note) = verified.noteworthy().map(|(key, kind)| (key.id, kind)) else {
            return;
        };
        let channel = locked(&self.channel);
        let Some(channel) = &*channel else {
            return;
        };
        if !locked(&self.pending).insert(note) {
            return;
        }
        let verified = verified.clone();
        let seen = Seen {
            verified,
            token,
            note,
        };
        if channel.try_send(seen).is_err() {
            locked(&self.pending).remove(&note);
            self.metrics.notes(NoteResult::Dropped, 1);
        }
    }

    /// Ends the writer, after the notes that were sent.
    pub fn close(&self) {
        locked(&self.channel).take();
    }
}

/// Writer of notes.
pub struct NoteWriter {
    /// Receiver of the notes.
    pub received: NoteReceiver,
    /// Store.
    pub address: Address,
    /// Connections of the verdict threads.
    pub seats: Arc<Seats>,
    /// User in whose name the notes are written.
    pub actor: Actor,
    /// Source of salts for renewed hashes.
    pub random: Box<dyn Random + Send>,
    /// Cache that learns the renewed hashes.
    pub cache: Arc<MatchCache>,
}

impl NoteWriter {
    /// Writes notes until the sender is closed.
    pub fn work(mut self) {
        let mut memory = Memory::default();
        let mut paused_until: Option<Instant> = None;
        while let Some(seen) = self.gather() {
            let count = seen.len() as u64;
            let is_paused = paused_until.is_some_and(|until| Instant::now() < until);
            let written = (!is_paused).then(|| self.write(&seen, &mut memory));
            let metrics = &self.received.metrics;
            match written {
                Some(Ok(written)) => {
                    metrics.notes(NoteResult::Written, written);
                    metrics.notes(NoteResult::Dropped, count.saturating_sub(written));
                }
                Some(Err(_)) => {
                    paused_until = Some(Instant::now() + PAUSE);
                    metrics.notes(NoteResult::Failed, count);
                }
                None => metrics.notes(NoteResult::Dropped, count),
            }
            let mut pending = locked(&self.received.pending);
            for seen in &seen {
                pending.remove(&seen.note);
            }
        }
    }

    /// Waits for a note, then for more during one second.
    fn gather(&self) -> Option<Vec<Seen>> {
        let channel = &self.received.channel;
        let mut gathered = vec![channel.recv().ok()?];
        let until = Instant::now() + GATHER;
        while gathered.len() < WAITING_MAX {
            let left = until.saturating_duration_since(Instant::now());
            match channel.recv_timeout(left) {
                Ok(seen) => gathered.push(seen),
                Err(_) => break,
            }
        }
        Some(gathered)
    }

    /// Writes the notes on some verdicts, and returns how many there were.
    fn write(&mut self, seen: &[Seen], memory: &mut Memory) -> Result<u64> {
        // If another file has taken the place of the store, this closes the connections to the old one first.
        self.seats.probe()?;
        let mut store = store::open(&self.address, Mode::Read)?;
        let mut notes = Vec::with_capacity(seen.len());
        let mut renewed = Vec::new();
        for seen in seen {
            if let Some(note) = self.note(&*store, seen, renewed.len(), memory)? {
                if let Some(hash) = note.new_hash() {
                    let matched = Match::Yes(seen.verified.scheme_to_renew());
                    renewed.push((self.cache.fingerprint(&seen.token, hash), matched));
                }
                notes.push(note);
            }
        }
        Note::write(&notes, &mut *store, &self.actor)?;
        for (fingerprint, matched) in renewed {
            self.cache.insert(fingerprint, matched);
        }
        Ok(notes.len() as u64)
    }

    /// Returns the note on a verdict, if there is one. Renews a hash only if fewer than the maximum are `renewed`.
    fn note(
        &mut self,
        store: &dyn Store,
        seen: &Seen,
        renewed: usize,
        memory: &mut Memory,
    ) -> Result<Option<Note>> {
        if seen.note.1 == Noteworthy::Rehash && renewed >= REHASHES_MAX {
            return Ok(None);
        }
        let random = &mut *self.random;
        Note::of(store, &seen.verified, &seen.token, random, memory)
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic of another thread does not make the content invalid.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
