//! Real environment of the process: the system's clock, generator, user, streams and terminal.

mod closed;
mod command;
mod foreground;
mod memory;
#[cfg(target_os = "linux")]
mod proc;
mod progress;
mod signals;
mod terminal;

pub use memory::keep_private;

use keyctl::env::{Actor, Env, Input, Output, Random, Terminal};
use keyctl::error::{Error, ErrorSource, Result};
use keyctl::namespace::{Namespace, OVERFLOW};
use keyctl::when::Timestamp;
use rand::TryRng;
use rand::rngs::SysRng;
use rustix::stdio;
use signal_hook::consts::SIGXFSZ;
use std::cell::LazyCell;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the environment of this process.
pub fn env() -> Env {
    Env {
        clock: Arc::new(now),
        random: Box::new(Generator),
        actor: LazyCell::new(Box::new(actor)),
        variable: Box::new(|name| std::env::var_os(name)),
        user: Box::new(user),
        group: Box::new(group),
        group_name: Box::new(group_name),
        program: std::env::current_exe().ok(),
        data_dir: dirs::data_dir(),
        stdin: Box::new(Stream::new(stdio::stdin())),
        stdout: Box::new(Stream {
            descriptor: stdio::stdout(),
            is_closed: closed::was_closed(),
        }),
        stderr: Box::new(Stream::new(stdio::stderr())),
        terminal: Terminal {
            stdin: rustix::termios::isatty(stdio::stdin()),
            stdout: rustix::termios::isatty(stdio::stdout()),
            stderr: rustix::termios::isatty(stdio::stderr()),
            columns: terminal::columns(stdio::stdout()),
        },
        prompt: Box::new(terminal::Prompter),
        progress: Box::new(progress::show),
        tell: Arc::new(|line| {
            // Standard error is closed; there is nowhere left to report it.
            drop(writeln!(Stream::new(stdio::stderr()), "{line}"));
        }),
        programs: Box::new(command::System),
        cores: LazyCell::new(Box::new(cores)),
    }
}

/// Makes a write beyond the limit of the file size (`ulimit -f`) fail, as on a full disk.
///
/// By default the signal SIGXFSZ would end the program, and nothing begun would be undone.
pub fn fail_on_full_files() {
    // Any handler is enough. If it cannot be registered, the signal ends the program.
    drop(signal_hook::flag::register(SIGXFSZ, Arc::default()));
}

fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

fn timestamp(clock: SystemTime) -> Timestamp {
    let millis = match clock.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis)
        }
    };
    // A clock outside the years 0 to 9999 counts as the end of 9999: every expiry has passed then.
    Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
}

/// Random generator of the operating system.
struct Generator;

impl Random for Generator {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        SysRng.try_fill_bytes(bytes).map_err(|cause| {
            let code = cause.raw_os_error().map(io::Error::from_raw_os_error);
            let source = code.map_or_else(|| ErrorSource::of(cause), ErrorSource::from);
            Error::io("the system's random generator failed").because(source)
        })
    }
}

/// Returns the effective user, by name if it has one. Never from a variable such as `$USER`.
fn actor() -> Actor {
    let uid = rustix::process::geteuid().as_raw();
    let name = whoami::username().ok().filter(|name| !name.is_empty());
    Actor {
        name: name.unwrap_or_else(|| format!("uid:{uid}")),
        uid,
        login_uid: login_uid(),
        namespace: namespace(),
    }
}

#[cfg(target_os = "linux")]
fn namespace() -> Namespace {
    let read = |path| proc::read(path).unwrap_or_default();
    let overflow = read("sys/kernel/overflowuid").trim().parse();
    Namespace::new(&read("self/uid_map"), overflow.unwrap_or(OVERFLOW))
}

#[cfg(not(target_os = "linux"))]
fn namespace() -> Namespace {
    Namespace::default()
}

#[cfg(target_os = "linux")]
fn login_uid() -> Option<u32> {
    /// Value of the kernel for a process without a login.
    const UNSET: u32 = u32::MAX;
    let text = proc::read("self/loginuid").ok()?;
    text.trim().parse().ok().filter(|&uid| uid != UNSET)
}

#[cfg(not(target_os = "linux"))]
fn login_uid() -> Option<u32> {
    None
}

/// Returns the number of processors that this process may use, by affinity and cgroup quota.
fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn group(name: &str) -> Option<u32> {
    let group = nix::unistd::Group::from_name(name).ok().flatten()?;
    Some(group.gid.as_raw())
}

fn group_name(gid: u32) -> Option<String> {
    let group = nix::unistd::Group::from_gid(gid.into()).ok().flatten()?;
    Some(group.name)
}

fn user(name: &str) -> Option<bool> {
    let user = nix::unistd::User::from_name(name).ok()?;
    Some(user.is_some())
}

/// Standard stream without a buffer, so that no copy of a secret stays in one.
struct Stream {
    descriptor: BorrowedFd<'static>,
    /// True if the stream was closed at the start: the descriptor is the `/dev/null` that the
    /// runtime opened in its place, and every write fails.
    is_closed: bool,
}

impl Stream {
    fn new(descriptor: BorrowedFd<'static>) -> Self {
        Stream {
            descriptor,
            is_closed: false,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.descriptor, bytes)?)
    }
}

impl Input for Stream {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.descriptor)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Err(rustix::io::Errno::BADF.into());
        }
        Ok(rustix::io::write(self.descriptor, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Stream {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.descriptor)
    }

    fn is_closed(&self) -> bool {
        self.is_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_clock_outside_the_years_0_to_9999_shows_their_end() {
        let clock = |millis: i64| {
            let distance = Duration::from_millis(millis.unsigned_abs());
            timestamp(if millis < 0 {
                UNIX_EPOCH - distance
            } else {
                UNIX_EPOCH + distance
            })
        };
        let (first, last) = (Timestamp::MIN.millis(), Timestamp::MAX.millis());
        for millis in [first, first + 1, -1, 0, 1, last - 1, last] {
            assert_eq!(clock(millis).millis(), millis);
        }
        for millis in [first - 1, last + 1, i64::MIN, i64::MAX] {
            assert_eq!(clock(millis), Timestamp::MAX);
        }
    }
}
