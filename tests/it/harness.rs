//! A world in which a command runs in process: a fixed clock, a seeded generator, streams in
//! memory, a person who answers prompts, and a real store in a directory of its own.

pub mod exposition;
pub mod log;
pub mod open;
pub mod place;
pub mod postgres;

pub use log::Event;

use place::Place;

use keyctl::env::{
    Actor, Ending, Env, Input, Invocation, Output, Programs, Progress, Prompt, Random, Runner,
    Terminal,
};
use keyctl::error::{Error, Result};
use keyctl::event::{Action, GENESIS};
use keyctl::key::{Key, Kind};
use keyctl::namespace::Namespace;
use keyctl::project::{Member, Role};
use keyctl::store::{self, Address, Filter, Founder, LogFilter, Remarks, Store, Tx};
use keyctl::token::{Locator, Prefix, Token};
use keyctl::when::{Span, Timestamp};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::cell::{LazyCell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// 2026-11-22T00:00:00Z, when every world begins.
pub const START: i64 = 1_795_305_600_000;

/// A uid that owns no file here, so that no test's user is an administrator by accident.
const UID: u32 = 4_000_001;

/// A kind of store that commands can open.
pub trait Backend {
    /// Whether the store is a file of this machine, whose users the system knows. A server knows its roles.
    const IS_A_FILE: bool;

    /// A place for a store, where there is none yet; `dir` may hold it.
    fn place(dir: &Path) -> Arc<dyn Place>;

    /// A place for which `found` has just made a store, which it does for every `name` in the same way.
    fn founded(dir: &Path, _: &'static str, found: &dyn Fn(&dyn Place)) -> Arc<dyn Place> {
        let place = Self::place(dir);
        found(&*place);
        place
    }
}

/// One SQLite file.
pub struct Sqlite;

impl Backend for Sqlite {
    const IS_A_FILE: bool = true;

    fn place(dir: &Path) -> Arc<dyn Place> {
        Arc::new(dir.join("keyctl.db"))
    }
}

/// A setup whose store is of the kind `S`.
pub struct On<S>(Setup, PhantomData<S>);

impl<S> Deref for On<S> {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.0
    }
}

impl<S: Backend> On<S> {
    /// Tells whether the store is a file; see [`Backend::IS_A_FILE`].
    pub fn is_a_file() -> bool {
        S::IS_A_FILE
    }

    /// A world at [`START`], without a store.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = S::place(dir.path());
        On(Setup::new(dir, place), PhantomData)
    }

    /// A world with a store that carol has made, so that alice is no administrator, and where a
    /// hash costs next to nothing: for tests that need many keys.
    pub fn quick() -> Self {
        Self::founded("carol", UID + 2)
    }

    /// A world with a store that alice has made, and where a hash costs next to nothing.
    pub fn own() -> Self {
        Self::founded("alice", UID)
    }

    fn founded(name: &'static str, uid: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = S::founded(dir.path(), name, &|place| found(place, name, uid));
        On(Setup::new(dir, place), PhantomData)
    }
}

/// Makes a store at [`START`], where a hash costs next to nothing.
pub fn found(place: &dyn Place, name: &str, uid: u32) {
    let actor = Actor { uid, ..user(name) };
    let founder = Founder {
        actor: &actor,
        now: Timestamp::from_millis(START).unwrap(),
        reason: None,
        group: None,
        usual: None,
    };
    place.set_clock(START);
    drop(place.admit(name, uid));
    drop(open::create(&place.address_of(name), &founder));
    let mut store = open::writable(&place.unruled());
    store::write(&mut *store, |tx| {
        tx.set_policy("argon2-memory", Some("8"))?;
        tx.set_policy("argon2-iterations", Some("1"))
    })
    .unwrap();
}

/// A world whose store is a SQLite file, for tests that speak of the file.
pub struct World(On<Sqlite>);

impl Deref for World {
    type Target = On<Sqlite>;

    fn deref(&self) -> &On<Sqlite> {
        &self.0
    }
}

impl World {
    /// See [`On::new`].
    pub fn new() -> Self {
        World(On::new())
    }

    /// See [`On::quick`].
    pub fn quick() -> Self {
        World(On::quick())
    }

