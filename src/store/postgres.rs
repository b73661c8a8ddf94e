//! The PostgreSQL backend: a database that several hosts share. The database enforces who may do what.

mod backup;
mod commit;
mod error;
mod examine;
mod facts;
mod holder;
mod link;
mod names;
mod pending;
mod pool;
mod query;
mod read;
mod receive;
mod resolve;
mod restore;
mod row;
mod schema;
mod send;
mod server;
mod session;
mod settings;
mod statement;
mod strangers;
mod tls;
mod tx;
mod view;

pub use backup::{back_up, retire};
pub use examine::examine;
pub use pool::Pool;
pub use restore::prepare as prepare_restore;
pub use schema::script;
pub use server::Server;

use self::error::PgResult;
use self::session::Session;
use self::statement::Param;
use self::view::View;
use super::contract::{Job, Look, Read, Store};
use super::mode::Mode;
use crate::env::{Actor, Env};
use crate::error::{Result, escape};
use crate::key::Key;
use crate::when::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Longest time to wait for the answer to a read: a sort of millions of keys takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same for a server of gateways, whose requests wait.
const SERVED_PATIENCE: Duration = Duration::from_secs(2);

/// Opens the store on `server` in `mode`. Only [`Mode::Create`] makes one.
pub fn open(server: &Arc<Pool>, mode: Mode<'_>) -> Result<Postgres> {
    let patience = match mode {
        Mode::Served(_) => SERVED_PATIENCE,
        _ => PATIENCE,
    };
    let mut store = Postgres {
        session: Session::open(server, patience)?,
        notices: Vec::new(),
    };
    if let Mode::Create(founder) = mode {
        let user = schema::make(&store.session, founder)?;
        store.notices.push(format!(
            "made a new store in {}; its administrator is {}",
            escape(&server.shown),
            escape(&user)
        ));
    }
    Ok(store)
}

/// Brings the store on `server` up to this version, and returns the version of its schema.
///
/// # Errors
///
/// Fails for a store of a newer version, and if there is none.
pub fn upgrade(server: &Arc<Pool>) -> Result<i32> {
    let session = Session::open(server, PATIENCE)?;
    // There is only one version so far: a store of another one is refused here.
    View::new(&session).facts()?;
    Ok(facts::VERSION)
}

/// Open store on a server.
pub struct Postgres {
    session: Session,
    notices: Vec<String>,
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

/// Returns the networks of a key as texts.
fn network_texts(key: &Key) -> Vec<String> {
    key.allow_from.iter().map(ToString::to_string).collect()
}
