//! `disable -` and `delete -`: every key that a line leads to is stopped, whatever the others are.
//!
//! An operator who pipes in leaked tokens wants none of them to stay alive because of another line.
//! A token stops its key only if its secret is the key's: its ID is public and its checksum
//! anybody's, and a stranger who makes one up must not stop production.

mod given;
mod plan;
mod report;
mod verb;

pub use self::verb::Verb;

use self::given::Given;
use self::plan::{Plan, Step, Unstopped};
use super::Cx;
use super::change::{Changed, record, tell, tell_of_legacy};
use super::confirm::{check_agreed, confirm_deletion};
use crate::env::Actor;
use crate::error::Result;
use crate::id::KeyId;
use crate::key::{Change, Key};
use crate::store::{self, Store, Tx};
use std::collections::HashSet;

/// The keys that were stopped, and the KEYs that stopped none.
type StopOutcome = (Vec<Changed>, Vec<Unstopped>);

/// A command line that stops the keys on standard input.
pub struct StopRequest<'a> {
    /// The way in which they are stopped.
    pub verb: Verb,
    /// Go on without asking.
    pub yes: bool,
    /// The reason, if one is given.
    pub reason: Option<&'a str>,
}

impl StopRequest<'_> {
    /// Tells whether the arguments `keys` ask for standard input.
    pub fn is_for(keys: &[String]) -> bool {
        keys.iter().any(|key| key == "-")
    }

    /// Stops the keys that `keys` and the lines of standard input lead to, and then names each
    /// KEY that stopped none.
    pub fn run(&self, cx: &mut Cx<'_>, keys: &[String]) -> Result<u8> {
        let (mut given, cut) = given::read(cx, keys)?;
        let mut store = cx.open_to_write()?;
        let actor = store.actor(cx.env);
        let mut plan = self.plan(cx, &*store, &actor, &mut given)?;
        // There may be a great many of these, and others wait for the write lock.
        let missing = plan.take_missing(&mut given);
        let agreed = self.ask(cx, &plan)?;
        let (changed, mut failed) =
            self.stop_all(cx, &mut *store, &actor, &mut given, agreed.as_ref())?;
        failed.extend(missing);
        failed.sort_by_key(|one| one.at);
        tell(cx, &changed);
        if self.verb == Verb::Delete {
            tell_of_legacy(cx, &changed);
        }
        report::report(cx, &*store, &given, failed, cut)
    }

    /// Makes the plan before the write lock is taken.
    fn plan(
        &self,
        cx: &Cx<'_>,
        store: &dyn Store,
        actor: &Actor,
        given: &mut [Given],
    ) -> Result<Plan> {
        loop {
            given::compare(cx, store, given)?;
            let lookup = cx.lookup_to_stop(actor, cx.env.now());
            let plan = store::read(store, |store| {
                Plan::make(store, &lookup, store.access(actor)?, self.verb, given)
            })?;
            if let Some(plan) = plan {
                return Ok(plan);
            }
        }
    }

    /// Asks whether to delete the keys of `plan`, unless that was said, and returns those that the
    /// answer is about.
    fn ask(&self, cx: &mut Cx<'_>, plan: &Plan) -> Result<Option<HashSet<KeyId>>> {
        if self.yes || self.verb == Verb::Disable {
            return Ok(None);
        }
        let doomed: Vec<Key> = plan.to_stop().cloned().collect();
        confirm_deletion(cx, &doomed)?;
        Ok(Some(doomed.iter().map(|key| key.id).collect()))
    }

    /// Stops what can be stopped of what is not missing, in one transaction.
    fn stop_all(
        &self,
        cx: &mut Cx<'_>,
        store: &mut dyn Store,
        actor: &Actor,
        given: &mut [Given],
        agreed: Option<&HashSet<KeyId>>,
    ) -> Result<StopOutcome> {
        if given.iter().all(|one| one.is_missing) {
            return Ok(StopOutcome::default());
        }
        loop {
            let stopped = store::write(store, |tx| self.stop(cx, tx, actor, given, agreed))?;
            match stopped {
                Some(stopped) => return Ok(stopped),
                // A verification has renewed a hash since. No secret is hashed under the lock.
                None => given::compare(cx, store, given)?,
            }
        }
    }

    /// Stops what can be stopped, with an event for each key that is changed; `None` where a
    /// secret has to be compared again first.
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
        let lookup = cx.lookup_to_stop(actor, now);
        let Some(plan) = Plan::make(&*tx, &lookup, access.clone(), self.verb, given)? else {
            return Ok(None);
        };
        if let Some(agreed) = agreed {
            check_agreed(agreed, plan.to_stop())?;
        }
        let mut done = Vec::with_capacity(plan.steps.len());
        for (mut key, step) in plan.steps {
            let (change, action) = match step {
                Step::Stop => self.verb.apply(&mut key, now, &access)?,
                Step::Stopped(action) => (Change::None, action),
            };
            let changed = Changed {
                key,
                change,
                action,
            };
            record(tx, actor, now, &changed, self.reason)?;
            done.push(changed);
        }
        Ok(Some((done, plan.failed)))
    }
}
