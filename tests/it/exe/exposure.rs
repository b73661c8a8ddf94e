//! What of a secret others could come to see: memory, core dumps, process lists, raw files.

mod disk;
mod dump;
mod memory;

use std::path::Path;

/// The characters of a token's secret.
fn secret(token: &str) -> &str {
    let tail = token.rsplit_once('_').unwrap().1;
    &tail[..43]
}

/// What stands in the kernel's file `name` about the process `pid`.
fn proc(pid: u32, name: &str) -> std::path::PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}
