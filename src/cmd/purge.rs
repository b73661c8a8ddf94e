//! `keyctl purge`

use super::confirm::{self, confirm, name_keys};
use super::values::Why;
use super::{Cx, list};
use crate::error::{DONE, Error, Result};
use crate::event::{Action, Event};
use crate::key::{Key, Kind};
use crate::output::Format;
use crate::store::{self, Filter, Read};
use crate::when::{Span, Timestamp};

/// Remove the records of dead keys
///
/// Dead is what was deleted, has expired, or was rotated and is past its grace. A purged record is
/// gone for good; its events in the audit log stay. Asks first.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done, or nothing to purge
  2    usage: a bad flag or value
  4    refused: keys of others, or not confirmed
  5    the store failed, or there is none
  130  the question was interrupted

Examples:
  $ keyctl purge --older-than 90d --dry-run
  $ keyctl purge --owner bob --all --yes -m 'bob has left'")]
pub struct Args {
    /// Only keys that died longer ago than this
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    older_than: Option<Span>,
    /// Only keys of this user
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Every key of that user, those that still work too; legacy ones stay
    #[arg(long, requires = "owner", conflicts_with = "older_than")]
    all: bool,
    /// Print what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// The form of what --dry-run prints
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        requires = "dry_run"
    )]
    format: Format,
    /// Do not ask; needed where there is no terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Purges the records.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        if self.dry_run {
            let store = cx.open_to_read()?;
            self.check_access(cx, &*store)?;
            list::print(cx, &*store, &self.filter(cx.env.now()), self.format)?;
            return Ok(DONE);
        }
        let mut store = cx.open_to_write()?;
        self.check_access(cx, &*store)?;
        let now = cx.env.now();
        let doomed = store.find(&self.filter(now))?;
        if doomed.is_empty() {
            cx.status("nothing to purge");
            return Ok(DONE);
        }
        self.ask(cx, &doomed, now)?;
        let purged = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let mut purged = 0;
            for key in &doomed {
                // It may have come back to life while somebody thought about the question.
                let Some(key) = tx.get(key.id)?.filter(|key| self.is_due(key, now)) else {
                    continue;
                };
                tx.access(&cx.env.actor)?.for_owner(&key.owner)?;
                tx.purge(key.id)?;
                let event = Event::new(now, &cx.env.actor, Action::Purge, Some(key.id))
                    .with("name", key.name.clone())
                    .with("owner", key.owner.clone())
                    .with("state", key.state(now).word());
                tx.append(&event.because(self.why.reason.as_deref()))?;
                purged += 1;
            }
            Ok(purged)
        })?;
        cx.status(format_args!("purged {}", confirm::keys(purged)));
        Ok(DONE)
    }

    fn check_access(&self, cx: &Cx<'_>, store: &dyn Read) -> Result<()> {
        let access = store.access(&cx.env.actor)?;
        match &self.owner {
            Some(owner) => access.for_owner(owner),
            None => access
                .administrator("purge keys of others")
                .map_err(|error: Error| {
                    error.hint(format!("your own you may: --owner {}", access.actor))
                }),
        }
    }

    fn filter(&self, now: Timestamp) -> Filter {
        Filter {
            owner: self.owner.clone(),
            died_by: (!self.all).then(|| now.before(self.older_than.unwrap_or(Span::ZERO))),
            kind: Some(Kind::Api),
            ..Filter::all(now)
        }
    }

    fn is_due(&self, key: &Key, now: Timestamp) -> bool {
        let latest = now.before(self.older_than.unwrap_or(Span::ZERO));
        key.kind != Kind::Legacy
            && (self.all || key.died_at(now).is_some_and(|died| died <= latest))
    }

    fn ask(&self, cx: &mut Cx<'_>, doomed: &[Key], now: Timestamp) -> Result<()> {
        if !self.yes && cx.env.terminal.interactive() {
            cx.notice("to be removed for good:");
            name_keys(cx, doomed, now);
        }
        let question = format!("Purge {}?", confirm::keys(doomed.len()));
        confirm(cx, self.yes, "purge", &question)
    }
}