    /// See [`On::own`].
    pub fn own() -> Self {
        World(On::own())
    }

    /// A world at the present time whose store is the file at `path`.
    pub fn of(path: &Path) -> Self {
        let mut world = World::new();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        world.0.0.now = Arc::new(AtomicI64::new(since.as_millis().try_into().unwrap()));
        world.0.0.address = path.to_owned();
        world.0.0.place = Arc::new(path.to_owned());
        world
    }

    /// The store's file.
    pub fn db(&self) -> PathBuf {
        self.address.clone()
    }

    /// A connection of one's own to the store, to look at it or to tamper with it.
    pub fn sql(&self) -> Connection {
        Connection::open(self.db()).unwrap()
    }

    /// The first column of the first row of a query, as text.
    pub fn query(&self, sql: &str) -> String {
        let value: Value = self.sql().query_row(sql, [], |row| row.get(0)).unwrap();
        match value {
            Value::Null => String::new(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Text(text) => text,
            Value::Blob(bytes) => format!("{bytes:02x?}"),
        }
    }

    /// Remarks of [`store::examine`] on the store at `path`.
    pub fn examine(path: &Path) -> Result<Remarks> {
        let address = Address::of_file(path)?;
        let mut remarks = Remarks::default();
        store::examine(&address, &alice(), &|_| None, &mut remarks, &mut |_, _| {
            Ok(())
        })?;
        Ok(remarks)
    }

    /// Every row of every table, one a line, whether keyctl can read it or not. That something was
    /// refused is no change, so those events are left out.
    pub fn tables(&self) -> String {
        let sql = self.sql();
        let mut rows = Vec::new();
        for table in column(&sql, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
            let what = match table.as_str() {
                "events" => "* FROM events WHERE action <> 'refuse'".to_owned(),
                // A refusal moves the head: what must hold is that it is still the log's.
                "event_head" => "(seq, hash) IS (SELECT seq, hash FROM events ORDER BY seq DESC) \
                                 FROM event_head"
                    .to_owned(),
                table => format!("* FROM {table}"),
            };
            let mut statement = sql.prepare(&format!("SELECT {what}")).unwrap();
            let width = statement.column_count();
            let mut found = statement.query([]).unwrap();
            while let Some(row) = found.next().unwrap() {
                let values: Vec<Value> = (0..width).map(|i| row.get(i).unwrap()).collect();
                rows.push(format!("{table} {values:?}\n"));
            }
        }
        rows.sort();
        rows.concat()
    }
}

/// A store, a clock and a generator, kept from one command to the next.
pub struct Setup {
    dir: TempDir,
    address: PathBuf,
    place: Arc<dyn Place>,
    now: Arc<AtomicI64>,
    random: Arc<Mutex<ChaCha8Rng>>,
}

impl Setup {
    fn new(dir: TempDir, place: Arc<dyn Place>) -> Self {
        Setup {
            dir,
            address: place.address(),
            place,
            now: Arc::new(AtomicI64::new(START)),
            random: Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(1))),
        }
    }

    /// A path in the world's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Address of the store, as `--db` takes it.
    pub fn address(&self) -> &Path {
        &self.address
    }

    /// The store in messages to `user`.
    pub fn shown(&self, user: &str) -> String {
        self.place.shown(user)
    }

    /// Makes `user` one whom the store can be given as a member or an administrator.
    pub fn knows(&self, user: &str) {
        self.place.know(user);
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Relaxed)).unwrap()
    }

    /// Lets time pass: `90d`, `1h`.
    pub fn advance(&self, span: &str) {
        self.advance_millis(span.parse::<Span>().unwrap().millis());
    }

    /// Lets so many milliseconds pass, or sets the clock back by them.
    pub fn advance_millis(&self, millis: i64) {
        self.now.fetch_add(millis, Relaxed);
    }

    /// The clock, for what sets it while a command runs.
    pub fn clock(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.now)
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
            stdin_fails: None,
            terminal: Terminal::default(),
            answers: VecDeque::new(),
            program: None,
            variables: BTreeMap::new(),
            with_db: true,
            called: "keyctl".to_owned(),
            cores: NonZeroUsize::MIN,
            users: None,
        }
    }

    /// A command line, split at blanks.
    pub fn line(&self, line: &str) -> Cmd<'_> {
        self.cmd(line.split_whitespace())
    }

    /// Runs a command line, split at blanks, that must succeed.
    #[track_caller]
    pub fn run(&self, line: &str) -> Ran {
        self.line(line).run().code(0)
    }

    /// Creates a key with the rest of a `create` command line and returns its token.
    #[track_caller]
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
    #[track_caller]
    pub fn record(&self, key: &str) -> serde_json::Value {
        let ran = self.run(&format!("show {key} --format json"));
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Reads the store as it is now.
    #[track_caller]
    pub fn read<T>(&self, look: impl FnMut(&dyn store::Read) -> Result<T>) -> T {
        store::read(&*self.opened(), look).unwrap()
    }

    /// Writes to the store, past the rules that commands keep.
    #[track_caller]
    pub fn write<T>(&self, job: impl FnOnce(&mut dyn Tx) -> Result<T>) -> T {
        store::write(&mut *self.open(), job).unwrap()
    }

    /// Appends events to the log, all of them by `user`, who may append any meanwhile.
    #[track_caller]
    pub fn append(&self, user: &Actor, events: impl IntoIterator<Item = keyctl::event::Event>) {
        self.place.set_clock(self.now().millis());
        let _admitted = self.place.admit(&user.name, 0);
        let mut store = open::writable(&self.place.address_of(&user.name));
        store::write(&mut *store, |tx| {
            events.into_iter().try_for_each(|event| tx.append(&event))
        })
        .unwrap();
    }

    /// Puts a setting into the store's policy.
    pub fn policy(&self, name: &str, value: &str) {
        self.write(|tx| tx.set_policy(name, Some(value)));
    }

    /// Lets a hash cost nothing, where policy can be set: those of [`On::quick`] are no legal ones.
    pub fn hash_fast(&self) {
        self.write(|tx| {
            tx.set_policy("argon2-memory", None)?;
            tx.set_policy("argon2-iterations", None)?;
            tx.set_policy("hash", Some("sha256"))
        });
    }

    /// Makes a user a member of a project.
    pub fn add_member(&self, project: &str, user: &str, role: Role) {
        let member = Member {
            project: project.to_owned(),
            user: user.to_owned(),
            role,
        };
        self.write(|tx| tx.set_member(&member));
    }

    /// The members of all projects, in order.
    pub fn members(&self) -> Vec<Member> {
        self.read(|read| read.members(None, None))
    }

    /// Appends an event that somebody else has written: whatever their name is.
    pub fn append_by(&self, name: &str, action: Action, id: Option<&str>) {
        let by = user(name);
        let id = id.map(|id| id.parse().unwrap());
        let event = keyctl::event::Event::new(self.now(), &by, action, id);
        self.append(&by, [event]);
    }

    /// Changes the key with this ID as no command could.
    #[track_caller]
    pub fn alter(&self, id: &str, change: impl FnOnce(&mut Key)) {
        let mut uses = (None, None);
        open::alter(&mut *self.open(), id.parse().unwrap(), |key| {
            change(key);
            uses = (key.first_used_at, key.last_used_at);
        });
        self.place.set_uses(id, uses.0, uses.1);
    }

    /// Makes the key a legacy one, as an administrator's command would.
    pub fn make_legacy(&self, id: &str) {
        self.alter(id, |key| {
            key.kind = Kind::Legacy;
            key.scopes.clear();
            key.expires_at = None;
        });
    }

    /// Puts `hash` in the place of the one that is stored.
    #[track_caller]
    pub fn set_hash(&self, id: &str, hash: &str) {
        let old = self.hash(id).unwrap();
        let id = id.parse().unwrap();
        assert!(self.write(|tx| tx.replace_hash(id, &old, hash)));
    }

    /// The store, open to be read.
    pub fn opened(&self) -> Box<dyn Store> {
        self.place.set_clock(self.now().millis());
        open::readable(&self.place.unruled())
    }

    /// A handle to the store, for what others do while a command runs.
    pub fn open(&self) -> Box<dyn Store> {
        self.place.set_clock(self.now().millis());
        open::writable(&self.place.unruled())
    }

    /// Runs `meanwhile` while somebody else's transaction is open, which then comes to nothing.
    pub fn while_busy(&self, meanwhile: impl FnOnce()) {
        let undone = store::write(&mut *self.open(), |_| {
            meanwhile();
            Err::<(), _>(Error::state("undone"))
        });
        assert_eq!(undone.unwrap_err().message, "undone");
    }

    /// Tells whether there is a store.
    pub fn has_store(&self) -> bool {
        open::exists(&self.place.unruled())
    }

    /// All keys, in the order in which they were made.
    #[track_caller]
    pub fn keys(&self) -> Vec<Key> {
        self.read(|read| read.find(&Filter::all(self.now())))
    }

    /// The key with this ID.
    #[track_caller]
    pub fn key(&self, id: &str) -> Key {
        let id = id.parse().unwrap();
        self.read(|read| read.get(id)).unwrap()
    }

    /// The hash that is stored for the key with this ID, if it is not wiped.
    #[track_caller]
    pub fn hash(&self, id: &str) -> Option<String> {
        let ids = [Locator::Id(id.parse().unwrap())];
        let mut known = self.read(|read| read.to_verify(&ids));
        known.remove(0).unwrap().hash
    }

    /// All that the store holds, one thing a line: the same before and after if nothing was changed.
    /// That something was refused is no change, so those events are left out.
    pub fn rows(&self) -> String {
        let now = self.now();
        self.read(|read| {
            let keys = read.find(&Filter::all(now))?;
            let ids: Vec<Locator> = keys.iter().map(|key| key.id.into()).collect();
            let known = read.to_verify(&ids)?.into_iter().flatten();
            let hashes = known.map(|known| known.hash);
            let log = read.find_events(&LogFilter::default())?;
            // A refusal moves the head: what must hold is that it is still the log's.
            let last = log
                .last()
                .map_or((0, GENESIS), |last| (last.seq, last.hash));
            let head = read.head()?;
            let changes = log.iter().filter(|entry| entry.action != "refuse");
            let mut lines = vec![
                format!("{:?}", read.readable_policy()?),
                format!("{:?}", read.scopes()?),
                format!("{:?}", read.members(None, None)?),
                format!("{:?}", read.administrators(None)?),
                format!("the head is the log's: {}", (head.seq, head.hash) == last),
            ];
            lines.extend(keys.iter().zip(hashes).map(|row| format!("{row:?}")));
            lines.extend(changes.map(|entry| format!("{entry:?}")));
            Ok(lines.join("\n"))
        })
    }

    /// The whole log, in order.
    #[track_caller]
    pub fn events(&self) -> Vec<Event> {
        let log = self.read(|read| read.find_events(&LogFilter::default()));
        log.into_iter().map(Event::from).collect()
    }

    /// The log is whole: its lines are numbered from 1, each is chained to the one before, and the
    /// head is the last one's.
    #[track_caller]
    pub fn check_chain(&self) {
        let head = self.read(|read| read.head());
        log::check_chain(&self.events(), head);
    }

    /// The actions of the log in order, but for what was refused: what was changed.
    pub fn log(&self) -> Vec<String> {
        let actions = self.events().into_iter().map(|event| event.action);
        actions.filter(|action| action != "refuse").collect()
    }

    /// The real executable with a command line, split at blanks, and no variable set. It is run by
    /// whoever runs the tests, at the present time.
    pub fn real(&self, line: &str) -> Command {
        let address = self.place.admit_this_process();
        let mut command = Command::new(exe());
        command.env_clear().arg("--db").arg(address);
        command.args(line.split_whitespace()).stdin(Stdio::null());
        command
    }
}

