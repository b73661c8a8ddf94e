//! `keyctl init`

use super::Cx;
use super::values::Why;
use crate::error::{DONE, Error, Result, quote};
use crate::store::{self, Founder, Mode};

/// Create a store
///
/// Whoever creates it becomes its first administrator. 'keyctl create' also makes a store if there
/// is none. It is private to its user. With --group, the store is shared: the directory gets mode
/// 2770 and the files 0660. An existing directory must already have that mode and belong to the
/// group. In a directory that a group shares already, the store is shared without --group too; what
/// root creates in another user's directory belongs to that user. Both are reported.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  the store was created
  2  usage: a bad flag or value, or no such group
  4  refused: something already exists there
  5  the store could not be created

Examples:
  $ keyctl init
  $ keyctl init --db /srv/keyctl/keyctl.db --group keyadmins")]
pub struct Args {
    /// The group that may use the store
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Creates the store.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let group = match &self.group {
            None => None,
            Some(group) => Some((cx.env.group)(group).ok_or_else(|| {
                Error::usage(format!("there is no group {}", quote(group)))
                    .hint("'getent group' lists the groups")
            })?),
        };
        let founder = Founder {
            reason: self.why.reason.as_deref(),
            group,
            ..cx.founder()
        };
        let store = store::open(&cx.address()?, Mode::Create(&founder))?;
        for notice in store.notices() {
            cx.notice(notice);
        }
        Ok(DONE)
    }
}
