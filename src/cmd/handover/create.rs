//! New key whose token goes to a command.

use super::{Plan, hold_signals, not_begun, standing};
use crate::cmd::Cx;
use crate::cmd::issue::Minted;
use crate::deliver::Failure;
use crate::error::{Error, FailureKind, Result, escape};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind};
use crate::store::{self, Store, Tx};
use crate::when::Timestamp;
use serde_json::Value;

/// New key whose token goes to a command.
pub struct CreateHandover<'a> {
    /// Command.
    pub plan: &'a Plan,
    /// Token of the new key.
    pub minted: &'a Minted,
    /// Reason for the audit log.
    pub reason: Option<&'a str>,
}

impl CreateHandover<'_> {
    /// Creates a key by `insert`, runs the command, and logs that it has the token; or deletes the key if the
    /// command fails. `insert` gets the field for its event, and returns the key, with the expired keys that it
    /// replaces; or none, and no command runs.
    pub fn run(
        &self,
        cx: &mut Cx<'_>,
        mut store: Box<dyn Store>,
        insert: impl FnOnce(&mut dyn Tx, Timestamp, &Value) -> Result<Option<(Key, Vec<Key>)>>,
    ) -> Result<(Option<Key>, Timestamp)> {
        let mut runner = None;
        let begun = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let key = insert(tx, now, &self.plan.detail(now, None))?;
            if key.is_some() {
                runner = Some(hold_signals(cx)?);
            }
            Ok((key, now))
        });
        let (key, now) = begun.map_err(not_begun)?;
        // The command may take long, and may replace the store's file. No descriptor of it is left open meanwhile.
        drop(store);
        let (Some((key, replaced)), Some(mut runner)) = (key, runner) else {
            return Ok((None, now));
        };
        cx.status(format_args!(
            "created {} ({}): {} gets its token",
            key.id,
            escape(&key.name),
            self.plan.command.name()
        ));
        let ran = self.plan.run(cx, &mut *runner, self.minted, &key, None);
        let failure = ran.err();
        let settled = self
            .settle(cx, &key, failure.as_ref())
            .map_err(|error| self.not_settled(error, &key, failure.as_ref()));
        let (key, now) = settled?;
        match failure {
            None => {
                if !key.is_usable(now) {
                    cx.notice(format_args!("warning: {}", standing(&key, now)));
                }
                Ok((Some(key), now))
            }
            Some(failure) => {
                let undone = format!("{} is deleted", key.label());
                let undone = replaced.iter().fold(undone, |undone, expired| {
                    format!("{undone}, and so is {}, which had expired", expired.id)
                });
                Err(self.plan.failed(&failure, &undone))
            }
        }
    }

    /// Logs the end of the handover, or deletes the key after a `failure`, in a transaction of its own.
    fn settle(
        &self,
        cx: &mut Cx<'_>,
        begun: &Key,
        failure: Option<&Failure>,
    ) -> Result<(Key, Timestamp)> {
        let mut store = cx.reopen()?;
        let actor = store.actor(cx.env);
        store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let event = |action| Event::new(now, &actor, action, Some(begun.id));
            let key = tx.get(begun.id)?.filter(|key| key.deleted_at.is_none());
            let Some(mut key) = key else {
                return match failure {
                    None => Err(Error::state(format!("{} was deleted", begun.label()))
                        .hint(begun.create_hint())),
                    // Nothing is left to undo.
                    Some(_) => Ok((begun.clone(), now)),
                };
            };
            let Some(failure) = failure else {
                tx.append(&event(Action::Handover).because(self.reason))?;
                return Ok((key, now));
            };
            if key.replaced_by.is_some() || key.owner != begun.owner {
                let how = match key.replaced_by {
                    Some(_) => "rotated",
                    None => "given away",
                };
                let hint = Hint::from(format!("{}; to see more: ", standing(&key, now)));
                return Err(Error::state(format!("{} was {how}", key.label()))
                    .hint(hint.and(run!("show {}", key.id))));
            }
            key.discard(now);
            tx.update(&key)?;
            let deleted = event(Action::Delete).with("failure", &*failure.text);
            tx.append(&deleted.because(self.reason))?;
            Ok((key, now))
        })
    }

    /// Error for a second transaction that failed with `error`: says how the key stands, and the way on.
    fn not_settled(&self, error: Error, key: &Key, failure: Option<&Failure>) -> Error {
        let command = self.plan.command.name();
        let how = match failure {
            None => format!("{command} has its token"),
            Some(failure) => failure.text.clone(),
        };
        if error.kind == FailureKind::State {
            return Error {
                message: format!("{} while {command} ran", error.message),
                ..error
            }
            .adding(how);
        }
        let error = error.adding(how).adding(format!("{} works", key.label()));
        match failure {
            None => error.hint(
                Hint::from("the key can be used; ")
                    .and(run!("doctor").in_quotes())
                    .and(" names it until its first use"),
            ),
            Some(_) => {
                let stop = match key.kind {
                    Kind::Api => run!("delete {}", key.id),
                    Kind::Legacy => run!("disable {}", key.id),
                };
                error.hint(Hint::from("when the store works again: ").and(stop))
            }
        }
    }
}