/// The only column of a query, as text.
fn column(sql: &Connection, query: &str) -> Vec<String> {
    let mut statement = sql.prepare(query).unwrap();
    let values = statement.query_map([], |row| row.get(0)).unwrap();
    values.map(std::result::Result::unwrap).collect()
}

/// The executable under test: the one that was built with the tests, or the one that
/// `KEYCTL_TEST_EXE` names, as that which is shipped.
pub fn exe() -> &'static Path {
    static EXE: OnceLock<PathBuf> = OnceLock::new();
    EXE.get_or_init(|| match std::env::var_os("KEYCTL_TEST_EXE") {
        Some(path) => fs::canonicalize(path).unwrap(),
        None => PathBuf::from(env!("CARGO_BIN_EXE_keyctl")),
    })
}

/// Alice, as the system knows her.
pub fn alice() -> Actor {
    user("alice")
}

/// A user whose uid is that of no file's owner.
pub fn user(name: &str) -> Actor {
    Actor {
        name: name.to_owned(),
        uid: UID,
        login_uid: None,
        namespace: Namespace::default(),
    }
}

/// The public part of a token.
pub fn id_of(token: &str) -> String {
    let (head, _) = token.rsplit_once('_').unwrap();
    head.rsplit_once('_').unwrap().1.to_owned()
}

