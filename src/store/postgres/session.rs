//! Session: a connection and the server that it leads to.

use super::error::{Explain, PgResult};
use super::link::Link;
use super::pool::Pool;
use super::statement::{Statement, Step};
use crate::error::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Row;

/// Longest time to wait for the answer to a read: a sort of millions of keys takes seconds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Open session. Its connection serves the next session of this process: a command may open the store twice.
pub struct Session {
    /// Server, with what this process has of it.
    pub server: Arc<Pool>,
    /// Connection.
    pub link: Arc<Link>,
    /// Longest time to wait for the answer to a read.
    pub patience: Duration,
}

impl Session {
    /// Connects to `server`, or takes a connection that this process has.
    pub fn open(server: &Arc<Pool>, patience: Duration) -> Result<Self> {
        let link = match server.idle.take() {
            Some(link) => link,
            None => Arc::new(Link::connect(server).explain(server)?),
        };
        Ok(Session {
            link,
            server: Arc::clone(server),
            patience,
        })
    }

    /// Connects again.
    pub fn renew(&mut self) -> Result<()> {
        self.link = Arc::new(Link::connect(&self.server).explain(&self.server)?);
        Ok(())
    }

    /// Runs `steps` together, and returns the rows of each.
    pub fn run(&self, steps: &[Step]) -> PgResult<Vec<Vec<Row>>> {
        self.link.run(steps, self.patience)
    }

    /// Runs one statement, and returns its rows.
    pub fn query(&self, statement: Statement) -> PgResult<Vec<Row>> {
        let rows = self.run(&[statement.into()])?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.link.works() {
            self.server.idle.put(&self.link);
        }
    }
}
