//! Keys of a plan, written within a transaction.

use super::made::created;
use super::plan::Plan;
use crate::cmd::change::record;
use crate::cmd::handover::begins;
use crate::cmd::issue::Minted;
use crate::env::Actor;
use crate::error::Result;
use crate::event::Action;
use crate::key::Key;
use crate::store::Tx;
use crate::when::Timestamp;
use serde_json::Value;

/// Circumstances of new keys, for their events.
pub struct Making<'a> {
    /// User who makes them.
    pub actor: &'a Actor,
    /// Reason for the log.
    pub reason: Option<&'a str>,
    /// Field for a handover that begins.
    pub handover: Option<&'a Value>,
}

/// Keys that a transaction made and deleted.
pub struct Made {
    /// New keys, in the order of the plan.
    pub keys: Vec<Key>,
    /// Expired keys that gave their names to new ones.
    pub expired: Vec<Key>,
}

/// Writes the keys of `plan` with the tokens of `minted`, and their events.
pub fn insert(
    tx: &mut dyn Tx,
    mut plan: Plan<'_>,
    minted: &[Minted],
    making: &Making<'_>,
    now: Timestamp,
) -> Result<Made> {
    let Making {
        actor,
        reason,
        handover,
    } = *making;
    for expired in &mut plan.expired {
        let deleted = (expired.delete(now)?, Action::Delete);
        record(tx, actor, now, reason, expired.clone(), deleted)?;
    }
    let mut keys = Vec::with_capacity(minted.len());
    for (planned, minted) in plan.keys.iter().zip(minted) {
        let whose = (&*planned.owner, &*planned.line.name);
        let fields = &planned.line.fields;
        let key = fields.key(&planned.terms, minted.id(), whose, actor, now);
        tx.insert(&key, &minted.hash)?;
        let event = created(&key, now, actor).because(reason);
        tx.append(&begins(event, handover))?;
        keys.push(key);
    }
    let expired = plan.expired;
    Ok(Made { keys, expired })
}
