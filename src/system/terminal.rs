//! Terminal: its width, and prompts with and without echo.

use keyctl::env::Prompt;
use rustix::io::Errno;
use rustix::stdio;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::{Handle, Signals};
use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
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
        let _guard = Guard::hiding()?;
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
        let _guard = Guard::hiding()?;
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
        let _guard = Guard::new(NOTHING_CHANGED, OptionalActions::Now)?;
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

/// Signals that end the program during a prompt.
const ENDING: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// Character that switches a special character off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// True while no prompt is open. The handlers stay registered after the first prompt; while this is
/// true they run the default action of the signal.
static IS_IDLE: AtomicBool = AtomicBool::new(true);

/// Restores the terminal after a prompt: on drop, and before a signal ends the program. Without it, a
/// hidden prompt would leave the terminal without echo.
///
/// After a signal, the exit code is 128 and its number: 130 after Ctrl-C.
struct Guard {
    before: Option<Termios>,
    /// Action for typed input that was not read.
    unread: OptionalActions,
    handle: Handle,
    watcher: Option<JoinHandle<()>>,
}

impl Guard {
    /// Creates a guard that hides the input, and discards unread input when it ends: otherwise a shell
    /// would echo and run the rest of pasted tokens.
    fn hiding() -> io::Result<Self> {
        let guard = Guard::new(INTERRUPTED, OptionalActions::Flush)?;
        guard.hide()?;
        Ok(guard)
    }

    /// Creates a guard that prints `message` when a signal ends the program.
    fn new(message: &'static str, unread: OptionalActions) -> io::Result<Self> {
        let before = tcgetattr(stdio::stdin()).ok();
        IS_IDLE.store(false, Ordering::SeqCst);
        let mut signals = Signals::new(ENDING)?;
        for signal in ENDING {
            register_conditional_default(signal, &IS_IDLE)?;
        }
        let handle = signals.handle();
        let as_before = before.clone();
        let watcher = thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                exit(as_before.as_ref(), unread, message, signal);
            }
        });
        Ok(Guard {
            before,
            unread,
            handle,
            watcher: Some(watcher),
        })
    }

    /// Switches the echo off, except for line feeds. Also switches Ctrl-Z off: the shell would switch
    /// the echo on again while the program is stopped.
    fn hide(&self) -> io::Result<()> {
        if let Some(mut silent) = self.before.clone() {
            silent.local_modes.remove(LocalModes::ECHO);
            silent.local_modes.insert(LocalModes::ECHONL);
            silent.special_codes[SpecialCodeIndex::VSUSP] = NO_CHARACTER;
            tcsetattr(stdio::stdin(), OptionalActions::Now, &silent)?;
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore(self.before.as_ref(), self.unread);
        IS_IDLE.store(true, Ordering::SeqCst);
        self.handle.close();
        if let Some(watcher) = self.watcher.take() {
            drop(watcher.join());
        }
    }
}

#[expect(
    clippy::exit,
    reason = "a signal ends the program while the main thread waits for input"
)]
fn exit(terminal: Option<&Termios>, unread: OptionalActions, message: &str, signal: i32) {
    restore(terminal, unread);
    drop(io::stderr().write_all(message.as_bytes()));
    std::process::exit(128 + signal);
}

fn restore(terminal: Option<&Termios>, unread: OptionalActions) {
    if let Some(terminal) = terminal {
        // An error means that the terminal is gone.
        tcsetattr(stdio::stdin(), unread, terminal).ok();
    }
}
