//! Signals that would end the program: which they are, and their default action while nothing holds them.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use std::sync::atomic::AtomicBool;

/// Signals that end the program by default, and that a prompt, a handover and the writing of secret files handle.
pub const ENDING: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// True while none of these is under way. The handlers stay registered after the first of them; while this is true
/// they run the default action of the signal.
pub static IS_IDLE: AtomicBool = AtomicBool::new(true);

/// True while no prompt is open: then Ctrl-Z stops the process, also during a handover.
pub static HAS_NO_PROMPT: AtomicBool = AtomicBool::new(true);

/// Tells whether the process ignores `signal`, as under `nohup`. Linux alone tells.
#[cfg(target_os = "linux")]
pub fn is_ignored(signal: i32) -> bool {
    let status = super::proc::read("self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(not(target_os = "linux"))]
pub fn is_ignored(_: i32) -> bool {
    false
}
