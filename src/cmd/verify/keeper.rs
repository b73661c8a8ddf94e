//! The thread that writes what a batch is to leave in the store, so that verdicts go on meanwhile.

use crate::env::Actor;
use crate::error::Result;
use crate::store::{self, Address, Mode};
use crate::verify::Note;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long notes are gathered, and how many, before they are written: each writing waits for the
/// disk.
const GATHER: Duration = Duration::from_secs(1);
const NOTES_MAX: usize = 1024;

/// How many lots of notes may lie about before a verdict waits for the disk: what is noted of use is what
/// tells an unused key, so nothing is thrown away for speed.
const WAITING: usize = 16;

/// Where notes are left.
pub struct Notes(Option<SyncSender<Vec<Note>>>);

impl Notes {
    /// Leaves `notes` to be written; where nobody writes them, they are forgotten.
    pub fn leave(&self, notes: Vec<Note>) {
        if let Some(keeper) = &self.0
            && !notes.is_empty()
        {
            drop(keeper.send(notes));
        }
    }
}

/// Runs `work`. What it leaves is written to the store at `address`, in the name of `actor`; if that
/// is given, and if the store is free at the time.
pub fn keeping<T>(
    address: &Address,
    actor: Option<&Actor>,
    work: impl FnOnce(&Notes) -> Result<T>,
) -> Result<T> {
    let Some(actor) = actor else {
        return work(&Notes(None));
    };
    thread::scope(|scope| {
        let (to_keeper, notes) = sync_channel(WAITING);
        let keeper = thread::Builder::new();
        // Where there is no thread for it nothing is noted: the verdicts stand.
        drop(keeper.spawn_scoped(scope, move || keep(&notes, address, actor)));
        work(&Notes(Some(to_keeper)))
    })
}

fn keep(notes: &Receiver<Vec<Note>>, address: &Address, actor: &Actor) {
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
        // None of it is worth a word.
        drop(written);
    }
}
