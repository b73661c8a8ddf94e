//! Stores whose contents somebody has tampered with, and what fuzzing has found: nothing panics or
//! hangs, nobody is let in, and what a terminal is shown it does not obey.

mod columns;
mod damaged;
mod files;
mod hashes;
mod policies;
pub mod properties;
mod requests;
mod schema;
mod seeds;
mod sizes;

use crate::harness::{Ran, World, id_of};
use keyctl::error::is_unprintable;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::fs;

/// A store with some keys, as it is before each act of sabotage.
struct Stage {
    world: World,
    file: Vec<u8>,
    /// The token of an active key named `api`.
    active: String,
    /// Tokens that must never be let in: deleted, disabled, phased out, with a wrong secret, and
    /// never issued.
    shut: Vec<String>,
}

impl Stage {
    fn new() -> Self {
        let world = World::quick();
        world.policy("hash", "sha256");
        let active = world.create("--name api --scope inference --label team=search");
        let deleted = world.create("--name deleted --scope inference");
        world.run("delete deleted --yes");
        let disabled = world.create("--name disabled --scope inference");
        world.run("disable disabled");
        let rotated = world.create("--name rotated --scope inference");
        world.run("rotate rotated");
        // Another world's tokens.
        let other = World::quick();
        other.create("--scope inference");
        let unknown = other.create("--scope inference --count 9");
        let unknown = unknown.lines().last().unwrap().to_owned();
        let wrong = with_secret_of(&active, &unknown);
        let shut = vec![deleted, disabled, rotated, unknown, wrong];
        let mut stage = Stage {
            file: Vec::new(),
            world,
            active,
            shut,
        };
        stage.settle();
        stage
    }

    /// Takes the store as it is now for the one to begin from.
    fn settle(&mut self) {
        let sql = self.world.sql();
        sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        drop(sql);
        self.file = fs::read(self.world.db()).unwrap();
    }

    /// Puts the store back as it was.
    fn reset(&self) {
        self.put(&self.file);
    }

    /// Puts `file` in the store's place, with nothing beside it.
    fn put(&self, file: &[u8]) {
        for beside in ["keyctl.db-wal", "keyctl.db-shm", "keyctl.db-journal"] {
            drop(fs::remove_file(self.world.path(beside)));
        }
        fs::write(self.world.db(), file).unwrap();
    }

    /// Runs `sql` as somebody whom nothing holds back, in the schema either.
    #[track_caller]
    fn tamper(&self, sql: &str) {
        unleashed(&self.world).execute_batch(sql).unwrap();
    }

