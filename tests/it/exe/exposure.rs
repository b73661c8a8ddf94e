//! What of a secret others could come to see: memory, core dumps, process lists, raw files.

mod disk;
mod dump;
mod memory;

use std::path::Path;
use std::process::{Command, Stdio};

/// The characters of a token's secret.
fn secret(token: &str) -> &str {
    let tail = token.rsplit_once('_').unwrap().1;
    &tail[..43]
}

/// Whether strace is here and allowed to trace.
fn can_trace() -> bool {
    Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What stands in the kernel's file `name` about the process `pid`.
fn proc(pid: u32, name: &str) -> std::path::PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}
