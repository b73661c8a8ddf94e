//! Server with what this process has of it: a connection that waits, and what was seen last.

use super::link::Link;
use super::server::Server;
use super::settings::Seen;
use crate::env::Tell;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Server with what this process has of it.
pub struct Pool {
    server: Server,
    /// Content that was seen last.
    pub seen: Seen,
    /// Connection that waits for the next session.
    pub idle: Idle,
    tell: OnceLock<Arc<Tell>>,
}

impl Pool {
    /// Makes a pool without a connection.
    pub fn new(server: Server) -> Self {
        Pool {
            server,
            seen: Seen::default(),
            idle: Idle::default(),
            tell: OnceLock::new(),
        }
    }

    /// Lets `tell` print why a change waits.
    pub fn tell_by(&self, tell: &Arc<Tell>) {
        self.tell.get_or_init(|| Arc::clone(tell));
    }

    /// Prints why a change waits, if that is wanted.
    pub fn tell(&self, line: &str) {
        if let Some(tell) = self.tell.get() {
            tell(line);
        }
    }
}

impl Deref for Pool {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Connection that waits for the next session.
#[derive(Default)]
pub struct Idle(Mutex<Option<Arc<Link>>>);

impl Idle {
    /// Takes the connection, if there is one that works.
    pub fn take(&self) -> Option<Arc<Link>> {
        let link = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        link.filter(|link| link.is_alive())
    }

    /// Leaves a connection.
    pub fn put(&self, link: &Arc<Link>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(link));
    }
}
