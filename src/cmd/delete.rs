//! `keyctl delete`

mod damaged;

use super::Cx;
use super::change::{change_all, tell, tell_of_legacy};
use super::confirm::{check_agreed, confirm_deletion};
use super::selection::Selection;
use super::stop::{StopRequest, Verb};
use super::values::Why;
use crate::error::{DONE, Result, quote};
use crate::event::Action;
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::store::{self, Skipped, Store};
use crate::when::Timestamp;
use std::collections::HashSet;

/// Revoke keys permanently
///
/// A deleted key is rejected at once and cannot be brought back: its hash is wiped. Its record
/// stays until it is purged. With several keys, either all are deleted or none. Asks for
/// confirmation.
///
/// The record of a damaged key, which 'keyctl doctor' names, is removed. Such a key is given alone, by
/// its ID.
///
/// '-' reads keys from standard input and deletes every one that a line leads to, whatever the other
/// lines are; then each line that stopped nothing is named by its number. The lines of an .env or
/// JSON file will do. A token stops its key only if its secret is that key's, since anybody can make
/// up the rest; a key ID or a name always does. What came before standard input failed, or exceeded
/// 4 MiB, is stopped. Other KEYs on the same command line go by the same rule.
/// Legacy keys are disabled instead.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done; an already deleted key counts as done
  2    usage: a bad flag or value, or no KEY or too many on standard input
  3    no such key, or more than one match; '-': or not the key's secret
  4    refused: another user's key, a legacy key, or not confirmed
  5    the store or standard input failed, there is no store, or with --owner: one of the keys
       is damaged
  130  the prompt was interrupted

Examples:
  $ keyctl delete ci-deploy
  $ keyctl delete - --yes -m 'leaked in a log' < leaked.token")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one per line
    #[arg(
        value_name = "KEY",
        required_unless_present = "owner",
        conflicts_with = "owner"
    )]
    keys: Vec<String>,
    /// All keys of this user; legacy keys are disabled instead
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Deletes the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        if StopRequest::is_for(&self.keys) {
            let request = StopRequest {
                verb: Verb::Delete,
                yes: self.yes,
                reason: self.why.reason.as_deref(),
            };
            return request.run(cx, &self.keys);
        }
        let selection = Selection::new(&self.keys, self.owner.as_deref());
        let mut store = cx.open_to_write()?;
        if let Some(id) = damaged::only(cx, &*store, &selection)? {
            damaged::remove(cx, &mut *store, id, self.yes, self.why.reason.as_deref())?;
            return Ok(DONE);
        }
        let agreed = self.ask(cx, &*store, &selection)?;
        let spare_legacy = selection.owner().is_some();
        let mut damaged = Skipped::default();
        let changed = change_all(
            cx,
            &mut *store,
            self.why.reason.as_deref(),
            |store, actor, now| {
                let (found, skipped) = selection.find(cx, store, actor, now)?;
                damaged = skipped;
                if let Some(agreed) = &agreed {
                    check_agreed(agreed, undeleted(&found, now))?;
                }
                Ok(found)
            },
            |key, now, access| {
                if spare_legacy {
                    Verb::Delete.apply(key, now, access)
                } else {
                    Ok((key.delete(now)?, Action::Delete))
                }
            },
        )?;
        tell(cx, &changed);
        tell_of_legacy(cx, &changed);
        if let (Some(owner), true) = (selection.owner(), changed.is_empty()) {
            cx.status(format_args!(
                "every key of {} is already deleted",
                quote(owner)
            ));
        }
        damaged.none()?;
        Ok(DONE)
    }

    /// Asks whether to delete what is selected, unless that was said, and returns the keys that
    /// the answer is about. What would be refused is refused before anybody is asked.
    fn ask(
        &self,
        cx: &mut Cx<'_>,
        store: &dyn Store,
        selection: &Selection,
    ) -> Result<Option<HashSet<KeyId>>> {
        if self.yes {
            return Ok(None);
        }
        let (actor, now) = (store.actor(cx.env), cx.env.now());
        let doomed: Vec<Key> = store::read(store, |store| {
            let (found, _) = selection.find(cx, store, &actor, now)?;
            let access = store.access(&actor)?;
            for key in &found {
                access
                    .for_owner(&key.owner)
                    .map_err(|error| error.of_key(key.id))?;
                if selection.owner().is_none() {
                    key.clone().delete(now)?;
                }
            }
            Ok(undeleted(&found, now).cloned().collect())
        })?;
        confirm_deletion(cx, &doomed)?;
        Ok(Some(doomed.iter().map(|key| key.id).collect()))
    }
}

fn undeleted(keys: &[Key], now: Timestamp) -> impl Iterator<Item = &Key> {
    keys.iter()
        .filter(move |key| key.state(now) != State::Deleted)
}
