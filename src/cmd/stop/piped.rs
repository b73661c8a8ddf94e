//! `disable -` and `delete -`: each line of standard input stops its key, even if other lines are wrong.
//!
//! An operator who pipes in leaked tokens wants all of them stopped, not all or none. A token stops its key
//! only if its secret is the key's: the ID is public and anybody can compute the checksum, so a stranger could
//! make up a token to stop a key in production.

use super::StopRequest;
use super::given::{self, Given};
use super::plan::{Plan, Planner, Step, Unstopped};
use super::report;
use crate::cmd::change::{Changed, record};
use crate::cmd::confirm::{check_agreed, confirm_deletion};
use crate::cmd::{Cx, keys, preview};
use crate::env::Actor;
use crate::error::Result;
use crate::id::KeyId;
use crate::key::{Change, Key};
use crate::output::ListFormat;
use crate::store::{self, Store, Tx};
use std::collections::HashSet;

/// The keys that were stopped, and the KEYs that stopped none.
type StopOutcome = (Vec<Changed>, Vec<Unstopped>);

impl StopRequest<'_> {
    /// Stops the keys that the arguments and the lines of standard input stand for, then names each KEY
    /// that stopped none.
    pub fn run_piped(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let (mut given, cut) = given::read(cx, self.keys)?;
        let mut store = self.open(cx)?;
        keys::refuse_tokens(&*store, self.keys)?;
        let actor = store.actor(cx.env);
        let mut plan = self.plan(cx, &*store, &actor, &mut given)?;
        // Not looked up again under the write lock, for which others wait: there may be very many.
        let missing = plan.take_missing(&mut given);
        if let Some(format) = self.preview {
            plan.failed.extend(missing);
            self.print_plan(cx, &*store, &actor, &plan, format)?;
            let mut failed = plan.failed;
            failed.sort_by_key(|unstopped| unstopped.at);
            return report::report(cx, &*store, &given, failed, cut, true);
        }
        let agreed = match self.yes {
            true => None,
            false => {
                let doomed: Vec<Key> = plan.to_stop().cloned().collect();
                Some(confirm_deletion(cx, &doomed)?)
            }
        };
        let (changed, mut failed) =
            self.stop_all(cx, &mut *store, &actor, &mut given, agreed.as_ref())?;
        failed.extend(missing);
        failed.sort_by_key(|unstopped| unstopped.at);
        report::stopped(cx, &changed, self.verb);
        report::report(cx, &*store, &given, failed, cut, false)
    }

    /// Prints the keys that `plan` would stop.
    fn print_plan(
        &self,
        cx: &mut Cx<'_>,
        store: &dyn Store,
        actor: &Actor,
        plan: &Plan,
        format: ListFormat,
    ) -> Result<()> {
        let now = cx.env.now();
        let access = store::read(store, |store| store.access(actor))?;
        let mut due = Vec::new();
        for key in plan.to_stop() {
            let (change, _) = self.verb.apply(&mut key.clone(), now, &access)?;
            if change == Change::Applied {
                due.push(key.clone());
            }
        }
        preview::print(cx, &due, now, format)?;
        report::preview(cx, &due, self.verb);
        Ok(())
    }

    /// Makes a plan before the write lock is taken.
    fn plan(
        &self,
        cx: &Cx<'_>,
        store: &dyn Store,
        actor: &Actor,
        given: &mut [Given],
    ) -> Result<Plan> {
        loop {
            given::compare(cx, store, given)?;
            let now = cx.env.now();
            let plan = store::read(store, |store| {
                let planner = Planner {
                    store,
                    lookup: cx.lookup_to_stop(actor, now),
                    access: &store.access(actor)?,
                    verb: self.verb,
                };
                planner.plan(given)
            })?;
            if let Some(plan) = plan {
                return Ok(plan);
            }
        }
    }

    /// Stops the keys of all that is not missing, in one transaction.
    fn stop_all(
        &self,
        cx: &mut Cx<'_>,
        store: &mut dyn Store,
        actor: &Actor,
        given: &mut [Given],
        agreed: Option<&HashSet<KeyId>>,
    ) -> Result<StopOutcome> {
        if given.iter().all(|given| given.is_missing) {
            return Ok(StopOutcome::default());
        }
        loop {
            let stopped = store::write(store, |tx| self.stop(cx, tx, actor, given, agreed))?;
            match stopped {
                Some(stopped) => return Ok(stopped),
                // A verification has renewed a hash. Compare again without the lock, which hashing would hold
                // for long.
                None => given::compare(cx, store, given)?,
            }
        }
    }

    /// Stops each key that can be stopped and logs an event for it. Returns `None` if a token has to be compared
    /// with a new hash first.
    fn stop(
        &self,
        cx: &Cx<'_>,
        tx: &mut dyn Tx,
        actor: &Actor,
        given: &[Given],
        agreed: Option<&HashSet<KeyId>>,
    ) -> Result<Option<StopOutcome>> {
        let now = cx.env.now();
        let access = tx.access(actor)?;
        let planner = Planner {
            store: &*tx,
            lookup: cx.lookup_to_stop(actor, now),
            access: &access,
            verb: self.verb,
        };
        let Some(plan) = planner.plan(given)? else {
            return Ok(None);
        };
        if let Some(agreed) = agreed {
            check_agreed(agreed, plan.to_stop())?;
        }
        let mut done = Vec::with_capacity(plan.steps.len());
        for (mut key, step) in plan.steps {
            let made = match step {
                Step::Stop => self.verb.apply(&mut key, now, &access)?,
                Step::Stopped(action) => (Change::AlreadySo, action),
            };
            done.push(record(tx, actor, now, self.reason, key, made)?);
        }
        Ok(Some((done, plan.failed)))
    }
}
