//! `keyctl purge`

use super::confirm::{self, check_agreed, confirm, name_keys};
use super::label::{self, SoughtLabel};
use super::values::Why;
use super::{Cx, list, owner};
use crate::env::{Actor, Unit};
use crate::error::{DONE, Error, Result};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind};
use crate::output::ListFormat;
use crate::store::{self, Filter, Read, Skipped, Tx};
use crate::when::{Span, Timestamp};
use std::collections::HashSet;

/// Remove the records of dead keys
///
/// A key is dead once it is deleted, has expired, or was rotated and its grace period is over. A
/// purged record is gone permanently; its events stay in the audit log. Asks for confirmation.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done, or nothing to purge
  2    usage: a bad flag or value
  4    refused: other users' keys, or not confirmed
  5    the store failed, there is none, or with --all: one of the keys is damaged
  130  the prompt was interrupted

Examples:
  $ keyctl purge --older-than 90d --dry-run
  $ keyctl purge --label team=search --yes
  $ keyctl purge --owner bob --all --yes -m 'bob has left'")]
pub struct Args {
    /// Only keys that died longer ago than this
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    older_than: Option<Span>,
    /// Only keys of this user
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Only keys with this label, with any value if you give none; may be repeated
    #[arg(long = "label", value_name = "KEY[=VALUE]", value_parser = label::sought)]
    labels: Vec<SoughtLabel>,
    /// Every key of that user, including those that still work; legacy keys stay
    #[arg(long, requires = "owner", conflicts_with = "older_than")]
    all: bool,
    /// Print what would be removed, but remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format of --dry-run
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        requires = "dry_run"
    )]
    format: ListFormat,
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

/// Result of a purge.
struct Purged {
    /// Number of keys that were purged.
    purged: usize,
    /// Keys whose records cannot be read.
    damaged: Skipped,
    /// Advice if no key was purged.
    advice: Option<Hint>,
    /// Legacy keys that stay when all keys of a user are purged.
    legacy: Vec<Key>,
}

impl Args {
    /// Purges the records, or prints them with --dry-run.
    pub fn run(mut self, cx: &mut Cx<'_>) -> Result<u8> {
        if self.dry_run {
            self.print(cx)?;
        } else {
            self.purge(cx)?;
        }
        Ok(DONE)
    }

    fn print(&mut self, cx: &mut Cx<'_>) -> Result<()> {
        let store = cx.open_to_read()?;
        let actor = store.actor(cx.env);
        store::stream(&*store, |store| {
            self.find_names(cx, store)?;
            self.check_access(store, &actor)?;
            let filter = self.filter(cx.env.now());
            let listed = list::print(cx, store, &filter, self.format)?;
            if let (0, ListFormat::Table | ListFormat::Lines) = (listed, self.format) {
                self.advice(store, cx.env.now())?
                    .into_iter()
                    .for_each(|advice| cx.hint(advice));
            }
            Ok(())
        })
    }

    /// Replaces the owner's name and the labels as given by those as stored.
    fn find_names(&mut self, cx: &Cx<'_>, store: &dyn Read) -> Result<()> {
        if let Some(given) = &self.owner {
            self.owner = Some(owner::as_stored(store, given, cx.env.now())?);
        }
        for label in &mut self.labels {
            *label = label::as_stored(store, label, cx.env.now())?;
        }
        Ok(())
    }

    /// Advice if nothing is due, since the user or a label may be mistyped.
    fn advice(&self, store: &dyn Read, now: Timestamp) -> Result<Option<Hint>> {
        if let Some(owner) = &self.owner
            && let Some(advice) = owner::advice_if_none(store, owner, now)?
        {
            return Ok(Some(advice));
        }
        label::advice_if_none(store, &self.labels, now)
    }

