//! Lookup of a key by a name that it had: in the log, where the events of purged keys stay.

use super::lineage::lineage;
use super::{CANDIDATES_MAX, owner_and_name, unless_damaged, without_mark};
use crate::error::{Candidate, Error, FailureKind, Result, quote};
use crate::event::{Action, Entry, after};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::name::form::forms;
use crate::store::{LogFilter, Read};
use crate::when::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Kinds of events whose detail has the name or the owner of a key.
const NAMING: [Action; 4] = [Action::Create, Action::Import, Action::Edit, Action::Purge];

/// Word for the state of a key that has no record any more.
const PURGED: &str = "purged";

/// Word for the state of a key whose record cannot be read.
const DAMAGED: &str = "damaged";

/// Keys that had a name.
pub enum LoggedMatch {
    /// One key.
    One(Candidate, KeyId),
    /// No key.
    None,
    /// Several keys; the error names them.
    Several(Box<Error>),
}

/// Finds the key that had the name, or `OWNER/NAME`, `text`. Keys of one lineage count as one, by the last of
/// them, unless `apart`. Reads the whole log.
pub fn find_in_log(
    store: &dyn Read,
    text: &str,
    apart: bool,
    now: Timestamp,
) -> Result<LoggedMatch> {
    let text = without_mark(text);
    let mut ids = named(store, text)?;
    let (mut last, mut candidates) = (None, Vec::new());
    while let Some(id) = ids.pop() {
        if candidates.len() as u64 == CANDIDATES_MAX {
            break;
        }
        candidates.push(candidate(store, id, now)?);
        last.get_or_insert(id);
        if !apart {
            let same = lineage(store, id)?;
            ids.retain(|id| !same.contains(id));
        }
    }
    Ok(match (last, <[Candidate; 1]>::try_from(candidates)) {
        (Some(id), Ok([candidate])) => LoggedMatch::One(candidate, id),
        (Some(_), Err(candidates)) => {
            LoggedMatch::Several(Box::new(several(text, candidates, ids.is_empty())))
        }
        (None, _) => LoggedMatch::None,
    })
}

fn several(text: &str, candidates: Vec<Candidate>, are_all: bool) -> Error {
    let message = format!("{} was the name of more than one key", quote(text));
    let which = match are_all {
        true => "the newest is first".to_owned(),
        false => format!("these are the newest {}", candidates.len()),
    };
    let mut error = Error::new(FailureKind::Ambiguous, message);
    if let Some(newest) = candidates.first() {
        let command = run!("log --key {}", newest.id);
        error = error.hint(Hint::from(format!("{which}; give the ID: ")).and(command));
    }
    error.candidates = candidates;
    error
}

/// Returns the IDs of the keys that had the name `text`, or `OWNER/NAME`, in the order in which they last got it.
fn named(store: &dyn Read, text: &str) -> Result<Vec<KeyId>> {
    let (owner, name) = owner_and_name(text);
    let names = forms(name);
    // A detail is compact JSON. To read that of every event takes several times as long.
    let quoted: Vec<String> = names
        .iter()
        .map(|name| Value::from(&**name).to_string())
        .collect();
    let mut found: Vec<KeyId> = Vec::new();
    store.scan_log(&naming(Vec::new()), &mut |event: Entry| {
        let id = event.key_id.as_deref();
        if let Some(id) = id.and_then(|id| KeyId::parse(id.as_bytes()))
            && quoted.iter().any(|name| event.detail.contains(name))
            && has(&event.fields()["name"], |name| {
                names.iter().any(|it| it == name)
            })
        {
            found.push(id);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    found.reverse();
    let mut seen = HashSet::new();
    found.retain(|id| seen.insert(*id));
    found.reverse();
    let Some(owner) = owner else {
        return Ok(found);
    };
    let owners = forms(owner);
    let mut theirs = Vec::new();
    for id in found {
        let mut events = store.find_events(&naming(vec![id]))?.into_iter();
        if events.any(|event| {
            has(&event.fields()["owner"], |owner| {
                owners.iter().any(|it| it == owner)
            })
        }) {
            theirs.push(id);
        }
    }
    Ok(theirs)
}

/// Tells whether `is` holds for the text of a field of a detail, or for its old or new one.
fn has(field: &Value, is: impl Fn(&str) -> bool) -> bool {
    let texts = [field, &field["old"], &field["new"]];
    texts.into_iter().filter_map(Value::as_str).any(is)
}

fn naming(keys: Vec<KeyId>) -> LogFilter {
    LogFilter {
        keys,
        actions: NAMING.to_vec(),
        ..LogFilter::default()
    }
}

/// Describes the key by its record or, if that is purged, by its last events.
fn candidate(store: &dyn Read, id: KeyId, now: Timestamp) -> Result<Candidate> {
    let state = match unless_damaged(store.get(id))? {
        Some(Some(key)) => return Ok(key.candidate(now)),
        Some(None) => PURGED,
        None => DAMAGED,
    };
    let (mut name, mut owner) = (String::new(), String::new());
    let events = store.find_events(&naming(vec![id]))?;
    for detail in events.iter().map(Entry::fields) {
        for (field, text) in [("name", &mut name), ("owner", &mut owner)] {
            if let Some(last) = after(&detail[field]) {
                last.clone_into(text);
            }
        }
    }
    Ok(Candidate {
        id: id.to_string(),
        name,
        owner,
        state,
    })
}

/// Returns the last name of a key in the log: that of a purged one. `None` if no event that can be read has it.
pub fn name_in_log(store: &dyn Read, id: KeyId) -> Result<Option<String>> {
    let mut name = None;
    let scanned = store.scan_log(&naming(vec![id]), &mut |event: Entry| {
        name = event.key_name().or(name.take());
        Ok(ControlFlow::Continue(()))
    });
    unless_damaged(scanned)?;
    Ok(name)
}
