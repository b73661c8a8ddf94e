//! Lines of a file checked against the store.

use super::fields::Terms;
use super::lines::Line;
use super::recipients::Recipients;
use crate::access::Access;
use crate::cmd::flaws::Flaws;
use crate::cmd::taken;
use crate::env::Actor;
use crate::error::{Error, Result, quote};
use crate::key::{Key, State};
use crate::policy::Policy;
use crate::scope::Registry;
use crate::store::Read;
use crate::when::Timestamp;
use std::collections::HashMap;

/// Rules for lines whose name a live key holds.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Leave such a line out.
    pub skip_existing: bool,
    /// Delete that key if it has expired.
    pub replace_expired: bool,
}

/// Key to be made.
pub struct Planned<'a> {
    /// Line that describes it.
    pub line: &'a Line,
    /// Owner.
    pub owner: String,
    /// Scopes and expiry.
    pub terms: Terms,
}

/// Keys to be made, and the live keys that hold a name.
#[derive(Default)]
pub struct Plan<'a> {
    /// Keys to be made, in the order of their lines.
    pub keys: Vec<Planned<'a>>,
    /// Lines that are left out, with the keys that hold their names.
    pub skipped: Vec<(&'a Line, Key)>,
    /// Expired keys that are deleted.
    pub expired: Vec<Key>,
}

/// Checks `lines` against the store at `now`. Fails if there are `flaws`, or if lines are refused.
pub fn plan<'a>(
    store: &dyn Read,
    lines: impl IntoIterator<Item = &'a Line>,
    recipients: &Recipients,
    rules: Rules,
    actor: &Actor,
    now: Timestamp,
    mut flaws: Flaws,
) -> Result<Plan<'a>> {
    let (access, policy, scopes) = (store.access(actor)?, store.policy()?, store.scopes()?);
    policy.check_creator(&access)?;
    let mut plan = Plan::default();
    let mut seen = HashMap::new();
    let mut add = |line: &'a Line| {
        let owner = recipients.owner(line)?;
        access.for_owner(owner)?;
        if let Some(first) = seen.insert((owner, &*line.name), line) {
            return Err(repeated(line, first));
        }
        if let Some(holder) = taken::holder(store, owner, &line.name)? {
            match holder.state(now) {
                State::Expired if rules.replace_expired => plan.expired.push(holder),
                _ if rules.skip_existing => {
                    plan.skipped.push((line, holder));
                    return Ok(());
                }
                _ => return Err(refusal(&holder, now)),
            }
        }
        let terms = terms(line, &access, &policy, &scopes, now)?;
        let owner = owner.to_owned();
        plan.keys.push(Planned { line, owner, terms });
        Ok(())
    };
    for line in lines {
        flaws.keep(line.number, add(line))?;
    }
    flaws.end()?;
    Ok(plan)
}

fn terms(
    line: &Line,
    access: &Access,
    policy: &Policy,
    scopes: &Registry,
    now: Timestamp,
) -> Result<Terms> {
    line.fields.check_access(access)?;
    Ok(Terms {
        scopes: line.fields.known_scopes(scopes)?,
        expires_at: line.fields.expires_at(policy, now)?,
    })
}

fn repeated(line: &Line, first: &Line) -> Error {
    let error = Error::usage(format!(
        "the name {} is that of {} too",
        quote(&line.name),
        first.shown()
    ));
    error.hint("give each key of an owner a name of its own")
}

/// Error for a name that `holder` has. Its hint names no key, so that it is printed once for all lines.
fn refusal(holder: &Key, now: Timestamp) -> Error {
    let advice = match holder.state(now) {
        State::Expired => {
            "to delete expired keys and create the new ones in their place, add --replace-expired"
        }
        _ => {
            "to leave out each name that is held by a live key, add --skip-existing; for a new token of that key, rotate it"
        }
    };
    taken::refusal(holder, now).hint(advice)
}
