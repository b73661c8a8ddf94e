//! `keyctl enable`

use super::change::{Changed, change_all};
use super::choice::Choice;
use super::confirm::{self, NAMED_MAX, check_agreed};
use super::preview::{self, Preview};
use super::values::Why;
use super::{Cx, keys, next};
use crate::env::Actor;
use crate::error::{DONE, Error, Result, escape};
use crate::event::Action;
use crate::id::KeyId;
use crate::key::{Change, Key, State};
use crate::output::instant;
use crate::store::{self, LogFilter, Read, Store};
use crate::when::Timestamp;
use serde_json::Value;
use std::collections::HashMap;

/// Switch keys back on
///
/// Only an administrator can enable a key that an administrator disabled. With several keys, either
/// all are enabled or none. Even when enabled, a key that has
/// expired or was rotated does not work.
///
/// --owner and --label choose disabled keys instead of KEY. Then enable shows who disabled each key,
/// when and why, and asks for confirmation.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done; a key that is not disabled counts as done
  2    usage: a bad flag or value
  3    no such key, or more than one match
  4    refused: another user's key, one that an administrator disabled, a deleted one, or not
       confirmed
  5    the store failed, there is none, or with --owner or --label: one of the keys is damaged
  130  the prompt was interrupted

Examples:
  $ keyctl enable ci-deploy
  $ keyctl enable alice/ci-deploy bob/ci-deploy -m 'audit is over'
  $ keyctl enable --owner bob --label team=search --dry-run")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one per line
    #[arg(
        value_name = "KEY",
        required_unless_present_any = ["owner", "labels"],
        conflicts_with_all = ["owner", "labels"]
    )]
    keys: Vec<String>,
    #[command(flatten)]
    choice: Choice,
    /// Do not ask for confirmation with --owner or --label; required for these without a terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    preview: Preview,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Enables the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let given = keys::expand(cx, &self.keys)?;
        let mut store = match self.preview.format() {
            Some(_) => cx.open_to_read()?,
            None => cx.open_to_write()?,
        };
        let texts = keys::resolve(cx, &*store, &given)?;
        if let Some(format) = self.preview.format() {
            let (due, now) = self.due(cx, &*store, &texts)?;
            preview::print(cx, &due, now, format)?;
            if !cx.quiet {
                name(cx, &*store, &due, "would", now)?;
            }
            cx.status(format_args!(
                "dry run: {} would be enabled; nothing was changed",
                confirm::keys(due.len())
            ));
            return Ok(DONE);
        }
        let agreed = match self.choice.is_given() && !self.yes {
            true => Some(self.ask(cx, &*store)?),
            false => None,
        };
        let changed = change_all(
            cx,
            &mut *store,
            self.why.reason.as_deref(),
            |store, actor, now| {
                let found = self.find(cx, store, actor, now, &texts)?;
                if let Some(agreed) = &agreed {
                    check_asked(agreed, &found)?;
                }
                Ok(found)
            },
            |key, _, access| Ok((key.enable(access)?, Action::Enable)),
        )?;
        let now = cx.env.now();
        for changed in &changed {
            report(cx, changed, &*store, now);
        }
        if changed.len() > 1 {
            confirm::total(cx, "enabled", changed.iter().map(|changed| changed.change));
        }
        if changed.is_empty() {
            let chosen = self.choice.in_words();
            cx.status(format_args!("no key {chosen} is disabled"));
        }
        Ok(DONE)
    }

    /// Finds the keys as they are at `now`; of a choice, only the disabled ones.
    fn find(
        &self,
        cx: &Cx<'_>,
        store: &dyn Read,
        actor: &Actor,
        now: Timestamp,
        texts: &[String],
    ) -> Result<Vec<Key>> {
        if !self.choice.is_given() {
            return keys::find(&cx.lookup_to_change(actor, now), store, texts);
        }
        let (mut found, damaged) = self.choice.find(store, actor, now)?;
        damaged.none()?;
        found.retain(|key| key.disabled_at.is_some());
        Ok(found)
    }

    /// Finds the keys that would be enabled. Fails if one of them must not be.
    fn due(
        &self,
        cx: &Cx<'_>,
        store: &dyn Store,
        texts: &[String],
    ) -> Result<(Vec<Key>, Timestamp)> {
        let (actor, now) = (store.actor(cx.env), cx.env.now());
        store::read(store, |store| {
            let access = store.access(&actor)?;
            let mut due = Vec::new();
            for key in self.find(cx, store, &actor, now, texts)? {
                let made = access
                    .for_owner(&key.owner)
                    .and_then(|()| key.clone().enable(&access));
                if made.map_err(|error| error.of_key(key.id))? == Change::Applied {
                    due.push(key);
                }
            }
            Ok((due, now))
        })
    }

    /// Asks whether to enable the chosen keys, and returns their IDs, each with the time at which the key was
    /// disabled. Shows why each was disabled: a reason may still hold.
    fn ask(&self, cx: &mut Cx<'_>, store: &dyn Store) -> Result<HashMap<KeyId, Option<Timestamp>>> {
        let (due, now) = self.due(cx, store, &[])?;
        let agreed = due.iter().map(|key| (key.id, key.disabled_at)).collect();
        if due.is_empty() {
            return Ok(agreed);
        }
        if cx.env.terminal.interactive() {
            name(cx, store, &due, "will", now)?;
        }
        let question = format!("Enable {}?", confirm::keys(due.len()));
        confirm::confirm(cx, false, "enable", &question)?;
        Ok(agreed)
    }
}

