//! A world in which a command runs in process: a fixed clock, a seeded generator, streams in
//! memory, a person who answers prompts, and a real store in a directory of its own.

use keyctl::env::{Actor, Env, Output, Prompt, Random, Terminal};
use keyctl::error::Result;
use keyctl::when::{Span, Timestamp};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::rc::Rc;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// 2026-11-22T00:00:00Z, when every world begins.
pub const START: i64 = 1_795_305_600_000;

/// A uid that owns no file here, so that no test's user is an administrator by accident.
const UID: u32 = 4_000_001;

/// A store, a clock and a generator, kept from one command to the next.
pub struct World {
    dir: TempDir,
    now: Rc<Cell<i64>>,
    random: Rc<RefCell<ChaCha8Rng>>,
}

impl World {
    /// A world at [`START`], without a store.
    pub fn new() -> Self {
        World {
            dir: tempfile::tempdir().unwrap(),
            now: Rc::new(Cell::new(START)),
            random: Rc::new(RefCell::new(ChaCha8Rng::seed_from_u64(1))),
        }
    }

    /// A path in the world's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The store's file.
    pub fn db(&self) -> PathBuf {
        self.path("keyctl.db")
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.get()).unwrap()
    }

    /// Lets time pass: `90d`, `1h`.
    pub fn advance(&self, span: &str) {
        self.advance_millis(span.parse::<Span>().unwrap().millis());
    }

    /// Lets so many milliseconds pass, or sets the clock back by them.
    pub fn advance_millis(&self, millis: i64) {
        self.now.set(self.now.get() + millis);
    }

    /// A connection of one's own to the store, to look at it or to tamper with it.
    pub fn sql(&self) -> Connection {
        Connection::open(self.db()).unwrap()
    }

    /// The first column of the first row of a query, as text.
    pub fn query(&self, sql: &str) -> String {
        let value: rusqlite::types::Value =
            self.sql().query_row(sql, [], |row| row.get(0)).unwrap();
        match value {
            rusqlite::types::Value::Null => String::new(),
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Real(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Blob(bytes) => format!("{bytes:02x?}"),
        }
    }

    /// A command line, without the program's name, run by alice, who is no administrator unless
    /// she made the store.
    pub fn cmd<I>(&self, args: I) -> Cmd<'_>
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Cmd {
            world: self,
            args: args.into_iter().map(Into::into).collect(),
            user: "alice".to_owned(),
            uid: UID,
            stdin: Vec::new(),
            terminal: Terminal::default(),
            answers: VecDeque::new(),
            variables: BTreeMap::new(),
            with_db: true,
        }
    }

    /// Runs a command line, split at blanks, that must succeed.
    pub fn run(&self, line: &str) -> Ran {
        self.cmd(line.split_whitespace()).run().code(0)
    }

    /// Creates a key with the rest of a `create` command line and returns its token.
    pub fn create(&self, line: &str) -> String {
        let ran = self.run(&format!("create {line}"));
        ran.stdout.trim_end().to_owned()
    }

    /// The exit code of verifying a token with the rest of a `verify` command line.
    pub fn verify(&self, token: &str, line: &str) -> u8 {
        let args = ["verify"].into_iter().chain(line.split_whitespace());
        self.cmd(args).stdin(token).run().code
    }

    /// A key's record, as `show --format json` has it.
    pub fn record(&self, key: &str) -> serde_json::Value {
        let ran = self.run(&format!("show {key} --format json"));
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// The actions of the whole log, in order.
    pub fn log(&self) -> Vec<String> {
        let sql = self.sql();
        let mut statement = sql
            .prepare("SELECT action FROM events ORDER BY seq")
            .unwrap();
        let actions = statement.query_map([], |row| row.get(0)).unwrap();
        actions.map(std::result::Result::unwrap).collect()
    }
}

/// The public part of a token.
pub fn id_of(token: &str) -> String {
    let (head, _) = token.rsplit_once('_').unwrap();
    head.rsplit_once('_').unwrap().1.to_owned()
}

enum Answer {
    Line(String),
    Fails(io::ErrorKind),
}

/// A command about to run.
pub struct Cmd<'w> {
    world: &'w World,
    args: Vec<OsString>,
    user: String,
    uid: u32,
    stdin: Vec<u8>,
    terminal: Terminal,
    answers: VecDeque<Answer>,
    variables: BTreeMap<String, OsString>,
    with_db: bool,
}

