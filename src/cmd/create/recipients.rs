//! Owners of new keys.

use super::faults::Faults;
use super::lines::Line;
use crate::cmd::Cx;
use crate::cmd::owner::{self, Recipient};
use crate::env::Actor;
use crate::error::Result;
use crate::name;
use crate::store::Read;
use std::collections::HashMap;

/// Finds the owner of new keys, `given` or the actor.
pub fn recipient(
    cx: &Cx<'_>,
    store: &dyn Read,
    actor: &Actor,
    given: Option<&str>,
) -> Result<Recipient> {
    let Some(owner) = given else {
        let own = &actor.name;
        name::stored::user(own, "owner")?;
        return Ok(Recipient::known(own));
    };
    // Before the query to the system's user database, which may be slow.
    let access = store.access(actor)?;
    store.policy()?.check_creator(&access)?;
    access.for_owner(owner)?;
    owner::recipient(cx, store, actor, owner, |_| Ok(false), name::owner)
}

/// Owners by the names that lines give, `None` for the actor.
pub struct Recipients(HashMap<Option<String>, Recipient>);

impl Recipients {
    /// Finds the owner of each of `lines`, each once.
    pub fn find(cx: &Cx<'_>, store: &dyn Read, actor: &Actor, lines: &[Line]) -> Result<Self> {
        let mut faults = Faults::default();
        let mut found = HashMap::new();
        for line in lines {
            if found.contains_key(&line.owner) {
                continue;
            }
            let recipient = recipient(cx, store, actor, line.owner.as_deref());
            let recipient = faults.keep(recipient.map_err(|error| line.at(error)))?;
            found.insert(line.owner.clone(), recipient);
        }
        faults.end()?;
        let found = found.into_iter();
        Ok(Recipients(
            found
                .filter_map(|(given, recipient)| Some((given, recipient?)))
                .collect(),
        ))
    }

    /// Name of the owner of `line`.
    pub fn owner<'a>(&'a self, line: &Line) -> Option<&'a str> {
        self.0.get(&line.owner).map(|recipient| &*recipient.name)
    }

    /// Iterates over the owners.
    pub fn all(&self) -> impl Iterator<Item = &Recipient> {
        self.0.values()
    }
}
