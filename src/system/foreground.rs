//! Foreground process group of the controlling terminal, lent to a program so that it can ask there.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::getpgrp;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::Pid;
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use std::os::fd::OwnedFd;

/// Controlling terminal whose foreground process group is this process's.
pub struct Foreground {
    terminal: OwnedFd,
    own: Pid,
}

impl Foreground {
    /// Opens the controlling terminal; `None` if there is none, if this process is in the background, or if its
    /// process group is in another PID namespace.
    pub fn own() -> Option<Self> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let foreground = Foreground {
            terminal: open("/dev/tty", flags, Mode::empty()).ok()?,
            // The system gives 0 for a group that it does not show.
            own: Pid::from_raw(getpgrp().as_raw())?,
        };
        foreground.is_of(foreground.own).then_some(foreground)
    }

    /// Lends the terminal to the process group `to`. Keeps it if a shell has taken it meanwhile.
    pub fn lend(&self, to: Pid) {
        self.pass(self.own, to);
    }

    /// Takes the terminal back from the process group `from`. Does nothing if a shell has taken it meanwhile.
    pub fn take_back(&self, from: Pid) {
        self.pass(from, self.own);
    }

    /// Tells whether `group` is the foreground process group.
    fn is_of(&self, group: Pid) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|current| current == group)
    }

    fn pass(&self, from: Pid, to: Pid) {
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
