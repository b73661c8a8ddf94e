//! The store of keys and events: what any backend does ([`Read`], [`Tx`], [`Store`]), and how one is
//! opened.

mod contract;
mod damage;
mod filter;
mod sqlite;

pub use contract::{
    Allow, Copied, Decide, Founder, Job, Known, Look, Read, Restored, Store, Tx, Version, Visit,
    VisitEntry, VisitHash, write,
};
pub use damage::{Damage, Extent, Skipped};
pub use filter::{Filter, LogFilter, Sort};
pub use sqlite::{
    Foreign, Location, Ownership, Place, REPLACED, Restoration, Sharing, beside, is_marked,
    is_mount_point, is_scratch,
};

use crate::env::Actor;
use crate::error::{Error, Result};

/// Opens the store at `location` for reading, without changing a byte of the file.
pub fn open_to_read(location: &Location) -> Result<Box<dyn Store>> {
    Ok(Box::new(sqlite::Sqlite::open_to_read(location)?))
}

/// Opens the store at `location` for reading, as [`open_to_read`] does, and without making SQLite's
/// own files beside it either, where they are not there and nobody is at work.
pub fn open_to_examine(location: &Location) -> Result<Box<dyn Store>> {
    Ok(Box::new(sqlite::Sqlite::open_to_examine(location)?))
}

/// Opens the store at `location` for changes, bringing its schema up to date.
pub fn open_to_write(location: &Location) -> Result<Box<dyn Store>> {
    Ok(Box::new(sqlite::Sqlite::open_to_write(location)?))
}

/// Opens the store at `location` for changes, making it with `founder` as its first administrator
/// where there is none; says whether it was made.
pub fn open_or_create(
    location: &Location,
    founder: &Founder<'_>,
) -> Result<(Box<dyn Store>, bool)> {
    let (store, made) = sqlite::Sqlite::open_or_create(location, founder)?;
    Ok((Box::new(store), made))
}

/// What is or, where there is none, would be the store at `location` with `founder` as its first
/// administrator: to check what is asked before anything is made.
pub fn preview(location: &Location, founder: &Founder<'_>) -> Result<Box<dyn Read>> {
    if location.is_vacant() || sqlite::Sqlite::is_unfounded(location) {
        location.check_directory()?;
        return Ok(Box::new(sqlite::Sqlite::blank(location, founder)?));
    }
    Ok(Box::new(sqlite::Sqlite::open_to_read(location)?))
}

/// Makes a store at `location`, where there must be none, for whom `sharing` says, with `founder`
/// as its first administrator.
pub fn create(location: &Location, sharing: Sharing, founder: &Founder<'_>) -> Result<()> {
    if !location.create(sharing)? {
        if sqlite::Sqlite::open_to_read(location).is_ok() {
            return Err(
                Error::state(format!("the store {} already exists", location.shown()))
                    .hint("it is ready to use; to make another one, name another file: --db PATH"),
            );
        }
        return Err(Error::state(format!("{} already exists", location.shown()))
            .hint("name another file: --db PATH"));
    }
    sqlite::Sqlite::found(location, founder).map(drop)
}

/// Copies the store at `location`, as it is at one moment, to `place`, where nothing may be, for
/// its maker alone. Others may go on writing to the store; who may only read it may copy it.
///
/// # Errors
///
/// Where something is at `place`, or the store is damaged, or one of them fails; then nothing is
/// left at `place`.
pub fn back_up(location: &Location, place: &Place) -> Result<Copied> {
    sqlite::Sqlite::open_to_read(location)?.copy_to(place)
}

/// Opens the copy at `source` that `actor` wants to take the place of what is at `location`, where
/// nothing is replaced yet. It is checked once it is taken in.
///
/// # Errors
///
/// Where what is at `location` is not a store of ours; where `allow` says so; and then, where the
/// copy cannot be opened, or is of a newer version.
pub fn prepare_restore(
    location: &Location,
    source: &Location,
    actor: &Actor,
    allow: &Allow<'_>,
) -> Result<Restoration> {
    Restoration::prepare(location, source, actor, allow)
}
