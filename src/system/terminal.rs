//! The terminal: how wide it is, and how it asks.

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

/// The columns of the terminal that `stream` is.
pub fn columns(stream: BorrowedFd<'_>) -> Option<u16> {
    tcgetwinsize(stream)
        .ok()
        .map(|size| size.ws_col)
        .filter(|&columns| columns > 0)
}

/// Asks at the terminal.
pub struct Prompter;

impl Prompt for Prompter {
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        // Here and not by the crate, which asks first and hides after that, and whose settings a
        // signal at that moment could leave behind.
        let _guard = Guard::hiding()?;
        let config = rpassword::ConfigBuilder::new()
            .input_reader(Typed)
            .output_writer(io::stderr())
            .build();
        rpassword::prompt_password_with_config(question, config)
            .map(Zeroizing::new)
            .map_err(|cause| match cause.kind() {
                ENDED => unanswered(),
                _ => cause,
            })
    }

    fn hidden_lines(&mut self, question: &str, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        // One for all lines: between two, what is pasted would be shown.
        let _guard = Guard::hiding()?;
        say(question)?;
        // All at once: growing would leave a copy behind that is not wiped.
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
        say(question)?;
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 {
            return Err(unanswered());
        }
        Ok(answer)
    }
}

fn say(question: &str) -> io::Result<()> {
    let mut stderr = io::stderr();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()
}

/// Message where a signal ends the program where something is read, and where a change waits for
/// a yes.
const INTERRUPTED: &str = "\nkeyctl: interrupted\n";
const NOTHING_CHANGED: &str = "\nkeyctl: interrupted: nothing was changed\n";

/// Input that is typed, without a buffer that would keep it. That it has ended is an error: the crate
/// takes an end for an empty answer.
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

/// The answer of one who ends the input; what is said next does not stand on the question's line.
fn unanswered() -> io::Error {
    drop(io::stderr().write_all(b"\n"));
    io::ErrorKind::UnexpectedEof.into()
}

/// The signals that end the program, at a prompt as anywhere else.
const ENDING: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// Character that switches a special character off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// True while no question is open. A signal that was ever watched for would be ignored for good;
/// while this holds, it does again what it does to any program.
static NOTHING_ASKED: AtomicBool = AtomicBool::new(true);

/// Leaves the terminal as it was, when the question is answered and when a signal ends the program
/// at it: a hidden prompt would leave it silent. The exit code is the shell's: 130 after Ctrl-C.
struct Guard {
    before: Option<Termios>,
    /// The fate of input that was typed and not read.
    unread: OptionalActions,
    handle: Handle,
    watcher: Option<JoinHandle<()>>,
}

impl Guard {
    /// One that shows no more of what is typed. What is not read when it ends is dropped: a shell would show
    /// the rest of a token, or of several that were pasted, and run it.
    fn hiding() -> io::Result<Self> {
        let guard = Guard::new(INTERRUPTED, OptionalActions::Flush)?;
        guard.hide()?;
        Ok(guard)
    }

    /// One that leaves the words `last` when a signal ends the program.
    fn new(last: &'static str, unread: OptionalActions) -> io::Result<Self> {
        let before = tcgetattr(stdio::stdin()).ok();
        NOTHING_ASKED.store(false, Ordering::SeqCst);
        let mut signals = Signals::new(ENDING)?;
        for signal in ENDING {
            register_conditional_default(signal, &NOTHING_ASKED)?;
        }
        let handle = signals.handle();
        let as_before = before.clone();
        let watcher = thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                leave(as_before.as_ref(), unread, last, signal);
            }
        });
        Ok(Guard {
            before,
            unread,
            handle,
            watcher: Some(watcher),
        })
    }

    /// Shows no more of what is typed, but the end of the line. Ctrl-Z does nothing: the shell
    /// would have it shown again.
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
        NOTHING_ASKED.store(true, Ordering::SeqCst);
        self.handle.close();
        if let Some(watcher) = self.watcher.take() {
            drop(watcher.join());
        }
    }
}

#[expect(
    clippy::exit,
    reason = "a signal asks for just that, while the main thread waits for a key"
)]
fn leave(terminal: Option<&Termios>, unread: OptionalActions, last: &str, signal: i32) {
    restore(terminal, unread);
    drop(io::stderr().write_all(last.as_bytes()));
    std::process::exit(128 + signal);
}

fn restore(terminal: Option<&Termios>, unread: OptionalActions) {
    if let Some(terminal) = terminal {
        // The terminal may be gone; there is nothing else to do for it.
        tcsetattr(stdio::stdin(), unread, terminal).ok();
    }
}
