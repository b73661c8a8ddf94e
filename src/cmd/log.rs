//! `keyctl log`

mod chosen;
mod names;

use self::chosen::Chosen;
use self::names::Names;
use super::{Cx, keys, values};
use crate::error::{DONE, Error, FOUND, Result, quote};
use crate::event::{Action, Entry, Head};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::name::form;
use crate::near::AMONG;
use crate::output::{Entries, EntryFormat, buffered, unless_failed};
use crate::store::{self, LogFilter, Read};
use crate::when::{Since, Timestamp, Until};
use clap::builder::PossibleValuesParser;
use serde_json::json;

/// Show or check the audit log
///
/// Oldest first. On a narrow terminal the table leaves columns out; the other formats never do.
/// '--format lines' is for screen readers. A key is shown with its present name, a
/// purged key with its last one. The log is a chain: each line's hash covers the line and
/// the hash before it. --check walks the chain and finds a line that was edited, removed or moved.
/// Anyone who can write the file can rewrite the whole chain; only a head kept elsewhere reveals
/// that.
///
/// Every change is logged, with who made it, why (-m), and the previous values. Also logged:
/// attempts that access or policy refused (refuse) and genuine tokens of keys that no longer work
/// (reuse), each at most once a minute, and hashes renewed after a policy change (rehash). Other
/// verifications are not logged. The actor of reuse is the user who ran verify. A verify without
/// write access to the store, or with --no-touch, logs no reuse: its absence from the log proves nothing then.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done; --check: the log is intact
  1  --check: the log is broken
  2  usage: a bad flag or value
  3  no such key, or more than one match
  5  the store failed

Examples:
  $ keyctl log --key ci-deploy --action create,edit --format lines
  $ keyctl log --key alice/ci-deploy --only --limit 20
  $ keyctl log --since yesterday --until yesterday
  $ keyctl log --since 2026-11-01 --until 2026-11-30 --format csv
  $ keyctl log --action refuse --actor bob --since 30d
  $ keyctl log --check --head \"$(cat kept.head)\"")]
pub struct Args {
    /// Only events of this key, of the keys that it replaced and of those that replaced it. If no key
    /// has this name now, the log is searched for one that had it; the ID of a purged key works too
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// With --key: only this key's own events, without those of its predecessors and successors
    #[arg(long, requires = "key")]
    only: bool,
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only these kinds of events; repeat the flag or separate with commas
    #[arg(long = "action", value_name = "ACTION", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Action::ALL.map(Action::word)))]
    actions: Vec<String>,
    /// Only events within this duration, or since this date ('yesterday', 'today') or time, in UTC
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<Since>,
    /// Only events until this long ago, or up to and including this date or time
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    until: Option<Until>,
    /// Only the last N events
    #[arg(long, value_name = "N", value_parser = values::limit, allow_hyphen_values = true)]
    limit: Option<u64>,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: EntryFormat,
    /// Check the chain; if it is broken, name the first bad line and exit with 1
    #[arg(long, conflicts_with_all = ["key", "actor", "actions", "since", "until", "limit"])]
    check: bool,
    /// Print the last line's number and hash, to keep elsewhere; with --check, require this head
    #[arg(long, value_name = "SEQ:HEX", num_args = 0..=1, default_missing_value = "", hide_default_value = true,
          conflicts_with_all = ["key", "actor", "actions", "since", "until", "limit"])]
    head: Option<String>,
}

