//! Lines checked before anything is made.

use super::lines::Line;
use super::made::announce_left_out;
use super::plan::{Rules, plan};
use super::recipients::Recipients;
use crate::cmd::Cx;
use crate::env::Actor;
use crate::error::Result;
use crate::lookup::unfinished_handovers;
use crate::policy::Policy;
use crate::store;

/// Lines whose keys can be made, and what is needed to make them.
pub struct Checked<'a> {
    /// Lines, without those that are left out.
    pub wanted: Vec<&'a Line>,
    /// Owners.
    pub recipients: Recipients,
    /// User who makes the keys.
    pub actor: Actor,
    /// Policy of the store.
    pub policy: Policy,
}

/// Checks `lines` by a preview of the store, before a store is made and time goes into hashing; they are checked again
/// under the lock. Prints which lines are left out.
pub fn check<'a>(cx: &mut Cx<'_>, lines: &'a [Line], rules: Rules) -> Result<Checked<'a>> {
    let preview = cx.preview()?;
    let (actor, now) = (preview.actor(cx.env), cx.env.now());
    let (recipients, policy) = store::read(&*preview, |store| {
        let recipients = Recipients::find(cx, store, &actor, lines)?;
        Ok((recipients, store.policy()?))
    })?;
    let (wanted, skipped, unfinished) = store::read(&*preview, |store| {
        let plan = plan(store, lines, &recipients, rules, &actor, now)?;
        let wanted: Vec<&Line> = plan.keys.iter().map(|planned| planned.line).collect();
        let unfinished = match plan.skipped.is_empty() {
            true => Vec::new(),
            false => unfinished_handovers(store, now)?,
        };
        Ok((wanted, plan.skipped, unfinished))
    })?;
    drop(preview);
    announce_left_out(cx, &skipped, &unfinished, now);
    if wanted.is_empty() {
        cx.status("no key was created: every line was left out");
    }
    Ok(Checked {
        wanted,
        recipients,
        actor,
        policy,
    })
}
