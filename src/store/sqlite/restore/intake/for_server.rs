//! Steps of an intake whose content goes to a server.

use super::Intake;
use crate::error::Result;
use crate::store::contract::{self, Read, Tx};
use crate::store::sqlite::file::Location;
use crate::store::sqlite::{Sqlite, place, send};
use crate::store::transfer::Take;
use std::path::Path;

impl Intake {
    /// Opens the copy at `source`. A private copy of it will be made in the same directory.
    pub fn beside(source: &Path) -> Result<Self> {
        let path = place::absolute(source)?;
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        Self::open(Location::new(source)?, directory)
    }

    /// Runs `job` in one transaction of the private copy, with a view of it as it was before.
    pub fn adjust(&mut self, job: impl FnOnce(&dyn Read, &mut dyn Tx) -> Result<()>) -> Result<()> {
        let path = self.copy.opened.borrow().path.clone();
        let before = Sqlite::open_to_read(&Location::new(&path)?)?;
        let mut job = Some(job);
        contract::read(&before, |before| match job.take() {
            Some(job) => contract::write(&mut self.copy, |tx| job(before, tx)),
            None => Ok(()),
        })
    }

    /// Sends the content to `take`, for a store of another backend.
    pub fn send(&self, take: &mut Take<'_>) -> Result<()> {
        self.copy.in_transaction(|tx| Ok(send::send(tx, take)?))
    }
}
