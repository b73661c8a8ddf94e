//! The store of keys and events: what any backend does ([`Read`], [`Tx`], [`Store`]), and how one is
//! opened.

mod address;
mod contract;
mod filter;
mod mode;
mod remarks;
mod skipped;
mod sqlite;

pub use address::Address;
pub use contract::{
    Founder, Job, Known, Look, Read, Store, Tx, Version, Visit, VisitEntry, read, stream, write,
};
pub use filter::{Filter, LogFilter, Sort};
pub use mode::Mode;
pub use remarks::{DAMAGE, Remark, Remarks};
pub use skipped::Skipped;
pub use sqlite::{Copied, Examine, Examined, Restoration, Restored, is_part};

use crate::env::Actor;
use crate::error::Result;
use std::path::Path;

/// Opens the store at `address` for what `mode` says.
pub fn open(address: &Address, mode: Mode<'_>) -> Result<Box<dyn Store>> {
    Ok(Box::new(sqlite::open(address.file()?, mode)?))
}

/// Copies the store at `address`, as it is at one moment, to a new file at `path` for its maker alone.
///
/// # Errors
///
/// Fails where something is at `path`, the store is damaged, or one of them cannot be read or written.
/// Then nothing is left at `path`.
pub fn back_up(address: &Address, path: &Path) -> Result<Copied> {
    sqlite::back_up(address.file()?, path)
}

/// Opens the copy at `source` that is to take the place of the store at `address`, where nothing is
/// replaced yet, for `actor`. The copy is checked once it is taken in.
///
/// # Errors
///
/// Fails where what is at `address` is not a store of ours, where `actor` may not replace it, and where
/// the copy cannot be opened, or is of a newer version.
pub fn prepare_restore(address: &Address, source: &Path, actor: &Actor) -> Result<Restoration> {
    Restoration::prepare(address.file()?, source, actor)
}

/// Looks, for `actor`, for what is wrong with the place that the store at `address` is at, and with its
/// content, and adds that to `remarks`. Where the content can be read, `content` is called, at the same
/// moment of it.
///
/// # Errors
///
/// Fails where there is no store, or it cannot be opened for a reason that does not lie in it.
pub fn examine(
    address: &Address,
    actor: &Actor,
    remarks: &mut Remarks,
    content: &mut Examine<'_>,
) -> Result<()> {
    sqlite::examine(address.file()?, actor, remarks, content)
}
