//! Maker of synthetic stores: keyctl sets the store up, plain SQL fills it with keys.
//!
//! The audit log has the events of the set-up, but none for the keys, and none for a cost that policy
//! would refuse. Otherwise it is a store like any other: `log --check` and `doctor` find nothing.
//!
//! This file knows only two tables of the schema, `keys` and `key_scopes`. The process that calls
//! [`make`] must not have opened a store through the library before: the library limits SQLite's memory
//! for the whole process, to less than an index of ten million IDs needs.

use super::population::{Population, SCOPES};
use super::{Failed, hashing};
use keyctl::env::Random;
use keyctl::hash::{Cost, Memory, Scheme};
use keyctl::key::Key;
use keyctl::when::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rusqlite::{Connection, OpenFlags, Transaction, named_params};
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Parameters of a synthetic store.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Number of keys.
    pub keys: u64,
    /// Seed of the generator: the same seed gives the same tokens.
    pub seed: u64,
    /// Number of the oldest keys that are hashed with Argon2id; the others are with SHA-256. If all keys
    /// are, the store's policy is Argon2id.
    pub argon2: u64,
    /// Cost of an Argon2id hash.
    pub cost: Cost,
    /// Time at which the keys have the states that were drawn.
    pub now: Timestamp,
}

impl Plan {
    /// Plans `keys` keys with SHA-256, as of now.
    pub fn new(keys: u64) -> Result<Self, Failed> {
        Ok(Plan {
            keys,
            seed: 1,
            argon2: 0,
            cost: Cost::default(),
            now: now()?,
        })
    }

    /// Returns the keys.
    pub fn population(&self) -> Population {
        Population::new(self.seed, self.keys, self.now)
    }

    /// Returns the tokens of `count` active keys in random order, of those with Argon2id if there are any.
    pub fn tokens(&self, count: u64) -> Result<Vec<String>, Failed> {
        let keys = self.population();
        let end = if self.argon2 == 0 {
            self.keys
        } else {
            self.argon2
        };
        let places: Vec<u64> = keys.active(count, end).collect();
        let token = |place| Ok(String::from_utf8(keys.token(place)?.expose().to_vec())?);
        places.into_iter().map(token).collect()
    }
}

fn now() -> Result<Timestamp, Failed> {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = Timestamp::from_millis(i64::try_from(millis)?);
    now.ok_or_else(|| "the clock is outside the years 0 to 9999".into())
}

/// Makes the store at `path`, where no file may be. Calls `progress` after each million keys.
pub fn make(path: &Path, plan: &Plan, progress: &mut dyn FnMut(u64)) -> Result<(), Failed> {
    if path.try_exists()? {
        return Err(format!("there is something at {} already", path.display()).into());
    }
    // The draft gets its name last, so that an unfinished file is never taken for a store.
    let draft = beside(path, ".part");
    remove(&draft);
    let made = keyctl(&draft, &["init"])
        .and_then(|()| fill(&draft, plan, progress))
        .and_then(|()| Ok(fs::rename(&draft, path)?));
    // The draft and its sibling files, if they are still there.
    remove(&draft);
    made?;
    settle(path, plan).inspect_err(|_| remove(path))
}

/// Writes the tokens of `count` active keys to a new file that nobody else can read, one on each line.
pub fn write_tokens(path: &Path, plan: &Plan, count: u64) -> Result<(), Failed> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut file = BufWriter::new(file);
    for token in plan.tokens(count)? {
        writeln!(file, "{token}")?;
    }
    Ok(file.flush()?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes a store and its sibling files, if they are there.
fn remove(store: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        drop(fs::remove_file(beside(store, suffix)));
    }
}

/// Registers the scopes and sets the policy in a store that has its keys. keyctl does this, so that the
/// WAL and its index stay beside the file as in normal use; a reader needs more steps without them.
fn settle(path: &Path, plan: &Plan) -> Result<(), Failed> {
    for (scope, description) in SCOPES {
        keyctl(path, &["scope", "add", scope, "--description", description])?;
    }
    if plan.argon2 < plan.keys {
        keyctl(path, &["policy", "set", "hash", "sha256"])?;
    }
    Ok(())
}

fn keyctl(db: &Path, args: &[&str]) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyctl"));
    command.env_remove("KEYCTL_DB").arg("--quiet");
    let output = command.arg("--db").arg(db).args(args).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("keyctl {args:?}: {said}").into())
}

