//! Foreground process group of the controlling terminal, lent to a program so that it can ask there.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::getpgrp;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::Pid;
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use std::os::fd::OwnedFd;

/// Controlling terminal, and the process group of this process.
pub struct Foreground {
    terminal: OwnedFd,
    own: Pid,
}

impl Foreground {
    /// Opens the controlling terminal; `None` if there is none, or if the process group of this process is in another
    /// PID namespace.
    pub fn open() -> Option<Self> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        Some(Foreground {
            terminal: open("/dev/tty", flags, Mode::empty()).ok()?,
            // The system gives 0 for a group that it does not show.
            own: Pid::from_raw(getpgrp().as_raw())?,
        })
    }

    /// Tells whether this process is in the foreground.
    pub fn is_own(&self) -> bool {
        self.is_of(self.own)
    }

    /// Lends the terminal to the process group `to`, if this process is in the foreground. Returns whether it was.
    pub fn lend(&self, to: Pid) -> bool {
        self.pass(self.own, to)
    }

    /// Takes the terminal back from the process group `from`. Does nothing if a shell has taken it meanwhile. Returns
    /// whether `from` had it.
    pub fn take_back(&self, from: Pid) -> bool {
        self.pass(from, self.own)
    }

    /// Tells whether `group` is the foreground process group.
    fn is_of(&self, group: Pid) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|current| current == group)
    }

    fn pass(&self, from: Pid, to: Pid) -> bool {
        if !self.is_of(from) {
            return false;
        }
        // From the background, the change would stop this process by SIGTTOU.
        let stop = SigSet::from(Signal::SIGTTOU);
        let Ok(before) = stop.thread_swap_mask(SigmaskHow::SIG_BLOCK) else {
            return false;
        };
        let passed = tcsetpgrp(&self.terminal, to).is_ok();
        before.thread_set_mask().ok();
        passed
    }
}
