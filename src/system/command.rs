//! Other programs: started with a secret on their standard input, and ended in time.

use super::foreground::Foreground;
use super::memory::with_users_limit;
use super::signals::{ENDING, IS_IDLE, is_ignored};
use super::terminal::can_stop;
use keyctl::env::{Ending, Invocation, Programs, Runner};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread};
use rustix::process::{
    Pid, Signal, WaitIdOptions, WaitOptions, WaitStatus, kill_current_process_group,
    kill_process_group, waitid, waitpid,
};
use rustix::stdio;
use signal_hook::SigId;
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGINT};
use signal_hook::flag;
use signal_hook::low_level::{pipe, signal_name, unregister};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time between SIGTERM and SIGKILL, and the longest wait after SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// Exit status of a shell whose command ended by SIGINT.
const STATUS_OF_INTERRUPTED: i32 = 128 + SIGINT;

/// Programs of this system.
pub struct System;

impl Programs for System {
    fn hold_signals(&self) -> io::Result<Box<dyn Runner>> {
        Ok(Box::new(Hold::new()?))
    }
}

/// Signals that are held: each sets a flag, and wakes the wait for a program.
struct Hold {
    wakes: UnixStream,
    is_interrupted: Arc<AtomicBool>,
    /// True after a stop, once a shell has continued this process.
    is_continued: Arc<AtomicBool>,
    actions: Vec<SigId>,
}

impl Hold {
    fn new() -> io::Result<Self> {
        let (wakes, wake) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        let mut hold = Hold {
            wakes,
            is_interrupted: Arc::default(),
            is_continued: Arc::default(),
            actions: Vec::new(),
        };
        IS_IDLE.store(false, Ordering::SeqCst);
        hold.register(&wake)?;
        Ok(hold)
    }

    fn register(&mut self, wake: &UnixStream) -> io::Result<()> {
        for signal in ENDING {
            // A handler would be reset to the default action in the program.
            if is_ignored(signal) {
                continue;
            }
            flag::register_conditional_default(signal, &IS_IDLE)?;
            let interrupted = Arc::clone(&self.is_interrupted);
            self.actions.push(flag::register(signal, interrupted)?);
            self.actions
                .push(pipe::register(signal, wake.try_clone()?)?);
        }
        self.actions
            .push(pipe::register(SIGCHLD, wake.try_clone()?)?);
        let continued = Arc::clone(&self.is_continued);
        self.actions.push(flag::register(SIGCONT, continued)?);
        Ok(())
    }

    /// Waits for a signal, at most until `deadline`.
    fn sleep(&mut self, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut ready = [PollFd::new(&self.wakes, PollFlags::IN)];
        match poll(&mut ready, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(cause) => return Err(cause.into()),
        }
        let mut bytes = [0; 64];
        while self.wakes.read(&mut bytes).is_ok_and(|read| read > 0) {}
        Ok(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        for action in self.actions.drain(..) {
            unregister(action);
        }
        IS_IDLE.store(true, Ordering::SeqCst);
    }
}

impl Runner for Hold {
    fn run(&mut self, invocation: &Invocation<'_>) -> io::Result<Ending> {
        if self.is_interrupted.load(Ordering::SeqCst) {
            return Ok(Ending::Interrupted);
        }
        let (input, mut writer) = io::pipe()?;
        // Does not block: a token is much shorter than the buffer of a pipe.
        writer.write_all(invocation.input)?;
        drop(writer);
        let mut command = Command::new(invocation.program);
        if let [name, arguments @ ..] = invocation.words {
            command.arg0(name).args(arguments);
        }
        for (name, value) in invocation.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = || rustix::io::fcntl_dupfd_cloexec(stdio::stderr(), 0);
        command
            .process_group(0)
            // This end stays open here too: so it can be seen what was not read.
            .stdin(input.try_clone()?)
            .stdout(Stdio::from(output()?))
            .stderr(Stdio::from(output()?));
        let foreground = Foreground::open();
        let child = with_users_limit(|| command.spawn())?;
        let mut child = Running {
            pid: Pid::from_child(&child),
            foreground,
            is_lent: false,
        };
        child.lend();
        let ended = child.wait(self, invocation.timeout);
        child.finish();
        if ended.is_err() {
            child.signal(Signal::KILL);
        }
        Ok(match ended? {
            Ended::By(status) => child.ending(status, ioctl_fionread(&input)? == 0),
            Ended::TimedOut => Ending::TimedOut,
            Ended::Interrupted => Ending::Interrupted,
        })
    }
}

/// End of the wait for a program.
enum Ended {
    /// The program ended by itself.
    By(WaitStatus),
    /// It was ended: its time was up.
    TimedOut,
    /// It was ended after a signal to this process.
    Interrupted,
}

/// Program that runs, in a process group of its own.
struct Running {
    pid: Pid,
    foreground: Option<Foreground>,
    /// True if the terminal was lent to the program, when it was last asked for.
    is_lent: bool,
}

impl Running {
    /// Lends the terminal to the program, if this process is in the foreground.
    fn lend(&mut self) {
        let foreground = self.foreground.as_ref();
        self.is_lent = foreground.is_some_and(|foreground| foreground.lend(self.pid));
        if self.is_lent {
            // It may have been stopped as it used the terminal before.
            self.signal(Signal::CONT);
        }
    }