/// Refuses keys that were not in the question, or that were disabled again since, maybe for another reason.
fn check_asked(asked: &HashMap<KeyId, Option<Timestamp>>, found: &[Key]) -> Result<()> {
    check_agreed(&asked.keys().copied().collect(), found)?;
    let mut found = found.iter();
    match found.find(|key| asked.get(&key.id) != Some(&key.disabled_at)) {
        None => Ok(()),
        Some(key) => Err(Error::state(format!(
            "{} was disabled again after you were asked",
            key.label()
        ))
        .hint("nothing was changed; run the command again")),
    }
}

/// Lists the first of the keys `due`, which `will` ("would") be enabled, with the reason why each was disabled.
fn name(cx: &mut Cx<'_>, store: &dyn Store, due: &[Key], will: &str, now: Timestamp) -> Result<()> {
    let named = due.iter().take(NAMED_MAX);
    let lines = store::read(store, |store| {
        let lines = named.clone().map(|key| why_disabled(store, key, now));
        lines.collect::<Result<Vec<_>>>()
    })?;
    match due.len() {
        0 => {}
        1 => cx.notice(format_args!("this key {will} be enabled:")),
        _ => cx.notice(format_args!("these keys {will} be enabled:")),
    }
    lines.iter().for_each(|line| cx.notice(line));
    if due.len() > NAMED_MAX {
        cx.notice(format_args!("  and {} more", due.len() - NAMED_MAX));
    }
    Ok(())
}

/// State in which `key` stays after it is enabled; `None` if it works then.
fn stays(key: &Key, now: Timestamp) -> Option<State> {
    let enabled = Key {
        disabled_at: None,
        disabled_by: None,
        ..key.clone()
    };
    (!enabled.is_usable(now)).then(|| enabled.state(now))
}

/// Line for a disabled key: by whom it was disabled, when, the reason in its event, and the state in which it
/// stays.
fn why_disabled(store: &dyn Read, key: &Key, now: Timestamp) -> Result<String> {
    let last = store.find_events(&LogFilter {
        keys: vec![key.id],
        actions: vec![Action::Disable],
        limit: Some(1),
        ..LogFilter::default()
    })?;
    let detail = last
        .first()
        .map(|event| serde_json::from_str(&event.detail));
    let reason = match detail {
        Some(Ok(Value::Object(detail))) => detail.get("reason").and_then(Value::as_str).map(escape),
        _ => None,
    };
    let by = key.disabled_by.as_deref().unwrap_or("an administrator");
    let when = key.disabled_at.map(|at| at.relative_to(now).to_string());
    Ok(format!(
        "  {}  {}  of {}, disabled by {} {}{}{}",
        key.id,
        escape(&key.name),
        escape(&key.owner),
        escape(by),
        when.unwrap_or_default(),
        reason.map_or_else(String::new, |reason| format!(": {reason}")),
        stays(key, now).map_or_else(String::new, |state| format!("; it stays {state}"))
    ))
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
                format!("{id} still does not work: it was replaced by {by}"),
                None,
            )
        }
        _ => (
            format!(
                "{id} still does not work: it expired {}",
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
