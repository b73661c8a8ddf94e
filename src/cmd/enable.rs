//! `keyctl enable`

use super::change::{Changed, change_all, tell};
use super::values::Why;
use super::{Cx, keys};
use crate::error::{DONE, Result};
use crate::event::Action;

/// Switch keys back on
///
/// Only an administrator can enable a key that an administrator disabled. With several keys, either
/// all are enabled or none.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done; an already enabled key counts as done
  2  usage: a bad flag or value
  3  no such key, or more than one match
  4  refused: another user's key, one that an administrator disabled, or a deleted one
  5  the store failed, or there is none

Examples:
  $ keyctl enable ci-deploy
  $ keyctl enable alice/ci-deploy bob/ci-deploy -m 'audit is over'")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one per line
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Enables the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let texts = keys::expand(cx, &self.keys)?;
        let mut store = cx.open_to_write()?;
        let changed = change_all(
            cx,
            &mut *store,
            self.why.reason.as_deref(),
            &|cx, store, now| keys::find(&cx.lookup_to_change(now), store, &texts),
            &|key, _, access| Ok((key.enable(access)?, Action::Enable)),
        )?;
        tell(cx, &changed);
        let now = cx.env.now();
        for Changed { key, .. } in &changed {
            if key.usable_until.is_some() && !key.is_usable(now) {
                let by = key
                    .replaced_by
                    .map_or_else(|| "another".to_owned(), |id| id.to_string());
                cx.status(format_args!(
                    "{} stays phased out: it was replaced by {by}",
                    key.id
                ));
            }
        }
        Ok(DONE)
    }
}
