//! Effect of a restore on the users of keys. Computed in constant memory, but for the projects' names; only
//! the caller may keep the IDs of keys that become valid again.

use super::first::First;
use super::outcome::{Outcome, readable};
use super::wider::{self, Rights, Wider};
use crate::error::{FailureKind, Result};
use crate::event::Action;
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::project::{Member, Role};
use crate::store::{Filter, LogFilter, Read};
use crate::when::Timestamp;
use serde_json::{Value, json};
use std::ops::ControlFlow;

/// Difference between a store and the content that will replace it.
#[derive(Default)]
pub struct Effect {
    /// Keys of the copy that will work, and that do not work in the store or are missing in it.
    pub revived: First<Revived>,
    /// True if one of those may stay stopped with `--keep-revoked`: the store has had it.
    pub may_stay_stopped: bool,
    /// Keys of the store that work there, and that will not work or be missing.
    pub stopped: First<Key>,
    /// Rights that get wider.
    pub wider: Wider,
    /// Revocations of the store that are kept.
    pub kept: Kept,
    /// Number of lines that the log loses.
    pub events: u64,
    /// Users who become administrators again.
    pub administrators: Vec<String>,
    /// Rights that users lose.
    pub lost: Lost,
}

/// Key that will work again.
pub struct Revived {
    /// Record that will be restored.
    pub key: Key,
    /// State in the copy.
    pub copied: State,
    /// Reason why it does not work in the store; `None` if that cannot be read, or there is none.
    pub stopped: Option<Stopped>,
}

/// Reason why a key of the copy does not work in the store.
pub enum Stopped {
    /// The store has no such key.
    Missing,
    /// The key's record is damaged.
    Damaged,
    /// The key has this state, since this time if that is known.
    State(State, Option<Timestamp>),
}

impl Stopped {
    fn of(current: &dyn Read, id: KeyId, now: Timestamp) -> Result<Self> {
        let present = match current.get(id) {
            Err(error) if error.is_damage_of(id) => return Ok(Stopped::Damaged),
            present => present?,
        };
        Ok(present.map_or(Stopped::Missing, |key| {
            let state = key.state(now);
            let since = match state {
                State::Active => None,
                State::Disabled => key.disabled_at,
                State::Expired => key.expires_at,
                State::PhasedOut => key.stops_at(),
                State::Deleted => key.deleted_at,
            };
            Stopped::State(state, since)
        }))
    }
}

/// Rights of users in the store that the copy does not give them.
#[derive(Default)]
pub struct Lost {
    /// Users who will no longer be administrators.
    pub administrators: First<String>,
    /// Members of the store who will be none or have a lower role, each with that role.
    pub members: First<(Member, Option<Role>)>,
}

impl Lost {
    fn read(&mut self, current: &dyn Read, copy: &dyn Read) -> Result<()> {
        for name in current.administrators(None)? {
            if !copy.is_appointed(&name)? {
                self.administrators.add(name);
            }
        }
        wider::members(copy, current, &mut self.members)
    }
}

/// Revocations that a restore keeps.
#[derive(Default)]
pub struct Kept {
    /// Keys that stay disabled, deleted or phased-out, which the copy does not have so.
    pub revoked: First<Key>,
    /// Keys of the copy whose records stay removed.
    pub removed: First<Key>,
    /// Keys that keep fewer scopes, an earlier expiry or fewer networks than the copy has for them.
    pub narrowed: First<Key>,
    /// Keys that the copy has not, and that replaced one of its keys.
    pub successors: First<Key>,
}

