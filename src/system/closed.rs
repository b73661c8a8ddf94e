//! Detection of a standard output that was closed when the program started (`>&-`).
//!
//! Rust's runtime opens `/dev/null` in the place of a closed standard stream. Once `main` runs, `>&-`
//! looks like `>/dev/null`, which must succeed. So a function checks the descriptor before the runtime
//! starts: the loader calls it from the section `.init_array`.

use rustix::io::fcntl_getfd;
use rustix::stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

// On other systems this is not called, and no stream counts as closed.
#[used]
#[cfg_attr(
    target_os = "linux",
    allow(
        unsafe_code,
        reason = "the loader calls the functions in this section, and this one is safe to call"
    ),
    unsafe(link_section = ".init_array")
)]
static CHECK: extern "C" fn() = check;

/// Records whether standard output is closed. Only one system call: the runtime has not started yet.
extern "C" fn check() {
    WAS_CLOSED.store(fcntl_getfd(stdio::stdout()).is_err(), Relaxed);
}

/// Tells whether standard output was closed.
pub fn was_closed() -> bool {
    WAS_CLOSED.load(Relaxed)
}
