//! Threads of the server besides those of the runtime.

use super::core::Core;
use super::limits::be_nice;
use super::notes::NoteWriter;
use super::verdicts;
use crate::error::{Error, Result};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::Builder;
use std::time::Duration;

/// Maximum time for each of the last verdicts, the last notes, and the last lines of the log.
const END: Duration = Duration::from_secs(5);

/// Running threads.
pub struct Threads {
    /// Disconnected at the end of the last thread for verdicts.
    verdicts: Receiver<()>,
    /// Disconnected at the end of the writer of notes.
    notes: Receiver<()>,
}

impl Threads {
    /// Starts `verdicts` threads for verdicts, `hashes` for slow hashes, and the writer of notes.
    pub fn start(
        core: &Arc<Core>,
        verdicts: NonZeroUsize,
        hashes: NonZeroUsize,
        writer: Option<NoteWriter>,
    ) -> Result<Self> {
        let (judging, judged) = channel();
        for _ in 0..verdicts.get() {
            let (core, judging) = (Arc::clone(core), judging.clone());
            spawn("verdicts", move || {
                persist(|| verdicts::work(&core));
                drop(judging);
            })?;
        }
        for _ in 0..hashes.get() {
            let core = Arc::clone(core);
            spawn("hashing", move || {
                be_nice();
                persist(|| core.hashing.work());
            })?;
        }
        let (running, notes) = channel();
        if let Some(writer) = writer {
            spawn("notes", move || {
                be_nice();
                writer.work();
                drop(running);
            })?;
        }
        Ok(Threads {
            verdicts: judged,
            notes,
        })
    }

    /// Ends the threads: those for verdicts first, which send notes behind their answers, then writes the last notes, then
    /// the last lines of the log.
    pub fn end(self, core: &Core) {
        core.hashing.close();
        core.queue.close();
        // An error either way: the threads end without a message, or take too long.
        let _ = self.verdicts.recv_timeout(END);
        core.notes.close();
        let _ = self.notes.recv_timeout(END);
        drop(core.log.finish(END));
    }
}

/// Calls `work` again after a panic. Its requests are answered 503; later ones must not wait without end.
///
/// Where a panic ends the process, as in a release build, systemd starts it again.
fn persist(work: impl Fn()) {
    while catch_unwind(AssertUnwindSafe(&work)).is_err() {}
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = Builder::new().name(name.to_owned()).spawn(work);
    match spawned {
        Ok(_) => Ok(()),
        Err(cause) => Err(Error::io("cannot start a thread").because(cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[test]
    fn a_thread_that_panics_goes_on() {
        let calls = AtomicU32::new(0);
        persist(|| {
            let call = calls.fetch_add(1, Relaxed);
            assert!(call >= 2, "panics twice");
        });
        assert_eq!(calls.load(Relaxed), 3);
    }
}