    /// Rewrites the schema of the store: neither types nor checks hold any longer.
    fn loosen(&mut self) {
        self.tamper(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, WITHOUT', 'WITHOUT') WHERE type = 'table';
             UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE type = 'table';
             UPDATE sqlite_schema SET sql = replace(sql, 'TEXT NOT NULL', 'TEXT') WHERE type = 'table';
             UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER NOT NULL', 'INTEGER') WHERE type = 'table';
             UPDATE sqlite_schema SET sql = replace(sql, 'BLOB NOT NULL', 'BLOB') WHERE type = 'table';
             UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (', 'CHECK (1 OR ') WHERE type = 'table';
             PRAGMA writable_schema = RESET",
        );
        self.settle();
    }

    /// The exit code that a token has of `verify`.
    fn verify(&self, token: &str) -> u8 {
        let ran = self.world.line("verify").stdin(token).run();
        sound(&ran);
        ran.code
    }

    /// Lets every command meet the store: those that read, and then, each from the same state,
    /// those that write.
    #[track_caller]
    fn meet(&self) {
        self.read();
        let before = self.snapshot();
        for line in WRITERS {
            let id = id_of(&self.active);
            sound(&self.world.line(&line.replace("ID", &id)).uid(0).run());
            // Deleted, and with a wrong secret.
            for token in [&self.shut[0], &self.shut[4]] {
                assert_ne!(self.verify(token), 0, "let in after {line}");
            }
            self.put(&before);
        }
    }

    /// Lets everything that reads meet the store.
    #[track_caller]
    fn read(&self) {
        for token in &self.shut {
            assert_ne!(self.verify(token), 0, "let in");
            let line = "verify --scope inference --format json";
            assert_ne!(sound(&self.world.line(line).stdin(token).run()), 0);
        }
        self.verify(&self.active);
        for line in READERS {
            let id = id_of(&self.active);
            sound(&self.world.line(&line.replace("ID", &id)).run());
        }
    }

    /// Lets some of what reads meet the store: in four turns, all of it.
    #[track_caller]
    fn glance(&self, turn: usize) {
        // Deleted, and with a wrong secret.
        for token in [&self.shut[0], &self.shut[4]] {
            assert_ne!(self.verify(token), 0, "let in");
        }
        self.verify(&self.active);
        for line in READERS.iter().skip(turn % 4).step_by(4) {
            let id = id_of(&self.active);
            sound(&self.world.line(&line.replace("ID", &id)).run());
        }
    }

    /// The store's file as it is, with what its log holds.
    fn snapshot(&self) -> Vec<u8> {
        if let Ok(sql) = Connection::open(self.world.db()) {
            drop(sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        }
        fs::read(self.world.db()).unwrap()
    }
}

const READERS: [&str; 19] = [
    "list --state all",
    "list --state all --format json",
    "list --state all --format csv --sort last-used",
    "list --owner alice --scope inference --label team=search --format ids",
    "list --expiring-within 400d --sort expires",
    "show ID",
    "show api --format json",
    "log",
    "log --format jsonl",
    "log --key ID --limit 3",
    "log --check",
    "log --head",
    "policy show",
    "scope list",
    "scope list --format json",
    "member list",
    "member list --format json",
    "admin list",
    "admin list --format json",
];

const WRITERS: [&str; 14] = [
    "create --scope inference",
    "create --owner bob --kind legacy",
    "edit api --name other --label a=b",
    "rotate ID",
    "disable ID",
    "enable api",
    "delete ID --yes",
    "purge --all --owner alice --yes",
    "policy set max-expiry 30d",
    "scope add train --description x --implies inference",
    "scope remove project",
    "member add search bob --role owner",
    "admin add bob",
    "admin remove carol",
];

/// A command that has met a hostile store said so in words that a terminal can show, and no secret.
/// Returns its exit code.
#[track_caller]
fn sound(ran: &Ran) -> u8 {
    for text in [&ran.stdout, &ran.stderr, &ran.asked] {
        let obeyed = |c: char| c != '\n' && is_unprintable(c);
        assert!(!text.chars().any(obeyed), "a terminal obeys {ran:#?}");
        assert!(!text.contains("$argon2") && !text.contains("$sha256$"));
    }
    assert!([0, 1, 2, 3, 4, 5, 6].contains(&ran.code), "{ran:#?}");
    if ran.code == 5 {
        let error = |line: &str| line.starts_with("keyctl: ") || line.starts_with("{\"error\":");
        let said = ran.stderr.lines().any(error);
        assert!(said, "it failed without a word: {ran:#?}");
    }
    ran.code
}

/// A connection that may write the schema and run what is in it.
fn unleashed(world: &World) -> Connection {
    let sql = world.sql();
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .unwrap();
    sql.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    sql
}

/// The token with the ID of `id` and the secret of `secret`.
fn with_secret_of(id: &str, secret: &str) -> String {
    let (head, _) = id.rsplit_once('_').unwrap();
    let (_, tail) = secret.rsplit_once('_').unwrap();
    let body = format!("{head}_{}", &tail[..43]);
    let sum = properties::checksum(body.as_bytes());
    body + std::str::from_utf8(&sum).unwrap()
}
