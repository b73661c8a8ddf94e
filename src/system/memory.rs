//! Protection of the memory of the process against core dumps and other processes.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Disables core dumps, and access to the memory by other processes of the user (ptrace(2)).
///
/// Called before any secret is read. The program runs even if the system refuses.
pub fn keep_private() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).ok();
    no_dump();
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