impl Cmd<'_> {
    /// What comes on standard input.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Who runs it.
    pub fn user(mut self, name: &str) -> Self {
        self.user = name.to_owned();
        self.uid = UID + 1;
        self
    }

    /// With which effective uid.
    pub fn uid(mut self, uid: u32) -> Self {
        self.uid = uid;
        self
    }

    /// With a terminal on every stream, of so many columns.
    pub fn terminal(mut self, columns: u16) -> Self {
        self.terminal = Terminal {
            stdin: true,
            stdout: true,
            stderr: true,
            columns: Some(columns),
        };
        self
    }

    /// Which streams are terminals.
    pub fn streams(mut self, terminal: Terminal) -> Self {
        self.terminal = terminal;
        self
    }

    /// What the person at the terminal answers to the next prompt.
    pub fn answer(mut self, line: &str) -> Self {
        self.answers.push_back(Answer::Line(line.to_owned()));
        self
    }

    /// How the next prompt fails instead.
    pub fn prompt_fails(mut self, kind: io::ErrorKind) -> Self {
        self.answers.push_back(Answer::Fails(kind));
        self
    }

    /// An environment variable.
    pub fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Without the `--db` that every command is given here.
    pub fn without_db(mut self) -> Self {
        self.with_db = false;
        self
    }

    /// Runs it.
    pub fn run(self) -> Ran {
        let mut args = vec![OsString::from("keyctl")];
        if self.with_db {
            args.extend([OsString::from("--db"), self.world.db().into()]);
        }
        args.extend(self.args);
        let (stdout, stderr, asked) = (Shared::default(), Shared::default(), Shared::default());
        let now = Rc::clone(&self.world.now);
        let variables = self.variables;
        let answers = Rc::new(RefCell::new(self.answers));
        let mut env = Env {
            clock: Box::new(move || Timestamp::from_millis(now.get()).unwrap()),
            random: Box::new(Seeded(Rc::clone(&self.world.random))),
            actor: Actor {
                name: self.user,
                uid: self.uid,
                login_uid: None,
            },
            variable: Box::new(move |name| variables.get(name).cloned()),
            group: Box::new(|name| (name == "staff").then(|| rustix::process::getegid().as_raw())),
            data_dir: Some(self.world.path("data")),
            stdin: Box::new(Cursor::new(self.stdin)),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: self.terminal,
            prompt: Box::new(Person {
                answers: Rc::clone(&answers),
                asked: asked.clone(),
            }),
        };
        let code = keyctl::run(args, &mut env);
        assert!(
            answers.borrow().is_empty(),
            "a prompt that was expected did not come"
        );
        Ran {
            code,
            stdout: stdout.text(),
            stderr: stderr.text(),
            asked: asked.text(),
        }
    }
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: u8,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// The prompts it showed, one a line.
    pub asked: String,
}

impl Ran {
    /// It exited with `code`.
    #[track_caller]
    pub fn code(self, code: u8) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// It wrote exactly this to standard output.
    #[track_caller]
    pub fn stdout(self, text: &str) -> Self {
        assert_eq!(self.stdout, text, "{self:#?}");
        self
    }

    /// It wrote exactly this to standard error.
    #[track_caller]
    pub fn stderr(self, text: &str) -> Self {
        assert_eq!(self.stderr, text, "{self:#?}");
        self
    }

    /// What it wrote to standard error has this in it.
    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(
            self.stderr.contains(part),
            "not said: {part:?} in {self:#?}"
        );
        self
    }

    /// It failed with `code`, wrote nothing to standard output, and said this as its error.
    #[track_caller]
    pub fn fails(self, code: u8, message: &str) -> Self {
        let ran = self.code(code).stdout("");
        assert!(
            ran.stderr.contains(&format!("keyctl: {message}")),
            "not the error: {message:?} in {ran:#?}"
        );
        ran
    }

    /// Standard output, read as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

struct Seeded(Rc<RefCell<ChaCha8Rng>>);

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0.borrow_mut().fill_bytes(bytes);
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Shared {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

struct Person {
    answers: Rc<RefCell<VecDeque<Answer>>>,
    asked: Shared,
}

impl Person {
    fn reply(&mut self, question: &str) -> io::Result<String> {
        writeln!(self.asked, "{question}")?;
        match self.answers.borrow_mut().pop_front() {
            Some(Answer::Line(line)) => Ok(line),
            Some(Answer::Fails(kind)) => Err(kind.into()),
            None => panic!("a prompt that nobody expected: {question}"),
        }
    }
}

impl Prompt for Person {
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        self.reply(question).map(Zeroizing::new)
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        self.reply(question)
    }
}
