//! The contract's `Store`, over one session.

use super::commit;
use super::session::Session;
use super::view::View;
use crate::env::{Actor, Env};
use crate::error::{Result, escape};
use crate::store::contract::{Job, Look, Read, Store};
use crate::when::Timestamp;

/// Open store on a server.
pub struct Postgres {
    /// Session.
    pub session: Session,
    /// Messages for a user who changes the store.
    pub notices: Vec<String>,
}

impl Store for Postgres {
    fn name(&self) -> String {
        escape(&self.session.server.shown)
    }

    fn actor(&self, env: &Env) -> Actor {
        // The server stamps each event with this name. A pooler may not say it at the start.
        let name = match self.session.link.user() {
            Some(user) => user.to_owned(),
            None => match View::new(&self.session).facts() {
                Ok(facts) => facts.actor,
                Err(_) => self.session.server.user.clone(),
            },
        };
        Actor {
            name,
            ..env.actor.clone()
        }
    }

    fn clock(&self) -> Result<Option<Timestamp>> {
        match self.session.server.seen.clock() {
            Some(clock) => Ok(Some(clock)),
            None => View::new(&self.session).clock(),
        }
    }

    fn implicit_administrators(&self) -> &'static [&'static str] {
        &[
            "superusers of the server",
            "members of the role that owns the schema",
        ]
    }

    fn notices(&self) -> &[String] {
        &self.notices
    }

    fn snapshot(&self, look: &mut Look<'_>) -> Result<()> {
        look(&View::new(&self.session))
    }

    fn write(&mut self, job: Job<'_>) -> Result<()> {
        commit::write(&mut self.session, job)
    }

    fn write_if_free(&mut self, job: Job<'_>) -> Result<()> {
        commit::note(&self.session, job)
    }
}
