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

/// Maximum time to write the last notes, and to write the last lines of the log.
const END: Duration = Duration::from_secs(5);

/// Running threads.
pub struct Threads {
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
        for _ in 0..verdicts.get() {
            let core = Arc::clone(core);
            spawn("verdicts", move || persist(|| verdicts::work(&core)))?;
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
        Ok(Threads { notes })
    }

    /// Ends the threads: writes the last notes, then the last lines of the log.
    pub fn end(self, core: &Core) {
        core.notes.close();
        // An error either way: the writer ends without a message, or takes too long.
        let _ = self.notes.recv_timeout(END);
        core.hashing.close();
        core.queue.close();
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
