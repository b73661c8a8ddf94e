//! Lines checked before anything is made.

use super::lines::Line;
use super::made::announce_left_out;
use super::plan::{Rules, plan};
use super::recipients::Recipients;
use crate::cmd::Cx;
use crate::cmd::flaws::Flaws;
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
/// under the lock. Fails if there are `flaws`, or if lines are refused. Prints which lines are left out.
pub fn check<'a>(
    cx: &mut Cx<'_>,
    lines: &[&'a Line],
    rules: Rules,
    flaws: &Flaws,
) -> Result<Checked<'a>> {
    let preview = cx.preview()?;
    let (actor, now) = (preview.actor(cx.env), cx.env.now());
    let (checked, skipped, unfinished) = store::read(&*preview, |store| {
        let recipients = Recipients::find(cx, store, &actor, lines);
        let (lines, flaws) = (lines.iter().copied(), flaws.clone());
        let plan = plan(store, lines, &recipients, rules, &actor, now, flaws)?;
        let unfinished = match plan.skipped.is_empty() {
            true => Vec::new(),
            false => unfinished_handovers(store, now)?,
        };
        let checked = Checked {
            wanted: plan.keys.iter().map(|planned| planned.line).collect(),
            recipients,
            actor: actor.clone(),
            policy: store.policy()?,
        };
        Ok((checked, plan.skipped, unfinished))
    })?;
    drop(preview);
    announce_left_out(cx, &skipped, &unfinished, now);
    if checked.wanted.is_empty() {
        cx.status("no key was created: every name is held");
    }
    Ok(checked)
}
