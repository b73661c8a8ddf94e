//! Finding out that standard output was closed when the program was started.
//!
//! Rust's runtime opens `/dev/null` in the place of a closed standard stream, with the same flags as
//! Python and Node do where output is not wanted: once `main` runs, `>&-` looks like `>/dev/null`, which
//! must succeed. So the descriptor is looked at before the runtime starts, by a function in the list that
//! the loader calls first.

use rustix::io::fcntl_getfd;
use rustix::stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

// On other systems it is not called, and nothing counts as closed.
#[used]
#[cfg_attr(
    target_os = "linux",
    allow(
        unsafe_code,
        reason = "the section is the loader's list of such functions, and this one is safe to call"
    ),
    unsafe(link_section = ".init_array")
)]
static LOOK: extern "C" fn() = look;

/// Makes one system call, and touches nothing of the runtime, which has not started.
extern "C" fn look() {
    WAS_CLOSED.store(fcntl_getfd(stdio::stdout()).is_err(), Relaxed);
}

/// Tells whether standard output was closed.
pub fn was_closed() -> bool {
    WAS_CLOSED.load(Relaxed)
}
