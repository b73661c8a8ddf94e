//! Environment of a command: time, randomness, the actor, the streams and the prompt, as values.
//!
//! `main` or a test provides them. The library does not ask the system for them in any other way.

use crate::error::Result;
use crate::namespace::Namespace;
use crate::when::Timestamp;
use std::cell::LazyCell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Source of random bytes for secrets.
pub trait Random {
    /// Fills `bytes` with uniform random bytes.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()>;
}

/// Input stream.
pub trait Input: Read {
    /// Returns the file descriptor; `None` for a stream in memory.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;
}

impl Input for File {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

/// Output stream.
pub trait Output: Write {
    /// Returns the file descriptor; `None` for a stream in memory.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// Tells whether the stream was closed when the program started. Then every write fails.
    fn is_closed(&self) -> bool {
        false
    }
}

/// Prompt at the terminal. Called only where [`Terminal::interactive`] holds.
pub trait Prompt {
    /// Reads a line without echo.
    ///
    /// Fails with [`io::ErrorKind::Interrupted`] on Ctrl-C and with
    /// [`io::ErrorKind::UnexpectedEof`] on Ctrl-D.
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>>;

    /// Reads lines without echo until Ctrl-D, up to `most` + 1 bytes: more than `most` bytes mean that
    /// the input was too long.
    ///
    /// Fails with [`io::ErrorKind::Interrupted`] on Ctrl-C.
    fn hidden_lines(&mut self, question: &str, most: usize) -> io::Result<Zeroizing<Vec<u8>>>;

    /// Reads a line with echo. Fails as [`Prompt::hidden`] does.
    fn line(&mut self, question: &str) -> io::Result<String>;
}

/// Progress bar of a long command. Dropping it removes it from the screen.
pub trait Progress {
    /// Advances the bar by `by` units.
    fn advance(&mut self, by: u64);
}

/// Unit of a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Keys.
    Keys,
}

/// Function that draws a progress bar for a number of units on standard error, a terminal.
pub type ShowProgress = dyn Fn(Unit, u64) -> Box<dyn Progress>;

/// Function that prints a line on standard error while a command waits, and with it everything else.
pub type Tell = dyn Fn(&str) + Send + Sync;

/// Program to run with a secret on its standard input.
pub struct Invocation<'a> {
    /// File of the program.
    pub program: &'a Path,
    /// Name of the program, as typed, and its arguments.
    pub words: &'a [OsString],
    /// Environment variables to set or, with `None`, to remove.
    pub variables: &'a [(&'static str, Option<&'a OsStr>)],
    /// Standard input. The program reads it up to the end of file.
    pub input: &'a [u8],
    /// Time after which the program is ended.
    pub timeout: Duration,
}

/// End of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited by itself.
    Exited {
        /// Exit status.
        status: i32,
        /// True if it has read its standard input up to the end of file.
        read_all: bool,
    },
    /// A signal of this name has ended it.
    Killed(String),
    /// It was ended after the timeout.
    TimedOut,
    /// It was ended, or not started, after a signal that would have ended this program.
    Interrupted,
}

/// Access to other programs.
pub trait Programs {
    /// Holds the signals that would end this program, until the result is dropped. A signal that comes meanwhile
    /// ends the program that [`Runner::run`] runs.
    fn hold_signals(&self) -> io::Result<Box<dyn Runner>>;
}

/// Runs programs while signals are held.
pub trait Runner {
    /// Runs a program to its end. Its output goes to standard error. Fails if it cannot be started.
    fn run(&mut self, invocation: &Invocation<'_>) -> io::Result<Ending>;
}

/// User who runs the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name of the effective uid, or `uid:N` where it has none. A store may replace it.
    pub name: String,
    /// Effective uid.
    pub uid: u32,
    /// Login uid, where the kernel keeps one (Linux: `/proc/self/loginuid`).
    pub login_uid: Option<u32>,
    /// User namespace of these uids.
    pub namespace: Namespace,
}

/// Standard streams that are terminals, and the width of standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal.
    pub stderr: bool,
    /// Width of standard output in columns, if it is a terminal that tells it.
    pub columns: Option<u16>,
}

impl Terminal {
    /// Tells whether a prompt is possible: standard input and standard error are terminals.
    pub fn interactive(self) -> bool {
        self.stdin && self.stderr
    }
}

/// Value that the system is asked for when it is first needed, since asking takes time.
pub type Lazy<T> = LazyCell<T, Box<dyn FnOnce() -> T>>;

/// Function that returns the current time.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// Function that looks up a name in the system.
pub type ByName<T> = Box<dyn Fn(&str) -> Option<T>>;

/// Environment of a command.
pub struct Env {
    /// Current time.
    pub clock: Arc<Clock>,
    /// Source of secrets, key IDs and salts.
    pub random: Box<dyn Random + Send>,
    /// User who runs the command.
    pub actor: Lazy<Actor>,
    /// Environment variable by name.
    pub variable: ByName<OsString>,
    /// Existence of a user by name; `None` if the system cannot tell. Slow if the users are in a
    /// network directory such as LDAP.
    pub user: ByName<bool>,
    /// Gid of a group by name.
    pub group: ByName<u32>,
    /// Name of a group by its gid.
    pub group_name: Box<dyn Fn(u32) -> Option<String>>,
    /// Path of the running program, if the system tells it.
    pub program: Option<PathBuf>,
    /// Directory for a user's data (`$XDG_DATA_HOME` or `~/.local/share` on Linux), if there is one.
    pub data_dir: Option<PathBuf>,
    /// Standard input, unbuffered.
    pub stdin: Box<dyn Input + Send>,
    /// Standard output, unbuffered.
    pub stdout: Box<dyn Output>,
    /// Standard error, unbuffered.
    pub stderr: Box<dyn Write + Send>,
    /// Standard streams that are terminals.
    pub terminal: Terminal,
    /// Prompt at the terminal.
    pub prompt: Box<dyn Prompt>,
    /// Function that draws a progress bar. Called only where standard error is a terminal.
    pub progress: Box<ShowProgress>,
    /// Function that prints a line on standard error while a command waits.
    pub tell: Arc<Tell>,
    /// Access to other programs.
    pub programs: Box<dyn Programs>,
    /// Number of threads that can run at once.
    pub cores: Lazy<NonZeroUsize>,
}

impl Env {
    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns the environment variable `name`; `None` if it is unset or empty.
    pub fn var(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}
