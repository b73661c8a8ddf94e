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
    opens: Box<dyn Fn() -> Box<dyn Store> + Send + Sync>,
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

/// Makes a store, and returns what opens it.
type Make = fn(&Founder<'_>) -> Box<dyn Fn() -> Box<dyn Store> + Send + Sync>;

/// The kinds of stores.
const KINDS: [(&str, Make); 2] = [
    ("SQLite", |founder| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyctl.db");
        drop(open::ensure(&path, founder));
        Box::new(move || open::writable(&dir.path().join("keyctl.db")))
    }),
    ("memory", |founder| {
        let memory = Memory::made_by(founder);
        Box::new(move || Box::new(memory.clone()))
    }),
];

impl Made {
    /// A handle to the store, as another process would have one.
    pub fn open(&self) -> Box<dyn Store> {
        (self.opens)()
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
