//! `keyctl enable`

use super::change::{Changed, change_all};
use super::values::Why;
use super::{Cx, keys, next};
use crate::error::{DONE, Result, escape};
use crate::event::Action;
use crate::key::{Change, State};
use crate::output::instant;
use crate::store::{self, Store};
use crate::when::Timestamp;

/// Switch keys back on
///
/// Only an administrator can enable a key that an administrator disabled. With several keys, either
/// all are enabled or none. An expired key, or a rotated one, stays so.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done; a key that is not disabled counts as done
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
            |store, actor, now| keys::find(&cx.lookup_to_change(actor, now), store, &texts),
            |key, _, access| Ok((key.enable(access)?, Action::Enable)),
        )?;
        let now = cx.env.now();
        for changed in &changed {
            report(cx, changed, &*store, now);
        }
        Ok(DONE)
    }
}

/// Reports what changed. If the key still does not work, says why, even with `--quiet`.
fn report(cx: &mut Cx<'_>, changed: &Changed, store: &dyn Store, now: Timestamp) {
    let Changed { key, change, .. } = changed;
    let (id, name) = (key.id, escape(&key.name));
    let works = key.is_usable(now);
    cx.status(match (change, works) {
        (Change::Applied, _) => format!("enabled {id} ({name})"),
        (Change::AlreadySo, true) => format!("{id} ({name}) is already enabled"),
        (Change::AlreadySo, false) => format!("{id} ({name}) is not disabled"),
    });
    if works {
        return;
    }
    let (why, hint) = match key.state(now) {
        State::PhasedOut => {
            let by = key
                .replaced_by
                .map_or_else(|| "another".to_owned(), |id| id.to_string());
            (
                format!("{id} stays phased out: it was replaced by {by}"),
                None,
            )
        }
        _ => (
            format!(
                "{id} stays expired: it expired {}",
                instant(key.expires_at, now)
            ),
            // The notice comes even if the policy cannot be read; only the hint is left out.
            store::read(store, |store| next::renewal(store, key, now)).ok(),
        ),
    };
    cx.notice(why);
    if let Some(hint) = hint {
        cx.notice_hint(hint);
    }
}
