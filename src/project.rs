//! Projects: who is a member of one, and in which role. A project is nothing but its members.

use crate::error::{Error, Result, quote};
use std::str::FromStr;

/// Role of a member in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Uses the project, and says who its members are.
    Owner,
    /// Uses the project.
    Collaborator,
}

impl Role {
    /// The word for this role.
    pub fn word(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Collaborator => "collaborator",
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "owner" => Ok(Role::Owner),
            "collaborator" => Ok(Role::Collaborator),
            _ => Err(Error::usage(format!("{} is not a role", quote(text)))
                .hint("it takes: owner, collaborator")),
        }
    }
}

/// A user's membership of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The project.
    pub project: String,
    /// The user.
    pub user: String,
    /// Their role.
    pub role: Role,
}
