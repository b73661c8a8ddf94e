//! `--dry-run` of a command that changes keys.

use super::Cx;
use crate::error::Result;
use crate::key::Key;
use crate::output::{ListFormat, Listing, buffered};
use crate::when::Timestamp;

/// Arguments of a preview.
#[derive(clap::Args, Debug)]
pub struct Preview {
    /// Print which keys would change, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format of --dry-run
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        requires = "dry_run"
    )]
    format: ListFormat,
}

impl Preview {
    /// Returns the format, if nothing is to be changed.
    pub fn format(&self) -> Option<ListFormat> {
        self.dry_run.then_some(self.format)
    }
}

/// Prints `keys`, which would be changed, as they are at `now`.
pub fn print(cx: &mut Cx<'_>, keys: &[Key], now: Timestamp, format: ListFormat) -> Result<()> {
    let style = cx.style();
    buffered(&mut *cx.env.stdout, |out| {
        let mut listing = Listing::begin(format, &[], out, style, now)?;
        for key in keys {
            listing.push(key)?;
        }
        listing.finish()
    })?;
    Ok(())
}
