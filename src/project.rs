//! Projects: who is a member of one, and in which role. A project is nothing but its members.

use crate::word::words;

words! {
    /// Role of a member in a project.
    pub enum Role {
        /// Uses the project, and may change its members.
        Owner = "owner",
        /// Uses the project.
        Collaborator = "collaborator",
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
