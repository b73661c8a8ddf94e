//! A primary and its standby as the page has them: with TLS, passwords, and a certificate authority of their own.

use crate::exe::harness::until;
use crate::harness::postgres::{Guard, SUPERUSER, free_port, programs};
use crate::recipes::is_here;
use ::postgres::{Client, Config, NoTls};
use std::fs;
use std::path::{Path, PathBuf};

/// The host of both servers, for which they have one certificate.
pub const HOST: &str = "localhost";

/// An authority in `ca.crt`, and a certificate for `localhost` in `server.crt` and `server.key`.
const CERTIFICATES: &str = r#"
new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@" 2>>log; };
new -x509 -days 30 -keyout ca.key -out ca.crt -subj /CN=authority &&
new -keyout server.key -out server.csr -subj /CN=localhost &&
printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n' >extensions &&
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 30
    -extfile extensions 2>>log"#;

/// Who else may connect than those whom the page lets in.
const RULES: &str =
    "local all postgres trust\nhostssl replication replicator 127.0.0.1/32 scram-sha-256\n";

/// A server of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The primary, until it is lost.
    Db1,
    /// Its standby.
    Db2,
}

use Which::{Db1, Db2};

impl Which {
    /// Name on the page, and of the data directory.
    pub fn name(self) -> &'static str {
        match self {
            Db1 => "db1",
            Db2 => "db2",
        }
    }
}

/// The servers of the page, the standby once it is added.
pub struct Servers {
    guard: Guard,
    programs: PathBuf,
    ports: [u16; 2],
}

impl Servers {
    /// Starts the primary. Returns `None`, which is said, if a program is missing.
    pub fn start() -> Option<Self> {
        crate::harness::postgres::cluster()?;
        let programs = programs()?;
        if !is_here("openssl", &["version"]) || !is_here("setsid", &["--version"]) {
            return None;
        }
        let servers = Servers {
            guard: Guard::new(),
            programs,
            ports: [free_port(), free_port()],
        };
        // The shell runs one line at a time.
        servers.does(&CERTIFICATES.trim().replace('\n', " "));
        let initdb = "initdb -U postgres -A trust -E UTF8 --locale=C --no-sync -D db1 >>log 2>&1";
        servers.does(&servers.program(initdb));
        servers.let_in(Db1, RULES);
        servers.run(Db1);
        Some(servers)
    }

    /// Port of a server.
    pub fn port(&self, which: Which) -> u16 {
        self.ports[which as usize]
    }

    /// The directory with the sockets.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }

    /// The certificate of the authority.
    pub fn authority(&self) -> PathBuf {
        self.directory().join("ca.crt")
    }

    /// Puts lines at the beginning of `pg_hba.conf`.
    pub fn let_in(&self, which: Which, lines: &str) {
        let path = self.directory().join(which.name()).join("pg_hba.conf");
        let old = match fs::read_to_string(&path) {
            Ok(text) if text.starts_with(RULES) || text.contains("\nlocal all postgres") => text,
            _ => String::new(),
        };
        fs::write(path, format!("{lines}{old}")).unwrap();
    }

    /// Makes the standby with the page's `command`.
    pub fn add_standby(&self, command: &str) {
        self.sql(
            Db1,
            "CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'pw-replicator'",
        );
        let source = format!(
            "host={HOST} port={} sslmode=verify-full sslrootcert={}",
            self.port(Db1),
            self.authority().display()
        );
        let copy = command
            .trim_end()
            .trim_start_matches("sudo -u postgres ")
            .replace("host=db1", &source)
            .replace("DIRECTORY", Db2.name());
        let copy = self.program(&format!("{copy} -c fast >>log 2>&1"));
        self.does(&format!("PGPASSWORD=pw-replicator {copy}"));
        self.run(Db2);
    }

    /// Kills every process of a server at once.
    pub fn kill(&self, which: Which) {
        self.does(&format!(
            "kill -QUIT $(head -n 1 {}/postmaster.pid)",
            which.name()
        ));
        until("the server is gone", || {
            self.connect(which, SUPERUSER).is_err()
        });
    }

    /// Runs SQL as the superuser in the database of the page.
    #[track_caller]
    pub fn sql(&self, which: Which, sql: &str) {
        self.connect(which, "keys")
            .unwrap()
            .batch_execute(sql)
            .unwrap();
    }

    fn connect(&self, which: Which, database: &str) -> Result<Client, ::postgres::Error> {
        Config::new()
            .host_path(self.directory())
            .port(self.port(which))
            .user(SUPERUSER)
            .dbname(database)
            .connect(NoTls)
    }

    fn run(&self, which: Which) {
        let command = self.program(&format!(
            "postgres -D {} -k \"$PWD\" -p {} -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on \
             -c ssl_cert_file=\"$PWD/server.crt\" -c ssl_key_file=\"$PWD/server.key\" >>log 2>&1 &",
            which.name(),
            self.port(which)
        ));
        self.does(&command);
        until("the server answers", || {
            self.connect(which, SUPERUSER).is_ok()
        });
    }

    /// A line that begins with one of PostgreSQL's programs.
    fn program(&self, line: &str) -> String {
        format!("'{}'/{line}", self.programs.display())
    }

    #[track_caller]
    fn does(&self, line: &str) {
        let code = self.guard.run(line);
        let log = fs::read_to_string(self.directory().join("log"));
        assert_eq!(code, 0, "{line}: {log:?}");
    }
}
