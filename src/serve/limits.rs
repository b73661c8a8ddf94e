//! Limits of the process.

use rustix::process::{Resource, getrlimit, setpriority_process, setrlimit};

/// Number of descriptors for everything but connections: the store, listeners, the log.
const OTHER_DESCRIPTORS: u64 = 64;

/// Niceness of threads whose work can wait.
const NICE: i32 = 10;

/// Raises the limit of open descriptors, as far as the hard limit allows, to make room for as many `connections`.
/// Returns the number of connections for which there is room: without descriptors left, the store could not be opened.
pub fn raise_descriptors(connections: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = (connections as u64).saturating_add(OTHER_DESCRIPTORS);
    let allowed = limit.maximum.unwrap_or(needed).min(needed);
    if limit.current.is_some_and(|current| current < allowed) {
        limit.current = Some(allowed);
        // Without it, connections wait to be accepted.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    let room = getrlimit(Resource::Nofile).current;
    let room = room.map(|room| room.saturating_sub(OTHER_DESCRIPTORS).max(1));
    let room = room.and_then(|room| usize::try_from(room).ok());
    room.map_or(connections, |room| room.min(connections))
}

/// Lets other threads go before this one.
pub fn be_nice() {
    // On Linux this sets the niceness of the calling thread alone. Where it is forbidden, nothing is lost but time.
    let _ = setpriority_process(None, NICE);
}
