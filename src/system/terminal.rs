//! Terminal: its width, and prompts with and without echo.

use super::signals::{ENDING, HAS_NO_PROMPT, IS_IDLE};
use keyctl::env::Prompt;
use nix::unistd::{getpgrp, getsid};
use rustix::io::Errno;
use rustix::stdio;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use signal_hook::consts::{SIGCONT, SIGTSTP};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use zeroize::Zeroizing;

/// Returns the width of `stream` in columns, if it is a terminal that tells it.
pub fn columns(stream: BorrowedFd<'_>) -> Option<u16> {
    tcgetwinsize(stream)
        .ok()
        .map(|size| size.ws_col)
        .filter(|&columns| columns > 0)
}

/// Prompt on standard input and standard error.
pub struct Prompter;

impl Prompt for Prompter {
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        // The crate would hide the input only after the question, and a signal could leave its
        // settings on the terminal. So the guard hides it first.
        let _guard = Guard::hiding(question, INTERRUPTED)?;
        let config = rpassword::ConfigBuilder::new()
            .input_reader(Typed)
            .output_writer(io::stderr())
            .build();
        rpassword::prompt_password_with_config(question, config)
            .map(Zeroizing::new)
            .map_err(|cause| match cause.kind() {
                ENDED => end_of_input(),
                _ => cause,
            })
    }

    fn hidden_lines(&mut self, question: &str, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        // One guard for all lines: between two guards, pasted text would be echoed.
        let _guard = Guard::hiding(question, LINES_INTERRUPTED)?;
        print(question)?;
        // Allocated at full length: growing would leave a copy that is not wiped.
        let mut bytes = Zeroizing::new(vec![0; most + 1]);
        let mut filled = 0;
        while filled < bytes.len() {
            match rustix::io::read(stdio::stdin(), &mut bytes[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(Errno::INTR) => {}
                Err(cause) => return Err(cause.into()),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        let _guard = Guard::showing(question)?;
        print(question)?;
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 {
            return Err(end_of_input());
        }
        Ok(answer)
    }
}

fn print(question: &str) -> io::Result<()> {
    let mut stderr = io::stderr();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()
}

/// Messages before a signal ends the program: at a hidden prompt, and at a question before a change.
const INTERRUPTED: &str = "\nkeyctl: interrupted\n";
const NOTHING_CHANGED: &str = "\nkeyctl: interrupted: nothing was changed\n";

/// Message before a signal ends the program while it reads KEYs. A user may press Ctrl-C to end the
/// list.
const LINES_INTERRUPTED: &str =
    "\nkeyctl: interrupted: nothing was changed\nhint: end with Ctrl-D, not Ctrl-C\n";

/// Standard input without a buffer that would keep a copy. End of input is an error: the crate would
/// take it for an empty answer.
struct Typed;

const ENDED: io::ErrorKind = io::ErrorKind::NotConnected;

impl Read for Typed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match rustix::io::read(stdio::stdin(), bytes)? {
            0 => Err(ENDED.into()),
            read => Ok(read),
        }
    }
}

/// Writes a line feed, so that the next message starts on a new line, and returns the error for end of
/// input.
fn end_of_input() -> io::Error {
    drop(io::stderr().write_all(b"\n"));
    io::ErrorKind::UnexpectedEof.into()
}

/// Character that switches a special character off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// Restores the terminal after a prompt: on drop, and before a signal ends or stops the program.
/// Without it, a hidden prompt would leave the terminal without echo.
///
/// After a signal that ends the program, the exit code is 128 and its number: 130 after Ctrl-C.
struct Guard {
    asking: Arc<Asking>,
    handle: Handle,
    watcher: Option<JoinHandle<()>>,
}

impl Guard {
    /// Creates a guard that hides the input, and discards unread input when it ends: otherwise a shell
    /// would echo and run the rest of pasted tokens.
    fn hiding(question: &str, interrupted: &'static str) -> io::Result<Self> {
        let before = tcgetattr(stdio::stdin()).ok();
        let can_stop = can_stop();
        Guard::new(Asking {
            hidden: before.as_ref().map(|before| silent(before, can_stop)),
            before,
            unread: OptionalActions::Flush,
            question: question.to_owned(),
            interrupted,
            can_stop,
            is_open: Mutex::new(true),
        })
    }

