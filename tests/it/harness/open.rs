//! A store that is opened and used past the command line.

use keyctl::error::Result;
use keyctl::id::KeyId;
use keyctl::key::Key;
use keyctl::store::{self, Address, Founder, Mode, Store, Surroundings};
use std::path::Path;

fn open(path: &Path, mode: Mode<'_>) -> Result<Box<dyn Store>> {
    // The URL of a server names its user.
    let around = Surroundings {
        variable: &|_| None,
        user: &|| "nobody".to_owned(),
    };
    store::open(&Address::new(path, None, &around)?, mode)
}

/// Makes a new store at `path`.
pub fn create(path: &Path, founder: &Founder<'_>) -> Box<dyn Store> {
    open(path, Mode::Create(founder)).unwrap()
}

/// Opens the store at `path` for reading.
pub fn readable(path: &Path) -> Box<dyn Store> {
    open(path, Mode::Read).unwrap()
}

/// Opens the store at `path` for changes.
pub fn writable(path: &Path) -> Box<dyn Store> {
    open(path, Mode::Write).unwrap()
}

/// Tells whether there is a store at `path`.
pub fn exists(path: &Path) -> bool {
    let found = open(path, Mode::Read).and_then(|store| store::read(&*store, |read| read.head()));
    // Anything else that is there was left by somebody.
    found.map_or_else(
        |error| !error.message.starts_with("there is no store "),
        |_| true,
    )
}

/// Changes the key `id` as no command could.
#[track_caller]
pub fn alter(store: &mut dyn Store, id: KeyId, change: impl FnOnce(&mut Key)) {
    let altered = store::write(store, |tx| {
        let known = tx.to_verify(&[id.into()])?.remove(0).unwrap();
        let mut key = tx.get(id)?.unwrap();
        change(&mut key);
        tx.purge(id)?;
        tx.insert(&key, &known.hash.unwrap())
    });
    altered.unwrap();
}
