//! A store that is opened and used past the command line.

use keyctl::error::Result;
use keyctl::id::KeyId;
use keyctl::key::Key;
use keyctl::store::{self, Address, Founder, Mode, Store};
use std::path::Path;

fn open(path: &Path, mode: Mode<'_>) -> Result<Box<dyn Store>> {
    store::open(&Address::of_file(path)?, mode)
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
    match open(path, Mode::Read) {
        Ok(_) => true,
        // Anything else that is there was left by somebody.
        Err(error) => !error.message.starts_with("there is no store at"),
    }
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
