//! Keys whose events are shown: the key that `--key` names, and its lineage.

use crate::error::{Candidate, Result, escape, quote};
use crate::id::KeyId;
use crate::lookup::{self, KeyMatch, LoggedMatch, Lookup};
use crate::name;
use crate::store::{Filter, Read};
use crate::when::Timestamp;

/// Largest number of earlier keys to name.
const NAMED_MAX: u64 = 20;

/// Keys whose events are shown; all events if there are none.
#[derive(Default)]
pub struct Chosen {
    /// The IDs.
    pub keys: Vec<KeyId>,
    /// Status line about a key that was found by a name that it had.
    pub former: Option<String>,
    /// Earlier keys of the name by which the key was found, the latest first, without those of the lineage.
    pub earlier: Vec<KeyId>,
}

impl Chosen {
    /// Finds the key that `text` stands for, which may be purged, and its lineage unless `only`.
    pub fn by(text: &str, lookup: &Lookup<'_>, store: &dyn Read, only: bool) -> Result<Self> {
        let (id, former) = find(text, lookup, store, only)?;
        let keys = match only {
            true => vec![id],
            false => lookup::lineage(store, id)?,
        };
        let earlier = earlier(store, text, id, &keys, lookup.now)?;
        let former = former.map(|key| {
            format!(
                "{} was the name of {id}: {} of {}, {}",
                quote(text),
                quote(&key.name),
                escape(&key.owner),
                key.state
            )
        });
        Ok(Chosen {
            keys,
            former,
            earlier,
        })
    }
}

/// Finds the key by the usual rules, else by its events alone: an ID or a name that it had.
fn find(
    text: &str,
    lookup: &Lookup<'_>,
    store: &dyn Read,
    only: bool,
) -> Result<(KeyId, Option<Candidate>)> {
    if let Some(id) = KeyId::parse(text.as_bytes()) {
        return Ok((id, None));
    }
    match lookup.find(store, text)? {
        KeyMatch::One(key) => return Ok((key.id, None)),
        KeyMatch::Several(error) => return Err(*error),
        KeyMatch::None => {}
    }
    if let Some(id) = lookup::id(text) {
        return Ok((id, None));
    }
    match lookup::find_in_log(store, text, only, lookup.now)? {
        LoggedMatch::One(key, id) => Ok((id, Some(key))),
        LoggedMatch::Several(error) => Err(*error),
        LoggedMatch::None => Err(lookup::none(text).hint(lookup.advice(store, text)?)),
    }
}

/// Finds the earlier keys of the owner of `id` with its name, if `text` is that name. Purged ones are not found:
/// to search the log takes long.
fn earlier(
    store: &dyn Read,
    text: &str,
    id: KeyId,
    chosen: &[KeyId],
    now: Timestamp,
) -> Result<Vec<KeyId>> {
    let Some(key) = lookup::unless_damaged(store.get(id))?.flatten() else {
        return Ok(Vec::new());
    };
    let (_, name) = lookup::owner_and_name(text);
    if !key.is_live() || name::nfc(name) != name::nfc(&key.name) {
        return Ok(Vec::new());
    }
    let (found, _) = store.find_readable(&Filter {
        owner: Some(key.owner),
        name: Some(key.name),
        created_until: Some(key.created_at),
        reverse: true,
        limit: Some(NAMED_MAX + chosen.len() as u64),
        ..Filter::all(now)
    })?;
    let ids = found.iter().map(|key| key.id);
    let others = ids.filter(|other| *other != id && !chosen.contains(other));
    Ok(others.take(NAMED_MAX as usize).collect())
}
