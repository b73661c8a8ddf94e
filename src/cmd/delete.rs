//! `keyctl delete`

use super::change::{Changed, change_all, ids, tell};
use super::confirm::{self, confirm, name_keys};
use super::disable::of_owner;
use super::values::Why;
use super::{Cx, keys};
use crate::error::{DONE, Result};
use crate::event::Action;
use crate::key::{Change, Key, Kind, State};

/// Stop keys for ever
///
/// A deleted key is rejected at once and cannot be brought back: its hash is wiped. Its record
/// stays until it is purged. Of several keys all are deleted, or none. Asks first.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done; a key that is deleted already counts as done
  2    usage: a bad flag or value
  3    no such key, or more than one that may be meant
  4    refused: another's key, or not confirmed
  5    the store failed, or there is none
  130  the question was interrupted

Examples:
  $ keyctl delete ci-deploy
  $ keyctl delete - --yes -m 'leaked in a log' < leaked.token")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one a line
    #[arg(
        value_name = "KEY",
        required_unless_present = "owner",
        conflicts_with = "owner"
    )]
    keys: Vec<String>,
    /// All keys of this user; legacy ones are disabled instead
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Do not ask; needed where there is no terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Deletes the keys.
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
        let access = store.access(&cx.env.actor)?;
        for key in &found {
            access.for_owner(&key.owner)?;
            if self.owner.is_none() {
                // Refused before anybody is asked.
                key.clone().delete(now)?;
            }
        }
        let doomed: Vec<Key> = found
            .iter()
            .filter(|key| key.state(now) != State::Deleted)
            .cloned()
            .collect();
        if !doomed.is_empty() {
            self.ask(cx, &doomed, now)?;
        }
        let spare_legacy = self.owner.is_some();
        let changed = change_all(
            cx,
            &mut *store,
            &ids(&found),
            self.why.reason.as_deref(),
            &|key, now, access| {
                if spare_legacy && key.kind == Kind::Legacy {
                    Ok((key.disable(now, &access.actor)?, Action::Disable))
                } else {
                    Ok((key.delete(now)?, Action::Delete))
                }
            },
        )?;
        tell(cx, &changed);
        tell_of_legacy(cx, &changed);
        Ok(DONE)
    }

    fn ask(&self, cx: &mut Cx<'_>, doomed: &[Key], now: crate::when::Timestamp) -> Result<()> {
        if !self.yes && cx.env.terminal.interactive() {
            cx.notice("to be deleted; what uses it will fail:");
            name_keys(cx, doomed, now);
        }
        let question = format!("Delete {}?", confirm::keys(doomed.len()));
        confirm(cx, self.yes, "delete", &question)
    }
}

fn tell_of_legacy(cx: &mut Cx<'_>, changed: &[Changed]) {
    let legacy = changed
        .iter()
        .filter(|changed| changed.action == Action::Disable && changed.change == Change::Made)
        .count();
    if legacy > 0 {
        cx.notice(format_args!(
            "disabled instead of deleted, as legacy keys cannot be deleted: {}",
            confirm::keys(legacy)
        ));
    }
}
