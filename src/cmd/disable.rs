//! `keyctl disable`

use super::change::{change_all, ids, tell};
use super::values::Why;
use super::{Cx, keys};
use crate::error::{DONE, Error, Result, quote};
use crate::event::Action;
use crate::key::{Key, State};
use crate::store::{Filter, Read};
use crate::when::Timestamp;

/// Switch keys off
///
/// A disabled key is rejected until it is enabled again. On a rotated key this also ends its
/// grace, for good. Of several keys all are disabled, or none.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done; a key that is disabled already counts as done
  2  usage: a bad flag or value
  3  no such key, or more than one that may be meant
  4  refused: another's key, or one that is deleted
  5  the store failed, or there is none

Examples:
  $ keyctl disable ci-deploy -m 'not used over the holidays'
  $ keyctl disable - < leaked.token")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one a line
    #[arg(
        value_name = "KEY",
        required_unless_present = "owner",
        conflicts_with = "owner"
    )]
    keys: Vec<String>,
    /// All keys of this user
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Disables the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let texts = match &self.owner {
            Some(_) => Vec::new(),
            None => keys::expand(cx, &self.keys)?,
        };
        let mut store = cx.open_to_write()?;
        let now = cx.env.now();
        let found = match &self.owner {
            Some(owner) => of_owner(cx, &*store, owner, now)?,
            None => keys::find(&cx.lookup_to_stop(now), &*store, &texts)?,
        };
        let changed = change_all(
            cx,
            &mut *store,
            &ids(&found),
            self.why.reason.as_deref(),
            &|key, now, access| Ok((key.disable(now, &access.actor)?, Action::Disable)),
        )?;
        tell(cx, &changed);
        Ok(DONE)
    }
}

/// Every key of `owner` that is not deleted; an error if they never had one, since that is likely
/// a typo.
pub fn of_owner(
    cx: &mut Cx<'_>,
    store: &dyn Read,
    owner: &str,
    now: Timestamp,
) -> Result<Vec<Key>> {
    store.access(&cx.env.actor)?.for_owner(owner)?;
    let all = store.find(&Filter {
        owner: Some(owner.to_owned()),
        ..Filter::all(now)
    })?;
    if all.is_empty() {
        return Err(Error::not_found(format!("{} has no keys", quote(owner)))
            .hint("'keyctl list --state all' shows every key and its owner"));
    }
    let found: Vec<Key> = all
        .into_iter()
        .filter(|key| key.state(now) != State::Deleted)
        .collect();
    if found.is_empty() {
        cx.status(format_args!(
            "every key of {} is deleted already",
            quote(owner)
        ));
    }
    Ok(found)
}
