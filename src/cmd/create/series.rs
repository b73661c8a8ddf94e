//! `create --exec` of several keys: one after another, each with a run of the command.

use super::checked::{Checked, check};
use super::insert::{Making, insert};
use super::lines::Line;
use super::made::announce_replaced;
use super::plan::{Rules, plan};
use crate::cmd::flaws::Flaws;
use crate::cmd::handover::{CreateHandover, Plan as Exec};
use crate::cmd::issue::{Number, ids, mint, records};
use crate::cmd::values::Format;
use crate::cmd::{Cx, owner};
use crate::error::{DONE, Error, Result};
use crate::hint::Hint;
use crate::key::Key;
use crate::store::{Store, Tx};
use crate::when::Timestamp;
use serde_json::Value;
use std::slice;

/// Keys whose tokens go to a command each.
pub struct Series<'a> {
    /// Lines that describe them.
    pub lines: &'a [Line],
    /// Flaws of other lines.
    pub flaws: Flaws,
    /// Rules for names that are held.
    pub rules: Rules,
    /// Command.
    pub exec: &'a Exec,
    /// Output format.
    pub format: Format,
    /// Reason for the log.
    pub reason: Option<&'a str>,
}

impl Series<'_> {
    /// Makes the keys in order, and stops at the first command that fails. Those before it stay.
    pub fn run(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let lines: Vec<&Line> = self.lines.iter().collect();
        let checked = check(cx, &lines, self.rules, &self.flaws)?;
        let mut keys = Vec::with_capacity(checked.wanted.len());
        let done = self.make_all(cx, &checked, &mut keys);
        if self.format == Format::Json && (done.is_ok() || !keys.is_empty()) {
            self.print(cx, &keys)?;
        }
        done.map_err(|error| cut_short(error, keys.len(), checked.wanted.len()))?;
        let (count, s) = (keys.len(), if keys.len() == 1 { "" } else { "s" });
        if count > 0 {
            cx.status(format_args!(
                "created {count} key{s}, each with a run of the command"
            ));
        }
        if let Ok(store) = cx.reopen() {
            for recipient in checked.recipients.all() {
                owner::warn_if_unknown(cx, &*store, recipient);
            }
        }
        Ok(DONE)
    }

    fn make_all(&self, cx: &mut Cx<'_>, checked: &Checked<'_>, keys: &mut Vec<Key>) -> Result<()> {
        if checked.wanted.is_empty() {
            return Ok(());
        }
        let minted = mint(cx, &checked.policy, checked.wanted.len())?;
        let mut first = Some(cx.open_or_create()?);
        for (line, minted) in checked.wanted.iter().zip(&minted) {
            let store = match first.take() {
                Some(store) => store,
                None => cx.reopen()?,
            };
            let handover = CreateHandover {
                plan: self.exec,
                minted,
                reason: self.reason,
            };
            let key = self
                .make(cx, store, checked, line, &handover)
                .map_err(|error| line.at(error))?;
            if self.format == Format::Text {
                self.print(cx, key.as_slice())?;
            }
            keys.extend(key);
        }
        Ok(())
    }

    fn make(
        &self,
        cx: &mut Cx<'_>,
        store: Box<dyn Store>,
        checked: &Checked<'_>,
        line: &Line,
        handover: &CreateHandover<'_>,
    ) -> Result<Option<Key>> {
        let mut expired = Vec::new();
        let rules = Rules {
            // A name that was taken meanwhile is refused: another run may be at work.
            skip_existing: false,
            ..self.rules
        };
        let write = |tx: &mut dyn Tx, now: Timestamp, detail: &Value| {
            let making = Making {
                actor: &checked.actor,
                reason: self.reason,
                handover: Some(detail),
            };
            let (recipients, flaws) = (&checked.recipients, Flaws::default());
            let plan = plan(&*tx, [line], recipients, rules, making.actor, now, flaws)?;
            let made = insert(tx, plan, slice::from_ref(handover.minted), &making, now)?;
            expired = made.expired.clone();
            let key = made.keys.into_iter().next();
            Ok(key.map(|key| (key, made.expired)))
        };
        let (key, now) = handover.run(cx, store, write)?;
        for expired in &expired {
            announce_replaced(cx, expired, now);
        }
        Ok(key)
    }

    /// Prints the IDs of `keys`, or their records in JSON. A standard output that cannot be written is no failure:
    /// standard error has the IDs too.
    fn print(&self, cx: &mut Cx<'_>, keys: &[Key]) -> Result<()> {
        let now = cx.env.now();
        let data = match self.format {
            Format::Text => ids(keys),
            Format::Json => records(Number::Many, keys, None, now)?,
        };
        cx.print_or_warn(&data);
        Ok(())
    }
}

/// Adds to `error` how many keys were made before, and the way on.
fn cut_short(error: Error, made: usize, of: usize) -> Error {
    if made == 0 {
        return error;
    }
    let on = "with --skip-existing, a second run goes on after the keys that were made";
    let hint = match &error.hint {
        Some(hint) => hint.clone().and(format!("; {on}")),
        None => Hint::from(on),
    };
    error
        .adding(format_args!("{made} of {of} keys were made before"))
        .hint(hint)
}
