//! What the program holds in memory is nobody else's to read.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Sees to it that no crash leaves a copy of a secret on the disk, and that other processes of the
/// user cannot look into this one. Called before anything secret is read. Where the system will
/// not have it, the program runs all the same.
pub fn keep_private() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).ok();
    no_dump();
}

/// The limit alone is not enough: a `core_pattern` that is a pipe is not held to it (core(5)).
#[cfg(target_os = "linux")]
fn no_dump() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
}

#[cfg(not(target_os = "linux"))]
fn no_dump() {}