/// A token of the same key with another secret, as anybody can make it: its checksum is right.
pub fn forged(token: &str) -> String {
    let id = id_of(token).parse().unwrap();
    let mut random = Seeded(Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(7))));
    let forged = Token::generate(&Prefix::default(), id, &mut random).unwrap();
    String::from_utf8(forged.expose().to_vec()).unwrap()
}

enum Answer {
    Line(String),
    After(Box<dyn FnOnce()>, String),
    Fails(io::ErrorKind),
}

/// A command about to run.
pub struct Cmd<'w> {
    world: &'w Setup,
    args: Vec<OsString>,
    user: String,
    uid: u32,
    stdin: Vec<u8>,
    stdin_fails: Option<io::ErrorKind>,
    terminal: Terminal,
    answers: VecDeque<Answer>,
    variables: BTreeMap<String, OsString>,
    with_db: bool,
    cores: NonZeroUsize,
    called: String,
    users: Option<Vec<String>>,
    program: Option<Script>,
}

/// What a program does that a command runs, and how it ends.
type Script = Box<dyn FnOnce(&Invocation<'_>) -> io::Result<Ending>>;

impl Cmd<'_> {
    /// By what the program is called.
    pub fn called(mut self, name: &str) -> Self {
        self.called = name.to_owned();
        self
    }

    /// Which users the system knows; everybody who is asked for, unless this says whom.
    pub fn users(mut self, names: &[&str]) -> Self {
        self.users = Some(names.iter().map(|&name| name.to_owned()).collect());
        self
    }

    /// On how many cores; one, unless this says more.
    pub fn cores(mut self, cores: usize) -> Self {
        self.cores = NonZeroUsize::new(cores).unwrap();
        self
    }

    /// What comes on standard input.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// How standard input fails at its end.
    pub fn stdin_fails(mut self, kind: io::ErrorKind) -> Self {
        self.stdin_fails = Some(kind);
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

    /// With a terminal on every stream, of so many columns, that knows colours.
    pub fn terminal(mut self, columns: u16) -> Self {
        self.variables
            .entry("TERM".to_owned())
            .or_insert_with(|| "xterm".into());
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

    /// What the person answers to the next prompt, and what others do while it is open.
    pub fn answer_after(mut self, meanwhile: impl FnOnce() + 'static, line: &str) -> Self {
        let answer = Answer::After(Box::new(meanwhile), line.to_owned());
        self.answers.push_back(answer);
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

    /// What the program of `--exec` does in place of running, and how it ends.
    pub fn program(
        mut self,
        program: impl FnOnce(&Invocation<'_>) -> io::Result<Ending> + 'static,
    ) -> Self {
        self.program = Some(Box::new(program));
        self
    }

    /// Without the `KEYCTL_DB` that every command is given here.
    pub fn without_db(mut self) -> Self {
        self.with_db = false;
        self
    }

    /// Runs it.
    pub fn run(self) -> Ran {
        let mut args = vec![OsString::from(self.called)];
        args.extend(self.args);
        let (stdout, stderr, asked) = (Shared::default(), Shared::default(), Shared::default());
        let progress = Shared::default();
        let bar = progress.clone();
        let cores = self.cores;
        let users = self.users;
        let now = Arc::clone(&self.world.now);
        let place = Arc::clone(&self.world.place);
        place.set_clock(now.load(Relaxed));
        let _admitted = place.admit(&self.user, self.uid);
        let mut variables = self.variables;
        if self.with_db {
            let db = || self.world.address.clone().into();
            variables.entry("KEYCTL_DB".to_owned()).or_insert_with(db);
        }
        let answers = Rc::new(RefCell::new(self.answers));
        let program = Rc::new(RefCell::new(self.program));
        let mut env = Env {
            clock: Arc::new(move || {
                let now = now.load(Relaxed);
                place.set_clock(now);
                Timestamp::from_millis(now).unwrap()
            }),
            random: Box::new(Seeded(Arc::clone(&self.world.random))),
            actor: LazyCell::new(Box::new(move || Actor {
                name: self.user,
                uid: self.uid,
                login_uid: None,
                namespace: Namespace::default(),
            })),
            variable: Box::new(move |name| variables.get(name).cloned()),
            user: Box::new(move |name| {
                Some(
                    users
                        .as_ref()
                        .is_none_or(|users| users.iter().any(|it| it == name)),
                )
            }),
            group: Box::new(|name| (name == "staff").then(|| rustix::process::getegid().as_raw())),
            group_name: Box::new(|gid| {
                (gid == rustix::process::getegid().as_raw()).then(|| "staff".to_owned())
            }),
            program: Some(self.world.path("bin/keyctl")),
            data_dir: Some(self.world.path("data")),
            stdin: Box::new(Memory(Cursor::new(self.stdin), self.stdin_fails)),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: self.terminal,
            prompt: Box::new(Person {
                answers: Rc::clone(&answers),
                asked: asked.clone(),
            }),
            progress: Box::new(move |unit, total| {
                Box::new(Bar {
                    shown: bar.clone(),
                    line: format!("{unit:?} {total}:"),
                })
            }),
            tell: Arc::new(|_| {}),
            programs: Box::new(Scripted(Rc::clone(&program))),
            cores: LazyCell::new(Box::new(move || cores)),
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
            progress: progress.text(),
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
    /// The progress that it showed: a line for each bar, with the unit, the total and the steps.
    pub progress: String,
}

impl From<process::Output> for Ran {
    /// What the real executable did.
    fn from(output: process::Output) -> Self {
        Ran {
            code: output.status.code().unwrap().try_into().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            asked: String::new(),
            progress: String::new(),
        }
    }
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

/// A stream in memory that is read, and how it fails at its end, if it does.
struct Memory(Cursor<Vec<u8>>, Option<io::ErrorKind>);

impl Read for Memory {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match (self.0.read(bytes)?, self.1) {
            (0, Some(kind)) => Err(kind.into()),
            (read, _) => Ok(read),
        }
    }
}

impl Input for Memory {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Progress that is written down once it is gone.
struct Bar {
    shown: Shared,
    line: String,
}

impl Progress for Bar {
    fn advance(&mut self, by: u64) {
        self.line.push_str(&format!(" {by}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        writeln!(self.shown, "{}", self.line).unwrap();
    }
}

struct Seeded(Arc<Mutex<ChaCha8Rng>>);

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0.lock().unwrap().fill_bytes(bytes);
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
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
        let answer = self.answers.borrow_mut().pop_front();
        match answer {
            Some(Answer::Line(line)) => Ok(line),
            Some(Answer::After(meanwhile, line)) => {
                meanwhile();
                Ok(line)
            }
            Some(Answer::Fails(kind)) => Err(kind.into()),
            None => panic!("a prompt that nobody expected: {question}"),
        }
    }
}

/// A program that does what a test says, once.
#[derive(Clone)]
struct Scripted(Rc<RefCell<Option<Script>>>);

impl Programs for Scripted {
    fn hold_signals(&self) -> io::Result<Box<dyn Runner>> {
        Ok(Box::new(self.clone()))
    }
}

impl Runner for Scripted {
    fn run(&mut self, invocation: &Invocation<'_>) -> io::Result<Ending> {
        let program = self.0.take();
        program.unwrap_or_else(|| panic!("a program that nobody expected"))(invocation)
    }
}

impl Prompt for Person {
    fn hidden(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        self.reply(question).map(Zeroizing::new)
    }

    fn hidden_lines(&mut self, question: &str, _: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let lines = self.reply(question.trim_end())?;
        Ok(Zeroizing::new(lines.into_bytes()))
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        self.reply(question)
    }
}
