//! Protection of the memory of the process against core dumps and other processes.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::OnceLock;

/// Limit for core dumps with which the process was started.
static LIMIT: OnceLock<Rlimit> = OnceLock::new();

/// Disables core dumps, and access to the memory by other processes of the user (ptrace(2)).
///
/// Called before any secret is read. The program runs even if the system refuses. Only the soft limit is
/// lowered: the hard one could not be raised again for another program that this one starts.
pub fn keep_private() {
    let limit = *LIMIT.get_or_init(|| getrlimit(Resource::Core));
    let none = Rlimit {
        current: Some(0),
        ..limit
    };
    setrlimit(Resource::Core, none).ok();
    no_dump();
}

/// Calls `start`, which starts a program, with the limit for core dumps that the user has set.
///
/// On Linux this process cannot be dumped meanwhile either: it is not dumpable, whatever its limit.
pub fn with_users_limit<T>(start: impl FnOnce() -> T) -> T {
    if let Some(limit) = LIMIT.get() {
        setrlimit(Resource::Core, *limit).ok();
    }
    let started = start();
    keep_private();
    started
}

/// Marks the process as not dumpable. The limit alone does not hold for a `core_pattern` that is a
/// pipe (core(5)).
#[cfg(target_os = "linux")]
fn no_dump() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
}

#[cfg(not(target_os = "linux"))]
fn no_dump() {}
