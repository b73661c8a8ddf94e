//! Readiness: whether the store can be opened and read now.

use super::core::Core;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Opens and reads the store; false if that fails or takes longer than `patience`. One check runs at a time.
///
/// After a failure the connections that are open are tried too: without requests, nothing else would notice that the
/// files of the store were replaced. If they work, they stay: the system may have no descriptor left for one more.
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
    let read = core
        .seats
        .check()
        .or_else(|error| match core.seats.probe() {
            Ok(()) => Err(error),
            Err(_) => core.seats.check(),
        });
    core.store_is_up(read.is_ok());
    match read {
        Ok(()) => true,
        Err(error) => {
            core.log.failure(&error);
            false
        }
    }
}
