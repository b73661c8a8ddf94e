//! Rotation whose new token goes to a command.

use super::{Plan, hold_signals, not_begun, read_again, standing};
use crate::cmd::Cx;
use crate::cmd::issue::Minted;
use crate::cmd::rotate::undo::Pair;
use crate::deliver::Failure;
use crate::env::Actor;
use crate::error::{Error, FailureKind, Result, escape};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::store::{self, Store, Tx};
use crate::when::{Span, Timestamp};
use serde_json::{Value, json};

/// Rotation whose new token goes to a command.
pub struct RotateHandover<'a> {
    /// Command.
    pub plan: &'a Plan,
    /// Token of the new key.
    pub minted: &'a Minted,
    /// Grace that was asked for.
    pub grace: Span,
    /// Reason for the audit log.
    pub reason: Option<&'a str>,
}

/// Rotation after its handover.
pub struct Settled {
    /// Old key, with the grace that was asked for.
    pub old: Key,
    /// New key.
    pub new: Key,
    /// Time of the second transaction.
    pub now: Timestamp,
}

impl RotateHandover<'_> {
    /// Rotates by `write`, runs the command, and sets the grace that was asked for; or undoes the rotation if the
    /// command fails. `write` gets the field for its events, and returns the old key and the new one.
    pub fn run(
        &self,
        cx: &mut Cx<'_>,
        mut store: Box<dyn Store>,
        write: impl FnOnce(&mut dyn Tx, Timestamp, &Value) -> Result<(Key, Key)>,
    ) -> Result<Settled> {
        let mut runner = None;
        let begun = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let (old, new) = write(tx, now, &self.plan.detail(now, Some(self.grace)))?;
            runner = Some(hold_signals(cx)?);
            Ok(Pair { old, new })
        });
        let begun = begun.map_err(not_begun)?;
        // The command may take long, and may replace the store's file. No descriptor of it is left open meanwhile.
        drop(store);
        let Some(mut runner) = runner else {
            return Err(Error::io("signals cannot be held"));
        };
        let Pair { old, new } = &begun;
        cx.status(format_args!(
            "rotated {} ({}): while {} runs, its token and that of {} work",
            old.id,
            escape(&old.name),
            self.plan.command.name(),
            new.id
        ));
        let ran = self
            .plan
            .run(cx, &mut *runner, self.minted, new, Some(old.id));
        let failure = ran.err();
        let settled = self
            .settle(cx, &begun, failure.as_ref())
            .map_err(|error| self.not_settled(error, &begun, failure.as_ref(), cx.env.now()))?;
        match failure {
            None => Ok(settled),
            Some(failure) => {
                let undone = match settled.old.replaced_by {
                    None => format!(
                        "the rotation was undone: {} ({}) is as it was before, and {} is deleted",
                        old.id,
                        escape(&old.name),
                        new.id
                    ),
                    Some(_) => format!(
                        "{} ({}) has expired meanwhile, and {} is deleted",
                        old.id,
                        escape(&old.name),
                        new.id
                    ),
                };
                Err(self.plan.failed(&failure, &undone))
            }
        }
    }

    /// Ends the rotation, or undoes it after a `failure`, in a transaction of its own. Where the old key has expired
    /// meanwhile, only the new one is deleted.
    fn settle(&self, cx: &mut Cx<'_>, begun: &Pair, failure: Option<&Failure>) -> Result<Settled> {
        let mut store = cx.reopen()?;
        let actor = store.actor(cx.env);
        store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let before = Pair {
                old: read_again(&*tx, begun.old.id)?,
                new: read_again(&*tx, begun.new.id)?,
            };
            let obstacle = before.old.handover_obstacle(&before.new, &begun.old.owner);
            if let Some(obstacle) = obstacle {
                return Err(obstructed(Error::state(obstacle), &before, now));
            }
            let mut after = before.clone();
            match failure {
                None => {
                    after.old.settle_grace(now, self.grace);
                    self.record(tx, &actor, now, &before, &after)?;
                }
                // Not where somebody has ended the grace: then the new token is the only one that works.
                Some(failure) if before.old.expires_at.is_some_and(|at| at <= now) => {
                    after.new.discard(now);
                    tx.update(&after.new)?;
                    let deleted = Event::new(now, &actor, Action::Delete, Some(after.new.id))
                        .with("failure", &*failure.text);
                    tx.append(&deleted.because(self.reason))?;
                }
                Some(failure) => {
                    let access = tx.access(&actor)?;
                    after
                        .restore(&*tx, &access, now)
                        .map_err(|error| obstructed(error, &before, now))?;
                    before.record_undo(tx, &actor, now, &after, |event| {
                        event.with("failure", &*failure.text).because(self.reason)
                    })?;
                }
            }
            Ok(Settled {
                old: after.old,
                new: after.new,
                now,
            })
        })
    }

    /// Writes the old key with its new grace, and the event.
    fn record(
        &self,
        tx: &mut dyn Tx,
        actor: &Actor,
        now: Timestamp,
        before: &Pair,
        after: &Pair,
    ) -> Result<()> {
        tx.update(&after.old)?;
        let event = Event::new(now, actor, Action::Handover, Some(after.old.id))
            .with("replaced_by", after.new.id.to_string());
        let ends = (before.old.usable_until, after.old.usable_until);
        let event = match ends.0 == ends.1 {
            true => event,
            false => event.with("usable_until", json!({ "old": ends.0, "new": ends.1 })),
        };
        tx.append(&event.because(self.reason))
    }

    /// Error for a second transaction that failed with `error`: says how both keys stand, and the way on.
    fn not_settled(
        &self,
        error: Error,
        begun: &Pair,
        failure: Option<&Failure>,
        now: Timestamp,
    ) -> Error {
        let Pair { old, new } = begun;
        let command = self.plan.command.name();
        let how = match failure {
            None => format!("{command} has the new token"),
            Some(failure) => failure.text.clone(),
        };
        if matches!(error.kind, FailureKind::State | FailureKind::Access) {
            return Error {
                message: format!(
                    "the rotation of {} was neither completed nor undone: {}",
                    old.label(),
                    error.message
                ),
                ..error
            }
            .adding(how);
        }
        let both = match old.stops_at() {
            Some(end) => format!(
                "the tokens of {} and {} both work, the old one until {end}",
                old.id, new.id
            ),
            None => format!("the tokens of {} and {} both work", old.id, new.id),
        };
        let both = match error.kind {
            FailureKind::Uncertain => format!("{both}, unless this change was made all the same"),
            _ => both,
        };
        let hint = match failure {
            None => Hint::from("when the store works again, end the old token: ").and(run!(
                "edit {} --grace {}",
                old.id,
                old.shorter_grace(now, self.grace)
            )),
            Some(_) => Hint::from("when the store works again, take the rotation back: ")
                .and(run!("rotate {} --undo", new.id)),
        };
        error.adding(how).adding(both).hint(hint)
    }
}

/// Adds to `error`, about a change that another process has made, how both keys stand now.
fn obstructed(error: Error, pair: &Pair, now: Timestamp) -> Error {
    let Pair { old, new } = pair;
    let stand = format!("{}, {}; ", standing(old, now), standing(new, now));
    let is_old_alone = old.is_usable(now) && !new.is_usable(now) && new.replaced_by.is_none();
    error.hint(Hint::from(stand).and(match old.is_usable(now) {
        // Its end would leave no token that works.
        _ if is_old_alone => match old.check_rotatable(now) {
            Ok(()) => Hint::from("for another token, rotate it again"),
            Err(_) => Hint::from("for another token, create a new key before it stops"),
        },
        true => Hint::from("to stop the old token: ").and(run!("edit {} --grace 0s", old.id)),
        false => Hint::from("to see more: ").and(run!("show {}", new.id)),
    }))
}
