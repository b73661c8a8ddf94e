//! Access: rules on who may change a key or a project.
//!
//! The store tells whether the actor is an administrator. On SQLite the rules guard against
//! mistakes only: whoever can write the file can do anything.

use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::project::Role;

/// Rights of the actor in the open store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Name of the actor.
    pub actor: String,
    /// True if the actor is an administrator.
    pub admin: bool,
}

impl Access {
    /// Refuses an actor who is neither `owner` nor an administrator.
    pub fn for_owner(&self, owner: &str) -> Result<()> {
        if self.admin || self.actor == owner {
            return Ok(());
        }
        let allowed = Hint::from("their owner may, and an administrator of this store: ");
        let action = format!("act on keys of {}", quote(owner));
        Err(self.refusal(&action, allowed.and(administrators())))
    }

    /// Refuses an actor who is not an administrator. `action` follows "may not" in the error.
    pub fn administrator(&self, action: &str) -> Result<()> {
        if self.admin {
            return Ok(());
        }
        let advice = Hint::from("ask an administrator of this store: ");
        Err(self.refusal(action, advice.and(administrators())))
    }

    /// Refuses an actor who is neither an owner of `project` nor an administrator.
    ///
    /// `role` is the actor's role in it. `owners` is called on a refusal only, for the owners' names
    /// in the hint.
    pub fn for_project(
        &self,
        project: &str,
        role: Option<Role>,
        owners: impl FnOnce() -> Result<Option<String>>,
    ) -> Result<()> {
        if self.admin || role == Some(Role::Owner) {
            return Ok(());
        }
        let others = match owners()? {
            None => Hint::from(": ").and(administrators()),
            Some(owners) => format!(", and its owners: {owners}").into(),
        };
        let allowed = Hint::from("an administrator of this store may");
        let action = format!("change the members of {}", quote(project));
        Err(self.refusal(&action, allowed.and(others)))
    }

    fn refusal(&self, action: &str, hint: Hint) -> Error {
        Error::access(format!("{} may not {action}", quote(&self.actor))).hint(hint)
    }
}

fn administrators() -> Hint {
    run!("admin list").in_quotes().and(" names them")
}
