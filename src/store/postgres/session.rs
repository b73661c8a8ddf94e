//! Session: a connection and the server that it leads to.

use super::error::{Explain, PgResult};
use super::link::Link;
use super::server::Server;
use super::statement::{Statement, Step};
use crate::error::Result;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::Row;

/// Open session. Its connection serves the next session of this process: a command may open the store twice.
pub struct Session {
    /// Server.
    pub server: Arc<Server>,
    /// Connection.
    pub link: Arc<Link>,
    /// Longest time to wait for the answer to a read.
    pub patience: Duration,
}

/// Connection that waits for the next session.
#[derive(Default)]
pub struct Idle(Mutex<Option<Arc<Link>>>);

impl Idle {
    fn take(&self) -> Option<Arc<Link>> {
        let link = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        link.filter(|link| link.works())
    }

    fn put(&self, link: &Arc<Link>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(link));
    }
}

impl Session {
    /// Connects to `server`, or takes a connection that this process has.
    pub fn open(server: &Arc<Server>, patience: Duration) -> Result<Self> {
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