impl Args {
    /// Shows or checks the log.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let is_list = !self.check && self.head.is_none();
        if self.format == EntryFormat::Csv && !is_list {
            return Err(Error::usage("--check and --head cannot be printed as csv")
                .hint("for a program, use --format json"));
        }
        match (self.check, self.head.as_deref()) {
            (true, Some("")) => Err(Error::usage("--head needs a value with --check")
                .hint(Hint::from("give the output of ").and(run!("log --head").in_quotes()))),
            (true, kept) => {
                let kept = kept.map(str::parse).transpose()?;
                self.check(cx, kept)
            }
            (false, Some("")) => self.head(cx),
            (false, Some(_)) => Err(Error::usage("--head takes a value only with --check")
                .hint("add --check, or leave out the value")),
            (false, None) => self.print(cx),
        }
    }

    fn head(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let store = cx.open_to_read()?;
        let head = store::read(&*store, |store| store.head())?;
        let line = match self.format {
            EntryFormat::Json | EntryFormat::Jsonl => {
                format!("{}\n", json!({ "head": head.to_string() }))
            }
            _ => format!("{head}\n"),
        };
        cx.print(line.as_bytes())?;
        Ok(DONE)
    }

    fn check(&self, cx: &mut Cx<'_>, kept: Option<Head>) -> Result<u8> {
        let store = cx.open_to_read()?;
        let checked = store::read(&*store, |store| store.check_log(kept))?;
        let line = match (self.format, &checked) {
            (EntryFormat::Table | EntryFormat::Lines, Ok(head)) => {
                format!("the log is intact: {} lines, head {head}\n", head.seq)
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
        let now = cx.env.now();
        let (since, until) = self.period(now)?;
        // '-' reads the key from standard input, before the store is opened.
        let key = self.key.as_deref();
        let key = key.map(|text| keys::expand_one(cx, text)).transpose()?;
        let store = cx.open_to_read()?;
        let key = key.map(|given| keys::resolve_one(cx, &*store, &given));
        let key = key.transpose()?;
        let user = store.actor(cx.env);
        store::stream(&*store, |store| {
            let lookup = cx.lookup(&user, now);
            let chosen = key
                .as_deref()
                .map(|text| Chosen::by(text, &lookup, store, self.only))
                .transpose()?
                .unwrap_or_default();
            let actor = self.actor.as_deref();
            let actor = actor.map(|actor| actor_as_logged(store, actor));
            let is_given = |action: &Action| self.actions.iter().any(|word| word == action.word());
            let filter = LogFilter {
                keys: chosen.keys.clone(),
                actor: actor.transpose()?,
                actions: Action::ALL.into_iter().filter(is_given).collect(),
                since,
                until,
                recent: None,
                limit: self.limit,
            };
            let Some(count) = self.print_entries(cx, store, &filter, now)? else {
                return Ok(DONE);
            };
            if matches!(self.format, EntryFormat::Table | EntryFormat::Lines) {
                self.sum_up(cx, store, &chosen, &filter, count)?;
            }
            Ok(DONE)
        })
    }

    /// Returns the first and the last instant of the events to show.
    fn period(&self, now: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
        let since = self.since.map(|since| since.resolve(now));
        let until = self.until.map(|until| until.resolve(now));
        match (since, until) {
            (Some(since), Some(until)) if until < since => Err(Error::usage(format!(
                "--since {since} is later than --until {until}"
            ))
            .hint("give the earlier time to --since")),
            period => Ok(period),
        }
    }

    /// Prints the events and returns their number; `None` if the reader has closed the pipe.
    fn print_entries(
        &self,
        cx: &mut Cx<'_>,
        store: &dyn Read,
        filter: &LogFilter,
        now: Timestamp,
    ) -> Result<Option<u64>> {
        let style = cx.style();
        let mut names = Names::default();
        let mut count: u64 = 0;
        let printed = buffered(&mut *cx.env.stdout, |out| {
            let mut entries = Entries::begin(self.format, out, style, now)?;
            let mut pushed = Ok(());
            let scanned = store.scan_log(filter, &mut |entry: Entry| {
                count += 1;
                pushed = entries.push(&entry, names.of(store, &entry)?);
                Ok(unless_failed(&pushed))
            });
            pushed?;
            entries.finish()?;
            Ok(scanned)
        })?;
        printed.map(|scanned| scanned.map(|()| count)).transpose()
    }

    /// Says below the events how many there are, and of which keys.
    fn sum_up(
        &self,
        cx: &mut Cx<'_>,
        store: &dyn Read,
        chosen: &Chosen,
        filter: &LogFilter,
        count: u64,
    ) -> Result<()> {
        let events = match count {
            0 => "no events".to_owned(),
            1 => "1 event".to_owned(),
            count => format!("{count} events"),
        };
        match chosen.keys.len() {
            0 | 1 => cx.status(events),
            keys => cx.status(format_args!(
                "{events} of {keys} keys that replaced one another; --only shows only this key's"
            )),
        }
        if let Some(former) = &chosen.former {
            cx.status(former);
        }
        if let Some(latest) = chosen.earlier.first() {
            let ids: Vec<&str> = chosen.earlier.iter().map(KeyId::as_str).collect();
            cx.status(format_args!(
                "earlier keys of that name: {}",
                ids.join(", ")
            ));
            cx.hint(Hint::from("for the events of one: ").and(run!("log --key {}", latest)));
        }
        if count == 0 {
            self.hint_if_unknown(cx, store, filter)?;
        } else {
            cx.note_left_out(&self.format.left_out(cx.style()));
        }
        Ok(())
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
                let none = format!("the log has no event by {}; ", quote(actor));
                cx.hint(Hint::from(none).and(values::suggestion(actor, &known, otherwise)));
            }
        }
        if let [id] = filter.keys[..] {
            let of_key = LogFilter {
                keys: vec![id],
                ..first
            };
            if store.find_events(&of_key)?.is_empty() {
                cx.hint(
                    Hint::from(format!("the log has no key {id}; "))
                        .and(run!("list --state all").in_quotes())
                        .and(" shows every key"),
                );
            }
        }
        Ok(())
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
