//! The stores that every contract is tried on.

use super::fixtures::at;
use super::memory::Memory;
use crate::harness::open;
use crate::harness::user;
use keyctl::error::Result;
use keyctl::store;
use keyctl::store::{Founder, Read, Store, Tx};
use std::thread::panicking;

/// A store that carol has just made.
pub struct Made {
    name: &'static str,
    opens: Opens,
}

/// A new store of each kind.
pub fn stores() -> impl Iterator<Item = Made> {
    KINDS.into_iter().map(|(name, make)| {
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
            opens: make(&founder),
        }
    })
}

/// Opens a store as the user of this name.
type Opens = Box<dyn Fn(&str) -> Box<dyn Store> + Send + Sync>;

/// Makes a store.
type Make = fn(&Founder<'_>) -> Opens;

/// The kinds of stores.
const KINDS: [(&str, Make); 2] = [
    ("SQLite", |founder| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyctl.db");
        drop(open::create(&path, founder));
        Box::new(move |_| open::writable(&dir.path().join("keyctl.db")))
    }),
    ("memory", |founder| {
        let memory = Memory::made_by(founder);
        Box::new(move |_| Box::new(memory.clone()))
    }),
];

impl Made {
    /// A handle to the store, as another process of carol's would have one.
    pub fn open(&self) -> Box<dyn Store> {
        self.open_as("carol")
    }

    /// A handle to the store, as a process of this user would have one.
    pub fn open_as(&self, user: &str) -> Box<dyn Store> {
        (self.opens)(user)
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
