//! `keyctl show`

use super::values::Format;
use super::{Cx, keys};
use crate::error::{DONE, Result};
use crate::output::{Record, details, unwritable};
use crate::store::LogFilter;
use std::ops::ControlFlow;

/// How many of a key's last events are shown.
const EVENTS: u64 = 5;

/// Show one key
///
/// Times are shown in UTC and relative to now. A deleted key can be shown only by its ID.
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
        let text = keys::expand_one(cx, &self.key)?;
        let store = cx.open_to_read()?;
        let now = cx.env.now();
        let key = cx.lookup(now).key(&*store, &text)?;
        let (mut page, mut scanned) = (Vec::new(), Ok(()));
        let written = match self.format {
            Format::Text => {
                let of_key = LogFilter {
                    key_id: Some(key.id),
                    limit: Some(EVENTS),
                    ..LogFilter::default()
                };
                let mut events = Vec::new();
                // The key is shown, whatever its events are.
                scanned = store.scan_log(&of_key, &mut |event| {
                    events.push(event);
                    Ok(ControlFlow::Continue(()))
                });
                events.reverse();
                details(&mut page, &key, &events, cx.style(), now)
            }
            Format::Json => {
                let written = Record::new(&key, now).write(&mut page);
                page.push(b'\n');
                written
            }
        };
        written.map_err(|cause| unwritable(&cause))?;
        cx.print(&page)?;
        scanned.map(|()| DONE)
    }
}
