//! Background writer of notes, so that verdicts do not wait for the disk.

use super::note::Note;
use crate::env::Actor;
use crate::error::Result;
use crate::store::{self, Address, Mode};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longest time for which notes are gathered before they are written: each write waits for the disk.
const GATHER: Duration = Duration::from_secs(1);

/// Most notes that are gathered.
const NOTES_MAX: usize = 1024;

/// Chunks of notes that may be queued before verdicts wait for the disk. No note is dropped for speed:
/// a missing one makes a key in use look unused.
const QUEUED: usize = 16;

/// Queue of the writer.
pub struct Notes(Option<SyncSender<Vec<Note>>>);

impl Notes {
    /// Sends `notes` to the writer; drops them if there is none.
    pub fn send(&self, notes: Vec<Note>) {
        if let Some(writer) = &self.0
            && !notes.is_empty()
        {
            drop(writer.send(notes));
        }
    }
}

/// Runs `work` with a queue for its notes, which a thread writes to the store at `address` in the name
/// of `actor`, whenever the store is free. Without an actor, no note is written.
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
        // If the system gives no thread, nothing is noted: the verdicts stand without it.
        drop(writer.spawn_scoped(scope, move || write(&notes, address, actor)));
        work(&Notes(Some(sender)))
    })
}

/// Writes `notes` in batches until their sender is dropped.
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
        // A note that is lost is not worth a message.
        drop(written);
    }
}
