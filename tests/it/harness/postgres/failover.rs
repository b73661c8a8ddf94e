//! A primary and its standby, one of which dies.

use super::guard::Guard;
use super::server::{free_port, programs, word};
use super::{SUPERUSER, quoted};
use crate::exe::harness::{GUARD, skipped, until};
use ::postgres::{Client, Config, NoTls};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::time::{Duration, Instant};

/// Database of the store.
pub const DATABASE: &str = "shared";

/// User of the store, who has founded it.
pub const FOUNDER: &str = "carol";

/// Settings of both servers.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1,127.0.0.2",
    "fsync=off",
    "shared_buffers=32MB",
    "autovacuum=off",
    "jit=off",
    "timezone=UTC",
    "hot_standby=on",
    "wal_level=replica",
    "wal_keep_size=256MB",
    "synchronous_commit=remote_apply",
    "wal_retrieve_retry_interval=50ms",
    "wal_receiver_status_interval=1s",
    "dynamic_shared_memory_type=mmap",
];

/// Two servers on addresses and ports that stay the same; each may have had several data directories.
pub struct Failover {
    guard: Guard,
    ports: [u16; 2],
    /// Name of the data directory of each.
    data: [String; 2],
    /// Index of the primary.
    primary: usize,
    made: u32,
}

impl Failover {
    /// A primary whose commits wait until the standby shows them. Returns `None`, after a message, where PostgreSQL is
    /// not installed.
    #[track_caller]
    pub fn start() -> Option<Self> {
        if programs().is_none() {
            skipped("PostgreSQL is not installed");
            return None;
        }
        let mut pair = Failover {
            guard: Guard::new(),
            ports: [free_port(), free_port()],
            data: ["first".to_owned(), "none".to_owned()],
            primary: 0,
            made: 0,
        };
        pair.run(
            "initdb",
            &format!("-U {SUPERUSER} -A trust -E UTF8 --locale=C --no-sync -D first"),
        );
        pair.begin(0);
        let mut admin = pair.connect(0, SUPERUSER, SUPERUSER);
        let user = quoted(FOUNDER);
        for sql in [
            format!("CREATE ROLE {user} LOGIN CREATEROLE"),
            format!("CREATE DATABASE {DATABASE} OWNER {user} TEMPLATE template0"),
        ] {
            admin.batch_execute(&sql).unwrap();
        }
        pair.make_standby();
        pair.set_synchronous(true);
        Some(pair)
    }

    /// URL of the store on both servers, the first one first, each at an address of its own.
    pub fn url(&self) -> String {
        let [one, two] = self.ports;
        format!("postgres://{FOUNDER}@127.0.0.1:{one},127.0.0.2:{two}/{DATABASE}?sslmode=disable")
    }

    /// URL of the store on the standby alone.
    pub fn url_of_standby(&self) -> String {
        self.url_of(1 - self.primary)
    }

    /// URL of the store on both servers, the standby first.
    pub fn url_standby_first(&self) -> String {
        let (one, two) = (self.ports[1 - self.primary], self.ports[self.primary]);
        format!("postgres://{FOUNDER}@127.0.0.1:{one},127.0.0.2:{two}/{DATABASE}?sslmode=disable")
    }

    fn url_of(&self, node: usize) -> String {
        let port = self.ports[node];
        format!("postgres://{FOUNDER}@127.0.0.1:{port}/{DATABASE}?sslmode=disable")
    }

    /// A connection of the superuser to the database of the store on the primary.
    pub fn admin(&self) -> Client {
        self.connect(self.primary, SUPERUSER, DATABASE)
    }

    /// Makes commits wait for the standby, or no longer.
    pub fn set_synchronous(&self, wait: bool) {
        let names = if wait { "'*'" } else { "''" };
        let mut admin = self.connect(self.primary, SUPERUSER, SUPERUSER);
        admin
            .batch_execute(&format!(
                "ALTER SYSTEM SET synchronous_standby_names = {names}"
            ))
            .unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        let query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        until("the standby counts, or no longer", || {
            let count: i64 = admin.query_one(query, &[]).unwrap().get(0);
            (count == 1) == wait
        });
    }

    /// Kills the primary with all its processes: nothing more is written, nobody is told.
    pub fn kill_primary(&self) {
        let pids = self.processes(self.primary);
        // All stop before the first one dies: none sees another one's end.
        for &pid in &pids {
            kill_process(pid, Signal::STOP).ok();
        }
        for &pid in &pids {
            kill_process(pid, Signal::KILL).ok();
        }
        self.free_memory(self.primary);
    }

