//! Foreground process group of the controlling terminal, lent to a program so that it can ask there.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, getpgrp};
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use std::os::fd::OwnedFd;

/// Controlling terminal whose foreground process group is this process's.
pub struct Foreground {
    terminal: OwnedFd,
}

impl Foreground {
    /// Opens the controlling terminal; `None` if there is none, or if this process is in the background.
    pub fn own() -> Option<Self> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = open("/dev/tty", flags, Mode::empty()).ok()?;
        let foreground = Foreground { terminal };
        foreground.is_of(getpgrp()).then_some(foreground)
    }

    /// Tells whether `group` is the foreground process group.
    pub fn is_of(&self, group: Pid) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|current| current == group)
    }

    /// Makes `to` the foreground process group if `from` is it. Keeps any other: a shell may have taken the
    /// terminal.
    pub fn pass(&self, from: Pid, to: Pid) {
        if !self.is_of(from) {
            return;
        }
        // From the background, the change would stop this process by SIGTTOU.
        let stop = SigSet::from(Signal::SIGTTOU);
        let Ok(before) = stop.thread_swap_mask(SigmaskHow::SIG_BLOCK) else {
            return;
        };
        tcsetpgrp(&self.terminal, to).ok();
        before.thread_set_mask().ok();
    }
}
