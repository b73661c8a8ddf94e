//! Background writer of notes, so that verdicts do not wait for the disk.

use super::note::Note;
use crate::env::Actor;
use crate::error::Result;
use crate::store::{self, Address, Mode};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Maximum time to gather notes for one write: each write waits for the disk.
const GATHER: Duration = Duration::from_secs(1);

/// Number of notes from which a write no longer waits for more.
const NOTES_MAX: usize = 1024;

/// Maximum number of queued chunks of notes. When the queue is full, verdicts wait: a dropped note
/// would make a key in use look unused.
const QUEUED: usize = 16;

/// Queue to the writer.
pub struct Notes(Option<SyncSender<Vec<Note>>>);

impl Notes {
    /// Sends `notes` to the writer; drops them if there is no writer.
    pub fn send(&self, notes: Vec<Note>) {
        if let Some(writer) = &self.0
            && !notes.is_empty()
        {
            drop(writer.send(notes));
        }
    }
}

/// Runs `work` with a queue for notes, while a thread writes them to the store at `address` in the name
/// of `actor`.
///
/// Notes are dropped while the store is locked by another process. Without an actor, none are written.
pub fn with_writer<T>(
    address: &Address,
    actor: Option<&Actor>,
    work: impl FnOnce(&Notes) -> Result<T>,
) -> Result<T> {
    let Some(actor) = actor else {
        return work(&Notes(None));
    };
    thread::scope(|scope| {
        let (sender, notes) = sync_channel(QUEUED);
        let writer = thread::Builder::new();
        // If the system gives no thread, no note is written: the verdicts do not need them.
        drop(writer.spawn_scoped(scope, move || write(&notes, address, actor)));
        work(&Notes(Some(sender)))
    })
}

/// Writes the received notes until the sender is dropped.
fn write(notes: &Receiver<Vec<Note>>, address: &Address, actor: &Actor) {
    while let Ok(mut gathered) = notes.recv() {
        let until = Instant::now() + GATHER;
        while gathered.len() < NOTES_MAX {
            let left = until.saturating_duration_since(Instant::now());
            match notes.recv_timeout(left) {
                Ok(more) => gathered.extend(more),
                Err(_) => break,
            }
        }
        let written = store::open(address, Mode::Read)
            .and_then(|mut store| Note::write(&gathered, &mut *store, actor));
        // A lost note is not worth a message.
        drop(written);
    }
}
