//! Readiness: whether the store can be opened and read now.

use super::core::Core;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Opens and reads the store; false if that fails or takes longer than `patience`. One check runs at a time.
///
/// Reads over an open connection first, and again after a failure, when all are closed: a connection to another file
/// must not be opened beside older ones, and without requests nothing else would notice that files were replaced.
/// Keeps the open connections if only another one cannot be opened: the system may have no descriptor left.
pub async fn check(core: &Arc<Core>, patience: Duration) -> bool {
    let checked = async {
        let permit = Arc::clone(&core.readiness).acquire_owned().await.ok()?;
        let core = Arc::clone(core);
        let read = spawn_blocking(move || {
            let _permit = permit;
            read(&core)
        });
        read.await.ok()
    };
    matches!(timeout(patience, checked).await, Ok(Some(true)))
}

fn read(core: &Core) -> bool {
    let seats = &core.seats;
    let probed = seats.probe().or_else(|_| seats.probe());
    let read = probed.and_then(|()| seats.check());
    core.store_is_up(read.is_ok());
    match read {
        Ok(()) => true,
        Err(error) => {
            core.log.failure(&error);
            false
        }
    }
}
