//! The stores that every contract is tried on.

use super::fixtures::{at, insert};
use super::memory::Memory;
use crate::harness::open;
use crate::harness::place::Place;
#[cfg(feature = "postgres")]
use crate::harness::postgres::{Cluster, Tenant, cluster};
use crate::harness::user;
use keyctl::error::Result;
use keyctl::key::Key;
use keyctl::store;
use keyctl::store::{Founder, Read, Store, Tx};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::panicking;
use tempfile::TempDir;

/// A store that carol has just made.
pub struct Made {
    name: &'static str,
    kept: Kept,
}

/// A new store of each kind.
pub fn stores() -> impl Iterator<Item = Made> {
    KINDS.iter().map(|&(name, make)| {
        let carol = user("carol");
        let founder = Founder {
            actor: &carol,
            now: at(0),
            reason: None,
            group: None,
            usual: None,
        };
        Made {
            name,
            kept: make(&founder),
        }
    })
}

/// A store that somebody has made.
enum Kept {
    At(Arc<dyn Place>),
    InMemory(Memory),
}

/// Makes a store.
type Make = fn(&Founder<'_>) -> Kept;

/// The kinds of stores.
const KINDS: &[(&str, Make)] = &[
    ("SQLite", |founder| {
        let dir = InDirectory(tempfile::tempdir().unwrap());
        drop(open::create(&dir.address(), founder));
        Kept::At(Arc::new(dir))
    }),
    #[cfg(feature = "postgres")]
    ("PostgreSQL", |founder| match cluster() {
        Some(cluster) => Kept::At(Arc::new(tenant(cluster, founder))),
        None => Kept::InMemory(Memory::made_by(founder)),
    }),
    ("memory", |founder| Kept::InMemory(Memory::made_by(founder))),
];

/// A directory with the store's file.
struct InDirectory(TempDir);

impl Place for InDirectory {
    fn address(&self) -> PathBuf {
        self.0.path().join("keyctl.db")
    }
}

/// A database with a store that takes events of any time, and changes without an event.
#[cfg(feature = "postgres")]
fn tenant(cluster: &'static Cluster, founder: &Founder<'_>) -> Tenant {
    let database = cluster.pooled("contracts", |database| {
        let tenant = Tenant::new(database);
        let (name, uid) = (&founder.actor.name, founder.actor.uid);
        tenant.set_clock(founder.now.millis());
        drop(tenant.admit(name, uid));
        drop(open::create(&tenant.address_of(name), founder));
        tenant.know("Bob");
        tenant.know("nobody");
        for user in ["bob", "dave"] {
            drop(tenant.admit(user, uid));
        }
        let database = tenant.into_database();
        database.admin(include_str!("any_time.sql"));
        database
    });
    Tenant::new(database)
}

impl Made {
    /// Whether the store is on a server, which decides more by itself.
    pub fn is_on_server(&self) -> bool {
        self.name == "PostgreSQL" && matches!(self.kept, Kept::At(_))
    }

    /// A handle to the store, as another process of carol's would have one.
    pub fn open(&self) -> Box<dyn Store> {
        self.open_as("carol")
    }

    /// A handle to the store, as a process of this user would have one.
    pub fn open_as(&self, user: &str) -> Box<dyn Store> {
        match &self.kept {
            Kept::At(place) => open::writable(&place.address_of(user)),
            Kept::InMemory(memory) => Box::new(memory.clone()),
        }
    }

    /// Adds these keys, each with its event, and with their uses, which a server takes from nobody.
    #[track_caller]
    pub fn insert(&self, keys: &[Key]) {
        self.write(|tx| insert(tx, keys));
        self.set_uses(keys);
    }

    /// Gives these keys their uses.
    pub fn set_uses(&self, keys: &[Key]) {
        if let Kept::At(place) = &self.kept {
            for key in keys {
                place.set_uses(key.id.as_str(), key.first_used_at, key.last_used_at);
            }
        }
    }

    /// Reads through a handle of its own.
    #[track_caller]
    pub fn read<T>(&self, look: impl FnMut(&dyn Read) -> Result<T>) -> T {
        store::read(&*self.open(), look).unwrap()
    }

    /// Writes through a handle of its own.
    #[track_caller]
    pub fn write<T>(&self, job: impl FnOnce(&mut dyn Tx) -> Result<T>) -> T {
        self.try_write(job).unwrap()
    }

    /// The same, for what may fail.
    pub fn try_write<T>(&self, job: impl FnOnce(&mut dyn Tx) -> Result<T>) -> Result<T> {
        store::write(&mut *self.open(), job)
    }
}

impl Drop for Made {
    /// Names the store on which a test fails.
    #[expect(
        clippy::print_stderr,
        reason = "a test that fails tells on which store"
    )]
    fn drop(&mut self) {
        if panicking() {
            eprintln!("the store that this failed on: {}", self.name);
        }
    }
}
