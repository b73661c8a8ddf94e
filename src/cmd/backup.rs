//! `keyctl backup`

use super::{Cx, confirm};
use crate::error::{DONE, Result};
use crate::store::{self, Place};
use std::path::PathBuf;

/// Copy the store to a new file
///
/// The copy holds the store as it is at one moment, with its audit log, while others go on reading
/// and writing. It is a store itself: --db reads it, and 'keyctl restore' puts it back. Nothing that
/// was wiped is in it. It has mode 0600, since the hashes of the keys are in it. It is checked before
/// it gets its name, so a copy that has one is whole. Who may read the store may copy it.
///
/// The last line says the head of the copied log: kept elsewhere, it shows with 'keyctl log --check
/// --head' whether a copy that comes back is the one that was made.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  the copy was made
  2  usage: a bad flag or value
  5  the store failed or is damaged, or the copy could not be made: something is there already

Examples:
  $ keyctl backup /var/backups/keyctl-$(date +%F).db
  $ keyctl backup before.db && keyctl log --check --db before.db")]
pub struct Args {
    /// The file to make; nothing may be there yet, not even a link
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

impl Args {
    /// Makes the copy.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let place = Place::new(&self.path)?;
        let copied = store::back_up(&cx.location()?, &place)?;
        cx.status(format_args!(
            "copied {} to {}",
            confirm::keys(copied.keys),
            place.shown()
        ));
        cx.status(format_args!(
            "its log's head, to be kept elsewhere: {}",
            copied.head
        ));
        Ok(DONE)
    }
}
