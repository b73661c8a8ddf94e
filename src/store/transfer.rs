//! Content of a store on its way to another backend.

use crate::error::Result;
use crate::event::{Entry, Head};
use crate::key::Key;
use crate::project::Member;
use crate::scope::Registry;

/// Part of a store's content. The scopes come before the keys, and the events in order before the head.
pub enum Item {
    /// All registered scopes.
    Scopes(Registry),
    /// Setting of the policy: name and value.
    Setting(String, String),
    /// Member of a project.
    Member(Member),
    /// User who was appointed an administrator.
    Administrator(String),
    /// Key with its place in the order of creation, and its PHC string unless that was wiped.
    Key(i64, Box<Key>, Option<String>),
    /// Line of the log.
    Event(Entry),
    /// Place and hash of the last line, as the store keeps them apart from the log.
    Head(Head),
}

/// Callback that takes each part of the content.
pub type Take<'a> = dyn FnMut(Item) -> Result<()> + 'a;
