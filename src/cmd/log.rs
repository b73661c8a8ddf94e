//! `keyctl log`

use super::{Cx, keys, values};
use crate::error::{DONE, Error, FOUND, FailureKind, Result, quote};
use crate::event::{Action, Entry, Head};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::lookup::{self, Lookup};
use crate::name::form;
use crate::near::AMONG;
use crate::output::{Entries, EntryFormat, buffered, unless_failed};
use crate::store::{self, LogFilter, Read};
use crate::when::{Since, Timestamp};
use clap::builder::PossibleValuesParser;
use serde_json::json;

/// Show or check the audit log
///
/// Oldest first. On a narrow terminal the table leaves columns out; the other formats never do.
/// '--format lines' is for screen readers. The log is a chain: each line's hash covers the line and
/// the hash before it. --check walks the chain and finds a line that was edited, removed or moved.
/// Anyone who can write the file can rewrite the whole chain; only a head kept elsewhere reveals
/// that.
///
/// Every change is logged, with who made it, why (-m), and the previous values. Also logged:
/// attempts that access or policy refused (refuse) and genuine tokens of keys that no longer work
/// (reuse), each at most once a minute, and hashes renewed after a policy change (rehash). Other
/// verifications are not logged. The actor of reuse is the user who ran verify. A verify without
/// write access to the store, or with --no-touch, logs no reuse: a log without it proves nothing then.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done; --check: the log is intact
  1  --check: the log is broken
  2  usage: a bad flag or value
  3  no such key, or more than one match
  5  the store failed

Examples:
  $ keyctl log --key ci-deploy --since 30d
  $ keyctl log --check --head \"$(cat kept.head)\"")]
pub struct Args {
    /// Only events of this key; the ID of a purged key works too
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only this kind of event
    #[arg(long, value_name = "ACTION", value_parser = PossibleValuesParser::new(Action::ALL.map(Action::word)))]
    action: Option<String>,
    /// Only events within this duration, or since this date or time
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<Since>,
    /// Only the last N events
    #[arg(long, value_name = "N", value_parser = values::limit, allow_hyphen_values = true)]
    limit: Option<u64>,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: EntryFormat,
    /// Check the chain; if it is broken, name the first bad line and exit with 1
    #[arg(long, conflicts_with_all = ["key", "actor", "action", "since", "limit"])]
    check: bool,
    /// Print the last line's number and hash, to keep elsewhere; with --check, require this head
    #[arg(long, value_name = "SEQ:HEX", num_args = 0..=1, default_missing_value = "", hide_default_value = true,
          conflicts_with_all = ["key", "actor", "action", "since", "limit"])]
    head: Option<String>,
}

