//! Owners of the keys of an import, each looked up once.

use super::entry::{Entry, refused};
use crate::cmd::Cx;
use crate::cmd::owner::{self, Recipient};
use crate::env::Actor;
use crate::error::{Result, quote};
use crate::name;
use crate::store::{self, Read, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of unknown owners that a warning names.
const NAMED_MAX: usize = 10;

/// Owners by their names as given.
pub struct Owners {
    given: BTreeMap<String, Result<Recipient>>,
    /// Owner of the lines that name none.
    default: Recipient,
    /// True if a line names none.
    uses_default: bool,
}

impl Owners {
    /// Looks up the owners of `entries`, and `default`: without one, the actor is the owner of lines that name
    /// none.
    pub fn find(
        cx: &Cx<'_>,
        store: &dyn Store,
        actor: &Actor,
        default: Option<&str>,
        entries: &[Entry],
    ) -> Result<Self> {
        let names: BTreeSet<&String> = entries
            .iter()
            .filter_map(|entry| entry.owner.as_ref())
            .collect();
        store::read(store, |store| {
            let find = |name: &str| recipient(cx, store, actor, name);
            let default = match default {
                Some(name) => find(name)?,
                None => {
                    name::stored::user(&actor.name, "owner")?;
                    Recipient::known(&actor.name)
                }
            };
            let given = names.iter().map(|name| ((*name).clone(), find(name)));
            Ok(Owners {
                given: given.collect(),
                default,
                uses_default: entries.iter().any(|entry| entry.owner.is_none()),
            })
        })
    }

    /// Returns the owner of `entry` as the store has the name.
    pub fn of<'a>(&'a self, entry: &'a Entry) -> Result<&'a str> {
        let Some(given) = &entry.owner else {
            return Ok(&self.default.name);
        };
        match self.given.get(given) {
            Some(Ok(recipient)) => Ok(&recipient.name),
            None => Ok(given),
            Some(Err(error)) => Err(refused("owner", given, error.clone())),
        }
    }

    /// Warns of owners whom neither the system nor the store knows, since their names may be mistyped.
    pub fn warn_of_unknown(&self, cx: &mut Cx<'_>, store: &dyn Store) {
        let default = self.uses_default.then_some(&self.default);
        let given = self.given.values().flatten();
        let unknown: Vec<&Recipient> = given
            .chain(default)
            .filter(|recipient| recipient.is_unknown())
            .collect();
        if let [one] = unknown.as_slice() {
            return owner::warn_if_unknown(cx, store, one);
        }
        if unknown.is_empty() {
            return;
        }
        let names: BTreeSet<&str> = unknown.iter().map(|recipient| &*recipient.name).collect();
        let mut named: Vec<String> = names
            .iter()
            .take(NAMED_MAX)
            .map(|name| quote(name))
            .collect();
        if names.len() > NAMED_MAX {
            named.push("…".to_owned());
        }
        cx.notice(format_args!(
            "warning: {} owners are neither users of this machine nor owners of other keys: {}",
            names.len(),
            named.join(", ")
        ));
    }
}

fn recipient(cx: &Cx<'_>, store: &dyn Read, actor: &Actor, name: &str) -> Result<Recipient> {
    owner::recipient(cx, store, actor, name, |_| Ok(false), name::owner)
}
