//! Owners of new keys.

use super::lines::Line;
use crate::cmd::Cx;
use crate::cmd::owner::{self, Recipient};
use crate::env::Actor;
use crate::error::{Error, Result};
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
pub struct Recipients(HashMap<Option<String>, Result<Recipient>>);

impl Recipients {
    /// Finds the owner of each of `lines`, each once.
    pub fn find(cx: &Cx<'_>, store: &dyn Read, actor: &Actor, lines: &[&Line]) -> Self {
        let mut found = HashMap::new();
        for line in lines {
            if !found.contains_key(&line.owner) {
                let recipient = recipient(cx, store, actor, line.owner.as_deref());
                found.insert(line.owner.clone(), recipient);
            }
        }
        Recipients(found)
    }

    /// Name of the owner of `line`.
    pub fn owner(&self, line: &Line) -> Result<&str> {
        match self.0.get(&line.owner) {
            Some(Ok(recipient)) => Ok(&recipient.name),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::usage("its owner was not looked up")),
        }
    }

    /// Iterates over the owners.
    pub fn all(&self) -> impl Iterator<Item = &Recipient> {
        self.0.values().flatten()
    }
}
