//! Effect of a restore on those who use the keys. Of the memory that it takes, only the IDs of the
//! keys that become valid again grow with the store.

use crate::cmd::confirm::NAMED_MAX;
use crate::error::{FailureKind, Result};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{Filter, Read};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// The difference that a copy in a store's place makes.
#[derive(Default)]
pub struct Effect {
    /// The keys that do not work now, or are not there, and will work, as the copy has them.
    pub revived: Affected,
    /// The keys that work now and will not, or will not be there, as the store has them.
    pub stopped: Affected,
    /// The number of lines that the log loses.
    pub events: u64,
    /// Users who are no administrators now and will be.
    pub administrators: Vec<String>,
}

/// Number of some keys, and the first of them, which are named.
#[derive(Default)]
pub struct Affected {
    /// Their number.
    pub count: usize,
    /// The first of them.
    pub first: Vec<Key>,
}

impl Effect {
    /// The difference at `now` between `current`, which holds nothing if there is none, and `copy`.
    /// Calls `revives` for each key that becomes valid again.
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

/// The keys that work in `one` and not in `other`.
fn only_in(
    one: &dyn Read,
    other: Option<&dyn Read>,
    now: Timestamp,
    visit: &mut dyn FnMut(&Key) -> Result<()>,
) -> Result<Affected> {
    let mut found = Affected::default();
    // A damaged key does not work.
    let _damaged = one.scan(&Filter::all(now), &mut |key| {
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

fn readable(store: &dyn Read, id: KeyId) -> Result<Option<Key>> {
    match store.get(id) {
        Err(error) if error.is_damage_of(id) => Ok(None),
        found => found,
    }
}

/// Counts the lines of the log of `one` behind the last that is in that of `other` too.
///
/// Each line's hash covers the line and the hash before it: logs that have the same line in one
/// place have the same lines before, so that the last one is found by bisection. In a log that was
/// tampered with it is one of those behind which the two differ.
fn lines_only_in(one: &dyn Read, other: &dyn Read) -> Result<u64> {
    let end = last_line(one)?;
    let same = last_common(end, &mut |seq| in_both(one, other, seq))?;
    Ok(end.abs_diff(same))
}

/// The last of the lines from 1 to `end` that is in both logs, or 0: `in_both` tells of a line.
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

/// The number of the last line; as the log's head has it, where that line cannot be read.
fn last_line(store: &dyn Read) -> Result<i64> {
    match store.event_at(i64::MAX) {
        Err(error) if error.kind == FailureKind::Damaged => {
            Ok(store.head().map_or(0, |head| head.seq))
        }
        last => Ok(last?.map_or(0, |last| last.seq)),
    }
}

/// Tells whether the last line at `seq` or before is one and the same in both logs; a line that
/// cannot be read is not.
fn in_both(one: &dyn Read, other: &dyn Read, seq: i64) -> Result<bool> {
    match one.event_at(seq) {
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
