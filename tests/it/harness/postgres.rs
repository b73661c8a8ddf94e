//! A PostgreSQL cluster of the test process, with a database for each test that asks for one.

mod cutter;
mod database;
mod failover;
mod guard;
mod pool;
mod pooler;
mod server;
mod stored;
mod tenant;
mod world;

pub use cutter::{Cut, Cutter};
pub use database::Database;
pub use failover::Failover;
pub use guard::Guard;
pub use pool::Pooled;
pub use pooler::{Pooler, private_file};
pub use server::{Server, free_port, programs};
pub use stored::{SECRET, Stored, USER, ask, make_user, with_secret};
pub use tenant::Tenant;
pub use world::Postgres;

use crate::exe::harness::skipped;
use ::postgres::Client;
use pool::Pool;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The superuser of every server here. No test acts as that user.
pub const SUPERUSER: &str = "postgres";

/// Another superuser, for whom no trigger fires: for changes past the rules that commands keep.
const UNRULED: &str = "unruled";

/// Name of the database that is copied for a world.
const WORLD: &str = "world";

/// Users whom commands name as members or administrators, for which a server needs a role.
const USERS: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "mallory", "root"];

/// Settings for many small databases that nobody needs after a crash.
const FAST: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=8GB",
    "max_logical_replication_workers=0",
    "max_parallel_workers=0",
];

/// The cluster of this process, which is started on the first call and ends with the process.
///
/// Returns `None`, after a message, where PostgreSQL is not installed.
#[track_caller]
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| server::programs().map(Cluster::start));
    if cluster.is_none() {
        skipped("PostgreSQL is not installed");
    }
    cluster.as_ref()
}

/// A server on which every user may log in without a password.
pub struct Cluster {
    server: Server,
    /// A connection of the superuser to the database `postgres`.
    admin: Mutex<Client>,
    logins: Mutex<BTreeSet<String>>,
    /// The users who may make roles.
    makers: Mutex<BTreeSet<String>>,
    /// Databases to be used again.
    pool: Pool,
    databases: AtomicU32,
    /// How `CREATE DATABASE` is to copy: files are copied three times as fast as pages are logged.
    strategy: &'static str,
}

impl Cluster {
    fn start(programs: PathBuf) -> Self {
        let server = Server::start(&programs, FAST);
        let mut admin = server.connect(SUPERUSER, SUPERUSER).unwrap();
        let version = admin.query_one("SHOW server_version_num", &[]).unwrap();
        let version: u32 = version.get::<_, String>(0).parse().unwrap();
        Cluster {
            server,
            admin: Mutex::new(admin),
            logins: Mutex::default(),
            makers: Mutex::default(),
            pool: Pool::default(),
            databases: AtomicU32::new(0),
            // Before version 15, there is no other way.
            strategy: if version >= 150_000 {
                "STRATEGY FILE_COPY"
            } else {
                ""
            },
        }
    }

    /// The server, which listens on a socket and on 127.0.0.1.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A new, empty database, with a name that no other one has had.
    pub fn database(&'static self) -> Database {
        self.copy_of("template0")
    }

    /// A new database for a world: empty, but with a clock that tests set, which takes the place of the
    /// server's own in a store.
    pub fn database_of_world(&'static self) -> Database {
        static MADE: OnceLock<()> = OnceLock::new();
        MADE.get_or_init(|| {
            self.run(&format!(
                "CREATE ROLE {UNRULED} SUPERUSER LOGIN;
                 ALTER ROLE {UNRULED} SET session_replication_role = replica"
            ));
            self.run(&format!("CREATE DATABASE {WORLD} TEMPLATE template0"));
            let mut client = self.server.connect(SUPERUSER, WORLD).unwrap();
            client
                .batch_execute(include_str!("postgres/worlds.sql"))
                .unwrap();
            client.close().unwrap();
            for name in USERS {
                self.login(name);
            }
        });
        self.copy_of(WORLD)
    }

    fn copy_of(&'static self, template: &str) -> Database {
        let name = format!("d{}", self.databases.fetch_add(1, Relaxed));
        let strategy = self.strategy;
        self.run(&format!(
            "CREATE DATABASE {name} TEMPLATE {template} {strategy}"
        ));
        Database::new(self, name)
    }

    /// Makes a role that can log in, unless there is one of this name. Roles belong to the whole
    /// cluster: another test may use it too.
    pub fn login(&self, name: &str) {
        // Held until the role is there: whoever asks meanwhile needs it as well.
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        if logins.insert(name.to_owned()) {
            self.run(&format!("CREATE ROLE {} LOGIN", quoted(name)));
        }
    }

    /// Lets a user make roles, as one who founds a store has to.
    fn let_make_roles(&self, name: &str) {
        let mut makers = self.makers.lock().unwrap_or_else(PoisonError::into_inner);
        if makers.insert(name.to_owned()) {
            self.run(&format!("ALTER ROLE {} CREATEROLE", quoted(name)));
        }
    }

    /// Drops the roles whose names begin with `prefix`.
    fn drop_roles(&self, prefix: &str) {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let find = "SELECT rolname::text FROM pg_roles WHERE starts_with(rolname, $1)";
        let roles = admin.query(find, &[&prefix]).unwrap();
        let names: Vec<String> = roles.iter().map(|row| quoted(row.get(0))).collect();
        if !names.is_empty() {
            let drop = format!("DROP ROLE {}", names.join(", "));
            admin.batch_execute(&drop).unwrap();
        }
    }

    /// Runs a statement as the superuser in the database `postgres`.
    #[track_caller]
    fn run(&self, sql: &str) {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = admin.batch_execute(sql) {
            panic!("{sql}: {error:?}");
        }
    }
}

/// An SQL identifier in quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
