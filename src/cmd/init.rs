//! `keyctl init`

use super::Cx;
use super::values::Why;
use crate::error::{DONE, Error, Result, escape, quote};
use crate::store::{self, Sharing};

/// Make a store
///
/// Whoever makes it is its first administrator. 'keyctl create' makes one too where there is none,
/// for its user alone. With --group it is shared: the directory has mode 2770 and the files 0660.
/// A directory that is there already has to be so, and the group's.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  the store was made
  2  usage: a bad flag or value, or no such group
  4  refused: something is there already
  5  the store could not be made

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
    /// Makes the store.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let sharing = match &self.group {
            None => Sharing::Private,
            Some(group) => Sharing::Group((cx.env.group)(group).ok_or_else(|| {
                Error::usage(format!("there is no group {}", quote(group)))
                    .hint("'getent group' lists the groups")
            })?),
        };
        let location = cx.location()?;
        store::create(&location, sharing, &cx.founder(self.why.reason.as_deref()))?;
        let actor = escape(&cx.env.actor.name);
        cx.notice(format_args!(
            "made a new store at {}; its administrator is {actor}",
            location.shown()
        ));
        Ok(DONE)
    }
}
