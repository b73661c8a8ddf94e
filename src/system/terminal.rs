//! The terminal: how wide it is, and how it asks.

use keyctl::env::Prompt;
use rustix::stdio;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::io::{self, Write};
use std::thread::{self, JoinHandle};
use zeroize::Zeroizing;

/// The columns of the terminal that standard output is.
pub fn columns() -> Option<u16> {
    tcgetwinsize(stdio::stdout())
        .ok()
        .map(|size| size.ws_col)
        .filter(|&columns| columns > 0)
}

/// Asks at the terminal.
pub struct Prompter;

impl Prompt for Prompter {
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        let _guard = Guard::new()?;
        let config = rpassword::ConfigBuilder::new()
            .output_writer(io::stderr())
            .build();
        rpassword::prompt_password_with_config(question, config).map(Zeroizing::new)
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        let _guard = Guard::new()?;
        let mut stderr = io::stderr();
        stderr.write_all(question.as_bytes())?;
        stderr.flush()?;
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer)
    }
}

/// Leaves the terminal as it was when a signal ends the program at a prompt: a hidden prompt would
/// leave it silent. The exit code is the shell's: 130 after Ctrl-C.
struct Guard {
    handle: Handle,
    watcher: Option<JoinHandle<()>>,
}

impl Guard {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(stdio::stdin()).ok();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let handle = signals.handle();
        let watcher = thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                leave(before.as_ref(), signal);
            }
        });
        Ok(Guard {
            handle,
            watcher: Some(watcher),
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
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
fn leave(terminal: Option<&Termios>, signal: i32) {
    if let Some(terminal) = terminal {
        // The terminal may be gone; there is nothing else to do for it.
        tcsetattr(stdio::stdin(), OptionalActions::Now, terminal).ok();
    }
    drop(io::stderr().write_all(b"\nkeyctl: interrupted: nothing was changed\n"));
    std::process::exit(128 + signal);
}
