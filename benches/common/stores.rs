//! Stores for benchmarks: those that are only read are kept under `target/bench-stores/`, those that
//! are written are removed after the benchmark.

use super::Failed;
use super::synthetic::{self, Plan};
use super::world::World;
use keyctl::hash::Scheme;
use keyctl::store::{self, Address, Mode, Store};
use keyctl::token::AnyToken;
use keyctl::verify::{Request, Required, Verdict, Verifier};
use keyctl::when::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Time in every kept store, 2026-11-22T00:00:00Z: fixed, so that states do not change with the date.
const NOW: i64 = 1_795_305_600_000;

/// Argument for a process that only makes a kept store.
const MAKE: &str = "--make-kept-store";

/// Kept store, to be read.
pub struct Kept {
    /// Environment for commands on the store.
    pub world: World,
    /// Some of its tokens.
    pub tokens: Vec<String>,
    path: PathBuf,
    now: Timestamp,
}

impl Kept {
    /// Opens the store with `keys` keys hashed by SHA-256; makes it if it is missing or of an older schema.
    pub fn open(keys: u64) -> Result<Self, Failed> {
        let plan = plan(keys)?;
        let path = directory()?.join(format!("{keys}.db"));
        if !is_current(&path)? {
            for suffix in ["", "-wal", "-shm"] {
                drop(fs::remove_file(
                    directory()?.join(format!("{keys}.db{suffix}")),
                ));
            }
            // In another process: this one may have limited the memory of SQLite.
            let program = std::env::current_exe()?;
            let made = Command::new(program)
                .arg(MAKE)
                .arg(keys.to_string())
                .status()?;
            if !made.success() {
                return Err(format!("the store of {keys} keys could not be made").into());
            }
        }
        Ok(Kept {
            world: World::new(path.clone(), plan.now),
            tokens: plan.tokens(1000.min(keys * 10))?,
            now: plan.now,
            path,
        })
    }

    /// Opens the store through the library, to be read.
    pub fn opened(&self) -> Result<Box<dyn Store>, Failed> {
        opened(&self.path)
    }

    /// Verifies a token with the library, without a command line.
    pub fn verify(&self, store: &dyn Store, token: &str) -> Result<(), Failed> {
        let token = AnyToken::parse(token.as_bytes()).ok_or("no token")?;
        let now = self.now;
        let request = Request {
            token: &token,
            required: &Required::default(),
        };
        match Verifier::default().verify_one(store, request, &move || now) {
            Ok(verified) if matches!(verified.verdict, Verdict::Valid(_)) => Ok(()),
            Ok(verified) => Err(format!("{:?}", verified.verdict).into()),
            Err(error) => Err(error.to_string().into()),
        }
    }
}

/// Temporary store, to be written.
pub struct Scratch {
    /// Environment for commands on the store.
    pub world: World,
    /// One of its tokens.
    pub token: String,
    _directory: TempDir,
}

impl Scratch {
    /// Makes a store with ten keys hashed by `scheme`, which is also its policy.
    pub fn new(scheme: Scheme) -> Result<Self, Failed> {
        let directory = tempfile::tempdir_in(directory()?)?;
        let path = directory.path().join("keyctl.db");
        let mut plan = plan(10)?;
        if let Scheme::Argon2id(cost) = scheme {
            (plan.argon2, plan.cost) = (plan.keys, cost);
        }
        synthetic::make(&path, &plan, &mut |_| ())?;
        Ok(Scratch {
            world: World::new(path, plan.now),
            token: plan.tokens(1)?.remove(0),
            _directory: directory,
        })
    }
}

fn opened(path: &Path) -> Result<Box<dyn Store>, Failed> {
    let address = Address::of_file(path).map_err(|error| error.to_string())?;
    store::open(&address, Mode::Read).map_err(|error| error.to_string().into())
}

/// Tells whether there is a store at `path` with the latest schema.
fn is_current(path: &Path) -> Result<bool, Failed> {
    if !path.try_exists()? {
        return Ok(false);
    }
    let mut steps: i64 = 0;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sqlite"))? {
        let is_step = entry?.path().extension().is_some_and(|end| end == "sql");
        steps += i64::from(is_step);
    }
    let version: i64 =
        Connection::open(path)?.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version == steps)
}

/// Makes a kept store if the arguments ask for one; returns whether they did.
pub fn make_if_asked() -> Result<bool, Failed> {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some(MAKE) {
        return Ok(false);
    }
    let keys = args.next().ok_or("how many keys?")?.parse()?;
    let path = directory()?.join(format!("{keys}.db"));
    synthetic::make(&path, &plan(keys)?, &mut |_| ())?;
    Ok(true)
}

fn plan(keys: u64) -> Result<Plan, Failed> {
    let now = Timestamp::from_millis(NOW).ok_or("no such time")?;
    Ok(Plan {
        now,
        ..Plan::new(keys)?
    })
}

fn directory() -> Result<PathBuf, Failed> {
    let target = Path::new(env!("CARGO_BIN_EXE_keyctl")).ancestors().nth(2);
    let directory = target.ok_or("no target directory")?.join("bench-stores");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}
