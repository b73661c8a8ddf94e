//! Mode in which a store is opened.

use super::contract::Founder;
use std::num::NonZeroUsize;

/// Mode in which a store is opened.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Reading. No file of the store is changed.
    Read,
    /// Reading by a long-lived process, over one of this many connections.
    Pooled(NonZeroUsize),
    /// Reading by a server, over one of this many connections. Fails where another file took the place of one that is
    /// open: the server closes all its connections then, and opens them again.
    Served(NonZeroUsize),
    /// Writing. An older schema is migrated.
    Write,
    /// Writing, to stop keys alone. An older schema stays as it is: a migration takes long in a large
    /// store, and fails on a full disk or a damaged page.
    Stop,
    /// Writing. The store is made if there is none.
    Ensure(&'a Founder<'a>),
    /// Making a new store. Fails if there is one.
    Create(&'a Founder<'a>),
    /// Reading. If there is no store, one is made in memory: arguments are checked against it before any file
    /// is made.
    Preview(&'a Founder<'a>),
}