impl Args {
    /// Shows or checks the log.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        match (self.check, self.head.as_deref()) {
            (true, Some("")) => Err(Error::usage("--head has no value").hint(
                Hint::from("with --check, give what ")
                    .and(run!("log --head").in_quotes())
                    .and(" has printed"),
            )),
            (true, kept) => {
                let kept = kept.map(str::parse).transpose()?;
                self.check(cx, kept)
            }
            (false, Some("")) => self.head(cx),
            (false, Some(_)) => Err(Error::usage("--head takes a value only with --check")
                .hint("say --check too, or leave the value out")),
            (false, None) => self.print(cx),
        }
    }

    fn head(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let store = cx.open_to_read()?;
        let head = store::read(&*store, |store| store.head())?;
        let line = match self.format {
            EntryFormat::Table | EntryFormat::Lines => format!("{head}\n"),
            EntryFormat::Json | EntryFormat::Jsonl => {
                format!("{}\n", json!({ "head": head.to_string() }))
            }
        };
        cx.print(line.as_bytes())?;
        Ok(DONE)
    }

    fn check(&self, cx: &mut Cx<'_>, kept: Option<Head>) -> Result<u8> {
        let store = cx.open_to_read()?;
        let checked = store::read(&*store, |store| store.check_log(kept))?;
        let line = match (self.format, &checked) {
            (EntryFormat::Table | EntryFormat::Lines, Ok(head)) => {
                format!("the log is whole: {} lines, head {head}\n", head.seq)
            }
            (EntryFormat::Table | EntryFormat::Lines, Err(flaw)) => {
                format!("the log is broken: {flaw}\n")
            }
            (_, Ok(head)) => format!(
                "{}\n",
                json!({"whole": true, "lines": head.seq, "head": head.to_string()})
            ),
            (_, Err(flaw)) => format!(
                "{}\n",
                json!({"whole": false, "line": flaw.line(), "flaw": flaw.word()})
            ),
        };
        cx.print(line.as_bytes())?;
        Ok(if checked.is_ok() { DONE } else { FOUND })
    }

    fn print(&self, cx: &mut Cx<'_>) -> Result<u8> {
        // '-' reads the key from standard input, before the store is opened.
        let key = self.key.as_deref();
        let key = key.map(|text| keys::expand_one(cx, text)).transpose()?;
        let store = cx.open_to_read()?;
        let actor = store.actor(cx.env);
        let now = cx.env.now();
        store::stream(&*store, |store| {
            let filter = self.filter(store, &cx.lookup(&actor, now), key.as_deref())?;
            self.print_entries(cx, store, &filter, now)
        })
    }

    fn print_entries(
        &self,
        cx: &mut Cx<'_>,
        store: &dyn Read,
        filter: &LogFilter,
        now: Timestamp,
    ) -> Result<u8> {
        let style = cx.style();
        let mut count: u64 = 0;
        let printed = buffered(&mut *cx.env.stdout, |out| {
            let mut entries = Entries::begin(self.format, out, style, now)?;
            let mut pushed = Ok(());
            let scanned = store.scan_log(filter, &mut |entry: Entry| {
                count += 1;
                pushed = entries.push(&entry);
                Ok(unless_failed(&pushed))
            });
            pushed?;
            entries.finish()?;
            Ok(scanned)
        })?;
        let Some(scanned) = printed else {
            return Ok(DONE);
        };
        scanned?;
        if matches!(self.format, EntryFormat::Table | EntryFormat::Lines) {
            match count {
                0 => cx.status("no events"),
                1 => cx.status("1 event"),
                count => cx.status(format_args!("{count} events")),
            }
            if count == 0 {
                self.hint_if_unknown(cx, store, filter)?;
            } else {
                cx.note_left_out(&self.format.left_out(style));
            }
        }
        Ok(DONE)
    }

    /// Hints at a typo below an empty log, if the user or the key has no event at all.
    fn hint_if_unknown(&self, cx: &mut Cx<'_>, store: &dyn Read, filter: &LogFilter) -> Result<()> {
        let first = LogFilter {
            limit: Some(1),
            ..LogFilter::default()
        };
        if let Some(actor) = &filter.actor {
            let theirs = LogFilter {
                actor: Some(actor.clone()),
                ..first.clone()
            };
            if store.find_events(&theirs)?.is_empty() {
                let known = store.administrators(Some(AMONG))?;
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let otherwise = run!("log").in_quotes().and(" shows who did what");
                let none = format!("nothing was done by {}; ", quote(actor));
                cx.hint(Hint::from(none).and(values::suggestion(actor, &known, otherwise)));
            }
        }
        if let Some(id) = filter.key_id {
            let of_key = LogFilter {
                key_id: Some(id),
                ..first
            };
            if store.find_events(&of_key)?.is_empty() {
                cx.hint(
                    Hint::from(format!("there never was a key {id}; "))
                        .and(run!("list --state all").in_quotes())
                        .and(" shows every key"),
                );
            }
        }
        Ok(())
    }

    fn filter(
        &self,
        store: &dyn Read,
        lookup: &Lookup<'_>,
        key: Option<&str>,
    ) -> Result<LogFilter> {
        let key_id = key.map(|text| key_of(lookup, store, text)).transpose()?;
        let actor = self
            .actor
            .as_deref()
            .map(|actor| actor_as_logged(store, actor))
            .transpose()?;
        Ok(LogFilter {
            key_id,
            actor,
            action: self
                .action
                .as_deref()
                .and_then(|word| Action::ALL.into_iter().find(|action| action.word() == word)),
            since: self.since.map(|since| since.resolve(lookup.now)),
            recent: None,
            limit: self.limit,
        })
    }
}

/// ID of the key that `text` stands for. The key may be purged, since its events stay.
fn key_of(lookup: &Lookup<'_>, store: &dyn Read, text: &str) -> Result<KeyId> {
    if let Some(id) = KeyId::parse(text.as_bytes()) {
        return Ok(id);
    }
    match lookup.key(store, text) {
        Ok(key) => Ok(key.id),
        Err(error) => match lookup::id(text) {
            Some(id) if error.kind == FailureKind::NotFound => Ok(id),
            _ => Err(error),
        },
    }
}

/// Actor as the log has the name: as given, or else in another Unicode form.
///
/// Returns the name as given if neither has an event.
fn actor_as_logged(store: &dyn Read, given: &str) -> Result<String> {
    form::as_stored(given, |form| {
        let first = LogFilter {
            actor: Some(form.to_owned()),
            limit: Some(1),
            ..LogFilter::default()
        };
        Ok(!store.find_events(&first)?.is_empty())
    })
}
