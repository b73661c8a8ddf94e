//! Store of keys and events: the contract of every backend ([`Read`], [`Tx`], [`Store`]), and the
//! functions that open one.

mod address;
mod contract;
mod damaged;
mod examined;
mod exposed;
mod filter;
mod mode;
#[cfg(feature = "postgres")]
mod postgres;
mod remarks;
mod restoration;
mod retired;
mod skipped;
mod sqlite;
mod surroundings;
#[cfg(feature = "postgres")]
mod transfer;

pub use address::Address;
pub use contract::{
    Founder, Job, Known, Look, Read, Store, Tx, Version, Visit, VisitEntry, read, stream, write,
};
pub use examined::{Examine, Examined, VisitHash};
pub use exposed::{LEAKED, refuse_password};
pub use filter::{Filter, LogFilter, Sort};
pub use mode::Mode;
#[cfg(feature = "postgres")]
pub use postgres::Server;
pub use remarks::{DAMAGE, Remark, Remarks};
pub use restoration::{Restoration, Restored};
pub use retired::Retired;
pub use skipped::Skipped;
pub use sqlite::{Copied, GroupName, Scratch, is_part};
pub use surroundings::Surroundings;

use crate::env::Actor;
use crate::error::{Error, Result};
use crate::when::Timestamp;
use std::path::Path;

/// Opens the store at `address` in `mode`.
pub fn open(address: &Address, mode: Mode<'_>) -> Result<Box<dyn Store>> {
    Ok(open_to_send(address, mode)?)
}

/// Opens the store at `address` in `mode`, for use by one thread after another.
pub fn open_to_send(address: &Address, mode: Mode<'_>) -> Result<Box<dyn Store + Send>> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return Ok(Box::new(postgres::open(server, mode)?));
    }
    Ok(Box::new(sqlite::open(address.file()?, mode)?))
}

/// Returns the SQL that makes a store in the database at `address`.
///
/// # Errors
///
/// Fails for a file, and for a database whose name is too long.
pub fn script(address: &Address) -> Result<String> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return postgres::script(&server.database);
    }
    Err(only_for_servers(address, "--print-sql"))
}

/// Brings the store in the database at `address` up to this version of keyctl. In a file, [`Mode::Write`] does so.
///
/// # Errors
///
/// Fails for a file, for a store of a newer version, and if there is none.
pub fn upgrade(address: &Address) -> Result<()> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return postgres::upgrade(server);
    }
    Err(only_for_servers(address, "--upgrade"))
}

fn only_for_servers(address: &Address, flag: &str) -> Error {
    Error::usage(format!(
        "{flag} is for a store on a server, and {address} is a file"
    ))
    .hint("name a server: --db postgres://HOST/DATABASE")
}

/// Copies a snapshot of the store at `address` to a new file at `path`, mode 0600.
///
/// # Errors
///
/// Fails if `path` exists, if the store is damaged, or if one of the two cannot be read or written.
/// Nothing is left at `path` then.
pub fn back_up(address: &Address, path: &Path) -> Result<Copied> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return postgres::back_up(server, path);
    }
    sqlite::back_up(address.file()?, path)
}

/// Copies the store at `address` to a new file at `path` as [`back_up`] does, and marks the store as retired by `actor`,
/// under the same lock: from then on it takes no change and gives no verdict. `clock` tells the time of the event.
///
/// # Errors
///
/// Fails as [`back_up`] does, unless `actor` is an administrator, and if the store is retired already. The store is not
/// marked then, and no copy is left; [`crate::error::FailureKind::Uncertain`] if it may be marked all the same: the copy
/// is kept then.
pub fn retire(
    address: &Address,
    path: &Path,
    actor: &Actor,
    clock: &dyn Fn() -> Timestamp,
) -> Result<Copied> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return postgres::retire(server, path, actor, clock);
    }
    sqlite::retire(address.file()?, path, actor, clock())
}

/// Prepares a restore by `actor`: opens the copy at `source` and the store at `address`. Replaces nothing
/// yet. Checks the content of the copy later ([`Restoration::check`]).
///
/// # Errors
///
/// Fails if the file at `address` is not a keyctl store, if `actor` may not replace it, or if the copy
/// cannot be opened or is of a newer version.
pub fn prepare_restore(
    address: &Address,
    source: &Path,
    actor: &Actor,
) -> Result<Box<dyn Restoration>> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return Ok(Box::new(postgres::prepare_restore(server, source, actor)?));
    }
    let file = address.file()?;
    Ok(Box::new(sqlite::FileRestoration::prepare(
        file, source, actor,
    )?))
}

/// Opens the copy at `source` and the store at `address` to compare them. Otherwise as [`prepare_restore`],
/// but the restoration cannot run, and no file is changed or made.
pub fn preview_restore(
    address: &Address,
    source: &Path,
    actor: &Actor,
) -> Result<Box<dyn Restoration>> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return Ok(Box::new(postgres::prepare_restore(server, source, actor)?));
    }
    let file = address.file()?;
    Ok(Box::new(sqlite::FileRestoration::preview(
        file, source, actor,
    )?))
}

/// Checks the files and directories of the store at `address`, or its server, and its content, and adds findings and
/// notes to `remarks`, in which `group_name` gives the names of groups. Calls `content` in the same
/// transaction if the content can be read.
///
/// # Errors
///
/// Fails if there is no store, or if it cannot be opened for another reason than damage.
pub fn examine(
    address: &Address,
    actor: &Actor,
    group_name: &GroupName<'_>,
    remarks: &mut Remarks,
    content: &mut Examine<'_>,
) -> Result<()> {
    #[cfg(feature = "postgres")]
    if let Some(server) = address.server() {
        return postgres::examine(server, remarks, content);
    }
    sqlite::examine(address.file()?, actor, group_name, remarks, content)
}
