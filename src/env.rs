//! The world as a command sees it: time, randomness, the actor, the streams and the prompt are
//! values, given by `main` or by a test. Nothing else in the library asks the system for them.

use crate::error::Result;
use crate::namespace::Namespace;
use crate::when::Timestamp;
use std::cell::LazyCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// A source of random bytes fit for secrets.
pub trait Random {
    /// Fills `bytes` with uniform random bytes, or says why it cannot.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()>;
}

/// A stream that data comes from, and its descriptor if it has one to be asked how much there is.
pub trait Input: Read {
    /// The descriptor below this stream; `None` for a stream in memory.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;
}

impl Input for File {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

/// A stream that data goes to, and its descriptor if it has one to be polled and synced by.
pub trait Output: Write {
    /// The descriptor below this stream; `None` for a stream in memory.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// Tells whether it was closed when the program was started: then every write to it fails.
    fn is_closed(&self) -> bool {
        false
    }
}

/// Prompt, by which questions reach a person. Called only where [`Terminal::interactive`] holds.
pub trait Prompt {
    /// Asks for a line without showing what is typed.
    ///
    /// Fails with [`io::ErrorKind::Interrupted`] on Ctrl-C and with
    /// [`io::ErrorKind::UnexpectedEof`] when the terminal ends.
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>>;

    /// Asks for lines until the terminal ends (Ctrl-D), at most `most` bytes and one more, without
    /// showing what is typed.
    ///
    /// Fails with [`io::ErrorKind::Interrupted`] on Ctrl-C.
    fn hidden_lines(&mut self, question: &str, most: usize) -> io::Result<Zeroizing<Vec<u8>>>;

    /// Asks for a line. Fails as [`Prompt::hidden`] does.
    fn line(&mut self, question: &str) -> io::Result<String>;
}

/// Progress bar, which shows a person how far a long command has come. It is gone from the screen once it is
/// dropped.
pub trait Progress {
    /// So much more is done.
    fn advance(&mut self, by: u64);
}

/// Unit that progress is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of a file that is read.
    Bytes,
    /// Keys.
    Keys,
}

/// Maker of the bar for so many units, on the terminal that standard error is.
pub type ShowProgress = dyn Fn(Unit, u64) -> Box<dyn Progress>;

/// The user who runs the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The effective uid's name, or `uid:N` where it has none, or what a store makes of it.
    pub name: String,
    /// The effective uid.
    pub uid: u32,
    /// The uid that logged in, where the kernel keeps it (Linux: `/proc/self/loginuid`).
    pub login_uid: Option<u32>,
    /// The user namespace in which these uids mean somebody.
    pub namespace: Namespace,
}

/// The standard streams that are terminals, and their width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal.
    pub stderr: bool,
    /// Columns of the terminal that standard output is, where it says.
    pub columns: Option<u16>,
}

impl Terminal {
    /// Tells whether somebody is there to be asked: standard input and standard error are terminals.
    pub fn interactive(self) -> bool {
        self.stdin && self.stderr
    }
}

/// Value that the system is asked for when it is first needed, since asking takes time.
pub type Lazy<T> = LazyCell<T, Box<dyn FnOnce() -> T>>;

/// Clock, which tells the time.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// Question to the system after something by its name.
pub type ByName<T> = Box<dyn Fn(&str) -> Option<T>>;

/// Everything that a command takes from outside.
pub struct Env {
    /// The current time.
    pub clock: Box<Clock>,
    /// Source of secrets, key IDs and salts.
    pub random: Box<dyn Random + Send>,
    /// The user who runs the command.
    pub actor: Lazy<Actor>,
    /// An environment variable by its name.
    pub variable: ByName<OsString>,
    /// Tells whether the system has a user of this name; `None` where it cannot tell. Slow where the users
    /// are in a directory on the network.
    pub user: ByName<bool>,
    /// The gid of a group by its name.
    pub group: ByName<u32>,
    /// The path of the program that runs, where the system tells it.
    pub program: Option<PathBuf>,
    /// The directory that a user's data goes to, where there is one.
    pub data_dir: Option<PathBuf>,
    /// Standard input, unbuffered.
    pub stdin: Box<dyn Input + Send>,
    /// Standard output, unbuffered.
    pub stdout: Box<dyn Output>,
    /// Standard error, unbuffered.
    pub stderr: Box<dyn Write>,
    /// The streams that are terminals.
    pub terminal: Terminal,
    /// Prompt for a person.
    pub prompt: Box<dyn Prompt>,
    /// Maker of progress bars. Called only where standard error is a
    /// terminal.
    pub progress: Box<ShowProgress>,
    /// The number of threads that may run at once.
    pub cores: Lazy<NonZeroUsize>,
}

impl Env {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The environment variable `name`, unless it is unset or empty.
    pub fn var(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}
