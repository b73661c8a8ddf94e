//! Purpose for which a store is opened.

use super::contract::Founder;
use std::num::NonZeroUsize;

/// Purpose for which a store is opened.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Reads; nothing of the store is changed.
    Read,
    /// Reads at random and for long, over one of so many connections.
    Pooled(NonZeroUsize),
    /// Changes; brings an older schema up to date.
    Write,
    /// Changes; makes the store where there is none.
    Ensure(&'a Founder<'a>),
    /// Makes a store where there must be none.
    Create(&'a Founder<'a>),
    /// Reads the store as it is or, where there is none, as it would be made: to check what is asked
    /// before anything is made.
    Preview(&'a Founder<'a>),
}
