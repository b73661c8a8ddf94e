//! Environment for commands in process: a fixed clock, a seeded generator, input from memory, and
//! output that is discarded.

use super::Failed;
use keyctl::env::{
    Actor, Env, Input, Output, Programs, Progress, Prompt, Random, Runner, Terminal,
};
use keyctl::error::Result;
use keyctl::namespace::Namespace;
use keyctl::when::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use std::cell::LazyCell;
use std::ffi::OsString;
use std::io::{self, Cursor, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Store, with a generator that continues from one command to the next.
pub struct World {
    db: PathBuf,
    now: Timestamp,
    random: Generator,
}

impl World {
    /// Creates an environment with the store at `db`, at the time `now`.
    pub fn new(db: PathBuf, now: Timestamp) -> Self {
        World {
            db,
            now,
            random: Generator::default(),
        }
    }

    /// Runs a command line, split at blanks, with `stdin` on its standard input. It must succeed.
    /// Returns the number of bytes that it wrote to standard output.
    pub fn run(&self, line: &str, stdin: &str) -> std::result::Result<usize, Failed> {
        let ran = self.execute(line, stdin);
        if ran.code == 0 {
            return Ok(ran.written);
        }
        let stderr = String::from_utf8_lossy(&ran.stderr);
        Err(format!("keyctl {line}: exit {}: {stderr}", ran.code).into())
    }

    /// Runs a command line as [`World::run`] does, and returns its exit code.
    pub fn exit_code(&self, line: &str, stdin: &str) -> u8 {
        self.execute(line, stdin).code
    }

    fn execute(&self, line: &str, stdin: &str) -> Ran {
        let mut args = vec!["keyctl".into(), "--db".into(), OsString::from(&self.db)];
        args.extend(line.split_whitespace().map(OsString::from));
        let (stdout, stderr) = (Sink::default(), Sink::default());
        let now = self.now;
        let mut env = Env {
            clock: Arc::new(move || now),
            random: Box::new(self.random.clone()),
            actor: LazyCell::new(Box::new(actor)),
            variable: Box::new(|_| None),
            user: Box::new(|_| Some(true)),
            group: Box::new(|_| None),
            group_name: Box::new(|_| None),
            program: None,
            data_dir: None,
            stdin: Box::new(Source(Cursor::new(stdin.to_owned()))),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: Terminal::default(),
            prompt: Box::new(NoPrompt),
            progress: Box::new(|_, _| Box::new(NoProgress)),
            tell: std::sync::Arc::new(|_| {}),
            programs: Box::new(NoPrograms),
            cores: LazyCell::new(Box::new(|| NonZeroUsize::MIN)),
        };
        let code = keyctl::run(args, &mut env);
        Ran {
            code,
            written: stdout.taken().written,
            stderr: stderr.taken().last,
        }
    }
}

/// Result of a command.
struct Ran {
    code: u8,
    /// Number of bytes written to standard output.
    written: usize,
    /// Last write to standard error.
    stderr: Vec<u8>,
}

/// Returns the user who made the store, and so is an administrator.
fn actor() -> Actor {
    Actor {
        name: "bench".to_owned(),
        uid: rustix::process::geteuid().as_raw(),
        login_uid: None,
        namespace: Namespace::default(),
    }
}

/// Generator with a fixed seed.
#[derive(Clone)]
pub struct Generator(Arc<Mutex<ChaCha8Rng>>);

impl Default for Generator {
    fn default() -> Self {
        Generator(Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(2))))
    }
}

impl Random for Generator {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        // The generator stays usable after a panic of another thread.
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generator.fill_bytes(bytes);
        Ok(())
    }
}

/// Input from memory.
struct Source(Cursor<String>);

impl Read for Source {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Input for Source {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Output that counts the bytes written, and keeps the start of the last write.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Written>>);

impl Sink {
    fn taken(&self) -> Written {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Default)]
struct Written {
    written: usize,
    last: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sink.written += bytes.len();
        sink.last.clear();
        sink.last.extend_from_slice(&bytes[..bytes.len().min(512)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Sink {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Prompt without a person: every question fails.
struct NoPrompt;

impl Prompt for NoPrompt {
    fn hidden(&mut self, _question: &str) -> io::Result<Zeroizing<String>> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn hidden_lines(&mut self, _question: &str, _most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn line(&mut self, _question: &str) -> io::Result<String> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Programs of which none can be run.
struct NoPrograms;

impl Programs for NoPrograms {
    fn hold_signals(&self) -> io::Result<Box<dyn Runner>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Progress bar that draws nothing.
struct NoProgress;

impl Progress for NoProgress {
    fn advance(&mut self, _: u64) {}
}
