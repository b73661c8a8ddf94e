//! `keyctl backup`

use super::values::file_path;
use super::{Cx, confirm, path};
use crate::error::{DONE, Result, escape};
use crate::hint::run;
use crate::store::{self, Copied};
use std::path::PathBuf;

/// Copy the store to a new file
///
/// The copy is a consistent snapshot of the store and its audit log, taken while others keep
/// reading and writing. It is itself a store: --db reads it, and 'keyctl restore' puts it back. It
/// contains nothing that was wiped. Keys whose records are damaged are copied as they are, and
/// named. It has mode 0600, because it contains the keys' hashes. It is checked before it gets its
/// final name, so a file with that name is complete. Anyone who may read the store's file may back it up;
/// on a server, only an administrator may, since nobody else reads hashes there.
///
/// With --retire, the store is also marked as retired, as the last step of moving it to another file or
/// server: no change can come between the copy and the mark. From then on, every change of the store is
/// refused, and so is every 'verify', whose key may be revoked in the store that took its place. It can still
/// be read and backed up. An older keyctl refuses its file. Only an administrator may retire a store. To use it
/// again, restore the copy onto it.
///
/// The last line gives the head of the copied log. Keep it elsewhere: 'keyctl log --check --head'
/// then tells whether a copy you get back is the one you made.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  the copy was made
  2  usage: a bad flag or value
  4  refused: you are not an administrator (for a server, or --retire), or the store is retired already
  5  the store failed or is damaged, or the copy could not be made, for example because PATH exists

Examples:
  $ keyctl backup /var/backups/keyctl-$(date +%F).db
  $ keyctl backup --retire moved.db
  $ keyctl backup before.db && keyctl log --check --db before.db")]
pub struct Args {
    /// The file to create; nothing may exist at this path, not even a symbolic link
    #[arg(value_name = "PATH", value_parser = file_path(path::NEW_COPY))]
    path: PathBuf,
    /// Also mark the store as retired: it takes no change and verifies no token from then on
    #[arg(long)]
    retire: bool,
}

impl Args {
    /// Makes the copy.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let address = cx.address()?;
        let Copied { path, inventory } = match self.retire {
            false => store::back_up(&address, &self.path)?,
            true => store::retire(&address, &self.path, &cx.env.actor, &*cx.env.clock)?,
        };
        for damage in &inventory.damage {
            cx.notice(format_args!("copied with its damage: {}", damage.what));
        }
        if !inventory.damage.is_empty() {
            cx.notice_hint(run!("doctor").in_quotes().and(" says what to do"));
        }
        cx.status(format_args!(
            "copied {} to {}",
            confirm::keys(inventory.keys),
            escape(&path.to_string_lossy())
        ));
        cx.status(format_args!(
            "log head (keep a copy elsewhere): {}",
            inventory.head
        ));
        if self.retire {
            cx.status(format_args!(
                "retired the store {address}: it takes no change and verifies no token from now on"
            ));
        }
        Ok(DONE)
    }
}
