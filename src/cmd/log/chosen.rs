//! Keys whose events are shown: the key that `--key` names, and its lineage.

use crate::error::{Candidate, Result, escape, quote};
use crate::id::KeyId;
use crate::lookup::{self, KeyMatch, LoggedMatch, Lookup};
use crate::store::Read;

/// Keys whose events are shown; all events if there are none.
#[derive(Default)]
pub struct Chosen {
    /// The IDs.
    pub keys: Vec<KeyId>,
    /// Status line about a key that was found by a name that it had.
    pub former: Option<String>,
}

impl Chosen {
    /// Finds the key that `text` stands for, which may be purged, and its lineage unless `only`.
    pub fn by(text: &str, lookup: &Lookup<'_>, store: &dyn Read, only: bool) -> Result<Self> {
        let (id, former) = find(text, lookup, store, only)?;
        let keys = match only {
            true => vec![id],
            false => lookup::lineage(store, id)?,
        };
        let former = former.map(|key| {
            format!(
                "{} was the name of {id}: {} of {}, {}",
                quote(text),
                quote(&key.name),
                escape(&key.owner),
                key.state
            )
        });
        Ok(Chosen { keys, former })
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
