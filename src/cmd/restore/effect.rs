//! Effect of a restore on the users of keys. Computed in constant memory; only the caller may keep the IDs of
//! keys that become valid again.

use crate::cmd::confirm::NAMED_MAX;
use crate::error::{FailureKind, Result};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{Filter, Read};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// Difference between a store and the copy that will replace it.
#[derive(Default)]
pub struct Effect {
    /// Keys of the copy that work there, and that do not work in the store or are missing in it.
    pub revived: Affected,
    /// Keys of the store that work there, and that do not work in the copy or are missing in it.
    pub stopped: Affected,
    /// Number of lines that the log loses.
    pub events: u64,
    /// Users who become administrators again.
    pub administrators: Vec<String>,
}

/// Number of affected keys, and the first of them.
#[derive(Default)]
pub struct Affected {
    /// The number of keys.
    pub count: usize,
    /// The first keys, which are shown.
    pub first: Vec<Key>,
}

impl Effect {
    /// Compares `current`, which is empty if it is `None`, with `copy` at the time `now`. Calls `revives` for
    /// each key that becomes valid again.
    pub fn of(
        current: Option<&dyn Read>,
        copy: &dyn Read,
        now: Timestamp,
        revives: &mut dyn FnMut(&Key) -> Result<()>,
    ) -> Result<Self> {
        let mut effect = Effect {
            revived: only_in(copy, current, now, revives)?,
            ..Effect::default()
        };
        if let Some(current) = current {
            for name in copy.administrators(None)? {
                if !current.is_appointed(&name)? {
                    effect.administrators.push(name);
                }
            }
            effect.stopped = only_in(current, Some(copy), now, &mut |_| Ok(()))?;
            effect.events = lines_only_in(current, copy)?;
        }
        Ok(effect)
    }
}

/// Finds the keys that work in `store` and not in `other`, and calls `visit` for each.
fn only_in(
    store: &dyn Read,
    other: Option<&dyn Read>,
    now: Timestamp,
    visit: &mut dyn FnMut(&Key) -> Result<()>,
) -> Result<Affected> {
    let mut found = Affected::default();
    // A damaged key does not work.
    let _damaged = store.scan(&Filter::all(now), &mut |key| {
        if key.is_usable(now) {
            let same = other.map(|other| readable(other, key.id)).transpose()?;
            if !same.flatten().is_some_and(|key| key.is_usable(now)) {
                visit(&key)?;
                found.count += 1;
                if found.first.len() < NAMED_MAX {
                    found.first.push(key);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Returns the key with this ID; `None` if there is none, or if its record is damaged.
fn readable(store: &dyn Read, id: KeyId) -> Result<Option<Key>> {
    match store.get(id) {
        Err(error) if error.is_damage_of(id) => Ok(None),
        found => found,
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