    /// Takes the terminal back.
    fn finish(&self) {
        if let Some(foreground) = &self.foreground {
            foreground.take_back(self.pid);
        }
    }

    /// Sends `signal` to the program's group. An error means that nobody is left in it.
    fn signal(&self, signal: Signal) {
        kill_process_group(self.pid, signal).ok();
    }

    /// Waits for the end of the program. Ends it after `timeout`, or after a signal to this process.
    fn wait(&mut self, hold: &mut Hold, timeout: Duration) -> io::Result<Ended> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.has_exited()? {
                return Ok(Ended::By(self.reap()?));
            }
            if hold.is_interrupted.load(Ordering::SeqCst) {
                self.end(hold)?;
                return Ok(Ended::Interrupted);
            }
            if Instant::now() >= deadline {
                self.end(hold)?;
                return Ok(Ended::TimedOut);
            }
            self.pass_on_stop(hold)?;
            hold.sleep(deadline)?;
        }
    }

    /// Ends the program and its group.
    fn end(&self, hold: &mut Hold) -> io::Result<()> {
        self.signal(Signal::TERM);
        // A stopped process takes the signal once it is continued.
        self.signal(Signal::CONT);
        self.wait_until(hold, Instant::now() + GRACE)?;
        // Also where the program itself has ended: others of its group may hold the token. Until it is reaped, no
        // other group gets its number.
        self.signal(Signal::KILL);
        self.wait_until(hold, Instant::now() + GRACE)?;
        if self.has_exited()? {
            self.reap()?;
        }
        Ok(())
    }

    fn wait_until(&self, hold: &mut Hold, deadline: Instant) -> io::Result<()> {
        while !self.has_exited()? && Instant::now() < deadline {
            hold.sleep(deadline)?;
        }
        Ok(())
    }

    /// Tells whether the program has exited. It is not reaped.
    fn has_exited(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(rustix::process::WaitId::Pid(self.pid), options)?.is_some())
    }

    fn reap(&self) -> io::Result<WaitStatus> {
        loop {
            match waitpid(Some(self.pid), WaitOptions::empty()) {
                Ok(Some((_, status))) => return Ok(status),
                Ok(None) | Err(Errno::INTR) => {}
                Err(cause) => return Err(cause.into()),
            }
        }
    }

    /// Continues the program if it has stopped: after Ctrl-Z, or because it lacks the terminal in the background, once
    /// a shell continues the job of this process, which is stopped too. At once if no shell could, or if this process
    /// has come to the foreground.
    fn pass_on_stop(&mut self, hold: &Hold) -> io::Result<()> {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        let stopped = waitid(rustix::process::WaitId::Pid(self.pid), options)?;
        let (Some(_), Some(foreground)) = (stopped, &self.foreground) else {
            return Ok(());
        };
        hold.is_continued.store(false, Ordering::SeqCst);
        let had_terminal = foreground.take_back(self.pid);
        if (had_terminal || !foreground.is_own()) && can_stop() {
            // As Ctrl-Z does: the shell waits until each process of a pipe or a script has stopped. It returns once the
            // shell continues them.
            kill_current_process_group(Signal::TSTP)?;
        }
        self.lend();
        // In the background and never stopped, as where the shell has ended, it would only stop again and again.
        if hold.is_continued.load(Ordering::SeqCst) {
            self.signal(Signal::CONT);
        }
        Ok(())
    }

    /// The ending for `status`.
    fn ending(&self, status: WaitStatus, read_all: bool) -> Ending {
        // With the terminal lent, Ctrl-C goes to the program and not to this process.
        let is_lent = self.is_lent;
        match (status.exit_status(), status.terminating_signal()) {
            (Some(STATUS_OF_INTERRUPTED), _) | (_, Some(SIGINT)) if is_lent => Ending::Interrupted,
            (Some(status), _) => Ending::Exited { status, read_all },
            (None, signal) => {
                let signal = signal.unwrap_or_default();
                let name = signal_name(signal).map(str::to_owned);
                Ending::Killed(name.unwrap_or_else(|| format!("signal {signal}")))
            }
        }
    }
}
