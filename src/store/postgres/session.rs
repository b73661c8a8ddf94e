//! Open session: a connection and the server that it leads to.

use super::error::{Explain, PgResult};
use super::link::Link;
use super::server::Server;
use super::statement::{Statement, Step};
use crate::error::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Row;

/// Open session.
pub struct Session {
    /// Server.
    pub server: Arc<Server>,
    /// Connection.
    pub link: Link,
    /// Longest time to wait for the answer to a read.
    pub patience: Duration,
}

impl Session {
    /// Connects to `server`.
    pub fn open(server: &Arc<Server>, patience: Duration) -> Result<Self> {
        Ok(Session {
            link: Link::connect(server).explain(server)?,
            server: Arc::clone(server),
            patience,
        })
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
