//! View of a store that is examined.

use super::contract::Read;
use super::remarks::Remarks;
use crate::error::Result;
use crate::key::Key;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Callback of [`Examined::scan_hashes`]: gets each key with the PHC string of its secret, and says whether to go on.
pub type VisitHash<'a> = dyn FnMut(Key, Option<String>) -> Result<ControlFlow<()>> + 'a;

/// Callback of an examination: adds remarks on the content, apart from damage, which was added. May run
/// again, with the same remarks as before.
pub type Examine<'a> = dyn FnMut(&dyn Examined, &mut Remarks) -> Result<()> + 'a;

/// View of a store that is examined.
pub trait Examined {
    /// The view in terms of the contract.
    fn store(&self) -> &dyn Read;

    /// Tells whether the schema is of this version.
    fn is_current(&self) -> Result<bool>;

    /// Calls `visit` for every key that can be read, with its PHC string, or `None` if that was wiped or if the user may
    /// not read it. Oldest first, in constant memory.
    fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()>;

    /// Returns the users whom the store's server knows; `None` if the system tells who is a user.
    fn users(&self) -> Result<Option<BTreeSet<String>>>;
}
