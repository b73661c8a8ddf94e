//! Access: who may change which key. On a SQLite store this guards against mistakes; whoever can
//! write the file can do anything, so the file's permission is the wall.

use crate::env::Actor;
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::project::Role;

/// The user with uid 0: an administrator, where the user namespace knows the owner of the store's file.
pub const ROOT: u32 = 0;

/// What the actor may do in the store that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The actor's name.
    pub actor: String,
    /// Whether the actor is an administrator.
    pub admin: bool,
}

impl Access {
    /// Rights of `actor`, who was `appointed` an administrator or not. The store's file belongs to the
    /// uid `file_owner`; `None` where the actor's user namespace does not know that user.
    pub fn of(actor: &Actor, appointed: bool, file_owner: Option<u32>) -> Self {
        let by_uid = file_owner.is_some_and(|owner| actor.uid == ROOT || actor.uid == owner);
        Access {
            actor: actor.name.clone(),
            admin: appointed || by_uid,
        }
    }

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