    fn purge(&mut self, cx: &mut Cx<'_>) -> Result<()> {
        let mut store = cx.open_to_write()?;
        let actor = store.actor(cx.env);
        let due = store::read(&*store, |store| {
            self.find_names(cx, store)?;
            self.check_access(store, &actor)?;
            self.due(cx, store)
        })?;
        let agreed = self.ask(cx, due)?;
        let done = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            self.check_access(&*tx, &actor)?;
            let (due, damaged) = tx.find_readable(&self.filter(now))?;
            let doomed = self.agreed(due, agreed.as_ref())?;
            let advice = match doomed.len() {
                0 => self.advice(&*tx, now)?,
                _ => None,
            };
            let legacy = self.legacy(&*tx, now)?;
            self.remove(cx, tx, &doomed, &actor, now)?;
            Ok(Purged {
                purged: doomed.len(),
                damaged,
                advice,
                legacy,
            })
        })?;
        match done.purged {
            0 => cx.status("nothing to purge"),
            purged => cx.status(format_args!("purged {}", confirm::keys(purged))),
        }
        done.advice.into_iter().for_each(|advice| cx.hint(advice));
        if !self.all {
            list::warn_of_damaged(cx, &done.damaged, "purged");
            return Ok(());
        }
        report_legacy(cx, &done.legacy);
        // All keys of the user were to be purged, so a damaged one is an error.
        done.damaged.none()
    }

    /// Removes the records of `doomed`, and logs an event for each.
    fn remove(
        &self,
        cx: &Cx<'_>,
        tx: &mut dyn Tx,
        doomed: &[Key],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut progress = cx.progress(Unit::Keys, doomed.len() as u64);
        for key in doomed {
            // While the key is there: a server takes no event of a user about a key that is not theirs.
            tx.append(&purged(key, now, actor).because(self.why.reason.as_deref()))?;
            tx.purge(key.id)?;
            progress.advance(1);
        }
        Ok(())
    }

    /// Filters `doomed`, the keys that are due under the lock, by the keys that were confirmed.
    ///
    /// A key that died after the question stays for the next purge. With --all this is an error instead,
    /// since no key of the user may stay.
    fn agreed(&self, doomed: Vec<Key>, agreed: Option<&HashSet<KeyId>>) -> Result<Vec<Key>> {
        let Some(agreed) = agreed else {
            return Ok(doomed);
        };
        if self.all {
            check_agreed(agreed, &doomed)?;
        }
        Ok(doomed
            .into_iter()
            .filter(|key| agreed.contains(&key.id))
            .collect())
    }

    fn check_access(&self, store: &dyn Read, actor: &Actor) -> Result<()> {
        let access = store.access(actor)?;
        match &self.owner {
            Some(owner) => access.for_owner(owner),
            None => access
                .administrator("purge keys of others")
                .map_err(|error: Error| {
                    error.hint(format!("you can purge your own: --owner {}", access.actor))
                }),
        }
    }

    fn filter(&self, now: Timestamp) -> Filter {
        Filter {
            owner: self.owner.clone(),
            labels: self.labels.clone(),
            died_until: (!self.all).then(|| now.before(self.older_than.unwrap_or(Span::ZERO))),
            kind: Some(Kind::Api),
            ..Filter::all(now)
        }
    }

    /// Finds the legacy keys of the user, which stay with --all.
    fn legacy(&self, store: &dyn Read, now: Timestamp) -> Result<Vec<Key>> {
        if !self.all {
            return Ok(Vec::new());
        }
        let (legacy, _) = store.find_readable(&Filter {
            kind: Some(Kind::Legacy),
            died_until: None,
            ..self.filter(now)
        })?;
        Ok(legacy)
    }

    /// Finds the keys to ask about; `None` with --yes.
    fn due(&self, cx: &Cx<'_>, store: &dyn Read) -> Result<Option<Vec<Key>>> {
        if self.yes {
            return Ok(None);
        }
        let (due, _) = store.find_readable(&self.filter(cx.env.now()))?;
        Ok(Some(due))
    }

    /// Asks for confirmation, and returns the keys that were confirmed; `None` with --yes.
    fn ask(&self, cx: &mut Cx<'_>, due: Option<Vec<Key>>) -> Result<Option<HashSet<KeyId>>> {
        let Some(doomed) = due else {
            return Ok(None);
        };
        let now = cx.env.now();
        if !doomed.is_empty() {
            if cx.env.terminal.interactive() {
                cx.notice("to be removed permanently:");
                name_keys(cx, &doomed, now);
            }
            let question = format!("Purge {}?", confirm::keys(doomed.len()));
            confirm(cx, self.yes, "purge", &question)?;
        }
        Ok(Some(doomed.iter().map(|key| key.id).collect()))
    }
}

/// Event of the removal of the record of `key`.
pub fn purged(key: &Key, now: Timestamp, actor: &Actor) -> Event {
    let event = Event::new(now, actor, Action::Purge, Some(key.id))
        .with("name", key.name.clone())
        .with("owner", key.owner.clone())
        .with("state", key.state(now).word());
    match key.replaces {
        Some(old) => event.with("replaces", old.to_string()),
        None => event,
    }
}

/// Says how many legacy keys of the user stay, if any.
fn report_legacy(cx: &mut Cx<'_>, legacy: &[Key]) {
    let now = cx.env.now();
    let Some(key) = legacy.first() else {
        return;
    };
    let stay = confirm::keys(legacy.len());
    let working = legacy.iter().filter(|key| key.is_usable(now)).count();
    let in_use = match working {
        0 => String::new(),
        _ => format!(", {working} of them in use"),
    };
    cx.notice(format_args!(
        "{stay} of kind legacy cannot be purged{in_use}"
    ));
    if working > 0 {
        let disable = run!("disable --owner {}", key.owner);
        cx.notice_hint(Hint::from("to stop those: ").and(disable));
    }
}
