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
        let allowed = Hint::from("only their owner or an administrator of this store may; ");
        let action = format!("manage keys of {}", quote(owner));
        let list = run!("admin list").in_quotes();
        Err(self.refusal(&action, allowed.and(list).and(" lists the administrators")))
    }

    /// Refuses an actor who is not an administrator. `action` follows "may not" in the error.
    pub fn administrator(&self, action: &str) -> Result<()> {
        if self.admin {
            return Ok(());
        }
        Err(self.refusal(action, ask_administrator()))
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
        let advice = match owners()? {
            None => ask_administrator(),
            Some(owners) => {
                format!("ask an owner of the project ({owners}) or an administrator of this store")
                    .into()
            }
        };
        let action = format!("change the members of {}", quote(project));
        Err(self.refusal(&action, advice))
    }

    fn refusal(&self, action: &str, hint: Hint) -> Error {
        Error::access(format!("{} may not {action}", quote(&self.actor))).hint(hint)
    }
}

fn ask_administrator() -> Hint {
    Hint::from("ask an administrator of this store: ")
        .and(run!("admin list").in_quotes())
        .and(" lists them")
}