/// Puts the keys into the store at `path`.
fn fill(path: &Path, plan: &Plan, progress: &mut dyn FnMut(u64)) -> Result<(), Failed> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // No other process has the draft, and it is removed on failure: it needs no journal. The IDs come in
    // random order, so their whole index must stay in memory: 300 MB for ten million.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; \
         PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -1000000",
    )?;
    let transaction = connection.transaction()?;
    let indexes = drop_indexes(&transaction)?;
    policy(&transaction, plan)?;
    insert(&transaction, plan, progress)?;
    for index in indexes {
        transaction.execute_batch(&index)?;
    }
    transaction.commit()?;
    connection.execute_batch("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL")?;
    connection.close().map_err(|(_, error)| error)?;
    let log = fs::metadata(beside(path, "-wal"));
    if log.is_ok_and(|log| log.len() > 0) {
        return Err("SQLite has left a part of the store in its log".into());
    }
    Ok(fs::File::open(path)?.sync_all()?)
}

/// Drops every index of `keys` and returns the SQL that makes it again.
fn drop_indexes(transaction: &Transaction<'_>) -> Result<Vec<String>, Failed> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
               AND tbl_name = 'keys'";
    let mut statement = transaction.prepare(sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(String, String)> = found.collect::<rusqlite::Result<_>>()?;
    for (name, _) in &found {
        transaction.execute_batch(&format!("DROP INDEX \"{name}\""))?;
    }
    Ok(found.into_iter().map(|(_, sql)| sql).collect())
}

/// Sets the cost of Argon2id in the policy unless it is the default. By SQL: keyctl refuses unsafe costs.
fn policy(transaction: &Transaction<'_>, plan: &Plan) -> Result<(), Failed> {
    if plan.argon2 == 0 || plan.cost == Cost::default() {
        return Ok(());
    }
    let mut statement = transaction.prepare("INSERT INTO policy (name, value) VALUES (?1, ?2)")?;
    statement.execute(("argon2-memory", plan.cost.memory_kib.to_string()))?;
    statement.execute(("argon2-iterations", plan.cost.iterations.to_string()))?;
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    plan: &Plan,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failed> {
    let mut key_row = transaction.prepare(
        "INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, \
         last_used_at, grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, \
         replaced_by, scopes, labels, first_used_at) VALUES (:id, :name, :owner, :kind, :hash, :created_at, \
         :created_by, :expires_at, :last_used_at, :grace_from, :usable_until, :disabled_at, \
         :disabled_by, :deleted_at, :replaces, :replaced_by, :scopes, :labels, :first_used_at)",
    )?;
    let mut scope_entry =
        transaction.prepare("INSERT INTO key_scopes (scope, key) VALUES (?1, ?2)")?;
    let keys = plan.population();
    let mut memory = Memory::default();
    let mut salts = Salts(ChaCha8Rng::seed_from_u64(!plan.seed));
    for place in 0..keys.size() {
        let (key, token) = keys.key(place)?;
        let hash = match key.deleted_at {
            Some(_) => None,
            None => Some(hashing::hash(
                token.secret(),
                scheme(plan, place),
                &mut salts,
                &mut memory,
            )?),
        };
        insert_key(&mut key_row, &key, hash.as_deref())?;
        let seq = transaction.last_insert_rowid();
        for scope in &key.scopes {
            scope_entry.execute((scope, seq))?;
        }
        if (place + 1) % 1_000_000 == 0 {
            progress(place + 1);
        }
    }
    Ok(())
}

fn insert_key(
    row: &mut rusqlite::Statement<'_>,
    key: &Key,
    hash: Option<&str>,
) -> Result<(), Failed> {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    let labels = serde_json::to_string(&key.labels)?;
    row.execute(named_params! {
        ":id": key.id.as_str(),
        ":name": key.name,
        ":owner": key.owner,
        ":kind": key.kind.word(),
        ":hash": hash,
        ":created_at": key.created_at.millis(),
        ":created_by": key.created_by,
        ":expires_at": millis(key.expires_at),
        ":last_used_at": millis(key.last_used_at),
        ":grace_from": millis(key.grace_from),
        ":usable_until": millis(key.usable_until),
        ":disabled_at": millis(key.disabled_at),
        ":disabled_by": key.disabled_by,
        ":deleted_at": millis(key.deleted_at),
        ":replaces": key.replaces.as_ref().map(|id| id.as_str()),
        ":replaced_by": key.replaced_by.as_ref().map(|id| id.as_str()),
        ":scopes": scopes.join(" "),
        ":labels": labels,
        ":first_used_at": millis(key.first_used_at),
    })?;
    Ok(())
}

fn scheme(plan: &Plan, place: u64) -> Scheme {
    if place < plan.argon2 {
        Scheme::Argon2id(plan.cost)
    } else {
        Scheme::Sha256
    }
}

/// Generator of the same salts in each run.
struct Salts(ChaCha8Rng);

impl Random for Salts {
    fn fill(&mut self, bytes: &mut [u8]) -> keyctl::error::Result<()> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}