    /// Makes the standby the primary, which waits for no standby of its own. Returns as soon as it takes changes.
    pub fn promote(&mut self) {
        let data = &self.data[1 - self.primary];
        self.run("pg_ctl", &format!("promote -s -W -D {data}"));
        self.primary = 1 - self.primary;
        let mut admin = self.connect(self.primary, SUPERUSER, SUPERUSER);
        until("the standby is promoted", || {
            let row = admin.query_one("SELECT NOT pg_is_in_recovery()", &[]);
            row.unwrap().get(0)
        });
        admin
            .batch_execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            .unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    }

    /// Makes a new standby in the place of the server that is not the primary.
    pub fn make_standby(&mut self) {
        let node = 1 - self.primary;
        self.made += 1;
        fs::remove_dir_all(self.guard.directory().join(&self.data[node])).ok();
        self.data[node] = format!("data{}", self.made);
        let directory = word(self.guard.directory());
        self.run(
            "pg_basebackup",
            &format!(
                "-h {directory} -p {} -U {SUPERUSER} -D {} -R -X stream -c fast --no-sync",
                self.ports[self.primary], self.data[node]
            ),
        );
        self.begin(node);
        self.until_followers_are(1);
    }

    /// Cuts the standby off from the primary: it stays as it is now, and no commit is shown to it.
    pub fn cut_off(&self) {
        self.on_standby("ALTER SYSTEM SET primary_conninfo = ''");
        self.until_followers_are(0);
    }

    /// Lets the standby follow again.
    pub fn reconnect(&self) {
        let (directory, port) = (self.guard.directory().display(), self.ports[self.primary]);
        self.on_standby(&format!(
            "ALTER SYSTEM SET primary_conninfo = 'host={directory} port={port} user={SUPERUSER}'"
        ));
        self.until_followers_are(1);
    }

    fn on_standby(&self, sql: &str) {
        let mut standby = self.connect(1 - self.primary, SUPERUSER, SUPERUSER);
        standby.batch_execute(sql).unwrap();
        standby.batch_execute("SELECT pg_reload_conf()").unwrap();
    }

    fn until_followers_are(&self, expected: i64) {
        let mut admin = self.connect(self.primary, SUPERUSER, SUPERUSER);
        let query = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        until("the standby follows, or no longer", || {
            admin.query_one(query, &[]).unwrap().get::<_, i64>(0) == expected
        });
    }

    /// Starts a server on its data directory, and waits until it answers.
    fn begin(&self, node: usize) {
        let options: String = SETTINGS
            .iter()
            .map(|setting| format!(" -c {setting}"))
            .collect();
        let (data, port) = (&self.data[node], self.ports[node]);
        let postgres = word(&programs().unwrap().join("postgres"));
        self.guard.run(&format!(
            "{postgres} -D {data} -k \"$PWD\" -p {port}{options} >>log 2>&1 &"
        ));
        let deadline = Instant::now() + GUARD;
        while self.try_connect(node, SUPERUSER, SUPERUSER).is_err() {
            assert!(Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a program of PostgreSQL to its end.
    #[track_caller]
    fn run(&self, program: &str, arguments: &str) {
        let program = word(&programs().unwrap().join(program));
        let code = self.guard.run(&format!("{program} {arguments} >>log 2>&1"));
        assert_eq!(code, 0, "{program} {arguments}: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.guard.directory().join("log")).unwrap_or_default()
    }

    fn connect(&self, node: usize, user: &str, database: &str) -> Client {
        self.try_connect(node, user, database).unwrap()
    }

    fn try_connect(
        &self,
        node: usize,
        user: &str,
        database: &str,
    ) -> Result<Client, ::postgres::Error> {
        Config::new()
            .host_path(self.guard.directory())
            .port(self.ports[node])
            .user(user)
            .dbname(database)
            .connect(NoTls)
    }

    /// The lines of a server's lock file: the number of its first process, then others.
    fn lock_file(&self, node: usize) -> Vec<String> {
        let path = self.guard.directory().join(&self.data[node]);
        let text = fs::read_to_string(path.join("postmaster.pid")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The first process of a server, then its children.
    fn processes(&self, node: usize) -> Vec<Pid> {
        let parent: i32 = self.lock_file(node)[0].trim().parse().unwrap();
        let parent = Pid::from_raw(parent).unwrap();
        // It makes no more of them.
        kill_process(parent, Signal::STOP).unwrap();
        let children = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| {
                let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
                let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
                let (_, rest) = stat.rsplit_once(") ")?;
                let its_parent: i32 = rest.split(' ').nth(1)?.parse().ok()?;
                (Some(parent) == Pid::from_raw(its_parent)).then_some(Pid::from_raw(pid)?)
            });
        std::iter::once(parent).chain(children).collect()
    }

    /// Removes the shared memory that a killed server has left.
    fn free_memory(&self, node: usize) {
        let lines = self.lock_file(node);
        let id = lines.get(6).and_then(|line| line.split_whitespace().nth(1));
        if let Some(id) = id {
            self.guard.run(&format!("ipcrm -m {id} >>log 2>&1"));
        }
    }
}
