//! A world in which commands run in process, as the tests have one: a clock that stands still, a
//! seeded generator, and streams that are read from memory and thrown away.

use super::Failed;
use keyctl::env::{Actor, Env, Input, Output, Progress, Prompt, Random, Terminal};
use keyctl::error::Result;
use keyctl::namespace::Namespace;
use keyctl::when::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use std::cell::{LazyCell, RefCell};
use std::ffi::OsString;
use std::io::{self, Cursor, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// A store and a generator that goes on from one command to the next.
pub struct World {
    db: PathBuf,
    now: Timestamp,
    random: Generator,
}

impl World {
    /// A world with the store at `db`, at the time `now`.
    pub fn new(db: PathBuf, now: Timestamp) -> Self {
        World {
            db,
            now,
            random: Generator::default(),
        }
    }

    /// Runs a command line, split at blanks, that must succeed, with `stdin` on its standard input.
    /// Returns how many bytes it wrote to standard output.
    pub fn run(&self, line: &str, stdin: &str) -> std::result::Result<usize, Failed> {
        let ran = self.execute(line, stdin);
        if ran.code == 0 {
            return Ok(ran.written);
        }
        let said = String::from_utf8_lossy(&ran.said);
        Err(format!("keyctl {line}: exit {}: {said}", ran.code).into())
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
            clock: Box::new(move || now),
            random: Box::new(self.random.clone()),
            actor: LazyCell::new(Box::new(actor)),
            variable: Box::new(|_| None),
            user: Box::new(|_| Some(true)),
            group: Box::new(|_| None),
            program: None,
            data_dir: None,
            stdin: Box::new(Source(Cursor::new(stdin.to_owned()))),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: Terminal::default(),
            prompt: Box::new(Nobody),
            progress: Box::new(|_, _| Box::new(Unseen)),
            cores: LazyCell::new(Box::new(|| NonZeroUsize::MIN)),
        };
        let code = keyctl::run(args, &mut env);
        Ran {
            code,
            written: stdout.0.take().written,
            said: stderr.0.take().last,
        }
    }
}

/// What a command did.
struct Ran {
    code: u8,
    /// How many bytes went to standard output.
    written: usize,
    /// The last that went to standard error.
    said: Vec<u8>,
}

/// Who made the store, and so may do everything.
fn actor() -> Actor {
    Actor {
        name: "bench".to_owned(),
        uid: rustix::process::geteuid().as_raw(),
        login_uid: None,
        namespace: Namespace::default(),
    }
}

/// A generator that is the same each time.
#[derive(Clone)]
pub struct Generator(Arc<Mutex<ChaCha8Rng>>);

impl Default for Generator {
    fn default() -> Self {
        Generator(Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(2))))
    }
}

impl Random for Generator {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        // What another thread has left in a panic is as good a generator.
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generator.fill_bytes(bytes);
        Ok(())
    }
}

/// A stream that is read from memory.
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

/// A stream that counts what is written to it, and keeps the last of it.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Written>>);

#[derive(Default)]
struct Written {
    written: usize,
    last: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sink = self.0.borrow_mut();
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

/// Nobody is there to be asked.
struct Nobody;

impl Prompt for Nobody {
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

/// Nobody looks on.
struct Unseen;

impl Progress for Unseen {
    fn advance(&mut self, _: u64) {}
}
