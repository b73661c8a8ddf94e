//! Access: who may change which key. On a SQLite store this guards against mistakes; whoever can
//! write the file can do anything, so the file's permission is the wall.

use crate::error::{Error, Result, escape, quote};
use crate::hint::{Hint, run};
use crate::project::{Member, Role};

/// The user with uid 0, always an administrator.
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

    /// Refuses an actor who is neither an owner of `project`, whose members are `members`, nor an
    /// administrator.
    pub fn for_project(&self, project: &str, members: &[Member]) -> Result<()> {
        let owners: Vec<&str> = members
            .iter()
            .filter(|member| member.role == Role::Owner)
            .map(|member| member.user.as_str())
            .collect();
        if self.admin || owners.contains(&self.actor.as_str()) {
            return Ok(());
        }
        let who = match owners.as_slice() {
            [] => Hint::from(": ").and(who_they_are()),
            owners => format!(", and its owners: {}", escape(&owners.join(", "))).into(),
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
