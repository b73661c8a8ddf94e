//! `keyctl show`

use super::values::Format;
use super::{Cx, keys, waiting};
use crate::error::{DONE, Result};
use crate::event::Entry;
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::output::{Record, details, unwritable};
use crate::store::{self, LogFilter, Read};
use std::ops::ControlFlow;

/// Number of events that are shown: the last ones.
const EVENTS: u64 = 5;

/// Show one key
///
/// Times are shown in UTC and relative to now. The key's last events are shown with what each changed;
/// 'keyctl log --key KEY' has all of them, and those of the keys that it replaced or that replaced it. A
/// deleted key can be shown only by its ID. Of a token on standard input only the ID is looked up; 'keyctl
/// verify' checks its secret.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or value
  3  no such key, or more than one match
  5  the store failed, or there is none

Examples:
  $ keyctl show ci-deploy
  $ keyctl show alice/ci-deploy --format json
  $ keyctl show - < leaked.token")]
pub struct Args {
    /// A key ID, a name, OWNER/NAME, or the beginning of an ID; '-' reads it, or a token, from
    /// standard input
    #[arg(value_name = "KEY")]
    key: String,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Args {
    /// Shows the key.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let given = keys::expand_one(cx, &self.key)?;
        let store = cx.open_to_read()?;
        let text = keys::resolve_one(cx, &*store, &given)?;
        let (actor, now) = (store.actor(cx.env), cx.env.now());
        let (key, changeover, events) = store::read(&*store, |store| {
            let key = cx.lookup(&actor, now).key(store, &text)?;
            let events = match self.format {
                Format::Text => last_events(store, &key),
                Format::Json => (Events::default(), Ok(())),
            };
            let changeover = waiting::of_key(store, &key, now);
            Ok((key, changeover, events))
        })?;
        let (events, scanned) = events;
        let mut page = Vec::new();
        let written = match self.format {
            Format::Text => {
                let more = events.more.map(|count| {
                    let hint = Hint::from(format!("{count} more: "));
                    cx.called.advice(&hint.and(run!("log --key {}", key.id)))
                });
                details(
                    &mut page,
                    &key,
                    &changeover,
                    &events.last,
                    more,
                    cx.style(),
                    now,
                )
            }
            Format::Json => {
                let written = Record::new(&key, now).write(&mut page);
                page.push(b'\n');
                written
            }
        };
        written.map_err(unwritable)?;
        cx.print(&page)?;
        // The key is shown even if some of its events cannot be read.
        scanned.map(|()| DONE)
    }
}

/// Events of a key.
#[derive(Default)]
struct Events {
    /// The last ones, newest first.
    last: Vec<Entry>,
    /// Number of those before; `None` if there are none.
    more: Option<u64>,
}

/// Reads the last events of `key`, with the error if one of them cannot be read.
fn last_events(store: &dyn Read, key: &Key) -> (Events, Result<()>) {
    let of_key = LogFilter {
        keys: vec![key.id],
        limit: Some(EVENTS),
        ..LogFilter::default()
    };
    let mut events = Events::default();
    let scanned = store.scan_log(&of_key, &mut |event| {
        events.last.push(event);
        Ok(ControlFlow::Continue(()))
    });
    events.last.reverse();
    let counted = scanned
        .and_then(|()| store.count_events(key.id))
        .map(|all| {
            events.more = all.checked_sub(EVENTS).filter(|&more| more > 0);
        });
    (events, counted)
}
