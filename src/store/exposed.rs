//! Refusal of a password in an argument.

use crate::error::{Error, Result};
use crate::url;

/// Advice on a password that was in an argument.
pub const LEAKED: &str =
    "others can read arguments with ps: treat the password in this one as leaked";

/// Refuses a password in `text`, the value of `--db`: other users can read arguments. Takes more for a
/// password than there is, so that none in a malformed URL is missed.
///
/// # Errors
///
/// Fails with a usage error that repeats nothing of `text`.
pub fn refuse_password(text: &str) -> Result<()> {
    if !url::has_password(text) {
        return Ok(());
    }
    Err(Error::usage("--db has a password in it").hint(format!(
        "put the password into ~/.pgpass or PGPASSWORD, or the URL into KEYCTL_DB; {LEAKED}"
    )))
}
