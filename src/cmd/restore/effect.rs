//! What a restore will change for those who use the keys.

use crate::error::{Kind, Result};
use crate::event::Link;
use crate::key::Key;
use crate::store::{Filter, LogFilter, Read};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// The difference that a copy in a store's place makes.
pub struct Effect {
    /// The keys that do not work now, or are not there, and will work, as the copy has them.
    pub revived: Vec<Key>,
    /// The keys that work now and will not, or will not be there, as the store has them.
    pub stopped: Vec<Key>,
    /// How many lines the log loses.
    pub events: usize,
    /// Who is no administrator now and will be one.
    pub administrators: Vec<String>,
}

impl Effect {
    /// The difference at `now` between `current`, which holds nothing if there is none, and `copy`.
    pub fn of(current: Option<&dyn Read>, copy: &dyn Read, now: Timestamp) -> Result<Self> {
        let mut effect = Effect {
            revived: only_in(copy, current, now)?,
            stopped: Vec::new(),
            events: 0,
            administrators: Vec::new(),
        };
        if let Some(current) = current {
            let still = current.administrators(None)?;
            effect.administrators = copy.administrators(None)?;
            effect.administrators.retain(|name| !still.contains(name));
            effect.stopped = only_in(current, Some(copy), now)?;
            effect.events = lines_only_in(current, copy)?;
        }
        Ok(effect)
    }
}

/// The keys that work in `one` and not in `other`.
fn only_in(one: &dyn Read, other: Option<&dyn Read>, now: Timestamp) -> Result<Vec<Key>> {
    let mut found = Vec::new();
    one.scan(&Filter::all(now), &mut |key| {
        if key.is_usable(now) {
            let same = other.map(|other| other.get(key.id)).transpose()?.flatten();
            if !same.is_some_and(|key| key.is_usable(now)) {
                found.push(key);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// How many lines of the log of `one` come after the last that `other` has in the same place. One
/// that cannot be read differs, and with it all that come after it.
fn lines_only_in(one: &dyn Read, other: &dyn Read) -> Result<usize> {
    let (mut lines, others) = (Vec::new(), links(other)?);
    let read = read_links(one, &mut lines);
    let same = lines
        .iter()
        .zip(&others)
        .take_while(|(one, other)| one == other)
        .count();
    let count = match read {
        Err(error) if error.kind == Kind::Damaged => {
            let head = one.head().map_or(0, |head| head.seq);
            usize::try_from(head).unwrap_or(0).max(lines.len() + 1)
        }
        read => read.map(|()| lines.len())?,
    };
    Ok(count - same)
}

fn links(store: &dyn Read) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    read_links(store, &mut links)?;
    Ok(links)
}

fn read_links(store: &dyn Read, links: &mut Vec<Link>) -> Result<()> {
    store.scan_log(&LogFilter::default(), &mut |entry| {
        links.push(entry.hash);
        Ok(ControlFlow::Continue(()))
    })
}
