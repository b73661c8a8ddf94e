//! Projects: members and their roles. A project exists while it has members.

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

/// Membership of a user in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name of the project.
    pub project: String,
    /// Name of the user.
    pub user: String,
    /// Role of the user.
    pub role: Role,
}