impl Effect {
    /// Compares `current`, which is empty if it is `None`, with `outcome`, made from `copy`, at the time `now`.
    /// Calls `revives` for each key that becomes valid again.
    pub fn of(
        current: Option<&dyn Read>,
        copy: &dyn Read,
        outcome: &Outcome<'_>,
        now: Timestamp,
        revives: &mut dyn FnMut(&Key) -> Result<()>,
    ) -> Result<Self> {
        let mut effect = Effect::default();
        let rights = Rights::new(current, outcome)?;
        let has_removed = current.map(has_removed).transpose()?.unwrap_or_default();
        // A damaged key does not work.
        let _damaged = copy.scan(&Filter::all(now), &mut |copied| {
            let Some(restored) = outcome.of(&copied)? else {
                effect.kept.removed.add(copied);
                return Ok(ControlFlow::Continue(()));
            };
            effect.kept.compare(&copied, &restored);
            let present = current.map(|current| readable(current, copied.id));
            let present = present.transpose()?.flatten();
            let works = present.as_ref().is_some_and(|key| key.is_usable(now));
            if restored.is_usable(now) && !works {
                revives(&restored)?;
                let stopped = current.map(|current| Stopped::of(current, copied.id, now));
                let stopped = stopped.transpose()?;
                effect.may_stay_stopped |=
                    has_removed || !matches!(stopped, None | Some(Stopped::Missing));
                effect.revived.add(Revived {
                    key: restored,
                    copied: copied.state(now),
                    stopped,
                });
            } else if let Some(present) = present {
                effect.wider.compare(&present, restored, &rights, now);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let Some(current) = current else {
            return Ok(effect);
        };
        let _damaged = current.scan(&Filter::all(now), &mut |key| {
            let restored = match readable(copy, key.id)? {
                Some(copied) => outcome.of(&copied)?,
                None if outcome.brings(&key)? => {
                    effect.kept.successors.add(key);
                    return Ok(ControlFlow::Continue(()));
                }
                None => None,
            };
            if key.is_usable(now) && !restored.is_some_and(|key| key.is_usable(now)) {
                effect.stopped.add(key);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for name in copy.administrators(None)? {
            if !current.is_appointed(&name)? {
                effect.administrators.push(name);
            }
        }
        wider::members(current, copy, &mut effect.wider.members)?;
        effect.lost.read(current, copy)?;
        effect.wider.policy = wider::policy(&current.policy()?, &copy.policy()?)?;
        effect.events = lines_only_in(current, copy)?;
        Ok(effect)
    }
}

impl Kept {
    /// Returns the numbers of keys, for the event.
    pub fn counts(&self) -> Value {
        json!({
            "revoked": self.revoked.count,
            "removed": self.removed.count,
            "narrowed": self.narrowed.count,
            "successors": self.successors.count,
        })
    }

    /// Compares the record of a key in the copy with the one that is restored.
    fn compare(&mut self, copied: &Key, restored: &Key) {
        if copied == restored {
            return;
        }
        let stop = |key: &Key| (key.deleted_at, key.disabled_at, key.usable_until);
        match stop(copied) == stop(restored) {
            true => self.narrowed.add(restored.clone()),
            false => self.revoked.add(restored.clone()),
        }
    }
}

/// Tells whether records were purged from `store`. A log that cannot be read may have had them.
fn has_removed(store: &dyn Read) -> Result<bool> {
    let purged = store.find_events(&LogFilter {
        actions: vec![Action::Purge],
        limit: Some(1),
        ..LogFilter::default()
    });
    match purged {
        Err(error) if error.kind == FailureKind::Damaged => Ok(true),
        purged => Ok(!purged?.is_empty()),
    }
}

/// Counts the lines of the log of `store` after the last line that is also in the log of `other`.
///
/// Each line's hash covers the line and the hash before it. So two logs with the same line at one place have
/// the same lines before it, and bisection finds the last common one. In a log that was tampered with, it
/// finds one of the places where the logs begin to differ.
fn lines_only_in(store: &dyn Read, other: &dyn Read) -> Result<u64> {
    let end = last_line(store)?;
    let same = last_common(end, &mut |seq| in_both(store, other, seq))?;
    Ok(end.abs_diff(same))
}

/// Returns the last line from 1 to `end` for which `in_both` is true, by bisection, or 0.
fn last_common(end: i64, in_both: &mut dyn FnMut(i64) -> Result<bool>) -> Result<i64> {
    if end <= 0 || in_both(end)? {
        return Ok(end);
    }
    let (mut same, mut differ) = (0, end);
    while differ - same > 1 {
        let middle = same + (differ - same) / 2;
        match in_both(middle)? {
            true => same = middle,
            false => differ = middle,
        }
    }
    Ok(same)
}

/// Returns the number of the last line, or the one in the log's head if that line cannot be read.
fn last_line(store: &dyn Read) -> Result<i64> {
    match store.event_at(i64::MAX) {
        Err(error) if error.kind == FailureKind::Damaged => {
            Ok(store.head().map_or(0, |head| head.seq))
        }
        last => Ok(last?.map_or(0, |last| last.seq)),
    }
}

/// Tells whether the last line at `seq` or before is the same in both logs. False if it cannot be read.
fn in_both(store: &dyn Read, other: &dyn Read, seq: i64) -> Result<bool> {
    match store.event_at(seq) {
        Err(error) if error.kind == FailureKind::Damaged => Ok(false),
        line => {
            let line = line?;
            Ok(line.is_some() && line == other.event_at(seq)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_common_asks_of_few_lines() {
        for end in [-1, 0, 1, 2, 3, 1000, 1_000_000, i64::MAX] {
            for same in [0, 1, 2, end / 2, end - 1, end] {
                let same = same.clamp(0, end.max(0));
                let mut asked = 0;
                let found = last_common(end, &mut |seq| {
                    assert!((1..=end).contains(&seq), "{seq} of {end}");
                    asked += 1;
                    Ok(seq <= same)
                });
                assert_eq!(found.unwrap(), same.min(end), "{end}");
                assert!(asked <= 64, "{asked} lines of {end}");
            }
        }
    }
}
