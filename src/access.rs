//! Access: the rules on who may change which key. A backend says who is an administrator, and whether
//! the rules are a wall or guard against mistakes only.

use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::project::Role;

/// Rights of the actor in the store that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The actor's name.
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
        Err(Error::access(format!(
            "{} may not act on keys of {}",
            quote(&self.actor),
            quote(owner)
        ))
        .hint(
            Hint::from("their owner may, and an administrator of this store: ").and(who_they_are()),
        ))
    }

    /// Refuses an actor who is not an administrator; `what` is what only they may do.
    pub fn administrator(&self, what: &str) -> Result<()> {
        if self.admin {
            return Ok(());
        }
        Err(
            Error::access(format!("{} may not {what}", quote(&self.actor)))
                .hint(Hint::from("ask an administrator of this store: ").and(who_they_are())),
        )
    }

    /// Refuses an actor whose role in `project` is not that of an owner, and who is no administrator;
    /// `owners` is asked for the names of some who are.
    pub fn for_project(
        &self,
        project: &str,
        role: Option<Role>,
        owners: impl FnOnce() -> Result<Option<String>>,
    ) -> Result<()> {
        if self.admin || role == Some(Role::Owner) {
            return Ok(());
        }
        let who = match owners()? {
            None => Hint::from(": ").and(who_they_are()),
            Some(owners) => format!(", and its owners: {owners}").into(),
        };
        Err(Error::access(format!(
            "{} may not change the members of {}",
            quote(&self.actor),
            quote(project)
        ))
        .hint(Hint::from("an administrator of this store may").and(who)))
    }
}

fn who_they_are() -> Hint {
    run!("admin list").in_quotes().and(" names them")
}