    /// Creates a guard for a question whose answer is shown.
    fn showing(question: &str) -> io::Result<Self> {
        Guard::new(Asking {
            hidden: None,
            before: tcgetattr(stdio::stdin()).ok(),
            unread: OptionalActions::Now,
            question: question.to_owned(),
            interrupted: NOTHING_CHANGED,
            can_stop: can_stop(),
            is_open: Mutex::new(true),
        })
    }

    fn new(asking: Asking) -> io::Result<Self> {
        let mut signals = Signals::new(ENDING)?;
        // From here on, any error drops the guard, which gives the signals their default action back.
        let mut guard = Guard {
            asking: Arc::new(asking),
            handle: signals.handle(),
            watcher: None,
        };
        IS_IDLE.store(false, Ordering::SeqCst);
        HAS_NO_PROMPT.store(false, Ordering::SeqCst);
        for signal in ENDING {
            register_conditional_default(signal, &IS_IDLE)?;
        }
        if guard.asking.can_stop {
            signals.add_signal(SIGTSTP)?;
            signals.add_signal(SIGCONT)?;
            register_conditional_default(SIGTSTP, &HAS_NO_PROMPT)?;
        }
        let watched = Arc::clone(&guard.asking);
        let watcher = thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGTSTP => watched.stop(),
                    SIGCONT => watched.resume(),
                    signal => watched.exit(signal),
                }
            }
        })?;
        guard.watcher = Some(watcher);
        guard.asking.hide()?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.asking.close();
        IS_IDLE.store(true, Ordering::SeqCst);
        HAS_NO_PROMPT.store(true, Ordering::SeqCst);
        self.handle.close();
        if let Some(watcher) = self.watcher.take() {
            drop(watcher.join());
        }
    }
}

/// Prompt that is open, as its signals need it.
struct Asking {
    /// Settings of the terminal before the prompt; `None` if standard input is none.
    before: Option<Termios>,
    /// Settings that hide the input; `None` if it is shown.
    hidden: Option<Termios>,
    /// Action for typed input that was not read.
    unread: OptionalActions,
    question: String,
    /// Message before a signal ends the program.
    interrupted: &'static str,
    /// True if a shell can continue the program after Ctrl-Z.
    can_stop: bool,
    /// False once the prompt has ended: then nothing hides the input again.
    is_open: Mutex<bool>,
}

impl Asking {
    fn hide(&self) -> io::Result<()> {
        match &self.hidden {
            Some(hidden) => Ok(tcsetattr(stdio::stdin(), OptionalActions::Now, hidden)?),
            None => Ok(()),
        }
    }

    fn restore(&self) {
        if let Some(before) = &self.before {
            // An error means that the terminal is gone.
            tcsetattr(stdio::stdin(), self.unread, before).ok();
        }
    }

    /// Stops the program after Ctrl-Z, with the terminal as the shell needs it.
    fn stop(&self) {
        self.restore();
        // It raises SIGSTOP, which is not handled, and returns once the shell continues the program. That
        // cannot fail.
        emulate_default_handler(SIGTSTP).ok();
    }

    /// Asks again after the program was continued, since the shell has written to the terminal.
    fn resume(&self) {
        let is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        // Without hidden input there is no question: the user would type the token in plain sight.
        if *is_open && self.hide().is_ok() {
            print(&self.question).ok();
        }
    }

    fn close(&self) {
        let mut is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        *is_open = false;
        self.restore();
    }

    /// Ends the program after a signal, while the main thread waits for input.
    fn exit(&self, signal: i32) {
        self.restore();
        drop(io::stderr().write_all(self.interrupted.as_bytes()));
        std::process::exit(128 + signal);
    }
}

/// Returns the settings `before` with the echo off, except for line feeds. Unless the program `can_stop`,
/// Ctrl-Z has no effect.
fn silent(before: &Termios, can_stop: bool) -> Termios {
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    if !can_stop {
        silent.special_codes[SpecialCodeIndex::VSUSP] = NO_CHARACTER;
    }
    silent
}

/// Tells whether a shell with job control runs the program: it gives each job a process group of its own.
///
/// In the process group of the session's first process there is nobody who could continue a program that
/// has stopped, as after `ssh -t HOST keyctl verify`. The same goes for a session and a process group of
/// another PID namespace: the system gives 0 for both, which rustix takes for impossible.
pub fn can_stop() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}
